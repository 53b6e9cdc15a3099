#pragma once

/// \file message_sources.hpp
/// What a notification may name instead of carrying it: a template, and attachments by path.

#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "channels/attachment_folder.hpp"
#include "channels/channel_registry.hpp"
#include "channels/template_set.hpp"
#include "core/json_reader.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

struct MessageSources {
  std::shared_ptr<const TemplateSet> templates;  ///< Null: none.
  AttachmentFolder attachments;
  std::uint64_t max_attachment_bytes = 0;  ///< Of all files of one notification.
};

/// kInvalidConfig and kIo name "templates.dir".
Result<MessageSources> open_message_sources(const TemplateOptions& templates,
                                            const AttachmentOptions& attachments);

/// Replaces `template` and `context` of a notification by contents for the channels it goes to;
/// what the notification gives itself stays. Problems have pointers into the payload.
Result<void> fill_template(nlohmann::json& notification, const ChannelRegistry& registry,
                           const MessageSources& sources);

/// Replaces `path` of each attachment of an e-mail's content by `content` and `filename`. Problems
/// go to `errors`, below `pointer`. `left` is how many bytes may still be read.
void read_attachments(nlohmann::json& content, const std::string& pointer,
                      const MessageSources& sources, std::uint64_t& left, FieldErrors& errors);

}  // namespace townkrier
