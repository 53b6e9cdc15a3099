#include "http/guard.hpp"

#include <algorithm>
#include <utility>

#include "http/head_parser.hpp"
#include "http/target.hpp"

namespace townkrier::http {

namespace {

constexpr Reject kBadLineEnding{400, "bad_request", "lines of the head must end with CR LF"};
constexpr Reject kBadCharacter{400, "bad_request", "the head has a control character"};
constexpr Reject kFoldedHeader{400, "bad_request", "folded header lines are refused"};
constexpr Reject kNotHttp{400, "bad_request", "this is not an HTTP request"};
constexpr Reject kLineTooLong{414, "uri_too_long", "the request line is too long"};
constexpr Reject kHeadersTooLarge{431, "headers_too_large",
                                  "the header lines are too long or too many"};
constexpr Reject kBodyTooLarge{413, "too_large", "the body is larger than this server accepts"};
constexpr Reject kBadChunk{400, "bad_request", "the chunked body is malformed"};

}  // namespace

RequestGuard::RequestGuard(GuardLimits limits) : limits_(limits) {}

void RequestGuard::append(std::string_view bytes) {
  if (phase_ != Phase::kRejected) input_.append(bytes);
}

RequestGuard::Phase RequestGuard::phase() const {
  return phase_ == Phase::kIdle && !input_.empty() ? Phase::kHead : phase_;
}

GuardEvent RequestGuard::next() {
  if (phase_ == Phase::kRejected) return NeedMore{};
  if (phase_ != Phase::kBody) {
    if (auto why = scan_head()) return reject(*why);
    if (!head_complete_) return NeedMore{};
    if (auto why = accept_head()) return reject(*why);
  }
  if (auto why = read_body()) return reject(*why);
  if (!body_complete_) return NeedMore{std::exchange(expects_continue_, false)};
  phase_ = Phase::kIdle;
  return std::exchange(request_, {});
}

// Looks at each byte of a head once, however it is split. Refuses at the first byte that no
// correct request has there, so that a peer speaking another protocol does not wait for a timeout.
std::optional<Reject> RequestGuard::scan_head() {
  if (!input_.empty()) phase_ = Phase::kHead;
  for (; scan_ < input_.size(); ++scan_) {
    const auto c = static_cast<unsigned char>(input_[scan_]);
    if (after_cr_) {
      after_cr_ = false;
      if (c != '\n') return kBadLineEnding;
      if (auto why = end_line()) return why;
      if (head_complete_) return std::nullopt;
      continue;
    }
    if (c == '\n') return kBadLineEnding;
    if (c == '\r') {
      after_cr_ = true;
      continue;
    }
    if ((c < 0x20 && c != '\t') || c == 0x7F) return kBadCharacter;
    if (lines_ == 0) {
      if (scan_ == line_start_ && (c < 'A' || c > 'Z')) return kNotHttp;
      if (scan_ - line_start_ >= limits_.max_request_line_bytes) return kLineTooLong;
    } else if (scan_ == line_start_ && (c == ' ' || c == '\t')) {
      return kFoldedHeader;
    } else if (scan_ - headers_start_ >= limits_.max_header_bytes) {
      return kHeadersTooLarge;
    }
  }
  return std::nullopt;
}

// `scan_` stands on the LF of a line.
std::optional<Reject> RequestGuard::end_line() {
  const bool blank = scan_ - line_start_ == 1;
  line_start_ = scan_ + 1;
  if (lines_ == 0 && blank) {
    // RFC 9112, 2.2: one empty line before a request is ignored.
    if (std::exchange(skipped_blank_, true)) return kNotHttp;
    return std::nullopt;
  }
  if (lines_ == 0) headers_start_ = line_start_;
  if (blank) {
    head_complete_ = true;
  } else if (++lines_ > limits_.max_headers + 1) {
    return kHeadersTooLarge;
  }
  return std::nullopt;
}

std::optional<Reject> RequestGuard::accept_head() {
  std::string_view head = std::string_view(input_).substr(0, line_start_);
  if (skipped_blank_) head.remove_prefix(2);
  auto parsed = parse_head(head);
  if (const auto* why = std::get_if<Reject>(&parsed)) return *why;
  auto& fields = std::get<Head>(parsed);
  if (auto why = read_target(fields.target, fields.request)) return why;
  if (fields.content_length.value_or(0) > limits_.max_body_bytes) return kBodyTooLarge;

  consume(line_start_);
  scan_ = line_start_ = lines_ = headers_start_ = 0;
  after_cr_ = head_complete_ = skipped_blank_ = false;
  request_ = std::move(fields.request);
  content_length_ = static_cast<std::size_t>(fields.content_length.value_or(0));
  chunks_.reset();
  if (fields.chunked) chunks_.emplace(limits_.max_body_bytes);
  expects_continue_ = fields.expects_continue;
  body_complete_ = false;
  phase_ = Phase::kBody;
  return std::nullopt;
}

std::optional<Reject> RequestGuard::read_body() {
  if (!chunks_) {
    const std::size_t count = std::min(content_length_ - request_.body.size(), input_.size());
    request_.body.append(input_, 0, count);
    consume(count);
    body_complete_ = request_.body.size() == content_length_;
    return std::nullopt;
  }
  const auto progress = chunks_->feed(input_, request_.body);
  consume(progress.used);
  switch (progress.status) {
    case ChunkDecoder::Status::kNeedMore:
      return std::nullopt;
    case ChunkDecoder::Status::kDone:
      body_complete_ = true;
      return std::nullopt;
    case ChunkDecoder::Status::kTooLarge:
      return kBodyTooLarge;
    case ChunkDecoder::Status::kMalformed:
      break;
  }
  return kBadChunk;
}

void RequestGuard::consume(std::size_t count) {
  if (count == input_.size()) {
    input_.clear();
    // A large body must not leave its buffer with a connection that idles for the rest of its life.
    if (input_.capacity() > 64 * 1024) input_.shrink_to_fit();
  } else {
    input_.erase(0, count);
  }
}

GuardEvent RequestGuard::reject(const Reject& why) {
  phase_ = Phase::kRejected;
  input_ = {};
  request_ = {};
  return why;
}

}  // namespace townkrier::http
