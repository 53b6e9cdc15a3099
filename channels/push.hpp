#pragma once

/// \file push.hpp
/// Push messages out of JSON, checked, and the joining of what several devices' answers mean.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "townkrier/channel.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// One message to the devices of one person.
struct Push {
  PushContent content;
  nlohmann::json data;              ///< An object; values as given.
  std::vector<std::string> tokens;  ///< Of the devices.
};

struct PushLimits {
  static constexpr std::size_t kTokens = 100;
  static constexpr std::size_t kContentBytes = 4096;  ///< What APNs and FCM take of one message.
};

/// Content: `title` or `body` at least; `imageUrl`, `actionUrl` (URLs), `icon`, `sound`, `badge`,
/// `data` (an object). A recipient is `{deviceToken, userId?, platform?, name?}`. All problems at
/// once, with pointers "/content/..." and "/recipient/<index>/...".
Result<Push> parse_push(const nlohmann::json& content, const nlohmann::json& recipients);

/// `data` with every value as text (JSON for what is no text), and the action's URL under
/// "actionUrl".
nlohmann::json text_data(const Push& push);

/// One outcome for the answers of several devices. Sent when one device took the message: trying
/// again would show it there twice. Else the mildest: throttled (the longest wait), transient,
/// permanent. `outcomes` is not empty.
DeliveryOutcome join_devices(const std::vector<DeliveryOutcome>& outcomes);

/// `done` for each of `count` devices; joins their outcomes and calls the given one once. Thread-
/// safe.
DeliveryDone join_devices(std::size_t count, DeliveryDone done);

}  // namespace townkrier
