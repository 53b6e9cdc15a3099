#pragma once

/// \file transfer.hpp
/// One outgoing exchange, HTTP or SMTP, described without any transport library, and the port that
/// carries it out. Drivers build a `Transfer` and read a `TransferReply`; both are plain values.

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "channels/mail_message.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Which addresses a transfer may connect to. The check is made on the address of each socket that
/// is opened, after name resolution, so a name that changes its answer gains nothing.
enum class AddressPolicy : std::uint8_t {
  kPublicOnly,  ///< Also restricts HTTP to https.
  kAny,
};

/// One HTTP request. Redirects are not followed.
struct HttpCall {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body = {};
  std::string method = "POST";  ///< GET is sent without a body.
};

enum class MailTls : std::uint8_t {
  kNone,       ///< Never encrypts.
  kIfOffered,  ///< STARTTLS when the server offers it.
  kStartTls,   ///< STARTTLS, or nothing is sent.
  kImplicit,   ///< TLS from the first byte (smtps).
};

/// One mail handed to a mail server.
struct MailSubmission {
  std::string host;
  std::uint16_t port = 25;
  MailTls tls = MailTls::kIfOffered;
  std::string username;  ///< Empty: no authentication.
  std::string password;
  std::string sender;                   ///< Envelope address, without brackets.
  std::vector<std::string> recipients;  ///< Envelope addresses, cc and bcc included.
  MailMessage message;
};

/// How a transfer ended. Anything but kAnswered has no usable `code`.
enum class TransferStatus : std::uint8_t {
  kAnswered,        ///< The peer gave a final reply: `code`.
  kConnectFailed,   ///< Name resolution or connection failed.
  kAddressRefused,  ///< Every address of the host is forbidden by the policy.
  kTimedOut,
  kTlsFailed,
  kLoginDenied,
  kBroken,     ///< The connection or the protocol broke before a final reply.
  kCancelled,  ///< `stop` was requested.
  kShutDown,   ///< The transport was stopped.
};

struct TransferReply {
  TransferStatus status = TransferStatus::kBroken;
  int code = 0;      ///< HTTP status or SMTP reply code.
  std::string body;  ///< HTTP: at most 64 KiB of the body. SMTP: the last reply line.
  std::optional<Duration> retry_after;  ///< Of an HTTP reply, never negative.
  std::string detail;  ///< For people, when not answered: what went wrong; no credentials.
};

struct Transfer {
  std::variant<HttpCall, MailSubmission> what;
  AddressPolicy addresses = AddressPolicy::kPublicOnly;
  std::string ca_file;  ///< PEM bundle instead of the system's; empty: the system's.
  Duration connect_timeout{5'000};
  Duration timeout{15'000};  ///< From submission to the final reply.
  std::stop_token stop;
  /// Called exactly once: on the loop's thread, or inside `submit` when it is refused.
  std::function<void(TransferReply)> done;
};

/// A loop that also takes transfers.
class Transport : public TransportLoop {
 public:
  /// Returns at once. Any thread, also from inside `done`.
  virtual void submit(Transfer transfer) = 0;
};

}  // namespace townkrier
