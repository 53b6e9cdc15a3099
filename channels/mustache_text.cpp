#include "channels/mustache_text.hpp"

#include <algorithm>
#include <charconv>
#include <kainjow/mustache.hpp>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "channels/api_provider.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
namespace ms = kainjow::mustache;

std::size_t line_at(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

std::string at_line(const std::string& name, std::size_t line, const std::string& what) {
  return name + ":" + std::to_string(line) + ": " + what;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Depth is bounded, as the JSON came through our reader.
ms::data data_of(const json& value) {
  if (value.is_object()) {
    ms::data out(ms::data::type::object);
    for (const auto& [name, member] : value.items()) out.set(name, data_of(member));
    return out;
  }
  if (value.is_array()) {
    ms::data out(ms::data::type::list);
    for (const json& item : value) out.push_back(data_of(item));
    return out;
  }
  if (value.is_null()) return ms::data(false);
  if (value.is_boolean()) return ms::data(value.get<bool>());
  std::string text = text_of(value);
  return text.empty() ? ms::data(false) : ms::data(std::move(text));
}

std::string json_escape(const std::string& text) {
  std::string quoted = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

std::function<std::string(const std::string&)> escaper(TextEscape escape) {
  switch (escape) {
    case TextEscape::kHtml:
      return ms::html_escape<std::string>;
    case TextEscape::kJson:
      return json_escape;
    case TextEscape::kUrl:
      return percent_encode;
    case TextEscape::kNone:
      break;
  }
  return [](const std::string& text) { return text; };
}

/// Finds values as mustache does, notes what was missing, and takes partials from our texts alone:
/// a value of the context can never become a template.
class Lookup final : public ms::context<std::string> {
 public:
  Lookup(const ms::data& data, const std::map<std::string, ms::data>& partials)
      : ms::context<std::string>(&data), partials_(partials) {}

  const ms::data* get(const std::string& name) const override {
    const ms::data* found = ms::context<std::string>::get(name);
    if (found == nullptr) missing_.insert(name);
    return found;
  }
  const ms::data* get_partial(const std::string& name) const override {
    const auto found = partials_.find(name);
    return found == partials_.end() ? nullptr : &found->second;
  }
  const std::set<std::string>& missing() const { return missing_; }

 private:
  const std::map<std::string, ms::data>& partials_;
  mutable std::set<std::string> missing_;
};

}  // namespace

/// Rendering changes the library's object, so it is used by one thread at a time.
struct MustacheText::Parsed {
  explicit Parsed(const std::string& text) : mustache(text) {}
  std::mutex mutex;
  ms::mustache mustache;
};

MustacheText::MustacheText(std::string name, std::string text, TextEscape escape)
    : name_(std::move(name)),
      text_(std::move(text)),
      escape_(escape),
      parsed_(std::make_unique<Parsed>(text_)) {}

MustacheText::~MustacheText() = default;

Result<std::shared_ptr<const MustacheText>> MustacheText::parse(std::string name, std::string text,
                                                                TextEscape escape) {
  std::shared_ptr<MustacheText> out(new MustacheText(std::move(name), std::move(text), escape));
  const std::string& problem = out->parsed_->mustache.error_message();
  if (!problem.empty()) {
    // "Unclosed section "x" at 12": the number is an offset.
    const std::size_t at = problem.rfind(" at ");
    std::size_t offset = 0;
    if (at != std::string::npos) {
      std::from_chars(problem.data() + at + 4, problem.data() + problem.size(), offset);
    }
    return fail(Errc::kInvalidConfig,
                at_line(out->name_, line_at(out->text_, offset), problem.substr(0, at)));
  }
  out->parsed_->mustache.set_custom_escape(escaper(escape));
  if (auto ok = out->scan(); !ok) return std::unexpected(ok.error());
  return out;
}

Result<void> MustacheText::scan() {
  for (std::size_t at = text_.find("{{"); at != std::string::npos; at = text_.find("{{", at)) {
    const bool triple = text_.compare(at, 3, "{{{") == 0;
    const std::size_t begin = at + (triple ? 3 : 2);
    const std::size_t end = text_.find(triple ? "}}}" : "}}", begin);
    if (end == std::string::npos) break;  // the parser has seen to that
    std::string_view inside = trimmed(std::string_view(text_).substr(begin, end - begin));
    const std::size_t line = line_at(text_, at);
    at = end + (triple ? 3 : 2);
    const char sign = inside.empty() || triple ? ' ' : inside.front();
    if (std::string_view("#^/>&!=").find(sign) != std::string_view::npos) {
      inside = trimmed(inside.substr(1));
    }
    if (sign == '=') return fail(Errc::kInvalidConfig, at_line(name_, line, "changes the tags"));
    if (inside.empty() && sign != '!') {
      return fail(Errc::kInvalidConfig, at_line(name_, line, "has a tag without a name"));
    }
    Reference found{std::string(inside), line};
    if (sign == '#' || sign == '^') sections_.push_back(std::move(found));
    if (sign == '>') partials_.push_back(std::move(found));
    if (sign == '!' && first_comment_.empty()) first_comment_ = inside;
    if (sign == '&' || std::string_view("#^/>!").find(sign) == std::string_view::npos) {
      variables_.push_back({std::string(inside), line});
    }
  }
  return {};
}

Result<std::string> MustacheText::render(const json& context, const Partials& partials) const {
  std::map<std::string, ms::data> texts;
  for (const auto& [name, partial] : partials) texts.emplace(name, ms::data(partial->text_));
  const ms::data data = data_of(context);
  Lookup lookup(data, texts);
  std::string out;
  {
    const std::lock_guard lock(parsed_->mutex);
    out = parsed_->mustache.render(lookup);
  }
  std::vector<const MustacheText*> all{this};
  for (const auto& [name, partial] : partials) all.push_back(partial.get());
  const auto named_in = [](const std::vector<Reference>& where, const std::string& name) {
    return std::ranges::find(where, name, &Reference::name);
  };
  for (const std::string& name : lookup.missing()) {
    const auto has_section = [&](const MustacheText* text) {
      return named_in(text->sections_, name) != text->sections_.end();
    };
    if (std::ranges::any_of(all, has_section)) continue;
    for (const MustacheText* text : all) {
      const auto use = named_in(text->variables_, name);
      if (use == text->variables_.end()) continue;
      return fail(Errc::kInvalidArgument,
                  at_line(text->name_, use->line, "the context has no \"" + name + "\""));
    }
  }
  return out;
}

}  // namespace townkrier
