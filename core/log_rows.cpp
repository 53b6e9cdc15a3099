#include "core/log_rows.hpp"

#include <algorithm>
#include <array>
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

const json* member(const json& object, const std::string& outer, const std::string& inner) {
  const json* part = member(object, outer);
  return part == nullptr ? nullptr : member(*part, inner);
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <std::size_t kCount>
std::optional<std::string> first_text(const json& content,
                                      const std::array<const char*, kCount>& names,
                                      ContentPrivacy privacy) {
  for (const char* name : names) {
    const json* value = member(content, name);
    if (value == nullptr) continue;
    std::string text = mask_text(text_of(*value), privacy);
    if (!text.empty()) return text;
  }
  return std::nullopt;
}

// Makes rows of one job; the payload is parsed once.
class RowMaker {
 public:
  RowMaker(const JobEnvelope& envelope, ContentPrivacy privacy, TimePoint now)
      : envelope_(envelope), privacy_(privacy), now_(now), payload_(envelope.payload.value()) {}

  NotificationLog row(const Delivery& delivery) const {
    NotificationLog row;
    row.id = delivery.log_id;
    row.notification_id = envelope_.id.to_string();
    row.job_id = envelope_.id;
    row.channel = delivery.channel;
    row.status = delivery.status;
    row.priority = envelope_.priority;
    row.scheduled_for = envelope_.scheduled_for;
    row.sent_at = delivery.sent_at;
    row.delivered_at = delivery.delivered_at;
    row.failed_at = delivery.failed_at;
    row.content_privacy = privacy_;
    row.attempts = delivery.attempts;
    row.max_retries = envelope_.max_retries;
    row.retry_logs = delivery.tries;
    for (RetryLog& entry : row.retry_logs) entry.error = mask_error(entry.error, privacy_);
    row.error = mask_error(delivery.error, privacy_);
    row.metadata = envelope_.metadata;
    row.tags = envelope_.tags;
    row.created_at = envelope_.created_at;
    row.updated_at = now_;
    row.provider = delivery.provider;
    row.message_id = delivery.message_id;
    fill_from_payload(row);
    return row;
  }

 private:
  void fill_from_payload(NotificationLog& row) const {
    if (const json* to = member(payload_, "recipient", row.channel)) {
      row.recipient = recipients_text(*to, privacy_);
    }
    const json* content = member(payload_, "notification", row.channel);
    if (content == nullptr) return;
    const ContentPrivacy privacy = content_privacy();
    row.subject = first_text(*content, kSubjectMembers, privacy);
    row.content = first_text(*content, kContentMembers, privacy);
  }

  // Masking masked text again would only shorten it.
  ContentPrivacy content_privacy() const {
    const bool done = envelope_.payload_masked && privacy_ == ContentPrivacy::kMasked;
    return done ? ContentPrivacy::kPublic : privacy_;
  }

  const JobEnvelope& envelope_;
  ContentPrivacy privacy_;
  TimePoint now_;
  json payload_;
};

const Delivery* same_delivery(const JobState& state, const Delivery& delivery) {
  const auto found = std::ranges::find(state.deliveries, delivery.channel, &Delivery::channel);
  return found == state.deliveries.end() ? nullptr : &*found;
}

}  // namespace

NotificationLog make_log_row(const JobEnvelope& envelope, const JobState&, const Delivery& delivery,
                             ContentPrivacy privacy, TimePoint now) {
  return RowMaker(envelope, privacy, now).row(delivery);
}

std::vector<LogChange> log_changes(const JobEnvelope& envelope, const JobState& before,
                                   const JobState& after, ContentPrivacy privacy, TimePoint now) {
  std::vector<LogChange> changes;
  std::optional<RowMaker> maker;
  for (const Delivery& delivery : after.deliveries) {
    if (delivery.channel.starts_with('@')) continue;
    const Delivery* earlier = same_delivery(before, delivery);
    if (earlier != nullptr && *earlier == delivery) continue;
    if (!maker) maker.emplace(envelope, privacy, now);
    std::optional<LogStatus> previous;
    if (earlier != nullptr) previous = earlier->status;
    changes.push_back({maker->row(delivery), previous});
  }
  return changes;
}

}  // namespace townkrier
