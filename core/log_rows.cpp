#include "core/log_rows.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/masking.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

// First of these members that is there is what a reader would call the subject, or the content.
constexpr std::array<const char*, 2> kSubjectMembers = {"subject", "title"};
constexpr std::array<const char*, 4> kContentMembers = {"text", "html", "message", "body"};

const json* member(const json& object, const std::string& name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A text stands in the shown form already; anything else is masked as one text, so that its names
// do not show.
template <std::size_t kCount>
std::optional<std::string> first_text(const Masked& content,
                                      const std::array<const char*, kCount>& names,
                                      ContentPrivacy privacy) {
  for (const char* name : names) {
    const json* value = member(content.raw, name);
    if (value == nullptr) continue;
    const json* shown = value->is_string() ? member(content.shown, name) : nullptr;
    std::string text = shown ? text_of(*shown) : mask_text(text_of(*value), privacy);
    if (!text.empty()) return text;
  }
  return std::nullopt;
}

NotificationLog first_row(const JobEnvelope& envelope, const Delivery& delivery,
                          const ShownContent& shown, ContentPrivacy privacy) {
  NotificationLog row;
  row.id = delivery.log_id;
  row.notification_id = envelope.id.to_string();
  row.job_id = envelope.id;
  row.channel = delivery.channel;
  row.recipient = shown.recipient;
  row.priority = envelope.priority;
  row.scheduled_for = envelope.scheduled_for;
  row.subject = shown.subject;
  row.content = shown.content;
  row.content_privacy = privacy;
  row.max_retries = envelope.max_retries;
  row.metadata = envelope.metadata;
  row.tags = envelope.tags;
  row.created_at = envelope.created_at;
  row.updated_at = envelope.created_at;
  update_row(row, delivery);
  return row;
}

}  // namespace

ShownContent shown_content(const Masked& content, const Masked& recipients,
                           ContentPrivacy privacy) {
  ShownContent shown;
  if (!recipients.raw.is_null()) {
    shown.recipient = recipients_text(recipients.shown, ContentPrivacy::kPublic);
  }
  shown.subject = first_text(content, kSubjectMembers, privacy);
  shown.content = first_text(content, kContentMembers, privacy);
  return shown;
}

std::vector<NotificationLog> first_log_rows(const JobEnvelope& envelope, const JobState& state,
                                            std::span<const ShownContent> shown,
                                            ContentPrivacy privacy) {
  std::vector<NotificationLog> rows;
  if (envelope.kind != kNotificationKind) return rows;
  rows.reserve(state.deliveries.size());
  for (std::size_t i = 0; i < state.deliveries.size(); ++i) {
    rows.push_back(first_row(envelope, state.deliveries[i], shown[i], privacy));
  }
  return rows;
}

std::vector<DeliveryLog> changed_deliveries(const JobState& before, const JobState& after) {
  std::vector<DeliveryLog> changed;
  for (std::size_t i = 0; i < after.deliveries.size() && i < before.deliveries.size(); ++i) {
    const Delivery& delivery = after.deliveries[i];
    if (delivery.channel.starts_with('@') || delivery == before.deliveries[i]) continue;
    changed.push_back({std::uint32_t(i), before.deliveries[i].status});
  }
  return changed;
}

void update_row(NotificationLog& row, const Delivery& delivery) {
  const bool dated = delivery.updated_at != TimePoint{};
  if (!dated && delivery.status == LogStatus::kScheduled) return;
  row.status = delivery.status;
  row.attempts = delivery.attempts;
  row.provider = delivery.provider;
  row.message_id = delivery.message_id;
  row.error = delivery.error;
  row.sent_at = delivery.sent_at;
  row.delivered_at = delivery.delivered_at;
  row.failed_at = delivery.failed_at;
  row.retry_logs = delivery.tries;
  if (dated) row.updated_at = delivery.updated_at;
}

}  // namespace townkrier
