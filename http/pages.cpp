#include "http/pages.hpp"

#include <string_view>
#include <utility>

#include "http/assets.hpp"

namespace townkrier::http {

namespace {

constexpr std::string_view kBasePlaceholder = "{{base}}";

std::string with_base(std::string_view page, std::string_view base) {
  std::string out;
  for (std::size_t start = 0; start < page.size();) {
    const std::size_t at = page.find(kBasePlaceholder, start);
    out += page.substr(start, at - start);
    if (at == std::string_view::npos) break;
    out += base;
    start = at + kBasePlaceholder.size();
  }
  return out;
}

Response file_response(std::string type, std::string body) {
  Response response;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return response;
}

Route file_route(std::string pattern, Response file) {
  // Without a login: there is nothing in it but the means to sign in.
  return {.pattern = std::move(pattern),
          .access = Access::kPublic,
          .handler = [file = std::move(file)](const ExchangePtr& exchange, const PathParams&) {
            exchange->reply(file);
          }};
}

Route redirect_route(std::string pattern, std::string_view location) {
  Response response = file_response("text/plain; charset=utf-8", "");
  response.status = 308;
  response.with_header("Location", location);
  return file_route(std::move(pattern), std::move(response));
}

std::string text_of(std::string_view name) {
  return std::string(asset(name).value());
}

}  // namespace

std::vector<Route> page_routes(const std::string& path) {
  // What relative links start with, as seen from the page: "/ops/town" → "town".
  const std::string base = path.substr(path.rfind('/') + 1);
  std::vector<Route> routes;
  routes.push_back(file_route(
      path, file_response("text/html; charset=utf-8", with_base(text_of("overview.html"), base))));
  routes.push_back(file_route(path + "/overview.css",
                              file_response("text/css; charset=utf-8", text_of("overview.css"))));
  routes.push_back(file_route(path + "/overview.js", file_response("text/javascript; charset=utf-8",
                                                                   text_of("overview.js"))));
  routes.push_back(redirect_route("/", path.substr(1)));
  routes.push_back(redirect_route(path + "/", "../" + base));
  return routes;
}

}  // namespace townkrier::http
