#include "core/job_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/delivery_plan.hpp"
#include "core/masking.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

void put(json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}
void put(json& object, const char* name, const std::optional<std::string>& text) {
  if (text) object[name] = *text;
}
void put(json& object, const char* name, const std::optional<TimePoint>& time) {
  if (time) object[name] = to_iso8601(*time);
}
void put(json& object, const char* name, const std::optional<Duration>& duration) {
  if (duration) object[name] = duration->count();
}
void put(json& object, const char* name, const JsonText& document) {
  if (!document.empty()) object[name] = document.value();
}

json object_of(const JsonText& document) {
  json value = document.value();
  return value.is_object() ? std::move(value) : json::object();
}

json to_json(const Delivery& delivery) {
  json object{{"status", to_string(delivery.status)}, {"attempts", delivery.attempts}};
  put(object, "provider", delivery.provider);
  put(object, "messageId", delivery.message_id);
  put(object, "sentAt", delivery.sent_at);
  put(object, "deliveredAt", delivery.delivered_at);
  put(object, "error", delivery.error);
  if (delivery.next_attempt_at != kHeld) put(object, "nextAttemptAt", delivery.next_attempt_at);
  return object;
}

json to_json(const HistoryEntry& entry) {
  json object{{"timestamp", to_iso8601(entry.timestamp)},
              {"attempt", entry.attempt},
              {"status", to_string(entry.status)},
              {"message", entry.message}};
  put(object, "error", entry.error);
  put(object, "duration", entry.duration);
  return object;
}

json to_json(const JobProgress& progress) {
  json object{{"percent", std::round(progress.fraction * 1000) / 10},
              {"updatedAt", to_iso8601(progress.updated_at)}};
  if (progress.total > 0) {
    object["done"] = progress.done;
    object["total"] = progress.total;
  }
  put(object, "message", progress.message);
  return object;
}

json to_json(const RetryLog& entry) {
  json object{{"attempt", entry.attempt},
              {"timestamp", to_iso8601(entry.timestamp)},
              {"status", to_string(entry.status)}};
  put(object, "error", entry.error);
  put(object, "duration", entry.duration);
  return object;
}

// What was masked when it was kept is shown as it is, unless nothing may be shown any more.
json shown_payload(const JobEnvelope& envelope, ContentPrivacy privacy) {
  if (privacy == ContentPrivacy::kPublic && !envelope.payload.empty()) {
    return envelope.payload.value();
  }
  if (envelope.masked.empty()) return masked_payload(envelope.payload.value(), privacy);
  json masked = envelope.masked.value();
  return privacy == ContentPrivacy::kPrivate ? masked_payload(masked, privacy) : masked;
}

void put_payload(json& object, const JobEnvelope& envelope, ContentPrivacy privacy) {
  json payload = shown_payload(envelope, privacy);
  if (envelope.kind != kNotificationKind) {
    object["payload"] = std::move(payload);
    return;
  }
  for (const char* part : {"notification", "recipient"}) {
    object[part] =
        payload.is_object() && payload.contains(part) ? std::move(payload[part]) : json::object();
  }
}

// A digest's key may well be made of an address.
void put_plan(json& object, DeliveryPlan plan, ContentPrivacy privacy) {
  if (plan.policy.digest) plan.policy.digest->key = mask_error(plan.policy.digest->key, privacy);
  write_delivery_plan(plan, object["notification"]);
}

}  // namespace

json job_to_json(const Job& job, ContentPrivacy privacy) {
  const JobEnvelope& envelope = *job.envelope;
  const JobState& state = job.state;
  json object{{"id", envelope.id.to_string()},
              {"kind", envelope.kind},
              {"queue", envelope.queue},
              {"status", to_string(state.status)},
              {"priority", envelope.priority},
              {"attempts", state.attempts},
              {"maxRetries", envelope.max_retries},
              {"createdAt", to_iso8601(envelope.created_at)},
              {"updatedAt", to_iso8601(state.updated_at)},
              {"metadata", object_of(envelope.metadata)},
              {"tags", envelope.tags},
              {"deliveries", json::object()},
              {"logs", json::array()}};
  put(object, "scheduledFor", envelope.scheduled_for);
  put(object, "processedAt", state.processed_at);
  put(object, "completedAt", state.completed_at);
  put(object, "failedAt", state.failed_at);
  put(object, "error", state.error);
  put(object, "result", state.result);
  if (state.progress) object["progress"] = to_json(*state.progress);
  put_payload(object, envelope, privacy);
  if (envelope.kind == kNotificationKind) put_plan(object, envelope.plan, privacy);
  for (const Delivery& delivery : state.deliveries) {
    if (!delivery.channel.starts_with('@'))
      object["deliveries"][delivery.channel] = to_json(delivery);
  }
  for (const HistoryEntry& entry : state.history) object["logs"].push_back(to_json(entry));
  return object;
}

json whole_job_to_json(const Job& job, ContentPrivacy privacy) {
  json object = job_to_json(job, privacy);
  if (job.state.log.empty()) return object;
  for (const JobLogLine& line : job.state.log) {
    object["logLines"].push_back({{"timestamp", to_iso8601(line.timestamp)},
                                  {"attempt", line.attempt},
                                  {"text", line.text}});
  }
  object["logLinesDropped"] = job.state.log_dropped;
  return object;
}

json log_to_json(const NotificationLog& log) {
  json object{{"id", log.id.to_string()},
              {"notificationId", log.notification_id},
              {"channel", log.channel},
              {"recipient", log.recipient},
              {"status", to_string(log.status)},
              {"contentPrivacy", to_string(log.content_privacy)},
              {"attempts", log.attempts},
              {"retryLogs", json::array()},
              {"createdAt", to_iso8601(log.created_at)},
              {"updatedAt", to_iso8601(log.updated_at)}};
  if (log.job_id) object["jobId"] = log.job_id->to_string();
  if (log.priority) object["priority"] = *log.priority;
  if (log.max_retries) object["maxRetries"] = *log.max_retries;
  if (!log.tags.empty()) object["tags"] = log.tags;
  put(object, "scheduledFor", log.scheduled_for);
  put(object, "sentAt", log.sent_at);
  put(object, "deliveredAt", log.delivered_at);
  put(object, "failedAt", log.failed_at);
  put(object, "subject", log.subject);
  put(object, "content", log.content);
  put(object, "error", log.error);
  put(object, "metadata", log.metadata);
  put(object, "provider", log.provider);
  put(object, "messageId", log.message_id);
  for (const RetryLog& entry : log.retry_logs) object["retryLogs"].push_back(to_json(entry));
  return object;
}

json queue_stats_to_json(const QueueStats& stats) {
  return {{"pending", stats.pending},     {"processing", stats.processing},
          {"completed", stats.completed}, {"failed", stats.failed},
          {"retrying", stats.retrying},   {"scheduled", stats.scheduled},
          {"cancelled", stats.cancelled}};
}

json storage_stats_to_json(const StorageStats& stats) {
  return {{"total", stats.total},         {"sent", stats.sent},
          {"delivered", stats.delivered}, {"failed", stats.failed},
          {"retrying", stats.retrying},   {"byChannel", stats.by_channel},
          {"byStatus", stats.by_status}};
}

json queue_info_to_json(const QueueInfo& info) {
  json object = queue_stats_to_json(info.stats);
  object["name"] = info.name;
  object["paused"] = info.paused;
  object["concurrency"] = info.concurrency;
  object["rate"] = info.rate;
  put(object, "oldestAge", info.oldest_age);
  return object;
}

json latency_to_json(const LatencySummary& latency) {
  const auto ms = [](std::chrono::microseconds time) { return double(time.count()) / 1000; };
  return {{"count", latency.count},
          {"p50", ms(latency.p50)},
          {"p95", ms(latency.p95)},
          {"p99", ms(latency.p99)}};
}

json channel_info_to_json(const ChannelInfo& info) {
  json object{{"name", info.name},
              {"sent", info.sent},
              {"failed", info.failed},
              {"retried", info.retried},
              {"inFlight", info.in_flight},
              {"waiting", info.waiting},
              {"concurrency", info.concurrency},
              {"latency", latency_to_json(info.latency)},
              {"providers", json::array()}};
  for (const ProviderInfo& provider : info.providers) {
    object["providers"].push_back({{"name", provider.name},
                                   {"breaker", provider.breaker},
                                   {"sent", provider.sent},
                                   {"failed", provider.failed},
                                   {"retried", provider.retried},
                                   {"inFlight", provider.in_flight},
                                   {"latency", latency_to_json(provider.latency)}});
  }
  return object;
}

json inbox_message_to_json(const InboxMessage& message) {
  json object{{"id", message.id.to_string()}, {"userId", message.user_id},
              {"title", message.title},       {"message", message.message},
              {"read", message.read},         {"createdAt", to_iso8601(message.created_at)}};
  put(object, "type", message.type);
  put(object, "actionUrl", message.action_url);
  put(object, "icon", message.icon);
  put(object, "data", message.data);
  put(object, "readAt", message.read_at);
  return object;
}

json send_report_to_json(const SendReport& report) {
  const auto status = [&] {
    switch (report.status) {
      case SendReport::Status::kSuccess:
        return "success";
      case SendReport::Status::kPartial:
        return "partial";
      case SendReport::Status::kFailed:
        return "failed";
    }
    return "failed";
  };
  json results = json::object();
  for (const auto& [channel, result] : report.results) {
    json& object = results[channel];
    object = {{"status", result.sent ? "sent" : "failed"}, {"provider", result.provider}};
    put(object, "messageId", result.message_id);
    put(object, "error", mask_error(result.error, ContentPrivacy::kMasked));
  }
  return {{"status", status()}, {"results", std::move(results)}};
}

}  // namespace townkrier
