#pragma once

/// \file prepare.hpp
/// Checks a notification against the configured channels and completes it: templates, attachments.

#include <string>

#include "channels/channel_registry.hpp"
#include "channels/message_sources.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

/// See NotificationManager::prepare. `registry` is ready.
Result<PreparedNotification> prepare_notification(const JsonText& payload,
                                                  const ChannelRegistry& registry,
                                                  const MessageSources& sources,
                                                  const std::string& default_channel,
                                                  ContentPrivacy privacy);

}  // namespace townkrier
