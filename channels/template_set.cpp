#include "channels/template_set.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "core/json_reader.hpp"
#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".mustache";
constexpr std::string_view kJsonSuffix = ".json";
constexpr std::uintmax_t kMaxFileBytes = 1u << 20;
constexpr std::size_t kMaxFiles = 10'000;

/// "fr", "pt-BR", "zh-Hans-CN".
bool is_locale(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  const std::string_view language = text.substr(0, text.find('-'));
  return (language.size() == 2 || language.size() == 3) && text.size() <= 20 &&
         text.back() != '-' && std::ranges::all_of(language, is_letter) &&
         std::ranges::all_of(text, is_part);
}

/// The variant for "fr-CA": that, "fr", or the one without a locale; null: none of them.
template <class Variants>
auto nearest(const Variants& variants, std::string_view locale) {
  while (true) {
    const auto found = variants.find(locale);
    if (found != variants.end()) return found->second;
    if (locale.empty()) return typename Variants::mapped_type{};
    const std::size_t dash = locale.rfind('-');
    locale = dash == std::string_view::npos ? std::string_view() : locale.substr(0, dash);
  }
}

void trim_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
}

Error at_file(const std::string& path, std::string detail) {
  return {Errc::kInvalidConfig, path + ": " + std::move(detail), {}};
}

}  // namespace

/// Where a file stands: folder "welcome", locale "fr", stem "email.subject".
struct TemplateSet::Place {
  std::string path;  // below the templates' folder
  std::string folder;
  std::string locale;
  std::string stem;
  bool is_json = false;

  static Result<Place> of(const fs::path& relative) {
    Place place{.path = relative.generic_string(), .folder = {}, .locale = {}, .stem = {}};
    std::vector<std::string> parts;
    for (const fs::path& part : relative) parts.push_back(part.string());
    if (parts.size() < 2 || parts.size() > 3 || (parts.size() == 3 && !is_locale(parts[1]))) {
      return std::unexpected(
          at_file(place.path, "must stand in the folder of a template, or of a locale in it"));
    }
    place.folder = parts.front();
    if (parts.size() == 3) place.locale = parts[1];
    place.stem = parts.back();
    place.stem.resize(place.stem.size() - kSuffix.size());
    if (place.stem.ends_with(kJsonSuffix)) {
      place.is_json = true;
      place.stem.resize(place.stem.size() - kJsonSuffix.size());
    }
    return place;
  }
};

Result<std::shared_ptr<const TemplateSet>> TemplateSet::load(const std::string& dir) {
  auto set = std::make_shared<TemplateSet>();
  std::error_code problem;
  std::vector<fs::path> files;
  fs::recursive_directory_iterator at(dir, problem);
  for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
    if (!at->path().native().ends_with(kSuffix) || !at->is_regular_file()) continue;
    files.push_back(at->path());
    if (files.size() > kMaxFiles) return fail(Errc::kInvalidConfig, "too many templates");
  }
  if (problem) {
    return fail(Errc::kIo, "the templates' folder cannot be read: " + problem.message());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    auto place = Place::of(file.lexically_relative(dir));
    if (!place) return std::unexpected(place.error());
    if (fs::file_size(file, problem) > kMaxFileBytes) {
      return std::unexpected(at_file(place->path, "is larger than 1 MiB"));
    }
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) return std::unexpected(at_file(place->path, "cannot be read"));
    if (auto ok = set->add(*place, std::move(text)); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = set->check_references(); !ok) return std::unexpected(ok.error());
  return set;
}

Result<void> TemplateSet::add(const Place& place, std::string text) {
  const std::size_t dot = place.stem.rfind('.');
  const bool whole = dot != std::string::npos && dot > 0 && dot + 1 < place.stem.size();
  const std::string member = whole ? place.stem.substr(dot + 1) : std::string();
  TextEscape escape = member == "html" ? TextEscape::kHtml : TextEscape::kNone;
  if (place.is_json) escape = TextEscape::kJson;
  auto parsed = MustacheText::parse(place.path, std::move(text), escape);
  if (!parsed) return std::unexpected(parsed.error());
  if (place.folder == "_partials") {
    partials_[place.stem][place.locale] = *std::move(parsed);
    return {};
  }
  if (!whole) {
    return std::unexpected(
        at_file(place.path, "must be named CHANNEL.MEMBER.mustache, as email.subject.mustache"));
  }
  if (place.folder == "_layouts") {
    layouts_[place.stem][place.locale] = *std::move(parsed);
    return {};
  }
  if (!is_valid_name(place.folder)) {
    return std::unexpected(at_file(place.path, "a template's name is 1 to 64 of [A-Za-z0-9_.-]"));
  }
  Member& entry = templates_[place.folder][place.stem + (place.is_json ? ".json" : "")];
  entry.channel = place.stem.substr(0, dot);
  entry.name = member;
  entry.is_json = place.is_json;
  entry.variants[place.locale] = *std::move(parsed);
  return {};
}

Result<void> TemplateSet::check_references() const {
  for (const auto& [name, variants] : partials_) {
    std::set<std::string> above;
    if (auto ok = check_partial(name, above); !ok) return ok;
  }
  for (const auto& [name, variants] : layouts_) {
    for (const auto& [locale, text] : variants) {
      if (auto ok = check_text(text); !ok) return ok;
    }
  }
  for (const auto& [name, members] : templates_) {
    for (const auto& [stem, member] : members) {
      for (const auto& [locale, text] : member.variants) {
        if (auto ok = check_text(text); !ok) return ok;
        if (auto layout = layout_for(member, text, locale); !layout) {
          return std::unexpected(layout.error());
        }
      }
    }
  }
  return {};
}

/// Every partial it uses is there, in a variant that any locale can fall back to.
Result<void> TemplateSet::check_text(const Text& text) const {
  for (const auto& use : text->partials()) {
    const auto found = partials_.find(use.name);
    if (found != partials_.end() && found->second.contains("")) continue;
    return std::unexpected(at_file(text->name() + ":" + std::to_string(use.line),
                                   "there is no partial \"" + use.name + "\""));
  }
  return {};
}

/// `above`: the partials that use this one. A cycle would never end.
Result<void> TemplateSet::check_partial(const std::string& name,
                                        std::set<std::string>& above) const {
  above.insert(name);
  for (const auto& [locale, text] : partials_.at(name)) {
    if (auto ok = check_text(text); !ok) return ok;
    for (const auto& use : text->partials()) {
      if (above.contains(use.name)) {
        return std::unexpected(at_file(text->name() + ":" + std::to_string(use.line),
                                       "the partial \"" + use.name + "\" uses itself"));
      }
      if (auto ok = check_partial(use.name, above); !ok) return ok;
    }
  }
  above.erase(name);
  return {};
}

Result<TemplateSet::Text> TemplateSet::layout_for(const Member& member, const Text& text,
                                                  std::string_view locale) const {
  constexpr std::string_view kMark = "layout:";
  std::string name = member.channel;
  const bool chosen = text->first_comment().starts_with(kMark);
  if (chosen) {
    name = text->first_comment().substr(kMark.size());
    name.erase(0, std::min(name.find_first_not_of(' '), name.size()));
    if (name == "none") return nullptr;
  }
  if (member.is_json) return nullptr;
  const auto found = layouts_.find(name + "." + member.name);
  Text layout = found == layouts_.end() ? nullptr : nearest(found->second, locale);
  if (chosen && !layout) {
    return std::unexpected(
        at_file(text->name() + ":1", "there is no layout \"" + name + "." + member.name + "\""));
  }
  return layout;
}

Result<json> TemplateSet::render(const Request& request) const {
  const auto found = templates_.find(request.name);
  if (found == templates_.end()) return fail(Errc::kNotFound, "is not a template of this service");
  const auto given = request.context.find("locale");
  const std::string locale =
      given != request.context.end() && given->is_string() ? given->get<std::string>() : "";
  json out = json::object();
  for (const auto& [stem, member] : found->second) {
    if (!request.channels.empty() && !request.channels.contains(member.channel)) continue;
    auto value = render_member(member, request.context, locale);
    if (!value) return std::unexpected(value.error());
    if (!value->is_null()) out[member.channel][member.name] = *std::move(value);
  }
  if (out.empty()) return fail(Errc::kNotFound, "has nothing for these channels");
  return out;
}

/// Null when there is no variant for the locale.
Result<json> TemplateSet::render_member(const Member& member, const json& context,
                                        std::string_view locale) const {
  const Text text = nearest(member.variants, locale);
  if (!text) return json();
  MustacheText::Partials partials;
  for (const auto& [name, variants] : partials_) {
    if (Text partial = nearest(variants, locale)) partials.emplace(name, std::move(partial));
  }
  auto rendered = text->render(context, partials);
  if (!rendered) return std::unexpected(rendered.error());
  const auto layout = layout_for(member, text, locale);
  if (!layout) return std::unexpected(layout.error());
  if (*layout) {
    json around = context;
    trim_end(*rendered);
    around["content"] = *rendered;
    rendered = (*layout)->render(around, partials);
    if (!rendered) return std::unexpected(rendered.error());
  }
  trim_end(*rendered);
  if (!member.is_json) return json(*std::move(rendered));
  auto value = parse_json(*rendered);
  if (value) return value;
  return fail(Errc::kInvalidArgument,
              text->name() + ": does not give JSON: " + value.error().message);
}

}  // namespace townkrier
