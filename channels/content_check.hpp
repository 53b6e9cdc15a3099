#pragma once

/// \file content_check.hpp
/// The checks of a channel type for drivers that serve any type. Pure.

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"

namespace townkrier {

/// Content and recipients as the type's own drivers check them: email, sms, whatsapp, push, slack,
/// discord; of another type only that the content is an object.
Result<void> check_content(std::string_view channel_type, const nlohmann::json& content,
                           const nlohmann::json& recipients);

/// `{"text"}` of 1 to `max_characters`: the content of chats.
Result<std::string> parse_chat(const nlohmann::json& content, std::size_t max_characters);

}  // namespace townkrier
