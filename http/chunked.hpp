#pragma once

/// \file http/chunked.hpp
/// Decoder of the chunked transfer coding (RFC 9112, 7.1), strict: no extensions, no trailers.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace townkrier::http {

class ChunkDecoder {
 public:
  enum class Status : std::uint8_t { kNeedMore, kDone, kMalformed, kTooLarge };

  explicit ChunkDecoder(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  struct Progress {
    Status status = Status::kNeedMore;
    std::size_t used = 0;  ///< Bytes of the input that belong to this body.
  };
  /// Appends the data found in `input` to `body`. A body over the limit is refused when its chunk
  /// is announced.
  Progress feed(std::string_view input, std::string& body);

 private:
  enum class State : std::uint8_t { kSize, kSizeLf, kData, kDataCr, kDataLf, kEndCr, kEndLf };

  Status step(char c, std::size_t body_size);
  Status size_digit(char c);

  const std::size_t max_body_bytes_;
  State state_ = State::kSize;
  std::size_t size_ = 0;
  int digits_ = 0;
};

}  // namespace townkrier::http
