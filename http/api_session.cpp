// GET, POST, DELETE /session: who am I, sign in, sign out
#include <nlohmann/json.hpp>

#include "core/json_reader.hpp"
#include "http/api.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxBodyBytes = 4096;
constexpr std::string_view kBasic = R"(Basic realm="TownKrier", charset="UTF-8")";
constexpr std::string_view kBearer = R"(Bearer realm="TownKrier")";

// No Domain: the cookie goes back to this host only, never to others under its name.
std::string cookie(const Request& request, std::string_view key, Duration lifetime) {
  const auto scheme = request.origin.scheme;
  std::string text(session_cookie_name(scheme));
  text.append("=").append(key).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=");
  text += std::to_string(std::chrono::floor<std::chrono::seconds>(lifetime).count());
  if (scheme == RequestOrigin::Scheme::kHttps) text += "; Secure";
  return text;
}

std::optional<std::string_view> session_key(const Request& request) {
  return find_cookie(request, session_cookie_name(request.origin.scheme));
}

Response session_response(const Identity& identity, const SessionContext& context,
                          std::optional<TimePoint> expires_at) {
  Authenticator& authenticator = *context.authenticator;
  nlohmann::json body = {{"user", identity.name},
                         {"kind", to_string(identity.kind)},
                         {"role", to_string(identity.role)},
                         {"can", permissions_of(identity.role)},
                         {"loginRequired", authenticator.enabled()}};
  if (expires_at) {
    body["session"] = {{"expiresAt", to_iso8601(*expires_at)},
                       {"idleTimeout", authenticator.sessions().limits().idle.count()}};
  }
  return json_response(200, body);
}

AuditEntry row(const Identity& identity, std::string action) {
  AuditEntry entry;
  entry.actor = identity.label();
  entry.role = to_string(identity.role);
  entry.action = std::move(action);
  entry.result = "ok";
  return entry;
}

void end_present_session(const SessionContext& context, const Request& request) {
  if (const auto key = session_key(request)) {
    context.authenticator->sessions().close(*key, context.clock->now());
  }
}

// A new key at each login (OWASP ASVS 4.0.3, 3.2.1); the old one ends.
void open_session(const SessionContext& context, const ExchangePtr& exchange,
                  const Identity& identity) {
  Authenticator& authenticator = *context.authenticator;
  if (!authenticator.enabled()) {
    return exchange->reply(session_response(identity, context, std::nullopt));
  }
  end_present_session(context, exchange->request());
  const TimePoint now = context.clock->now();
  const Duration lifetime = authenticator.sessions().limits().lifetime;
  const std::string key = authenticator.sessions().open(identity, now);
  Response response = session_response(identity, context, now + lifetime);
  response.with_header("Set-Cookie", cookie(exchange->request(), key, lifetime));
  context.audit->record(row(identity, "session.open"),
                        [exchange, response] { exchange->reply(response); });
}

void sign_in(const SessionContext& context, const ExchangePtr& exchange) {
  auto credentials = read_sign_in(exchange->request());
  exchange->release_body();
  if (!credentials) return exchange->reply(credentials.error());
  context.authenticator->check_password(
      *std::move(credentials), exchange->request().origin.address,
      [context, exchange](const Authenticator::Outcome& outcome) {
        if (outcome) return open_session(context, exchange, *outcome);
        AuditEntry entry;
        entry.actor = outcome.error().actor.empty() ? "unknown" : outcome.error().actor;
        entry.action = "session.open";
        entry.result = to_string(outcome.error().error.code);
        context.audit->count(std::move(entry));
        exchange->reply(
            login_refused(outcome.error(), exchange->request(), exchange->request_id()));
      });
}

void show_session(const SessionContext& context, const ExchangePtr& exchange) {
  std::optional<TimePoint> expires_at;
  const auto key = session_key(exchange->request());
  if (key && !exchange->request().header("authorization")) {
    if (const auto found = context.authenticator->sessions().find(*key, context.clock->now())) {
      expires_at = found->expires_at;
    }
  }
  exchange->reply(session_response(exchange->identity(), context, expires_at));
}

void sign_out(const SessionContext& context, const ExchangePtr& exchange) {
  Response response = json_response(200, {{"success", true}});
  response.with_header("Set-Cookie", cookie(exchange->request(), "", Duration{0}));
  const auto key = session_key(exchange->request());
  const auto ended =
      key ? context.authenticator->sessions().close(*key, context.clock->now()) : std::nullopt;
  if (!ended) return exchange->reply(std::move(response));
  context.audit->record(row(*ended, "session.close"),
                        [exchange, response = std::move(response)] { exchange->reply(response); });
}

}  // namespace

Result<BasicCredentials> read_sign_in(const Request& request) {
  const auto body = read_json_body(request, kMaxBodyBytes);
  if (!body) return std::unexpected(body.error());
  FieldErrors errors;
  JsonReader reader(*body, "", errors);
  auto user = reader.required_string("username", {.max_bytes = 256});
  auto password = reader.required_string("password", {.max_bytes = 1024});
  reader.refuse_unknown();
  if (auto checked = errors.result(); !checked) return std::unexpected(checked.error());
  return BasicCredentials{*std::move(user), *std::move(password)};
}

// A script's request gets no Basic challenge: the browser would open its own dialogue over the
// page's.
Response login_refused(const LoginFailure& failure, const Request& request,
                       std::string_view request_id) {
  Response response = problem(failure.error, request_id);
  if (failure.error.code == Errc::kUnauthorized) {
    const std::string* mode = request.header("sec-fetch-mode");
    const bool script = mode && *mode != "navigate";
    response.with_header("WWW-Authenticate", script ? kBearer : kBasic);
  } else if (failure.retry_after.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(failure.retry_after).count();
    std::erase_if(response.headers, [](const Header& h) { return h.name == "Retry-After"; });
    response.with_header("Retry-After", std::to_string(seconds));
  }
  return response;
}

void add_session_routes(Routes& routes, const SessionContext& context) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/session",
                    .access = Access::kKnown,
                    .handler = [context](const ExchangePtr& exchange, const PathParams&) {
                      show_session(context, exchange);
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/session",
                    .access = Access::kPublic,
                    .body = BodyKind::kJson,
                    .handler = [context](const ExchangePtr& exchange, const PathParams&) {
                      sign_in(context, exchange);
                    }});
  // Also without a valid session: the cookie goes in any case.
  routes.push_back({.method = Method::kDelete,
                    .pattern = "/session",
                    .access = Access::kPublic,
                    .handler = [context](const ExchangePtr& exchange, const PathParams&) {
                      sign_out(context, exchange);
                    }});
}

}  // namespace townkrier::http
