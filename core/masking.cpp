#include "core/masking.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/sensitive_scan.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::string_view kHidden = "***";
constexpr std::string_view kHiddenDigits = "*******";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

// "+23*******67": what mask_phone makes.
bool is_masked_phone(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto stars = text.find(kHiddenDigits);
  if (stars == std::string_view::npos || stars > 2) return false;
  const auto tail = text.substr(stars + kHiddenDigits.size());
  return tail.size() <= 2 && std::ranges::all_of(text.substr(0, stars), is_digit) &&
         std::ranges::all_of(tail, is_digit);
}

bool looks_like_phone(std::string_view text) {
  constexpr std::size_t kFewestDigits = 7;
  return is_masked_phone(text) ||
         (std::ranges::all_of(text,
                              [](char c) {
                                return is_digit(c) || std::string_view(" +-.()/").find(c) !=
                                                          std::string_view::npos;
                              }) &&
          digits_of(text).size() >= kFewestDigits);
}

// An opaque text: the first quarter, at most 4 characters.
std::string mask_opaque(std::string_view text) {
  constexpr std::size_t kMostShown = 4;
  if (text.empty()) return {};
  const auto stars = text.find(kHidden);
  if (stars != std::string_view::npos && stars + kHidden.size() == text.size() &&
      utf8_length(text.substr(0, stars)) <= kMostShown) {
    return to_printable(text);  // masked already, or so short that it shows no more than that
  }
  const auto shown = utf8_prefix(text, std::min(utf8_length(text) / 4, kMostShown));
  return to_printable(shown) + std::string(kHidden);
}

bool is_host_character(char c) {
  return is_domain_character(c) || c == ':' || c == '[' || c == ']' || c == '*';
}

// Scheme, host and port; a number in the host's place ("tel://...") is masked like any other.
std::string mask_url(std::string_view url) {
  const auto begin = url.find("://") + 3;
  auto authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (const auto sign = authority.rfind('@'); sign != std::string_view::npos) {
    authority.remove_prefix(sign + 1);
  }
  const auto end = std::ranges::find_if_not(authority, is_host_character) - authority.begin();
  const auto host = authority.substr(0, static_cast<std::size_t>(end));
  const char* host_end = host.data() + host.size();
  const bool has_more = url.data() + url.size() - host_end > 1;
  return to_printable(url.substr(0, begin)) + mask_sensitive(to_printable(host)) +
         (has_more ? "/***" : "");
}

bool looks_like_url(std::string_view text) {
  const auto scheme = text.substr(0, text.find("://"));
  return scheme.size() < text.size() && !scheme.empty() &&
         std::ranges::all_of(scheme, [](char c) { return c >= 'a' && c <= 'z'; });
}

using Show = std::string (*)(std::string_view);
struct AddressMember {
  std::string_view name;
  Show mask;
};
// What tells best where a message went; the first that is there is shown.
constexpr std::array<AddressMember, 8> kAddressMembers = {{{"email", mask_email},
                                                           {"phone", mask_phone},
                                                           {"deviceToken", mask_opaque},
                                                           {"token", mask_opaque},
                                                           {"userId", mask_address_text},
                                                           {"url", mask_address_text},
                                                           {"address", mask_address_text},
                                                           {"id", mask_address_text}}};

std::string as_is(std::string_view text) {
  return to_printable(text);
}

enum class Form : std::uint8_t { kMasked, kWhole };

std::string address_text(const json& address, Form form) {
  const auto show = [form](Show mask, const json& value) {
    return (form == Form::kWhole ? as_is : mask)(value.get_ref<const std::string&>());
  };
  if (address.is_string()) return show(mask_address_text, address);
  if (!address.is_object()) return std::string(kHidden);
  for (const auto& member : kAddressMembers) {
    const auto found = address.find(member.name);
    if (found != address.end() && found->is_string()) return show(member.mask, *found);
  }
  for (const auto& [name, value] : address.items()) {
    if (name != "name" && value.is_string()) return show(mask_address_text, value);
  }
  return std::string(kHidden);
}

std::string joined_addresses(const json& recipients, Form form) {
  if (recipients.is_null()) return {};
  if (!recipients.is_array()) return address_text(recipients, form);
  std::string joined;
  for (const json& address : recipients) {
    if (!joined.empty()) joined += ", ";
    joined += address_text(address, form);
  }
  return joined;
}

}  // namespace

// What follows the domain ("> and others") is left out: it may hold anything.
std::string mask_email(std::string_view email) {
  const auto sign = email.rfind('@');
  if (sign == std::string_view::npos) return mask_opaque(email);
  const auto local = email.substr(0, sign);
  const auto shown =
      local == kHidden || utf8_length(local) < 2 ? std::string_view{} : utf8_prefix(local, 1);
  const auto rest = email.substr(sign + 1);
  const auto end = std::ranges::find_if_not(rest, is_domain_character) - rest.begin();
  const auto domain = rest.substr(0, static_cast<std::size_t>(end));
  return to_printable(std::string(shown) + std::string(kHidden) + '@' + std::string(domain));
}

std::string mask_phone(std::string_view phone) {
  if (phone.empty()) return {};
  if (is_masked_phone(phone)) return std::string(phone);
  const std::string digits = digits_of(phone);
  const std::size_t lead = digits.size() >= 13 ? 2 : 0;
  const std::size_t tail = digits.size() >= 8 ? 2 : digits.size() >= 4 ? 1 : 0;
  return (phone.starts_with('+') ? "+" : "") + digits.substr(0, lead) + std::string(kHiddenDigits) +
         digits.substr(digits.size() - tail);
}

std::string mask_address_text(std::string_view address) {
  if (looks_like_url(address)) return mask_url(address);
  if (address.find('@') != std::string_view::npos) return mask_email(address);
  if (looks_like_phone(address)) return mask_phone(address);
  return mask_opaque(address);
}

std::string mask_address(const json& address) {
  return address_text(address, Form::kMasked);
}

std::string mask_recipients(const json& recipients) {
  return joined_addresses(recipients, Form::kMasked);
}

std::string recipients_text(const json& recipients, ContentPrivacy privacy) {
  return joined_addresses(recipients,
                          privacy == ContentPrivacy::kPublic ? Form::kWhole : Form::kMasked);
}

std::string mask_text(std::string_view text, ContentPrivacy privacy) {
  constexpr std::size_t kMostShown = 32;
  constexpr std::size_t kScannedBytes = 512;  // an address may reach beyond what is shown
  if (privacy == ContentPrivacy::kPublic) return to_valid_utf8(text);
  if (privacy == ContentPrivacy::kPrivate || text.empty()) return {};
  const std::size_t quarter = std::min(utf8_length(text) / 4, kMostShown);
  const std::string safe = mask_sensitive(to_printable(utf8_cut(text, kScannedBytes)));
  std::string shown(utf8_prefix(safe, quarter));
  std::ranges::replace_if(shown, is_digit, '*');  // a code is worth more than a quarter of itself
  while (shown.ends_with('*')) shown.pop_back();
  return shown + std::string(kHidden);
}

std::string mask_error(std::string_view text, ContentPrivacy privacy) {
  constexpr std::size_t kMostBytes = 2048;
  constexpr std::size_t kScannedBytes = 2 * kMostBytes;
  const std::string printable = to_printable(utf8_cut(text, kScannedBytes));
  const std::string safe =
      privacy == ContentPrivacy::kPublic ? printable : mask_sensitive(printable);
  return std::string(utf8_cut(safe, kMostBytes));
}

}  // namespace townkrier
