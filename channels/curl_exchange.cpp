#include "channels/curl_exchange.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "channels/address_guard.hpp"
#include "channels/text.hpp"

namespace townkrier {
namespace {

constexpr std::size_t kMaxBodyBytes = 64 * 1024;
constexpr std::size_t kMaxReplyLineBytes = 512;

TransferStatus status_of(CURLcode result) {
  switch (result) {
    case CURLE_OK:
      return TransferStatus::kAnswered;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return TransferStatus::kConnectFailed;
    case CURLE_OPERATION_TIMEDOUT:
      return TransferStatus::kTimedOut;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return TransferStatus::kTlsFailed;
    case CURLE_LOGIN_DENIED:
      return TransferStatus::kLoginDenied;
    default:
      return TransferStatus::kBroken;
  }
}

long use_ssl(MailTls tls) {
  switch (tls) {
    case MailTls::kIfOffered:
      return CURLUSESSL_TRY;
    case MailTls::kStartTls:
    case MailTls::kImplicit:
      return CURLUSESSL_ALL;
    case MailTls::kNone:
      break;
  }
  return CURLUSESSL_NONE;
}

std::string mail_url(const MailSubmission& mail) {
  const bool bare_ipv6 = mail.host.find(':') != std::string::npos;
  const std::string host = bare_ipv6 ? "[" + mail.host + "]" : mail.host;
  return (mail.tls == MailTls::kImplicit ? "smtps://" : "smtp://") + host + ":" +
         std::to_string(mail.port);
}

/// Milliseconds for curl, to which 0 would mean "for ever".
long to_curl(Duration timeout) {
  return std::max(1L, static_cast<long>(timeout.count()));
}

/// The local port of a connected socket, 0 when it has none.
int local_port(curl_socket_t socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace

CurlExchange::CurlExchange(Transfer transfer, SocketLedger& sockets)
    : transfer_(std::move(transfer)), sockets_(sockets) {}

bool CurlExchange::prepare() {
  easy_.reset(curl_easy_init());
  if (!easy_) return false;
  set_common();
  if (const auto* call = std::get_if<HttpCall>(&transfer_.what)) {
    set_http(*call);
  } else {
    set_mail(std::get<MailSubmission>(transfer_.what));
  }
  return true;
}

void CurlExchange::append(List& list, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

void CurlExchange::set_common() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_curl(transfer_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, to_curl(transfer_.timeout));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // also keeps http_proxy of the environment out
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!transfer_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, transfer_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  // A connection outlives the exchange that opened it: its close goes to the ledger directly.
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &sockets_);
}

void CurlExchange::set_http(const HttpCall& call) {
  CURL* easy = easy_.get();
  const bool any = transfer_.addresses == AddressPolicy::kAny;
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, any ? "http,https" : "https");
  curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (call.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  append(headers_, "Expect:");  // no 100-continue round trip
  for (const auto& [name, value] : call.headers) append(headers_, name + ": " + value);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "TownKrier");
}

void CurlExchange::set_mail(const MailSubmission& mail) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_URL, mail_url(mail).c_str());
  curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl(mail.tls));
  if (!mail.username.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, mail.username.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, mail.password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + mail.sender + ">").c_str());
  for (const std::string& recipient : mail.recipients) append(recipients_, "<" + recipient + ">");
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients_.get());
  set_mime(mail.message);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_reply_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

namespace {

void fill(curl_mimepart* target, const MailPart& part) {
  curl_mime_data(target, part.data.data(), part.data.size());
  curl_mime_type(target, part.content_type.c_str());
  curl_mime_encoder(target, part.encoding.c_str());
  if (part.disposition.empty()) return;
  curl_slist* headers =
      curl_slist_append(nullptr, ("Content-Disposition: " + part.disposition).c_str());
  curl_mime_headers(target, headers, /*take_ownership=*/1);
}

}  // namespace

void CurlExchange::set_mime(const MailMessage& message) {
  CURL* easy = easy_.get();
  mime_.reset(curl_mime_init(easy));
  curl_mime* body = mime_.get();
  const bool mixed = !message.attachments.empty();
  if (mixed) {
    curl_mimepart* holder = curl_mime_addpart(mime_.get());
    body = curl_mime_init(easy);
    curl_mime_subparts(holder, body);  // the outer one owns it now
    curl_mime_type(holder, "multipart/alternative");
  }
  for (const MailPart& part : message.alternatives) fill(curl_mime_addpart(body), part);
  for (const MailPart& part : message.attachments) fill(curl_mime_addpart(mime_.get()), part);
  for (const std::string& line : message.headers) append(headers_, line);
  append(headers_, mixed ? "Content-Type: multipart/mixed" : "Content-Type: multipart/alternative");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_MIMEPOST, mime_.get());
}

void CurlExchange::watch_stop(std::function<void()> on_stop) {
  on_stop_.emplace(transfer_.stop, std::move(on_stop));
}

TransferReply CurlExchange::reply(CURLcode result) {
  TransferReply reply;
  reply.status = status_of(result);
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  const bool mail = std::holds_alternative<MailSubmission>(transfer_.what);
  const bool none_left = reply.status == TransferStatus::kConnectFailed && !allowed_address_;
  if (refused_address_ && (none_left || result == CURLE_ABORTED_BY_CALLBACK)) {
    reply.status = TransferStatus::kAddressRefused;
  }
  // A refused command is an answer, whatever curl calls it; so is a reply whose body is too long.
  if (reply.status == TransferStatus::kBroken && ((mail && code >= 400) || truncated_)) {
    reply.status = TransferStatus::kAnswered;
  }
  reply.code = static_cast<int>(code);
  reply.body = std::move(body_);
  if (reply.status != TransferStatus::kAnswered) {
    const std::string_view reason = error_[0] != '\0' ? error_.data() : curl_easy_strerror(result);
    reply.detail = printable(reason, 200);
  }
  curl_off_t seconds = 0;
  if (!mail && curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK &&
      seconds > 0) {
    constexpr curl_off_t kDay = 24 * 3600;
    reply.retry_after = std::chrono::seconds(std::min(seconds, kDay));
  }
  return reply;
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t bytes = size * count;
  const std::size_t room = kMaxBodyBytes - exchange.body_.size();
  exchange.body_.append(data, std::min(bytes, room));
  if (bytes <= room) return bytes;
  exchange.truncated_ = true;
  return 0;  // ends the transfer and its connection
}

std::size_t CurlExchange::on_reply_line(char* data, std::size_t size, std::size_t count,
                                        void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.body_.assign(data, std::min(size * count, kMaxReplyLineBytes));
  return size * count;
}

curl_socket_t CurlExchange::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (exchange.transfer_.addresses == AddressPolicy::kPublicOnly &&
      !is_public_address(address->addr)) {
    exchange.refused_address_ = true;
    return CURL_SOCKET_BAD;
  }
  exchange.allowed_address_ = true;
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket >= 0) exchange.sockets_.insert(socket);
  return socket >= 0 ? socket : CURL_SOCKET_BAD;
}

int CurlExchange::on_close(void* sockets, curl_socket_t socket) {
  static_cast<SocketLedger*>(sockets)->erase(socket);
  return ::close(socket);
}

int CurlExchange::on_connected(void* self, char* peer, char*, int, int port) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.local_port_ = port;
  // A connection that an exchange of another policy has opened may be used again.
  if (exchange.transfer_.addresses == AddressPolicy::kPublicOnly && is_private_literal(peer)) {
    exchange.refused_address_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

int CurlExchange::on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
  if (type != CURLINFO_HEADER_OUT || !std::string_view(data, size).starts_with("QUIT")) return 0;
  auto& exchange = *static_cast<CurlExchange*>(self);
  for (const curl_socket_t socket : exchange.sockets_) {
    if (local_port(socket) == exchange.local_port_) ::shutdown(socket, SHUT_RD);
  }
  return 0;
}

}  // namespace townkrier
