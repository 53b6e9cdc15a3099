#include "core/sensitive_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/masking.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

constexpr std::string_view kHidden = "***";
constexpr auto kNone = std::string_view::npos;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}
bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != kNone;
}

// RFC 5322 atext and the dot, and what internationalised addresses add; without '/', which in error
// texts comes from URLs and paths.
bool is_local_part(char c) {
  return is_alnum(c) || is_beyond_ascii(c) || is_one_of(c, ".!#$%&'*+=?^_`{|}~-");
}

bool is_token(char c) {
  return is_alnum(c) || is_one_of(c, "_+=-");
}
bool is_phone_separator(char c) {
  return is_one_of(c, " -.()/");
}

char at(std::string_view text, std::size_t i) {
  return i < text.size() ? text[i] : '\0';
}

template <class Predicate>
std::size_t end_of_run(std::string_view text, std::size_t begin, Predicate in_run) {
  while (begin < text.size() && in_run(text[begin])) ++begin;
  return begin;
}

// "smtp://user:secret@host" → "smtp://***@host".
std::string mask_url_credentials(std::string_view text) {
  std::string out;
  std::size_t copied = 0;
  for (auto found = text.find("://"); found != kNone; found = text.find("://", found)) {
    found += 3;
    const auto end = end_of_run(text, found, [](char c) { return !is_one_of(c, " /?#\"'<>"); });
    const auto sign = text.substr(found, end - found).rfind('@');
    if (sign == kNone) continue;
    out += text.substr(copied, found - copied);
    out += kHidden;
    copied = found + sign;
    found = copied;
  }
  return out += text.substr(copied);
}

// Where the local part before the '@' begins; not before `earliest`.
std::size_t begin_of_local_part(std::string_view text, std::size_t sign, std::size_t earliest) {
  std::size_t begin = sign;
  if (begin > earliest && text[begin - 1] == '"') {  // "john doe"@example.com
    const auto quote = begin >= 2 ? text.rfind('"', begin - 2) : kNone;
    return quote == kNone || quote < earliest ? begin : quote;
  }
  while (begin > earliest && is_local_part(text[begin - 1])) --begin;
  return begin;
}

std::string mask_emails(std::string_view text) {
  std::string out;
  std::size_t copied = 0;
  for (auto sign = text.find('@'); sign != kNone; sign = text.find('@', sign + 1)) {
    const auto first = sign;
    const auto begin = begin_of_local_part(text, sign, copied);
    auto end = end_of_run(text, sign + 1, is_domain_character);
    while (at(text, end) == '@') {  // "a@b@c": all before the last sign counts as local part
      sign = end;
      end = end_of_run(text, sign + 1, is_domain_character);
    }
    if ((begin == first && sign == first) || end == first + 1) continue;
    out += text.substr(copied, begin - copied);
    out += mask_email(text.substr(begin, end - begin));
    copied = end;
  }
  return out += text.substr(copied);
}

// Length of "2026-01-01" or "192.168.0.1" at `i`, else 0.
std::size_t harmless_number(std::string_view text, std::size_t i) {
  const auto digits_at = [&](std::size_t from) { return end_of_run(text, from, is_digit) - from; };
  if (digits_at(i) == 4 && at(text, i + 4) == '-' && digits_at(i + 5) == 2 &&
      at(text, i + 7) == '-' && digits_at(i + 8) == 2) {
    return 10;
  }
  std::size_t end = i;
  for (int group = 0; group < 4; ++group) {
    if (group > 0 && at(text, end++) != '.') return 0;
    const auto digits = digits_at(end);
    if (digits < 1 || digits > 3) return 0;
    end += digits;
  }
  return at(text, end) == '.' && is_digit(at(text, end + 1)) ? 0 : end - i;
}

// The end of a phone number at `i`, or `i` when there is none.
std::size_t end_of_phone(std::string_view text, std::size_t i) {
  constexpr std::size_t kFewestDigits = 7;
  constexpr std::size_t kMostSeparators = 3;
  std::size_t end = i;
  std::size_t digits = 0;
  std::size_t separators = 0;  // since the last digit
  for (std::size_t p = at(text, i) == '+' ? i + 1 : i; p < text.size(); ++p) {
    if (is_digit(text[p])) {
      ++digits;
      separators = 0;
      end = p + 1;
    } else if (!is_phone_separator(text[p]) || ++separators > kMostSeparators) {
      break;
    }
  }
  return digits >= kFewestDigits ? end : i;
}

bool looks_random(std::string_view run) {
  constexpr std::size_t kShortestMixed = 20;
  constexpr std::size_t kShortestLetters = 32;
  const bool letters = std::ranges::any_of(run, is_letter);
  const bool digits = std::ranges::any_of(run, is_digit);
  return letters && (digits ? run.size() >= kShortestMixed : run.size() >= kShortestLetters);
}

constexpr std::array<std::string_view, 13> kSecretWords = {
    "password", "passwd",        "pwd",        "secret",     "token", "api_key", "api-key",
    "apikey",   "authorization", "access_key", "access-key", "otp",   "passcode"};

// The value after a secret word at the end of `word`: after `word` come '=' or ':' and maybe quotes
// and spaces. Returns where the value begins, or npos.
std::size_t begin_of_secret(std::string_view text, std::size_t after_word) {
  std::size_t i = after_word;
  if (is_one_of(at(text, i), "\"'")) ++i;
  i = end_of_run(text, i, [](char c) { return c == ' '; });
  if (i >= text.size() || !is_one_of(text[i], "=:")) return kNone;
  i = end_of_run(text, i, [](char c) { return is_one_of(c, "=: "); });
  return i < text.size() ? i : kNone;
}

std::optional<std::size_t> secret_word_at(std::string_view text, std::size_t i) {
  for (const std::string_view word : kSecretWords) {
    if (text.size() - i < word.size()) continue;
    if (std::ranges::equal(text.substr(i, word.size()), word, {}, lower)) return word.size();
  }
  return std::nullopt;
}

bool is_scheme(std::string_view text, std::size_t i, std::string_view scheme) {
  return text.size() - i > scheme.size() && text[i + scheme.size()] == ' ' &&
         std::ranges::equal(text.substr(i, scheme.size()), scheme, {}, lower);
}

// Walks over the text once, deciding at each position what stands there.
class Masker {
 public:
  explicit Masker(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (i_ < text_.size()) {
      if (!take_secret() && !take_bearer() && !take_token() && !take_number()) copy(i_ + 1);
    }
    return std::move(out_);
  }

 private:
  char previous() const { return i_ == 0 ? '\0' : text_[i_ - 1]; }

  void copy(std::size_t until) {
    out_ += text_.substr(i_, until - i_);
    i_ = until;
  }
  void replace(std::size_t until, std::string_view with) {
    out_ += with;
    i_ = until;
  }

  // password=..., "token": "...", Authorization: Bearer ... (whose scheme stays for take_bearer).
  bool take_secret() {
    if (!is_letter(text_[i_])) return false;
    const auto word = secret_word_at(text_, i_);
    if (!word) return false;
    auto begin = begin_of_secret(text_, i_ + *word);
    if (begin == kNone) return false;
    if (is_scheme(text_, begin, "bearer") || is_scheme(text_, begin, "basic")) {
      begin = text_.find(' ', begin) + 1;
    }
    const char quote = is_one_of(at(text_, begin), "\"'") ? text_[begin] : '\0';
    if (quote != '\0') ++begin;
    const auto end = end_of_run(text_, begin, [quote](char c) {
      return quote != '\0' ? c != quote : !is_one_of(c, " \"',;&)}]");
    });
    if (end == begin) return false;
    copy(begin);
    replace(end, kHidden);
    return true;
  }

  bool take_bearer() {
    if (is_alnum(previous())) return false;
    const std::string_view scheme = is_scheme(text_, i_, "bearer")  ? "bearer"
                                    : is_scheme(text_, i_, "basic") ? "basic"
                                                                    : "";
    if (scheme.empty()) return false;
    const auto begin = i_ + scheme.size() + 1;
    const auto end =
        end_of_run(text_, begin, [](char c) { return is_token(c) || is_one_of(c, "./~"); });
    const auto value = text_.substr(begin, end - begin);
    const bool is_word = std::ranges::all_of(value, [](char c) { return c >= 'a' && c <= 'z'; });
    if (value.size() < 8 || is_word) return false;
    copy(begin);
    replace(end, kHidden);
    return true;
  }

  bool take_token() {
    if (!is_token(text_[i_]) || is_token(previous())) return false;
    const auto end = end_of_run(text_, i_, is_token);
    const auto run = text_.substr(i_, end - i_);
    if (!looks_random(run)) return false;
    replace(end, std::string(run.substr(0, 4)) + std::string(kHidden));
    return true;
  }

  bool take_number() {
    const bool begins = is_digit(text_[i_]) || (text_[i_] == '+' && is_digit(at(text_, i_ + 1)));
    if (!begins || is_digit(previous())) return false;
    if (const auto length = harmless_number(text_, i_); length > 0) {
      copy(i_ + length);
      return true;
    }
    const auto end = end_of_phone(text_, i_);
    if (end == i_) {
      copy(end_of_run(text_, i_ + 1, is_digit));
    } else {
      replace(end, mask_phone(text_.substr(i_, end - i_)));
    }
    return true;
  }

  std::string_view text_;
  std::string out_;
  std::size_t i_ = 0;
};

}  // namespace

bool is_domain_character(char c) {
  return is_alnum(c) || is_beyond_ascii(c) || c == '.' || c == '-';
}

std::string to_printable(std::string_view text) {
  std::string printable = to_valid_utf8(text);
  std::ranges::replace_if(printable, is_control, ' ');
  return printable;
}

std::string mask_sensitive(std::string_view text) {
  return Masker(mask_emails(mask_url_credentials(text))).run();
}

}  // namespace townkrier
