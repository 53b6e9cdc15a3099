#pragma once

/// \file providers.hpp
/// The bundled drivers as factories, for `NotificationManager::register_factory` under a name of
/// your own. Under their driver names (console, in_app, smtp, webhook, resend) they are known
/// already.
///
/// Common to all: `settings` is a JSON object, unknown keys are errors; kInvalidConfig names the
/// key by its pointer ("/port"). A `timeout` is "15s" or an integer of milliseconds, 100 ms..10
/// min, and the sooner of it and the attempt's own counts. Values are taken as they are: `env:` and
/// `file:` forms are resolved by programs. Providers are thread-safe and never block.

#include <memory>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/channel.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// One line for each delivery on standard output, with recipient and subject masked. No settings.
Result<std::shared_ptr<Provider>> create_console_channel(const nlohmann::json& settings,
                                                         const ProviderEnvironment& environment);

/// A row in the user's inbox. Content: `title` and `message` (one of them at least), `type`,
/// `actionUrl`, `icon`, `data`. Recipient: one `{"userId":"42"}`. No settings.
Result<std::shared_ptr<Provider>> create_in_app_channel(const nlohmann::json& settings,
                                                        const ProviderEnvironment& environment);

/// E-mail over SMTP (RFC 5321). Content: see `EmailContent`. Settings:
/// - `host`, `from` ("Name <address>"): required;
/// - `port`: default 25 for tls "none" and "auto", 587 for "starttls", 465 for "tls";
/// - `username`, `password`: both or none;
/// - `tls`: "none"; "auto" = STARTTLS when offered; "starttls" = STARTTLS or nothing is sent; "tls"
/// =
///   TLS from the first byte. Default: "starttls" with a username, so that a password is not sent
///   in clear unless asked for; else "auto". Certificates are always verified;
/// - `ca_file`: PEM bundle instead of the system's;
/// - `timeout`: default 30 s.
///
/// 5xx replies are permanent, 4xx and broken connections transient. Refused logins (530, 534, 535,
/// 538) and failed certificates are transient too: they are faults of this configuration, not of
/// the message, which is kept for the time after the repair. One refused recipient refuses the
/// whole mail. The Message-ID is made of the idempotency key, the same on each try.
Result<std::shared_ptr<Provider>> create_smtp_channel(const nlohmann::json& settings,
                                                      const ProviderEnvironment& environment);

/// A POST of `{"id","type","timestamp","data"}` with the content's `body` as data, signed as the
/// Standard Webhooks specification 1.0 says (headers webhook-id, webhook-timestamp,
/// webhook-signature). webhook-id and Idempotency-Key are the same on each try. Content: `body`
/// (any JSON), `type` (default "notification"). Needs no recipient. Settings:
/// - `url`: required; https and a public address, see `allow_private`; no user name in it;
/// - `secret`: "whsec_" + base64, or plain text; absent: not signed;
/// - `headers`: an object of further headers;
/// - `allow_private`: true also permits http, loopback and private addresses; default false;
/// - `ca_file`, `timeout` (default 15 s).
///
/// 2xx is sent; 429 and 503 with Retry-After are throttled; 408, 425, 429 and 5xx transient; any
/// other answer, redirects included, is permanent, and so is a host without a permitted address.
Result<std::shared_ptr<Provider>> create_webhook_channel(const nlohmann::json& settings,
                                                         const ProviderEnvironment& environment);

/// E-mail over the Resend HTTP API. Settings:
/// - `api_key`, `from`: required;
/// - `base_url`: default "https://api.resend.com";
/// - `allow_private`, `ca_file`, `timeout`: as for webhooks.
///
/// Answers as for webhooks, save that 401 and 403 (the key or the domain, not the message) are
/// transient, and so is 409 while the same message is still being taken.
Result<std::shared_ptr<Provider>> create_resend_channel(const nlohmann::json& settings,
                                                        const ProviderEnvironment& environment);

}  // namespace townkrier
