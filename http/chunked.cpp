#include "http/chunked.hpp"

#include <algorithm>

namespace townkrier::http {

namespace {

// Enough for 4 GiB; more digits would only be leading zeros or an attack.
constexpr int kMaxSizeDigits = 8;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkDecoder::Progress ChunkDecoder::feed(std::string_view input, std::string& body) {
  std::size_t at = 0;
  while (at < input.size()) {
    if (state_ == State::kData) {
      const std::size_t count = std::min(size_, input.size() - at);
      body.append(input.substr(at, count));
      size_ -= count;
      at += count;
      if (size_ == 0) state_ = State::kDataCr;
      continue;
    }
    const Status status = step(input[at++], body.size());
    if (status != Status::kNeedMore) return {status, at};
  }
  return {Status::kNeedMore, at};
}

ChunkDecoder::Status ChunkDecoder::step(char c, std::size_t body_size) {
  const auto expect = [&](char wanted, State next) {
    if (c != wanted) return Status::kMalformed;
    state_ = next;
    return Status::kNeedMore;
  };
  switch (state_) {
    case State::kSize:
      return size_digit(c);
    case State::kSizeLf:
      if (c != '\n') return Status::kMalformed;
      if (size_ > max_body_bytes_ - std::min(body_size, max_body_bytes_)) return Status::kTooLarge;
      state_ = size_ == 0 ? State::kEndCr : State::kData;
      return Status::kNeedMore;
    case State::kDataCr:
      return expect('\r', State::kDataLf);
    case State::kDataLf:
      digits_ = 0;
      return expect('\n', State::kSize);
    case State::kEndCr:
      return expect('\r', State::kEndLf);
    case State::kEndLf:
      return c == '\n' ? Status::kDone : Status::kMalformed;
    case State::kData:
      break;
  }
  return Status::kMalformed;
}

ChunkDecoder::Status ChunkDecoder::size_digit(char c) {
  if (c == '\r' && digits_ > 0) {
    state_ = State::kSizeLf;
    return Status::kNeedMore;
  }
  const int value = hex_value(c);
  if (value < 0 || digits_ == kMaxSizeDigits) return Status::kMalformed;
  size_ = (digits_ == 0 ? 0 : size_ * 16) + static_cast<std::size_t>(value);
  ++digits_;
  return Status::kNeedMore;
}

}  // namespace townkrier::http
