#pragma once

/// \file phone.hpp
/// Text messages to phone numbers (SMS, WhatsApp) out of JSON, checked. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"

namespace townkrier {

/// True for "+" and 7 to 15 digits, the first not 0 (ITU-T E.164 with the sign of E.123).
bool is_e164(std::string_view text);

/// `number`, an E.164 number, as services take it that want no sign.
std::string digits_of(std::string_view number);

struct PhoneMessage {
  std::string text;
  std::string from;             ///< Empty: the provider's own.
  std::vector<std::string> to;  ///< E.164.
};

struct PhoneLimits {
  std::size_t max_characters = 1600;  ///< Of the text; 1600 is ten parts of an SMS.
  std::size_t max_numbers = 1;        ///< Providers that take one a request cannot take more.
};

/// Content: `text`, optional `from`. A recipient is `{phone, name?}`. All problems at once, with
/// pointers "/content/..." and "/recipient/<index>/...".
Result<PhoneMessage> parse_phone_message(const nlohmann::json& content,
                                         const nlohmann::json& recipients, PhoneLimits limits);

}  // namespace townkrier
