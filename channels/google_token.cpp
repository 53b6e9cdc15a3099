#include "channels/google_token.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "channels/outcomes.hpp"
#include "channels/text.hpp"
#include "core/base64.hpp"
#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kAssertionLife{3600};
/// A token is not used in its last minute: the request still has to travel.
constexpr std::chrono::seconds kReserve{60};

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

/// Null when `pem` holds no private key, or an encrypted one.
Key parse_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_password = [](char*, int, int, void*) { return -1; };
  return Key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr);
}

Result<std::string> rs256(const std::string& pem, std::string_view text) {
  const Key key = parse_key(pem);
  const Digest context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (key && context &&
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1) {
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), out, &size, bytes, text.size()) == 1) {
      signature.resize(size);
      return signature;
    }
  }
  return fail(Errc::kInvalidConfig, "the service account's private key cannot sign");
}

std::string required(const json& object, const char* name, std::string& missing) {
  const std::string text = text_at(object, std::string("/") + name);
  if (text.empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

Result<ServiceAccount> parse_service_account(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) {
    return fail(Errc::kInvalidConfig, "must be the JSON of a service account's key file");
  }
  std::string missing;
  ServiceAccount account{.project_id = required(*value, "project_id", missing),
                         .client_email = required(*value, "client_email", missing),
                         .private_key = required(*value, "private_key", missing),
                         .private_key_id = text_at(*value, "/private_key_id"),
                         .token_uri = required(*value, "token_uri", missing)};
  if (!missing.empty()) return fail(Errc::kInvalidConfig, "has no " + missing);
  const Key key = parse_key(account.private_key);
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return fail(Errc::kInvalidConfig, "has a private_key that is no RSA key in PEM form");
  }
  return account;
}

Result<std::string> signed_assertion(const ServiceAccount& account, std::string_view scope,
                                     TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.private_key_id.empty()) header["kid"] = account.private_key_id;
  const json claims{{"iss", account.client_email},
                    {"scope", scope},
                    {"aud", account.token_uri},
                    {"iat", seconds},
                    {"exp", seconds + kAssertionLife.count()}};
  const auto encoded = [](const json& part) {
    return base64url_encode(part.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  std::string text = encoded(header) + "." + encoded(claims);
  const auto signature = rs256(account.private_key, text);
  if (!signature) return std::unexpected(signature.error());
  return text + "." + base64url_encode(*signature);
}

AccessTokens::AccessTokens(Source source, std::shared_ptr<Transport> transport,
                           std::shared_ptr<const Clock> clock)
    : source_(std::move(source)), transport_(std::move(transport)), clock_(std::move(clock)) {}

void AccessTokens::get(Waiter waiter) {
  std::unique_lock lock(mutex_);
  if (!token_.empty() && clock_->now() < good_until_) {
    const Answer answer = token_;
    lock.unlock();
    return waiter(answer);
  }
  waiters_.push_back(std::move(waiter));
  const bool first = waiters_.size() == 1;
  lock.unlock();
  if (first) refresh();
}

void AccessTokens::refuse(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token_ == token) token_.clear();
}

void AccessTokens::refresh() {
  const auto assertion = signed_assertion(source_.account, source_.scope, clock_->now());
  if (!assertion) {
    return answer_all(
        std::unexpected(DeliveryOutcome::transient(assertion.error().message, "bad_key")));
  }
  HttpCall call;
  call.url = source_.url;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                  {"Accept", "application/json"}};
  call.body = form_body(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", *assertion}});
  Transfer transfer;
  transfer.what = std::move(call);
  transfer.addresses = source_.access.addresses;
  transfer.ca_file = source_.access.ca_file;
  transfer.timeout = source_.access.timeout;
  transfer.done = [self = shared_from_this()](const TransferReply& reply) {
    self->answered(reply);
  };
  transport_->submit(std::move(transfer));
}

void AccessTokens::answered(const TransferReply& reply) {
  const json answer = body_json(reply);
  const std::string token = text_at(answer, "/access_token");
  auto outcome = outcome_of_http(reply, "the token server", text_at(answer, "/error"));
  if (outcome.kind == DeliveryOutcome::Kind::kSent && is_printable_ascii(token) && !token.empty()) {
    std::int64_t seconds = 3600;
    if (answer.contains("expires_in") && answer["expires_in"].is_number_unsigned()) {
      seconds = std::min<std::int64_t>(answer["expires_in"].get<std::int64_t>(), 24 * 3600);
    }
    {
      const std::lock_guard lock(mutex_);
      token_ = token;
      good_until_ = clock_->now() + std::chrono::seconds(seconds) - kReserve;
    }
    return answer_all(token);
  }
  if (outcome.kind == DeliveryOutcome::Kind::kSent) {
    outcome = DeliveryOutcome::transient("the token server gave no token", "no_token");
  }
  // The account is wrong, not the message.
  if (outcome.kind == DeliveryOutcome::Kind::kPermanent) {
    outcome.kind = DeliveryOutcome::Kind::kTransient;
  }
  answer_all(std::unexpected(std::move(outcome)));
}

void AccessTokens::answer_all(const Answer& answer) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
  }
  for (const Waiter& waiter : waiters) waiter(answer);
}

}  // namespace townkrier
