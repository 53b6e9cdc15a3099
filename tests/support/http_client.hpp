#pragma once

/// \file http_client.hpp
/// A small blocking HTTP client for tests: one libcurl handle, which keeps its connection alive.
/// Not thread-safe: one client a thread.

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>
#include <nlohmann/json.hpp>

namespace townkrier::testing {

struct HttpResponse {
  long status = 0;                             ///< 0: no answer, see `error`.
  std::map<std::string, std::string> headers;  ///< Names in lower case; the last of equal ones.
  std::string body;
  std::string error;  ///< The transport's.

  /// The body as JSON; a discarded value (`is_discarded()`) when it is none.
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct HttpRequest {
  std::string method = "GET";
  std::string path = "/";
  std::string body = {};
  /// Whole lines, e.g. "Idempotency-Key: 1".
  std::vector<std::string> headers = {};
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20))
      : HttpClient("http://127.0.0.1:" + std::to_string(port), timeout) {}
  explicit HttpClient(std::string origin,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20))
      : origin_(std::move(origin)),
        timeout_(timeout),
        handle_(curl_easy_init(), curl_easy_cleanup) {}

  HttpResponse get(const std::string& path) { return send({.path = path}); }
  HttpResponse post(const std::string& path, const nlohmann::json& body) {
    return post_text(path, body.dump());
  }
  HttpResponse post_text(const std::string& path, std::string body,
                         const std::string& type = "application/json") {
    return send({.method = "POST",
                 .path = path,
                 .body = std::move(body),
                 .headers = {"Content-Type: " + type}});
  }
  HttpResponse del(const std::string& path) { return send({.method = "DELETE", .path = path}); }

  /// Basic credentials for every further request.
  void authenticate(std::string user_and_password) { credentials_ = std::move(user_and_password); }

  HttpResponse send(const HttpRequest& request) {
    HttpResponse response;
    CURL* curl = handle_.get();
    curl_easy_reset(curl);
    curl_slist* lines = nullptr;
    for (const std::string& line : request.headers) lines = curl_slist_append(lines, line.c_str());
    curl_easy_setopt(curl, CURLOPT_URL, (origin_ + request.path).c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
    }
    if (!credentials_.empty()) curl_easy_setopt(curl, CURLOPT_USERPWD, credentials_.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    const CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(lines);
    if (code != CURLE_OK) response.error = curl_easy_strerror(code);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
    return response;
  }

 private:
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* response) {
    static_cast<HttpResponse*>(response)->body.append(data, size * count);
    return size * count;
  }

  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* response) {
    const std::string_view line(data, size * count);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
      std::string name(line.substr(0, colon));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      std::string_view value = line.substr(colon + 1);
      while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) {
        value.remove_prefix(1);
      }
      while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) {
        value.remove_suffix(1);
      }
      static_cast<HttpResponse*>(response)->headers[name] = value;
    }
    return size * count;
  }

  std::string origin_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  std::string credentials_;
};

}  // namespace townkrier::testing
