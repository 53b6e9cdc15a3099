#include "http/app.hpp"

#include <exception>
#include <utility>

#include "core/strict_json.hpp"
#include "http/pages.hpp"
#include "http/query.hpp"

#include <nlohmann/json.hpp>

namespace townkrier::http {

namespace {

constexpr std::string_view kChallenge = R"(Basic realm="TownKrier", charset="UTF-8")";
constexpr ProblemText kNoRoute{404, "not_found", "there is nothing at this path"};
constexpr ProblemText kNoMethod{405, "method_not_allowed", "this path does not know that method"};
constexpr ProblemText kNoBody{422, "invalid_argument",
                              "this request takes no body but an empty object"};

void refuse(const ExchangePtr& exchange, const ProblemText& why) {
  exchange->reply(problem(why, exchange->request_id()));
}

void refuse_login(const ExchangePtr& exchange, const Error& error) {
  Response response = problem(error, exchange->request_id());
  if (error.code == Errc::kUnauthorized) response.with_header("WWW-Authenticate", kChallenge);
  exchange->reply(std::move(response));
}

// Clients that always send a body may send {}.
bool is_empty_body(const std::string& body) {
  if (body.empty()) return true;
  const auto parsed = parse_json(body, {.max_bytes = 64});
  return parsed && parsed->is_object() && parsed->empty();
}

}  // namespace

Result<std::shared_ptr<App>> App::create(AppOptions options,
                                         std::shared_ptr<DashboardBackend> backend,
                                         std::shared_ptr<const Clock> clock) {
  auto authenticator = Authenticator::create(options.auth);
  if (!authenticator) return std::unexpected(authenticator.error());
  const auto api = std::make_shared<const ApiContext>(
      ApiContext{std::move(backend), std::move(clock), options.max_body_bytes});
  const Routes routes = api_routes(api);
  std::shared_ptr<App> app(new App(std::move(options), std::move(*authenticator)));
  for (const Route& route : routes) {
    app->router_.add("/api", route);
    app->router_.add(app->options_.path + "/api", route);
  }
  app->router_.add("", metrics_route(api));
  for (Route& route : page_routes(app->options_.path)) app->router_.add("", std::move(route));
  return app;
}

App::App(AppOptions options, std::unique_ptr<Authenticator> authenticator)
    : options_(std::move(options)), authenticator_(std::move(authenticator)) {}

void App::handle(ExchangePtr exchange) const {
  const Request& request = exchange->request();
  if (const auto why = check_host(request, options_.hosts, options_.host)) {
    return refuse(exchange, *why);
  }
  Router::Match match = router_.match(request.method, request.segments);
  const auto* found = std::get_if<Router::Found>(&match);
  // Denied by default: only a route that says so is answered without a login, and nobody learns
  // which paths exist.
  if (found && found->route->access == Access::kPublic) return serve(exchange, match);
  authenticator_->check(
      request.header("authorization"), request.remote_address,
      [self = shared_from_this(), exchange, match = std::move(match)](Result<void> login) {
        if (!login) return refuse_login(exchange, login.error());
        self->serve(exchange, match);
      });
}

void App::serve(const ExchangePtr& exchange, const Router::Match& match) const {
  if (std::holds_alternative<Router::NotFound>(match)) return refuse(exchange, kNoRoute);
  if (const auto* other = std::get_if<Router::MethodNotAllowed>(&match)) {
    Response response = problem(kNoMethod, exchange->request_id());
    exchange->reply(response.with_header("Allow", other->allow));
    return;
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
  if (route.access == Access::kOperate) {
    if (const auto why = check_same_site(request)) return refuse(exchange, *why);
    if (const auto why = check_media_type(request, route.body)) return refuse(exchange, *why);
    if (route.body == BodyKind::kNone && !is_empty_body(request.body)) {
      return refuse(exchange, kNoBody);
    }
  }
  if (const auto known = check_query_names(request, route.query); !known) {
    return exchange->reply(known.error());
  }
  route.handler(exchange, found.params);
}

}  // namespace townkrier::http
