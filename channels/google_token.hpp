#pragma once

/// \file google_token.hpp
/// OAuth 2.0 access tokens of a Google service account: a signed JWT is exchanged for a token that
/// is good for an hour (RFC 7523; developers.google.com/identity/protocols/oauth2/service-account).

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/api_provider.hpp"
#include "channels/transfer.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

struct ServiceAccount {
  std::string project_id;
  std::string client_email;
  std::string private_key;  ///< PEM.
  std::string private_key_id;
  std::string token_uri;
};

/// Reads the JSON file that Google's console gives. kInvalidConfig says what is missing, and never
/// repeats a value; the key is checked to be an RSA key.
Result<ServiceAccount> parse_service_account(std::string_view text);

/// The assertion: a JWT for `scope`, good for an hour from `now`, signed RS256. kInvalidConfig when
/// the key cannot sign.
Result<std::string> signed_assertion(const ServiceAccount& account, std::string_view scope,
                                     TimePoint now);

/// Base64 for URLs, without padding (RFC 4648 §5).
std::string base64url_encode(std::string_view bytes);

/// The token of the moment. One refresh serves everybody who waits for it. Thread-safe; keeps
/// itself while a refresh is under way.
class AccessTokens : public std::enable_shared_from_this<AccessTokens> {
 public:
  /// How tokens are asked for; `addresses`, `ca_file` and `timeout` are those of the API.
  struct Source {
    ServiceAccount account;
    std::string scope;
    std::string url;  ///< Where tokens are given out.
    ApiSettings access;
  };
  /// A token, or why there is none: an outcome that is never "sent".
  using Answer = std::expected<std::string, DeliveryOutcome>;
  using Waiter = std::function<void(const Answer&)>;

  AccessTokens(Source source, std::shared_ptr<Transport> transport,
               std::shared_ptr<const Clock> clock);

  /// Calls `waiter` once: at once when there is a token, else when the refresh is over.
  void get(Waiter waiter);
  /// The API refused `token`: the next `get` asks for another, unless that has happened.
  void refuse(const std::string& token);

 private:
  void refresh();
  void answered(const TransferReply& reply);
  void answer_all(const Answer& answer);

  const Source source_;
  const std::shared_ptr<Transport> transport_;
  const std::shared_ptr<const Clock> clock_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::string token_;
  TimePoint good_until_{};
  std::vector<Waiter> waiters_;  // not empty: a refresh is under way
};

}  // namespace townkrier
