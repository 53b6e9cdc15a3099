#include "core/remembered.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace townkrier {

namespace {

constexpr std::size_t kIdBytes = 16;

void append(std::string& out, const Uuid& id) {
  out.append(reinterpret_cast<const char*>(id.bytes.data()), kIdBytes);
}

Uuid id_at(std::string_view bytes, std::size_t offset) {
  Uuid id;
  std::ranges::copy(bytes.substr(offset, kIdBytes), id.bytes.begin());
  return id;
}

std::unexpected<Error> damaged() {
  return fail(Errc::kCorruption, "a remembered entry is damaged");
}

}  // namespace

std::string once_key(const IdempotencyKey& key) {
  return "once:" + key.name;
}

// One byte of size, the fingerprint, then the ids that the store adds.
TimedEntry once_entry(const IdempotencyKey& key, std::size_t first_job, std::size_t jobs,
                      TimePoint now) {
  TimedEntry entry{.key = once_key(key), .value = {}, .until = now + kIdempotencyPeriod};
  entry.value = std::string(1, static_cast<char>(key.fingerprint.size())) + key.fingerprint;
  entry.first_job = first_job;
  entry.jobs = jobs;
  return entry;
}

Result<OnceRecord> read_once(const TimedEntry& entry) {
  const std::string_view value = entry.value;
  if (value.empty()) return damaged();
  const std::size_t size = static_cast<unsigned char>(value.front());
  if (value.size() < 1 + size || (value.size() - 1 - size) % kIdBytes != 0) return damaged();
  OnceRecord record{std::string(value.substr(1, size)), {}};
  for (std::size_t at = 1 + size; at < value.size(); at += kIdBytes) {
    record.jobs.push_back(id_at(value, at));
  }
  return record;
}

std::string message_key(std::string_view provider, std::string_view message_id) {
  std::string text(provider);
  text.append(1, '\0').append(message_id);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return "sent:" + std::string(hash.begin(), hash.end());
}

TimedEntry message_entry(const JobId& job, const Delivery& delivery, TimePoint now) {
  TimedEntry entry{.key = message_key(delivery.provider, delivery.message_id),
                   .value = {},
                   .until = now + kReceiptPeriod};
  append(entry.value, job);
  append(entry.value, delivery.log_id);
  entry.value += delivery.channel;
  return entry;
}

Result<SentMessage> read_message(const TimedEntry& entry) {
  const std::string_view value = entry.value;
  if (value.size() <= 2 * kIdBytes) return damaged();
  return SentMessage{id_at(value, 0), id_at(value, kIdBytes),
                     std::string(value.substr(2 * kIdBytes))};
}

}  // namespace townkrier
