#pragma once

/// \file providers.hpp
/// The bundled drivers as factories, for `NotificationManager::register_factory` under a name of
/// your own. Under their driver names (`create_NAME_channel`) they are known already. Working
/// configuration of each: docs/channels.md.
///
/// Common to all: `settings` is a JSON object, unknown keys are errors; kInvalidConfig names the
/// key by its pointer ("/port"). A `timeout` is "15s" or an integer of milliseconds, 100 ms..10
/// min, and the sooner of it and the attempt's own counts. Values are taken as they are: `env:` and
/// `file:` forms are resolved by programs. Providers are thread-safe and, but for `file`, never
/// block.
///
/// Common to the drivers of HTTP APIs (resend, postmark, mailtrap, termii, twilio, wasender, whapi,
/// fcm, expo, slack, discord, http): `base_url` (default: the API's own; not slack, discord, http),
/// `allow_private` and `ca_file` as for webhooks, `timeout` (default 15 s). Answers are judged as
/// webhooks' are, save that what the operator has to repair (401, 403, a bad key, an empty account,
/// a webhook that is gone) is transient: the message is kept for the time after. The provider's own
/// error code, message and message id are kept; keys never show in them.

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
/// - `preset`: "ses" (with `region`), "sendgrid", "mailgun", "mailjet", "postmark", "mailtrap",
///   "brevo", "resend", "gmail", "office365", "zoho": fills `host`, `port` and `tls`, each of which
///   may still be set; `username` and `password` are required then;
/// - `host` (unless a preset has it), `from` ("Name <address>"): required;
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
/// 2xx is sent; 429 (for 10 s unless Retry-After says how long) and 503 with Retry-After are
/// throttled; 408, 425 and other 5xx transient; any other answer, redirects included, is permanent,
/// and so is a host without a permitted address.
Result<std::shared_ptr<Provider>> create_webhook_channel(const nlohmann::json& settings,
                                                         const ProviderEnvironment& environment);

/// E-mail over the Resend HTTP API. Settings: `api_key`, `from`: required. The idempotency key goes
/// along. 409 is transient while the same message is still being taken.
Result<std::shared_ptr<Provider>> create_resend_channel(const nlohmann::json& settings,
                                                        const ProviderEnvironment& environment);

/// E-mail over the Postmark HTTP API. Settings: `server_token`, `from`: required; `message_stream`:
/// default "outbound".
Result<std::shared_ptr<Provider>> create_postmark_channel(const nlohmann::json& settings,
                                                          const ProviderEnvironment& environment);

/// E-mail over the Mailtrap HTTP API. Settings: `api_token`, `from`: required; `category`;
/// `sandbox_inbox`: the number of a test inbox that gets all mail instead of the recipients.
Result<std::shared_ptr<Provider>> create_mailtrap_channel(const nlohmann::json& settings,
                                                          const ProviderEnvironment& environment);

/// SMS over the Termii HTTP API. Content: `text`, `from`. Recipients: up to 100 `{"phone":"+..."}`
/// (E.164). Settings: `api_key`, `sender_id` (3 to 11 characters): required; `route`: "generic"
/// (default), "dnd", "whatsapp"; `type`: "plain" (default), "unicode". Accounts have a `base_url`
/// of their own, shown on Termii's dashboard.
Result<std::shared_ptr<Provider>> create_termii_channel(const nlohmann::json& settings,
                                                        const ProviderEnvironment& environment);

/// SMS over the Twilio HTTP API. Content: `text` (at most 1600 characters), `from`. Recipient: one
/// `{"phone":"+..."}` (E.164). Settings: `account_sid`; `auth_token`, or `api_key_sid` and
/// `api_key_secret`; `from` or `messaging_service_sid`; `status_callback`: the URL that gets
/// delivery receipts.
Result<std::shared_ptr<Provider>> create_twilio_channel(const nlohmann::json& settings,
                                                        const ProviderEnvironment& environment);

/// WhatsApp over Wasender. Content: `text` (at most 4096 characters). Recipient: one
/// `{"phone":"+..."}`. Settings: `api_key`.
Result<std::shared_ptr<Provider>> create_wasender_channel(const nlohmann::json& settings,
                                                          const ProviderEnvironment& environment);

/// WhatsApp over Whapi. As Wasender; settings: `token`.
Result<std::shared_ptr<Provider>> create_whapi_channel(const nlohmann::json& settings,
                                                       const ProviderEnvironment& environment);

/// Push over Firebase Cloud Messaging, HTTP v1. Content: see `PushContent`; `data` is sent as text.
/// Recipients: up to 100 devices of one person, `{"deviceToken":"..."}`; sent when one of them took
/// the message. Settings: `service_account`: the JSON of the service account's key file (in a
/// program's configuration "file:/path/key.json"); `project_id` and `token_url`: default as the
/// account says. A retried message replaces its first copy on the device.
Result<std::shared_ptr<Provider>> create_fcm_channel(const nlohmann::json& settings,
                                                     const ProviderEnvironment& environment);

/// Push over Expo. Content and recipients as for FCM, with Expo's tokens
/// ("ExponentPushToken[...]"). Settings: `access_token`: for accounts with enhanced security;
/// `android_channel`: the app's notification channel. Also a ReceiptSource, see receipts.hpp.
Result<std::shared_ptr<Provider>> create_expo_channel(const nlohmann::json& settings,
                                                      const ProviderEnvironment& environment);

/// An incoming webhook of Slack. Content: `text`. No recipient. Settings: `url`: the webhook's, a
/// secret.
Result<std::shared_ptr<Provider>> create_slack_channel(const nlohmann::json& settings,
                                                       const ProviderEnvironment& environment);

/// A webhook of Discord. Content: `text` (at most 2000 characters; it pings nobody). No recipient.
/// Settings: `url`: the webhook's, a secret.
Result<std::shared_ptr<Provider>> create_discord_channel(const nlohmann::json& settings,
                                                         const ProviderEnvironment& environment);

/// Each delivery as a file, for development: .eml for e-mail, .json for the rest, named by the
/// idempotency key. Settings: `dir`: required, made when missing; `type`: the channel type whose
/// content it takes, default the channel's name; `from`: for mails. Blocking.
Result<std::shared_ptr<Provider>> create_file_channel(const nlohmann::json& settings,
                                                      const ProviderEnvironment& environment);

/// A provider described in configuration alone. Texts are mustache templates over `content`,
/// `recipient` (the first), `recipients`, `metadata`, `channel`, `attempt`, `idempotencyKey`; a
/// name that is missing is an error before anything is sent. Settings:
/// - `url`: required, no template in its host; values are percent-encoded;
/// - `method`: "POST" (default), "PUT", "PATCH", "GET"; `headers`; `username` and `password`;
/// - the body, one of: `json`: a table, sent as JSON (a text that is one tag alone keeps the
/// value's
///   type); `form`: a table, sent as a form; `body`: a text, its values escaped as `content_type`
///   (default JSON) needs;
/// - `type`: the channel type whose content and recipients are checked, default the channel's name;
///   `recipients`: "one" (default), "many", "none";
/// - `idempotency_header`: default "Idempotency-Key"; "": none;
/// - reading of answers: `message_id`, `error_code`, `error_message`: paths into JSON
///   ("/data/id"); `sent_if`: a table of paths and the values they have when a 2xx means sent;
///   `sent`, `permanent`, `transient`, `throttled`: arrays of statuses ("404", "4xx", "500-503")
///   and error codes; what they do not name is judged by the common rules.
Result<std::shared_ptr<Provider>> create_http_channel(const nlohmann::json& settings,
                                                      const ProviderEnvironment& environment);

}  // namespace townkrier
