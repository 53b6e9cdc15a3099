#include "http/pages.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "http/assets.hpp"

namespace townkrier::http {

namespace {

constexpr std::string_view kBasePlaceholder = "{{base}}";
constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

// Below the dashboard's path; http/dashboard/src/pages/routes.ts has the same.
constexpr std::array<std::string_view, 14> kPages = {
    "/jobs", "/jobs/:id", "/scheduled", "/retries", "/failed",   "/queues", "/channels",
    "/logs", "/logs/:id", "/errors",    "/audit",   "/settings", "/about",  "/sign-in"};

constexpr std::string_view kNotBuiltIn =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>TownKrier</title></head>"
    "<body><h1>TownKrier</h1><p>This server was built without its dashboard. The API is at "
    "<a href=\"{{base}}api/stats\">api</a>.</p></body></html>";

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

Response text_response(int status, std::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.content_type = type;
  response.body = std::move(body);
  return response;
}

Route file_route(std::string pattern, Response file) {
  // Without a login: there is nothing in it but the means to sign in.
  return {.pattern = std::move(pattern),
          .access = Access::kPublic,
          .query = {std::string(kAnyQuery)},
          .handler = [file = std::move(file)](const ExchangePtr& exchange, const PathParams&) {
            exchange->reply(file);
          }};
}

Route redirect_route(std::string pattern, std::string_view location) {
  Response response = text_response(308, "text/plain; charset=utf-8", "");
  response.with_header("Location", location);
  return file_route(std::move(pattern), std::move(response));
}

Response asset_response(const Asset& asset) {
  Response response = text_response(200, asset.content_type, std::string(asset.content));
  if (!asset.encoding.empty()) response.with_header("Content-Encoding", asset.encoding);
  // Names of files that change hold a hash of the content.
  const bool hashed = asset.name.find('-') != std::string_view::npos;
  return response.with_header("Cache-Control",
                              hashed ? "public, max-age=31536000, immutable" : "no-cache");
}

std::string_view page_text() {
  const auto page = std::ranges::find(assets(), "index.html", &Asset::name);
  return page == assets().end() ? kNotBuiltIn : page->content;
}

/// The page at `pattern`, whose links start with `base`.
Route page_route(std::string pattern, std::string_view base, int status) {
  return file_route(std::move(pattern),
                    text_response(status, kHtmlType, with_base(page_text(), base)));
}

}  // namespace

std::vector<Route> page_routes(const std::string& path) {
  // The last segment, which a link on the page at `path` itself has to repeat: "/ops/town" →
  // "town".
  const std::string name = path.substr(path.rfind('/') + 1);
  std::vector<Route> routes;
  routes.push_back(page_route(path, name + "/", 200));
  for (const std::string_view page : kPages) {
    const bool deep = page.find('/', 1) != std::string_view::npos;
    routes.push_back(page_route(path + std::string(page), deep ? "../" : "", 200));
  }
  routes.push_back(page_route(path + "/:page", "", 404));
  for (const Asset& asset : assets()) {
    if (asset.name == "index.html") continue;
    routes.push_back(
        file_route(path + "/assets/" + std::string(asset.name), asset_response(asset)));
  }
  routes.push_back(redirect_route("/", path.substr(1)));
  routes.push_back(redirect_route(path + "/", "../" + name));
  return routes;
}

}  // namespace townkrier::http
