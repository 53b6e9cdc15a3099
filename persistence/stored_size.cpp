#include "persistence/stored_size.hpp"

namespace townkrier::persistence {
namespace {

// Ids, times, numbers and lengths of one part of a record.
constexpr std::uint64_t kJobBytes = 96;
constexpr std::uint64_t kDeliveryBytes = 48;
constexpr std::uint64_t kLineBytes = 16;
constexpr std::uint64_t kMessageBytes = 64;

std::uint64_t bytes_of(const Delivery& delivery) {
  std::uint64_t bytes = kDeliveryBytes + delivery.channel.size() + delivery.provider.size() +
                        delivery.message_id.size() + delivery.error.size();
  for (const auto& each : delivery.tries) bytes += kLineBytes + each.error.size();
  return bytes;
}

}  // namespace

std::uint64_t stored_bytes(const Job& job) {
  const JobEnvelope& envelope = *job.envelope;
  const JobState& state = job.state;
  std::uint64_t bytes = kJobBytes + envelope.kind.size() + envelope.queue.size() +
                        envelope.unique_key.size() + envelope.payload.text().size() +
                        envelope.masked.text().size() + envelope.metadata.text().size() +
                        state.error.size() + state.result.text().size();
  for (const auto& tag : envelope.tags) bytes += tag.size() + 1;
  for (const auto& delivery : state.deliveries) bytes += bytes_of(delivery);
  for (const auto& entry : state.history) {
    bytes += kLineBytes + entry.message.size() + entry.error.size();
  }
  for (const auto& line : state.log) bytes += kLineBytes + line.text.size();
  return bytes;
}

std::uint64_t stored_bytes(const InboxMessage& message) {
  return kMessageBytes + message.user_id.size() + message.title.size() + message.message.size() +
         message.type.size() + message.action_url.size() + message.icon.size() +
         message.data.text().size();
}

}  // namespace townkrier::persistence
