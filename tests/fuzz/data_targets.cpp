#include <nlohmann/json.hpp>
#include <string>

#include "core/request_json.hpp"
#include "core/strict_json.hpp"
#include "fuzz/targets.hpp"
#include "persistence/record_codec.hpp"
#include "server/config_tree.hpp"
#include "townkrier/config.hpp"
#include "townkrier/time.hpp"

namespace townkrier::fuzz {

namespace {

// What was read is written, and what was written is read again as the same.
template <class Record, class Decode>
void round_trip(std::string_view bytes, Decode decode) {
  const Result<Record> record = decode(bytes);
  if (!record) return;
  std::string again;
  persistence::encode(*record, again);
  const Result<Record> twice = decode(again);
  require(twice.has_value(), "a record that was written cannot be read");
  std::string third;
  persistence::encode(*twice, third);
  require(again == third, "a record changes when it is written again");
}

}  // namespace

void requests(std::string_view bytes) {
  const auto body = parse_json(bytes, {.max_bytes = 1 << 16});
  if (!body) return;
  const std::string text = body->dump();
  const auto again = parse_json(text, {.max_bytes = 1 << 20});
  require(again && *again == *body, "a document changes when it is written");
  const TimePoint now{Duration{1'767'225'600'000}};
  (void)parse_notification_request(*body, now);
  (void)parse_job_request(*body, now);
}

void records(std::string_view bytes) {
  using namespace persistence;
  const Uuid id{{1}};
  round_trip<Job>(bytes, [&](std::string_view b) { return decode_job(id, b); });
  round_trip<Delivery>(bytes, [](std::string_view b) { return decode_delivery(b); });
  round_trip<JobState>(bytes, [](std::string_view b) { return decode_state(b); });
  round_trip<NotificationLog>(bytes, [&](std::string_view b) { return decode_log(id, b); });
  round_trip<InboxMessage>(bytes, [&](std::string_view b) { return decode_inbox("u", id, b); });
  round_trip<AuditEntry>(bytes, [&](std::string_view b) { return decode_audit(id, b); });
  (void)decode_job_status(bytes);
  std::array<std::uint64_t, 9> counts{};
  (void)decode_counts(bytes, counts);
}

void settings(std::string_view bytes) {
  (void)server::parse_toml(bytes, "townkrier.toml");
  if (const auto duration = parse_duration(bytes)) {
    require(duration->count() >= 0, "a duration is negative");
  }
  (void)parse_bytes(bytes);
  if (const auto time = parse_iso8601(bytes)) {
    const auto again = parse_iso8601(to_iso8601(*time));
    require(again && *again == *time, "a time changes when it is written");
  }
}

}  // namespace townkrier::fuzz
