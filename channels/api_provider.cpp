#include "channels/api_provider.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "channels/outcomes.hpp"
#include "channels/text.hpp"
#include "core/base64.hpp"
#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCodeBytes = 60;
constexpr std::size_t kMaxIdBytes = 200;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

ApiSettings read_api_settings(JsonReader& reader, std::string_view default_base_url) {
  ApiSettings out;
  out.addresses = read_policy(reader);
  if (!default_base_url.empty()) {
    out.base_url = read_url(reader, "base_url", out.addresses, default_base_url);
  }
  while (out.base_url.ends_with('/')) out.base_url.pop_back();
  out.ca_file = read_ca_file(reader);
  out.timeout = read_timeout(reader, out.timeout);
  return out;
}

std::string read_secret(JsonReader& reader, std::string_view name) {
  auto text = reader.required_string(name, {.min_bytes = 1, .max_bytes = 4096}).value_or("");
  if (!is_printable_ascii(text)) {
    reader.errors().add(reader.pointer(name), "must be printable ASCII");
  }
  return text;
}

const json* value_at(const json& value, std::string_view pointer) {
  // Walked by hand: json_pointer throws on what it does not find.
  const json* at = &value;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string key(pointer.substr(0, end));
    pointer.remove_prefix(end);
    const bool is_index =
        !key.empty() && key.size() <= 4 && key.find_first_not_of("0123456789") == std::string::npos;
    if (at->is_object() && at->contains(key)) {
      at = &(*at)[key];
    } else if (at->is_array() && is_index && std::stoul(key) < at->size()) {
      at = &(*at)[std::stoul(key)];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string text_at(const json& value, std::string_view pointer) {
  const json* found = value_at(value, pointer);
  if (found == nullptr) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : std::string();
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::string_view kHidden = "***";
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kHidden.size())) {
      text.replace(at, secret.size(), kHidden);
    }
  }
  return text;
}

HttpCall json_call(std::string url, Headers headers, const json& body) {
  HttpCall call;
  call.url = std::move(url);
  call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  std::ranges::move(headers, std::back_inserter(call.headers));
  call.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return call;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string form_body(const Headers& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

std::string basic_auth(std::string_view user, std::string_view password) {
  return "Basic " + base64_encode(std::string(user) + ":" + std::string(password));
}

json body_json(const TransferReply& reply) {
  return parse_json(reply.body).value_or(json());
}

Transfer ApiProvider::transfer_for(const DeliveryRequest& request, HttpCall call) const {
  Transfer transfer;
  transfer.what = std::move(call);
  transfer.addresses = api_.settings.addresses;
  transfer.ca_file = api_.settings.ca_file;
  transfer.timeout = std::min(request.timeout, api_.settings.timeout);
  transfer.stop = request.stop;
  return transfer;
}

void ApiProvider::send(DeliveryRequest request, DeliveryDone done) {
  auto call = call_for(request);
  if (!call) return done(DeliveryOutcome::permanent(call.error().message, "invalid_message"));
  Transfer transfer = transfer_for(request, *std::move(call));
  transfer.done = [self = shared_from_this(), done = std::move(done)](TransferReply reply) {
    done(self->read(reply));
  };
  transport_->submit(std::move(transfer));
}

DeliveryOutcome ApiProvider::judge(const TransferReply& reply, ApiAnswer answer) const {
  const std::string message = without_secrets(std::move(answer.message), api_.secrets);
  auto outcome = outcome_of_http(reply, api_.label, message);
  if (outcome.kind == DeliveryOutcome::Kind::kSent) {
    outcome.message_id = printable(answer.message_id, kMaxIdBytes);
    return outcome;
  }
  if (reply.status != TransferStatus::kAnswered) return outcome;
  if (reply.code == 401 || reply.code == 403) outcome.kind = DeliveryOutcome::Kind::kTransient;
  const std::string code = without_secrets(std::move(answer.code), api_.secrets);
  if (!code.empty()) outcome.error_code = printable(code, kMaxCodeBytes);
  return outcome;
}

DeliveryOutcome ApiProvider::failed(DeliveryOutcome::Kind kind, ApiAnswer answer) const {
  constexpr std::size_t kMaxMessageBytes = 200;
  const std::string words =
      printable(without_secrets(std::move(answer.message), api_.secrets), kMaxMessageBytes);
  DeliveryOutcome outcome;
  outcome.kind = kind;
  if (kind == DeliveryOutcome::Kind::kThrottled) outcome.retry_after = kThrottleWait;
  outcome.error = api_.label + " refused" + (words.empty() ? std::string() : ": " + words);
  outcome.error_code = printable(answer.code, kMaxCodeBytes);
  return outcome;
}

}  // namespace townkrier
