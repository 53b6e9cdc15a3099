#pragma once

/// \file notification_schema.hpp
/// The form of contents and recipients of the channels the seed knows (email, sms, push, in_app,
/// whatsapp, slack, discord): member names and types. Of other channels only that they are objects.
/// Whether a value can be delivered (an address, a missing subject) is the provider's business.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/json_reader.hpp"

namespace townkrier {

/// Checks one channel's part of a notification, e.g. at "/notification/email"; returns it without
/// members that are null.
nlohmann::json checked_content(std::string_view channel, const nlohmann::json& content,
                               const std::string& pointer, FieldErrors& errors);

/// Checks one channel's recipients, one object or an array of them; returns an array without null
/// members.
nlohmann::json checked_recipients(std::string_view channel, const nlohmann::json& recipients,
                                  const std::string& pointer, FieldErrors& errors);

}  // namespace townkrier
