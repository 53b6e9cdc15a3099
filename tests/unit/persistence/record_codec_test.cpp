#include "persistence/record_codec.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace townkrier::persistence {
namespace {

TimePoint at(std::int64_t ms) {
  return TimePoint{Duration{ms}};
}

Uuid id_of(std::uint8_t number) {
  Uuid id;
  id.bytes.fill(number);
  return id;
}

RetryLog make_try() {
  return {.attempt = 3,
          .timestamp = at(1'700'000'000'123),
          .status = LogStatus::kRetrying,
          .error = "busy",
          .duration = Duration{17}};
}

JobEnvelope full_envelope() {
  return {.id = id_of(1),
          .kind = "report",
          .queue = "bulk",
          .priority = 255,
          .payload = JsonText::trusted(R"({"a":[1,2,3]})"),
          .masked = JsonText::trusted(R"({"a":"***"})"),
          .parts = {{1, 3, 5, 8}, {}},
          .max_retries = std::numeric_limits<std::uint32_t>::max(),
          .retry_delay = Duration{2'592'000'000},
          .timeout = Duration{1},
          .scheduled_for = at(1'800'000'000'000),
          .unique_key = std::string("k\0ey", 4),
          .metadata = JsonText::trusted(R"({"b":null})"),
          .tags = {"one", "", "three"},
          .created_at = at(1'700'000'000'001),
          .plan = {.strategy = ChannelStrategy::kBestEffort,
                   .fallbacks = {{"sms", "push", Duration{60'000}}, {"email", "sms"}},
                   .policy = {.category = "offers",
                              .time_zone = "Africa/Lagos",
                              .critical = true,
                              .digest = DigestOptions{"42/offers", Duration{600'000}}}}};
}

JobState full_state() {
  Delivery delivery{.channel = "email",
                    .log_id = id_of(9),
                    .status = LogStatus::kSkipped,
                    .attempts = 4,
                    .provider = "smtp",
                    .message_id = "<m@example.com>",
                    .error = "refused",
                    .sent_at = at(1),
                    .delivered_at = at(2),
                    .failed_at = at(3),
                    .next_attempt_at = kHeld,
                    .tries = {make_try(), {}},
                    .updated_at = at(15)};
  HistoryEntry entry{.timestamp = at(5),
                     .attempt = 2,
                     .status = JobStatus::kCancelled,
                     .message = "cancelled",
                     .error = "e",
                     .duration = Duration{-1}};
  return {.status = JobStatus::kRetrying,
          .attempts = 7,
          .crashes = 2,
          .begun = std::numeric_limits<std::uint64_t>::max(),
          .updated_at = at(10),
          .due_at = at(11),
          .processed_at = at(12),
          .completed_at = at(13),
          .failed_at = at(14),
          .error = "timed out",
          .result = JsonText::trusted("42"),
          .deliveries = {delivery, {}},
          .history = {entry, {}},
          .run_id = id_of(3),
          .progress = JobProgress{0.25, 1, 4, "first of four", at(15)},
          .log = {{at(16), 2, "a line"}, {}},
          .log_dropped = 300};
}

NotificationLog full_log() {
  return {.id = id_of(2),
          .notification_id = "welcome-1",
          .job_id = id_of(4),
          .channel = "sms",
          .recipient = "+23*******67",
          .status = LogStatus::kBounced,
          .priority = std::uint8_t{20},
          .scheduled_for = at(1),
          .sent_at = at(2),
          .delivered_at = at(3),
          .failed_at = at(4),
          .subject = "",
          .content = "We***",
          .content_privacy = ContentPrivacy::kPrivate,
          .attempts = 5,
          .max_retries = 0,
          .retry_logs = {make_try()},
          .error = "no",
          .metadata = JsonText::trusted("{}"),
          .tags = {"t"},
          .created_at = at(6),
          .updated_at = at(7),
          .provider = "twilio",
          .message_id = "SM1"};
}

InboxMessage full_message() {
  return {.id = id_of(5),
          .user_id = "42",
          .title = "Hi",
          .message = "there",
          .type = "info",
          .action_url = "https://example.com",
          .icon = "bell",
          .data = JsonText::trusted("[]"),
          .read = true,
          .read_at = at(9),
          .created_at = at(8)};
}

template <class Record>
std::string bytes_of(const Record& record) {
  std::string bytes;
  encode(record, bytes);
  return bytes;
}

Job job_of(JobEnvelope envelope, JobState state) {
  return {std::make_shared<const JobEnvelope>(std::move(envelope)), std::move(state)};
}

void expect_same(const Result<Job>& read, const Job& job) {
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read->envelope, *job.envelope);
  EXPECT_EQ(read->state, job.state);
}

TEST(RecordCodec, ReturnsEveryFieldOfAJob) {
  const Job full = job_of(full_envelope(), full_state());
  expect_same(decode_job(id_of(1), bytes_of(full)), full);
  const Job plain = job_of({.id = id_of(1)}, {});
  expect_same(decode_job(id_of(1), bytes_of(plain)), plain);
}

TEST(RecordCodec, ReadsAJobInANewerState) {
  const std::string bytes = bytes_of(job_of(full_envelope(), {}));
  expect_same(decode_job(id_of(1), bytes, bytes_of(full_state())),
              job_of(full_envelope(), full_state()));
}

TEST(RecordCodec, ReadsOnlyTheStateOfAJob) {
  const std::string bytes = bytes_of(job_of(full_envelope(), full_state()));
  EXPECT_EQ(decode_job_status(bytes), JobStatus::kRetrying);
  EXPECT_EQ(decode_job_state(bytes), full_state());
}

TEST(RecordCodec, ReturnsEveryFieldOfADelivery) {
  const Delivery delivery = full_state().deliveries[0];
  EXPECT_EQ(decode_delivery(bytes_of(delivery)), delivery);
}

TEST(RecordCodec, ReturnsEveryFieldOfAState) {
  EXPECT_EQ(decode_state(bytes_of(full_state())), full_state());
  EXPECT_EQ(decode_state(bytes_of(JobState{})), JobState{});
}

TEST(RecordCodec, ReturnsEveryFieldOfALogRow) {
  EXPECT_EQ(decode_log(id_of(2), bytes_of(full_log())), full_log());
  const NotificationLog plain{.id = id_of(2)};
  EXPECT_EQ(decode_log(id_of(2), bytes_of(plain)), plain);
}

TEST(RecordCodec, StoresTheIdOfARowNamedByItsJobOnce) {
  NotificationLog row = full_log();
  row.notification_id = row.job_id->to_string();
  EXPECT_EQ(decode_log(row.id, bytes_of(row)), row);
  NotificationLog other = row;
  other.notification_id.back() = 'x';
  EXPECT_EQ(decode_log(row.id, bytes_of(other)), other);
  EXPECT_EQ(bytes_of(row).size() + 37, bytes_of(other).size());
}

TEST(RecordCodec, ReturnsEveryFieldOfAMessage) {
  EXPECT_EQ(decode_inbox("42", id_of(5), bytes_of(full_message())), full_message());
  const InboxMessage plain{.id = id_of(5), .user_id = "42"};
  EXPECT_EQ(decode_inbox("42", id_of(5), bytes_of(plain)), plain);
}

TEST(RecordCodec, RefusesUnknownVersions) {
  std::string bytes = bytes_of(full_state());
  bytes[0] = 9;
  const auto state = decode_state(bytes);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, Errc::kCorruption);
  EXPECT_NE(state.error().message.find("version 9"), std::string::npos);
}

/// Calls `decode` with every prefix, and with one byte too many.
template <class Decode>
void refuses_wrong_lengths(const std::string& bytes, Decode decode) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto record = decode(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(record) << size;
    EXPECT_EQ(record.error().code, Errc::kCorruption);
  }
  EXPECT_FALSE(decode(bytes + '\0'));
  EXPECT_TRUE(decode(bytes));
}

TEST(RecordCodec, RefusesRecordsThatAreTooShortOrTooLong) {
  refuses_wrong_lengths(bytes_of(job_of(full_envelope(), full_state())),
                        [](std::string_view bytes) { return decode_job(id_of(1), bytes); });
  refuses_wrong_lengths(bytes_of(full_state().deliveries[0]), decode_delivery);
  refuses_wrong_lengths(bytes_of(full_state()), decode_state);
  refuses_wrong_lengths(bytes_of(full_log()),
                        [](std::string_view bytes) { return decode_log(id_of(1), bytes); });
  refuses_wrong_lengths(bytes_of(full_message()),
                        [](std::string_view bytes) { return decode_inbox("", id_of(1), bytes); });
}

/// A job that is compared by its content.
struct ComparableJob {
  Job job;
  bool operator==(const ComparableJob& other) const {
    return *job.envelope == *other.job.envelope && job.state == other.job.state;
  }
};
void encode(const ComparableJob& comparable, std::string& out) {
  persistence::encode(comparable.job, out);
}

/// Whatever decodes must encode to something that decodes to the same.
template <class Decode>
void survives_damage(const std::string& good, std::uint64_t seed, Decode decode) {
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) bytes.resize(random() % bytes.size());
    const auto record = decode(bytes);
    if (!record) {
      ASSERT_EQ(record.error().code, Errc::kCorruption);
      continue;
    }
    ASSERT_EQ(decode(bytes_of(*record)), *record);
  }
}

TEST(RecordCodec, SurvivesAnyDamage) {
  survives_damage(bytes_of(job_of(full_envelope(), full_state())), 1, [](std::string_view bytes) {
    const auto job = decode_job(id_of(1), bytes);
    return job ? Result<ComparableJob>{{*job}} : std::unexpected(job.error());
  });
  survives_damage(bytes_of(full_state()), 2, decode_state);
  survives_damage(bytes_of(full_log()), 3,
                  [](std::string_view bytes) { return decode_log(id_of(1), bytes); });
  survives_damage(bytes_of(full_message()), 4,
                  [](std::string_view bytes) { return decode_inbox("", id_of(1), bytes); });
}

TEST(RecordCodec, DoesNotTrustCounts) {
  // A state whose delivery count claims 2^60 elements.
  std::string bytes = bytes_of(JobState{});
  bytes.resize(bytes.size() - 2);
  bytes += "\xff\xff\xff\xff\xff\xff\xff\xff\x0f";
  const auto state = decode_state(bytes);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, Errc::kCorruption);
}

TEST(RecordCodec, ReturnsCounters) {
  const std::array<std::uint64_t, 3> counts = {0, 300, std::numeric_limits<std::uint64_t>::max()};
  std::string bytes;
  encode_counts(counts, bytes);
  std::array<std::uint64_t, 3> read{};
  ASSERT_TRUE(decode_counts(bytes, read));
  EXPECT_EQ(read, counts);
  std::array<std::uint64_t, 2> fewer{};
  EXPECT_FALSE(decode_counts(bytes, fewer));
  std::array<std::uint64_t, 4> more{1, 1, 1, 1};
  ASSERT_TRUE(decode_counts(bytes, more)) << "a row from before there was a fourth status";
  EXPECT_EQ(more.back(), 0U);
  EXPECT_FALSE(decode_counts(bytes.substr(0, 2), read)) << "cut within a number";
  EXPECT_FALSE(decode_counts("", read));
}

}  // namespace
}  // namespace townkrier::persistence
