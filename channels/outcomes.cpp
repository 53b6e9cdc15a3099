#include "channels/outcomes.hpp"

#include "channels/text.hpp"

namespace townkrier {
namespace {

constexpr std::size_t kMaxExplanationBytes = 200;

std::string_view code_of(TransferStatus status) {
  switch (status) {
    case TransferStatus::kConnectFailed:
      return "connect_failed";
    case TransferStatus::kAddressRefused:
      return "address_refused";
    case TransferStatus::kTimedOut:
      return "timeout";
    case TransferStatus::kTlsFailed:
      return "tls_failed";
    case TransferStatus::kLoginDenied:
      return "login_denied";
    case TransferStatus::kCancelled:
      return "cancelled";
    case TransferStatus::kShutDown:
      return "shutting_down";
    case TransferStatus::kAnswered:
    case TransferStatus::kBroken:
      break;
  }
  return "connection_broken";
}

std::string_view words_of(TransferStatus status) {
  switch (status) {
    case TransferStatus::kConnectFailed:
      return "cannot connect";
    case TransferStatus::kTimedOut:
      return "no answer in time";
    case TransferStatus::kTlsFailed:
      return "no trusted TLS connection";
    case TransferStatus::kLoginDenied:
      return "login refused";
    case TransferStatus::kCancelled:
      return "cancelled";
    case TransferStatus::kShutDown:
      return "shutting down";
    case TransferStatus::kAddressRefused:
      return "refused: the host has no public address, and allow_private is not set";
    case TransferStatus::kAnswered:
    case TransferStatus::kBroken:
      break;
  }
  return "the connection broke";
}

bool is_login_reply(int code) {
  return code == 530 || code == 534 || code == 535 || code == 538;
}

}  // namespace

DeliveryOutcome outcome_of_failure(const TransferReply& reply) {
  std::string error(words_of(reply.status));
  std::string code(code_of(reply.status));
  if (reply.status == TransferStatus::kAddressRefused) {
    return DeliveryOutcome::permanent(std::move(error), std::move(code));
  }
  const bool ours =
      reply.status == TransferStatus::kCancelled || reply.status == TransferStatus::kShutDown;
  if (!ours && !reply.detail.empty()) error += ": " + printable(reply.detail, kMaxExplanationBytes);
  return DeliveryOutcome::transient(std::move(error), std::move(code));
}

DeliveryOutcome outcome_of_smtp(const TransferReply& reply, std::string message_id) {
  if (reply.status != TransferStatus::kAnswered) return outcome_of_failure(reply);
  if (reply.code >= 200 && reply.code < 300) return DeliveryOutcome::sent(std::move(message_id));
  std::string error = "the mail server answered " + std::to_string(reply.code);
  std::string_view line = reply.body;
  // The reply line starts with the code; what follows is for people.
  if (line.starts_with(std::to_string(reply.code))) line.remove_prefix(3);
  if (!line.empty() && line.front() == '-') line.remove_prefix(1);
  const std::string words = printable(line, kMaxExplanationBytes);
  if (!words.empty()) error += ": " + words;
  std::string code = std::to_string(reply.code);
  if (reply.code >= 500 && !is_login_reply(reply.code)) {
    return DeliveryOutcome::permanent(std::move(error), std::move(code));
  }
  return DeliveryOutcome::transient(std::move(error), std::move(code));
}

DeliveryOutcome outcome_of_http(const TransferReply& reply, std::string_view what,
                                std::string_view explanation) {
  if (reply.status != TransferStatus::kAnswered) return outcome_of_failure(reply);
  const int code = reply.code;
  if (code >= 200 && code < 300) return DeliveryOutcome::sent();
  std::string error = std::string(what) + " answered " + std::to_string(code);
  if (code >= 300 && code < 400) error += " (redirects are not followed)";
  const std::string words = printable(explanation, kMaxExplanationBytes);
  if (!words.empty()) error += ": " + words;
  if (code == 429 || (code == 503 && reply.retry_after)) {
    auto outcome =
        DeliveryOutcome::throttled(reply.retry_after.value_or(kThrottleWait), std::move(error));
    outcome.error_code = std::to_string(code);
    return outcome;
  }
  if (code == 408 || code == 425 || code >= 500) {
    return DeliveryOutcome::transient(std::move(error), std::to_string(code));
  }
  return DeliveryOutcome::permanent(std::move(error), std::to_string(code));
}

}  // namespace townkrier
