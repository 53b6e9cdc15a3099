#include "channels/settings.hpp"

#include <curl/curl.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "channels/address_guard.hpp"
#include "channels/email.hpp"
#include "townkrier/config.hpp"

namespace townkrier {
namespace {

constexpr Duration kMinTimeout{100};
constexpr Duration kMaxTimeout{600'000};

struct Url {
  std::string scheme;
  std::string host;
  bool has_credentials = false;
};

std::optional<std::string> part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string out(text);
  curl_free(text);
  return out;
}

/// Curl's own parser, so that what is checked is what is used; it also turns other spellings of an
/// IPv4 address (octal, hexadecimal, one number) into the usual one.
std::optional<Url> parse_url(const std::string& text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  auto host = part_of(url.get(), CURLUPART_HOST);
  if (!scheme || !host || host->empty()) return std::nullopt;
  if (host->front() == '[' && host->back() == ']') *host = host->substr(1, host->size() - 2);
  return Url{*scheme, *host,
             part_of(url.get(), CURLUPART_USER) || part_of(url.get(), CURLUPART_PASSWORD)};
}

}  // namespace

Duration read_timeout(JsonReader& reader, Duration fallback) {
  const nlohmann::json* value = reader.optional_any("timeout");
  if (value == nullptr) return fallback;
  std::optional<Duration> timeout;
  if (value->is_string()) {
    if (const auto parsed = parse_duration(value->get_ref<const std::string&>())) timeout = *parsed;
  } else if (const auto number = reader.optional_int("timeout", 0, kMaxTimeout.count() * 2)) {
    timeout = Duration(*number);
  } else {
    return fallback;  // the reader has said what is wrong
  }
  if (timeout && *timeout >= kMinTimeout && *timeout <= kMaxTimeout) return *timeout;
  reader.errors().add(reader.pointer("timeout"), "must be a duration from 100ms to 10m");
  return fallback;
}

EmailAddress read_from(JsonReader& reader) {
  const auto text = reader.required_string("from");
  if (!text) return {};
  if (auto mailbox = parse_mailbox(*text)) return *std::move(mailbox);
  reader.errors().add(reader.pointer("from"), "must be an address or \"Name <address>\"");
  return {};
}

std::string read_ca_file(JsonReader& reader) {
  const auto path = reader.optional_string("ca_file", {.min_bytes = 1});
  if (!path) return {};
  if (!std::ifstream(*path).good()) {
    reader.errors().add(reader.pointer("ca_file"), "cannot be read");
  }
  return *path;
}

std::string read_url(JsonReader& reader, std::string_view name, AddressPolicy policy,
                     std::string_view fallback) {
  const auto text = fallback.empty() ? reader.required_string(name) : reader.optional_string(name);
  if (!text) return std::string(fallback);
  const auto refuse = [&](const char* why) { reader.errors().add(reader.pointer(name), why); };
  const auto url = parse_url(*text);
  if (!url || (url->scheme != "http" && url->scheme != "https")) {
    refuse("must be an absolute http or https URL");
  } else if (url->has_credentials) {
    refuse("must not hold a user name or password; use a header");
  } else if (policy == AddressPolicy::kPublicOnly && url->scheme != "https") {
    refuse("must be https, unless allow_private is true");
  } else if (policy == AddressPolicy::kPublicOnly && is_private_literal(url->host)) {
    refuse("names a private address, which needs allow_private = true");
  }
  return *text;
}

AddressPolicy read_policy(JsonReader& reader) {
  return reader.optional_bool("allow_private").value_or(false) ? AddressPolicy::kAny
                                                               : AddressPolicy::kPublicOnly;
}

std::shared_ptr<Transport> transport_of(const ProviderEnvironment& environment,
                                        FieldErrors& errors) {
  auto transport = std::dynamic_pointer_cast<Transport>(environment.transport);
  if (!transport) errors.add("", "needs the transport of a NotificationManager");
  return transport;
}

}  // namespace townkrier
