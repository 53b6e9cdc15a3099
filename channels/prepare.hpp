#pragma once

/// \file prepare.hpp
/// Checks a notification against the configured channels. Pure.

#include <string>

#include "channels/channel_registry.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

/// See NotificationManager::prepare. `registry` is ready.
Result<PreparedNotification> prepare_notification(const JsonText& payload,
                                                  const ChannelRegistry& registry,
                                                  const std::string& default_channel,
                                                  ContentPrivacy privacy);

}  // namespace townkrier
