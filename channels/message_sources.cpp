#include "channels/message_sources.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/base64.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Names = std::set<std::string, std::less<>>;

void add_names(const ConfiguredChannel& channel, Names& names) {
  names.insert(channel.config.name);
  names.emplace(channel.providers.front()->channel_type());
}

/// Names and types of the channels a notification goes to, all of them when it does not say; none
/// when it names one that is not configured.
Names wanted_channels(const json& notification, const ChannelRegistry& registry) {
  Names names;
  const auto via = notification.find("via");
  if (via == notification.end() || !via->is_array() || via->empty()) {
    for (const ConfiguredChannel& channel : registry.channels()) add_names(channel, names);
    return names;
  }
  for (const json& name : *via) {
    const auto* channel =
        name.is_string() ? registry.find(name.get_ref<const std::string&>()) : nullptr;
    if (channel == nullptr) return {};
    names.insert(name.get<std::string>());
    add_names(*channel, names);
  }
  return names;
}

void merge(json& notification, const json& rendered) {
  for (const auto& [channel, members] : rendered.items()) {
    json& content = notification[channel];
    if (content.is_null()) content = json::object();
    if (!content.is_object()) continue;  // the channel's check will say so
    for (const auto& [name, value] : members.items()) {
      if (!content.contains(name) || content[name].is_null()) content[name] = value;
    }
  }
}

}  // namespace

Result<MessageSources> open_message_sources(const TemplateOptions& templates,
                                            const AttachmentOptions& attachments) {
  MessageSources sources{.templates = nullptr,
                         .attachments = AttachmentFolder(attachments.dir),
                         .max_attachment_bytes = attachments.max_bytes};
  std::error_code ignored;
  if (!attachments.dir.empty() && !std::filesystem::is_directory(attachments.dir, ignored)) {
    return fail_field(Errc::kInvalidConfig, "attachments.dir", "is not a folder");
  }
  if (templates.dir.empty()) return sources;
  auto set = TemplateSet::load(templates.dir);
  if (!set) return fail_field(Errc::kInvalidConfig, "templates.dir", set.error().message);
  sources.templates = *std::move(set);
  return sources;
}

Result<void> fill_template(json& notification, const ChannelRegistry& registry,
                           const MessageSources& sources) {
  const auto found = notification.find("template");
  if (found == notification.end() || found->is_null()) {
    notification.erase("context");
    return {};
  }
  constexpr const char* kTemplate = "/notification/template";
  constexpr const char* kContext = "/notification/context";
  if (!found->is_string()) {
    return fail_field(Errc::kInvalidArgument, kTemplate, "must be a template's name");
  }
  if (!sources.templates) {
    return fail_field(Errc::kInvalidArgument, kTemplate, "no templates are configured");
  }
  json context = notification.value("context", json());
  if (context.is_null()) context = json::object();
  if (!context.is_object()) {
    return fail_field(Errc::kInvalidArgument, kContext, "must be an object");
  }
  const Names channels = wanted_channels(notification, registry);
  if (channels.empty()) return {};  // whoever reads `via` will say why
  const auto rendered = sources.templates->render(
      {.name = found->get<std::string>(), .context = context, .channels = channels});
  if (!rendered) {
    const bool unknown = rendered.error().code == Errc::kNotFound;
    return fail_field(Errc::kInvalidArgument, unknown ? kTemplate : kContext,
                      rendered.error().message);
  }
  notification.erase("template");
  notification.erase("context");
  merge(notification, *rendered);
  return {};
}

void read_attachments(json& content, const std::string& pointer, const MessageSources& sources,
                      std::uint64_t& left, FieldErrors& errors) {
  const auto list = content.is_object() ? content.find("attachments") : content.end();
  if (list == content.end() || !list->is_array()) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    json& attachment = (*list)[i];
    if (!attachment.is_object() || !attachment.contains("path")) continue;
    const std::string where = pointer + "/attachments/" + std::to_string(i) + "/path";
    if (!attachment["path"].is_string() || attachment.contains("content")) {
      errors.add(where, "must be a text, without content beside it");
      continue;
    }
    const auto path = attachment["path"].get<std::string>();
    const auto bytes = sources.attachments.read(path, left);
    if (!bytes) {
      errors.add(where, bytes.error().message);
      continue;
    }
    left -= bytes->size();
    attachment.erase("path");
    attachment["content"] = base64_encode(*bytes);
    if (!attachment.contains("filename")) {
      attachment["filename"] = path.substr(path.rfind('/') + 1);
    }
  }
}

}  // namespace townkrier
