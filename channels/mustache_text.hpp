#pragma once

/// \file mustache_text.hpp
/// One mustache template (mustache(5)) with what mustache leaves open made strict: a variable that
/// the context does not have is an error, problems name the line, partials are known beforehand.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"

namespace townkrier {

/// How `{{name}}` is written; `{{{name}}}` and `{{&name}}` are written as they are.
enum class TextEscape : std::uint8_t {
  kNone,
  kHtml,
  kJson,  ///< Inside a JSON string.
  kUrl,   ///< Percent-encoded.
};

/// Thread-safe.
class MustacheText {
 public:
  /// Where another text is used: `{{> name}}`.
  struct Reference {
    std::string name;
    std::size_t line = 0;
  };

  /// `name` is what errors call it. kInvalidConfig "NAME:3: ..." for unclosed tags and sections;
  /// changed delimiters are refused.
  static Result<std::shared_ptr<const MustacheText>> parse(std::string name, std::string text,
                                                           TextEscape escape);
  MustacheText(const MustacheText&) = delete;
  MustacheText& operator=(const MustacheText&) = delete;
  ~MustacheText();

  const std::string& name() const { return name_; }
  const std::vector<Reference>& partials() const { return partials_; }
  /// The first comment's text, e.g. "layout: plain" of `{{! layout: plain }}`; empty: none.
  const std::string& first_comment() const { return first_comment_; }

  /// By the name that `{{> name}}` uses. No cycles.
  using Partials = std::map<std::string, std::shared_ptr<const MustacheText>, std::less<>>;

  /// `context` is an object. Each of `partials()` and of theirs has to be in `partials`.
  /// Null, false, "" and empty arrays are false in sections. kInvalidArgument "NAME:3: the context
  /// has no ..." for a variable that is missing and is not also the name of a section.
  Result<std::string> render(const nlohmann::json& context, const Partials& partials = {}) const;

 private:
  struct Parsed;
  MustacheText(std::string name, std::string text, TextEscape escape);
  /// Fills what the tags tell; problems are kInvalidConfig.
  Result<void> scan();

  const std::string name_;
  const std::string text_;
  const TextEscape escape_;
  std::vector<Reference> variables_;
  std::vector<Reference> sections_;
  std::vector<Reference> partials_;
  std::string first_comment_;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace townkrier
