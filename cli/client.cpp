#include "cli/client.hpp"

#include <curl/curl.h>

#include <map>

namespace townkrier::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxAnswerBytes = 64u << 20;

std::size_t take(char* data, std::size_t size, std::size_t count, void* target) {
  auto& text = *static_cast<std::string*>(target);
  if (text.size() + size * count > kMaxAnswerBytes) return 0;
  text.append(data, size * count);
  return size * count;
}

Errc code_of(long status) {
  static const std::map<long, Errc> kCodes = {
      {400, Errc::kMalformed},       {401, Errc::kUnauthorized}, {403, Errc::kForbidden},
      {404, Errc::kNotFound},        {409, Errc::kConflict},     {413, Errc::kTooLarge},
      {422, Errc::kInvalidArgument}, {429, Errc::kOverloaded},   {503, Errc::kUnavailable}};
  const auto found = kCodes.find(status);
  return found == kCodes.end() ? Errc::kInternal : found->second;
}

Error problem_of(long status, const json& body) {
  std::string message;
  if (body.is_object()) {
    message = body.value("detail", body.value("title", std::string()));
    for (const json& field : body.value("errors", json::array())) {
      message += "\n  " + field.value("pointer", std::string()) + ": " +
                 field.value("detail", std::string());
    }
  }
  if (message.empty()) message = "the server answered " + std::to_string(status);
  return {code_of(status), std::move(message), {}};
}

}  // namespace

struct Client::Handle {
  CURL* curl = curl_easy_init();
  ~Handle() { curl_easy_cleanup(curl); }
};

Client::Client(ServerAddress address)
    : address_(std::move(address)), handle_(std::make_unique<Handle>()) {
  while (address_.url.ends_with('/')) address_.url.pop_back();
}

Client::~Client() = default;

std::string Client::escaped(std::string_view text) const {
  char* made = curl_easy_escape(handle_->curl, text.data(), static_cast<int>(text.size()));
  std::string result = made ? made : "";
  curl_free(made);
  return result;
}

Result<json> Client::get(const std::string& path, const QueryPairs& query) {
  std::string target = path;
  for (const auto& [name, value] : query) {
    target += (target.size() == path.size() ? '?' : '&') + name + '=' + escaped(value);
  }
  return perform({.path = std::move(target)});
}

Result<json> Client::perform(const Call& call) {
  CURL* curl = handle_->curl;
  curl_easy_reset(curl);
  std::string answer;
  curl_slist* headers = nullptr;
  const auto add = [&](const std::string& line) {
    headers = curl_slist_append(headers, line.c_str());
  };
  if (!call.body.empty()) add(std::string("Content-Type: ") + call.type);
  if (!address_.token.empty()) add("Authorization: Bearer " + address_.token);
  add("X-Requested-With: townkrier");
  curl_easy_setopt(curl, CURLOPT_URL, (address_.url + "/api" + call.path).c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(address_.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (std::string_view(call.method) == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  if (code != CURLE_OK) {
    return fail(Errc::kUnavailable, address_.url + ": " + curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  json body = json::parse(answer, nullptr, false);
  if (status >= 400) return std::unexpected(problem_of(status, body));
  if (status < 200 || status >= 300 || body.is_discarded()) {
    return fail(Errc::kInternal, address_.url + " does not answer as TownKrier does");
  }
  return body;
}

Result<json> Client::live(std::uint64_t since) {
  return get("/live", {{"rev", std::to_string(since)}});
}

Result<json> Client::enqueue(const std::string& body) {
  return perform({.method = "POST", .path = "/notifications", .body = body});
}

Result<json> Client::send_now(const std::string& body) {
  return perform({.method = "POST", .path = "/notifications/send", .body = body});
}

Result<BatchAnswer> Client::enqueue_lines(const std::vector<std::string>& lines) {
  std::string body;
  for (const std::string& line : lines) body += line + '\n';
  auto answer = perform({.method = "POST",
                         .path = "/notifications/batch",
                         .body = std::move(body),
                         .type = "application/x-ndjson"});
  if (!answer) return std::unexpected(answer.error());
  BatchAnswer batch;
  for (const json& id : answer->value("ids", json::array())) batch.ids.push_back(id);
  for (const json& one : answer->value("rejected", json::array())) {
    batch.refused.push_back({one.value("index", std::size_t{0}), one.value("detail", "")});
  }
  return batch;
}

Result<json> Client::act(std::string_view id, std::string_view action) {
  const std::string path = "/jobs/" + escaped(id);
  if (action == "delete") return perform({.method = "DELETE", .path = path});
  return perform({.method = "POST", .path = path + "/" + std::string(action)});
}

Result<json> Client::set_flow(std::string_view queue, std::string_view flow) {
  return perform({.method = "POST", .path = "/queues/" + escaped(queue) + "/" + std::string(flow)});
}

}  // namespace townkrier::cli
