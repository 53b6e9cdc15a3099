#include "channels/html_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace townkrier {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kEntities{{
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"copy", "\u00a9"},
    {"reg", "\u00ae"},
    {"ndash", "\u2013"},
    {"mdash", "\u2014"},
    {"hellip", "\u2026"},
    {"euro", "\u20ac"},
}};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 63)),
            static_cast<char>(0x80 | (code & 63))};
  } else {
    out += {static_cast<char>(0xf0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 63)),
            static_cast<char>(0x80 | ((code >> 6) & 63)), static_cast<char>(0x80 | (code & 63))};
  }
}

/// "#8364" or "#x20ac"; nothing for what is no character or a control.
std::optional<std::uint32_t> numeric_entity(std::string_view name) {
  const bool hex = name.size() > 2 && lower(name[1]) == 'x';
  std::uint32_t code = 0;
  for (const char c : name.substr(hex ? 2 : 1)) {
    const char l = lower(c);
    if (l >= '0' && l <= '9') {
      code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(l - '0');
    } else if (hex && l >= 'a' && l <= 'f') {
      code = code * 16 + static_cast<std::uint32_t>(l - 'a' + 10);
    } else {
      return std::nullopt;
    }
    if (code > 0x10ffff) return std::nullopt;
  }
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return std::nullopt;
  return code;
}

std::string decoded(std::string_view text) {
  constexpr std::size_t kLongestEntity = 10;
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.front() == '&' ? text.substr(0, kLongestEntity).find(';') : 0;
    if (text.front() == '&' && end != std::string_view::npos && end > 1) {
      const std::string_view name = text.substr(1, end - 1);
      const auto known = std::ranges::find(kEntities, name, [](auto& pair) { return pair.first; });
      const auto code = name.front() == '#' ? numeric_entity(name) : std::nullopt;
      if (code) append_utf8(out, *code);
      if (known != kEntities.end()) out += known->second;
      if (code || known != kEntities.end()) {
        text.remove_prefix(end + 1);
        continue;
      }
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

struct Tag {
  std::string name;
  bool closing = false;
  std::string href;
};

/// `inside` is what stands between '<' and '>'.
Tag parse_tag(std::string_view inside) {
  Tag tag;
  if (inside.starts_with('/')) {
    tag.closing = true;
    inside.remove_prefix(1);
  }
  while (!inside.empty() && !is_space(inside.front()) && inside.front() != '/') {
    tag.name += lower(inside.front());
    inside.remove_prefix(1);
  }
  if (tag.name != "a") return tag;
  std::string small(inside);
  std::ranges::transform(small, small.begin(), lower);
  const std::size_t at = small.find("href=");
  if (at == std::string::npos || at + 6 > inside.size()) return tag;
  const char quote = inside[at + 5];
  if (quote != '"' && quote != '\'') return tag;
  tag.href = decoded(inside.substr(at + 6, inside.find(quote, at + 6) - at - 6));
  return tag;
}

class TextWriter {
 public:
  void word(std::string_view text) {
    for (const char c : text) {
      if (is_space(c)) {
        space_ = true;
        continue;
      }
      begin_word();
      out_ += c;
    }
  }

  /// At least `count` line breaks before what comes next.
  void lines(int count) { lines_ = std::max(lines_, count); }

  void open(const Tag& tag) {
    if (tag.name == "li") {
      lines(1);
      begin_word();
      out_ += "- ";
    } else if (tag.name == "a") {
      href_ = tag.href;
      link_begin_ = out_.size();
    } else if (tag.name == "td" || tag.name == "th") {
      space_ = true;
    }
  }

  /// "text (target)", unless the text is the target.
  void close_link() {
    const std::string_view text = std::string_view(out_).substr(std::min(link_begin_, out_.size()));
    const bool shown = text.find(href_) != std::string_view::npos;
    if (!shown && (href_.starts_with("http://") || href_.starts_with("https://"))) {
      space_ = true;
      word("(" + href_ + ")");
    }
    href_.clear();
  }

  std::string take() { return std::move(out_); }

 private:
  void begin_word() {
    if (!out_.empty()) {
      if (lines_ > 0) {
        out_.append(static_cast<std::size_t>(lines_), '\n');
      } else if (space_) {
        out_ += ' ';
      }
    }
    lines_ = 0;
    space_ = false;
  }

  std::string out_;
  std::string href_;
  std::size_t link_begin_ = 0;
  int lines_ = 0;
  bool space_ = false;
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

/// Where the text after the element that `name` opened begins; its content is not for reading.
std::size_t after_element(std::string_view html, std::size_t from, const std::string& name) {
  while (true) {
    const std::size_t at = html.find("</", from);
    if (at == std::string_view::npos) return html.size();
    std::string found(html.substr(at + 2, name.size()));
    std::ranges::transform(found, found.begin(), lower);
    if (found == name) return std::min(html.find('>', at), html.size() - 1) + 1;
    from = at + 2;
  }
}

void write_tag(TextWriter& out, const Tag& tag) {
  if (tag.name == "br" || is_one_of(tag.name, {"tr", "div", "li"})) out.lines(1);
  if (is_one_of(tag.name, {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table",
                           "blockquote", "hr", "pre"})) {
    out.lines(2);
  }
  if (!tag.closing) out.open(tag);
  if (tag.closing && tag.name == "a") out.close_link();
}

}  // namespace

std::string html_to_text(std::string_view html) {
  TextWriter out;
  std::size_t at = 0;
  while (at < html.size()) {
    const std::size_t open = std::min(html.find('<', at), html.size());
    out.word(decoded(html.substr(at, open - at)));
    if (open == html.size()) break;
    if (html.substr(open).starts_with("<!--")) {
      const std::size_t end = html.find("-->", open + 4);
      at = end == std::string_view::npos ? html.size() : end + 3;
      continue;
    }
    const std::size_t end = std::min(html.find('>', open), html.size());
    const Tag tag = parse_tag(html.substr(open + 1, end - open - 1));
    at = std::min(end + 1, html.size());
    if (!tag.closing && is_one_of(tag.name, {"head", "style", "script", "title"})) {
      at = after_element(html, at, tag.name);
    } else {
      write_tag(out, tag);
    }
  }
  return out.take();
}

}  // namespace townkrier
