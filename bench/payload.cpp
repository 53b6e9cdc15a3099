#include "bench/payload.hpp"

#include <charconv>

namespace townkrier::bench {

namespace {

constexpr std::string_view kText =
    "Hello, your order is on its way and should arrive on Friday. Track it in the app. ";

}  // namespace

Payload::Payload(const Options& options) : kind_(options.kind) {
  const std::size_t frame = options.kind == Kind::kNotification ? body(0, kChannel).size()
                                                                : request(0).payload.text().size();
  const std::size_t wanted = options.payload_bytes > frame ? options.payload_bytes - frame : 0;
  while (filler_.size() < wanted) filler_ += kText;
  filler_.resize(wanted);
}

// "title" and "message" are what in_app knows; "userId" is its address.
std::string Payload::body(std::size_t number, std::string_view channel) const {
  const std::string name(channel);
  const std::string user = std::to_string(100'000 + number % 900'000);
  const bool own = channel == kChannel || channel == kHangingChannel;
  const std::string content =
      own ? "{\"n\":" + std::to_string(number) + ",\"text\":\"" + filler_ + "\"}"
          : "{\"title\":\"Order " + std::to_string(number) + "\",\"message\":\"On its way. " +
                filler_ + "\"}";
  const std::string address =
      own ? "{\"email\":\"user" + user + "@example.com\"}" : "{\"userId\":\"" + user + "\"}";
  return "{\"notification\":{\"via\":[\"" + name + "\"],\"" + name + "\":" + content +
         "},\"recipient\":{\"" + name + "\":" + address + "}}";
}

JobRequest Payload::request(std::size_t number, const JobOptions& job) const {
  if (kind_ == Kind::kNotification) {
    return {std::string(kNotificationKind), JsonText::trusted(body(number, kChannel)), job};
  }
  return {std::string(kJobKind),
          JsonText::trusted("{\"n\":" + std::to_string(number) + ",\"text\":\"" + filler_ + "\"}"),
          job};
}

JobRequest Payload::hanging(std::size_t number) const {
  return {std::string(kNotificationKind), JsonText::trusted(body(number, kHangingChannel)), {}};
}

std::size_t number_in(std::string_view content) {
  std::size_t number = 0;
  const auto at = content.find("\"n\":");
  if (at == std::string_view::npos) return 0;
  std::from_chars(content.data() + at + 4, content.data() + content.size(), number);
  return number;
}

}  // namespace townkrier::bench
