#include "http/app.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "core/strict_json.hpp"
#include "http/acceptor.hpp"
#include "http/pages.hpp"
#include "http/query.hpp"

#include <nlohmann/json.hpp>

namespace townkrier::http {

namespace {

constexpr ProblemText kNoRoute{404, "not_found", "there is nothing at this path"};
constexpr ProblemText kNoMethod{405, "method_not_allowed", "this path does not know that method"};
constexpr ProblemText kNoBody{422, "invalid_argument",
                              "this request takes no body but an empty object"};
constexpr ProblemText kNotAllowed{403, "forbidden", "your role does not include this"};
// Two years. Only ever sent over https, where a proxy said so.
constexpr std::string_view kStrictTransport = "max-age=63072000";

constexpr ProblemText kNoKey{400, "malformed",
                             "this request takes no Idempotency-Key: nothing of it is remembered"};

void refuse(const ExchangePtr& exchange, const ProblemText& why) {
  exchange->reply(problem(why, exchange->request_id()));
}

// Clients that always send a body may send {}.
bool is_empty_body(const std::string& body) {
  if (body.empty()) return true;
  const auto parsed = parse_json(body, {.max_bytes = 64});
  return parsed && parsed->is_object() && parsed->empty();
}

bool changes_something(const Request& request) {
  return request.method != Method::kGet && request.method != Method::kHead;
}

Response other_method(const ExchangePtr& exchange, const Router::MethodNotAllowed& known) {
  Response response = problem(kNoMethod, exchange->request_id());
  if (exchange->request().method == Method::kOptions) {
    response = {.status = 204, .content_type = ""};
  }
  response.with_header("Allow", known.allow);
  return response;
}

}  // namespace

AppOptions app_options(const ServerOptions& options, LogSink log) {
  // Without a login it is the Host that keeps other sites' pages out, so then there is always a
  // list of names.
  const bool any = options.auth.enabled && options.hosts.empty();
  return {.path = options.path,
          .hosts = {.policy = any ? HostPolicy::kAny : HostPolicy::kListed,
                    .bound = options.host,
                    .names = options.hosts},
          .auth = options.auth,
          .trusted_proxies = options.trusted_proxies,
          .max_body_bytes = static_cast<std::size_t>(options.max_body_bytes),
          .log = std::move(log)};
}

Result<std::shared_ptr<App>> App::create(AppOptions options,
                                         std::shared_ptr<DashboardBackend> backend,
                                         std::shared_ptr<const Clock> clock) {
  auto proxies = NetworkList::parse(options.trusted_proxies, "server.trusted_proxies");
  if (!proxies) return std::unexpected(proxies.error());
  auto authenticator = Authenticator::create(options.auth, clock);
  if (!authenticator) return std::unexpected(authenticator.error());
  const SessionContext context{
      std::shared_ptr<Authenticator>(std::move(*authenticator)),
      std::make_shared<AuditRecorder>(AuditRecorder::Options{.log = options.log}, backend, clock),
      clock};
  std::shared_ptr<App> app(new App(std::move(options), std::move(*proxies), context));
  const auto api =
      std::make_shared<const ApiContext>(ApiContext{.backend = std::move(backend),
                                                    .clock = std::move(clock),
                                                    .max_body_bytes = app->options_.max_body_bytes,
                                                    .streams = app->streams_,
                                                    .requests = app->metrics_});
  for (Route& route : api_routes(api, context)) {
    route.label = std::string(to_string(route.method)) + " /api" + route.pattern;
    app->router_.add("/api", route);
    app->router_.add(app->options_.path + "/api", route);
  }
  Route metrics = metrics_route(api);
  metrics.label = "GET /metrics";
  app->router_.add("", std::move(metrics));
  for (Route& route : page_routes(app->options_.path)) {
    route.label = "GET (page)";
    app->router_.add("", std::move(route));
  }
  return app;
}

App::App(AppOptions options, NetworkList proxies, const SessionContext& context)
    : options_(std::move(options)),
      proxies_(std::move(proxies)),
      authenticator_(context.authenticator),
      audit_(context.audit) {}

void App::stop() {
  streams_->stop();
  authenticator_->stop();
  audit_->stop();
}

void App::handle(ExchangePtr exchange) const {
  exchange->set_origin(origin_of(exchange->request(), proxies_));
  const Request& request = exchange->request();
  if (request.origin.scheme == RequestOrigin::Scheme::kHttps) {
    exchange->before_reply([](Response response, const Exchange::Sink& next) {
      response.with_header("Strict-Transport-Security", kStrictTransport);
      next(std::move(response));
    });
  }
  if (const auto why = check_host(request, options_.hosts)) return refuse(exchange, *why);
  Router::Match match = this->match(request);
  count_answer(exchange, match);
  const auto* found = std::get_if<Router::Found>(&match);
  // Denied by default: only a route that says so is answered without a login, and nobody learns
  // which paths exist.
  if (found && found->route->access == Access::kPublic) return serve(exchange, match);
  authenticator_->check(request, [self = shared_from_this(), exchange,
                                  match = std::move(match)](const Authenticator::Outcome& login) {
    if (!login) return self->refuse_login(exchange, login.error());
    exchange->set_identity(*login);
    self->serve(exchange, match);
  });
}

// A proxy may leave its prefix in the path or take it off.
Router::Match App::match(const Request& request) const {
  Router::Match match = router_.match(request.method, request.segments);
  if (!std::holds_alternative<Router::NotFound>(match)) return match;
  const auto rest = without_prefix(request);
  return rest ? router_.match(request.method, *rest) : std::move(match);
}

void App::count_answer(const ExchangePtr& exchange, const Router::Match& match) const {
  const auto* found = std::get_if<Router::Found>(&match);
  exchange->before_reply(
      [metrics = metrics_, label = found ? found->route->label : std::string(),
       began = std::chrono::steady_clock::now()](Response response, const Exchange::Sink& next) {
        const auto took = std::chrono::steady_clock::now() - began;
        if (label.empty()) {
          metrics->count_unrouted(response.status);
        } else {
          metrics->count(label, response.status,
                         std::chrono::duration_cast<std::chrono::microseconds>(took));
        }
        next(std::move(response));
      });
}

void App::refuse_login(const ExchangePtr& exchange, const LoginFailure& failure) const {
  if (failure.tried == LoginFailure::Tried::kCredentials) {
    AuditEntry entry;
    entry.actor = failure.actor.empty() ? "unknown" : failure.actor;
    entry.action = "login";
    entry.result = to_string(failure.error.code);
    audit_->count(std::move(entry));
  }
  exchange->reply(login_refused(failure, exchange->request(), exchange->request_id()));
}

void App::serve(const ExchangePtr& exchange, const Router::Match& match) const {
  if (std::holds_alternative<Router::NotFound>(match)) return refuse(exchange, kNoRoute);
  if (const auto* other = std::get_if<Router::MethodNotAllowed>(&match)) {
    return exchange->reply(other_method(exchange, *other));
  }
  try {
    run(exchange, std::get<Router::Found>(match));
  } catch (const std::exception&) {
    exchange->reply(Error{Errc::kInternal, "an exception in a handler", {}});
  }
}

void App::run(const ExchangePtr& exchange, const Router::Found& found) const {
  const Request& request = exchange->request();
  const Route& route = *found.route;
  if (!route.audit.action.empty()) audit(exchange, found);
  if (route.access != Access::kPublic && !allows(route.access, exchange->identity().role)) {
    return refuse(exchange, kNotAllowed);
  }
  if (changes_something(request)) {
    if (const auto why = check_same_site(request)) return refuse(exchange, *why);
    if (const auto why = check_media_type(request, route.body)) return refuse(exchange, *why);
    if (route.body == BodyKind::kNone && !is_empty_body(request.body)) {
      return refuse(exchange, kNoBody);
    }
  }
  if (const auto known = check_query_names(request, route.query); !known) {
    return exchange->reply(known.error());
  }
  if (route.key == KeyUse::kRefused && request.header("idempotency-key")) {
    return refuse(exchange, kNoKey);
  }
  route.handler(exchange, found.params);
}

void App::audit(const ExchangePtr& exchange, const Router::Found& found) const {
  const AuditRule& rule = found.route->audit;
  AuditEntry entry;
  entry.actor = exchange->identity().label();
  entry.role = to_string(exchange->identity().role);
  entry.action = rule.action;
  if (rule.target) entry.target = found.params[*rule.target];
  exchange->before_reply([audit = audit_, entry = std::move(entry), rows = rule.rows](
                             Response response, const Exchange::Sink& next) mutable {
    entry.result = response.code.empty() ? "ok" : response.code;
    if (rows == AuditRule::Rows::kCounted) {
      audit->count(std::move(entry));
      return next(std::move(response));
    }
    audit->record(std::move(entry), [response = std::move(response), next] { next(response); });
  });
}

}  // namespace townkrier::http
