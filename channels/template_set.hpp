#pragma once

/// \file template_set.hpp
/// A folder of message templates, read once. Below it:
///
///     welcome/email.subject.mustache          template "welcome", channel email, member subject
///     welcome/fr/email.subject.mustache       the same in French
///     welcome/hook.body.json.mustache         a member that is JSON, not text
///     _layouts/email.html.mustache            around every email.html, at its {{{content}}}
///     _layouts/bare.html.mustache             chosen by {{! layout: bare }}; "none": no layout
///     _partials/footer.mustache               {{> footer}}
///
/// Layouts and partials have locale folders too. Of several variants the nearest counts, member by
/// member: fr-CA, then fr, then the one without a locale. `html` is HTML-escaped, JSON members
/// JSON-escaped, everything else is plain text.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "channels/mustache_text.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// Immutable after `load`; thread-safe.
class TemplateSet {
 public:
  /// kInvalidConfig "PATH:LINE: ..." for the first template that cannot be used, kIo when the
  /// folder cannot be read. Files of other names than above are left alone.
  static Result<std::shared_ptr<const TemplateSet>> load(const std::string& dir);

  /// What to render. The locale is the context's "locale".
  struct Request {
    std::string name;
    const nlohmann::json& context;                       ///< An object.
    const std::set<std::string, std::less<>>& channels;  ///< Empty: all the template has.
  };
  /// `{channel:{member:text}}`. kNotFound: no such template, or nothing in it for these channels;
  /// kInvalidArgument "PATH:LINE: ..." when it cannot be rendered with this context.
  Result<nlohmann::json> render(const Request& request) const;

 private:
  using Text = std::shared_ptr<const MustacheText>;
  using Variants = std::map<std::string, Text, std::less<>>;  // by locale, "" = none
  struct Member {
    std::string channel;
    std::string name;
    bool is_json = false;
    Variants variants;
  };
  struct Place;

  Result<void> add(const Place& place, std::string text);
  Result<void> check_references() const;
  Result<void> check_text(const Text& text) const;
  Result<void> check_partial(const std::string& name, std::set<std::string>& above) const;
  Result<nlohmann::json> render_member(const Member& member, const nlohmann::json& context,
                                       std::string_view locale) const;
  /// Null: none.
  Result<Text> layout_for(const Member& member, const Text& text, std::string_view locale) const;

  std::map<std::string, std::map<std::string, Member>, std::less<>> templates_;
  std::map<std::string, Variants, std::less<>> layouts_;   // by "email.html"
  std::map<std::string, Variants, std::less<>> partials_;  // by "footer"
};

}  // namespace townkrier
