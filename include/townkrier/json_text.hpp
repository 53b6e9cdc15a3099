#pragma once

/// \file json_text.hpp
/// A JSON document kept as text. It lets public types carry JSON without the full JSON header:
/// include <nlohmann/json.hpp> yourself where you build or read one.

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"

namespace townkrier {

/// Invariant: `text()` is empty (no document) or one valid JSON document in UTF-8.
/// Copies are independent; no member is thread-safe while another thread assigns.
class JsonText {
 public:
  JsonText() = default;
  /// Serialises `value`; invalid UTF-8 in strings is replaced by U+FFFD.
  JsonText(
      const nlohmann::json& value);  // NOLINT(google-explicit-constructor): `.metadata = json{...}`

  /// Takes text the caller knows to be valid JSON (a store reading its own record); not checked.
  static JsonText trusted(std::string text);

  /// Checks `text` (strict JSON, depth at most 32) and keeps it as given.
  static Result<JsonText> parse(std::string text);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  /// The document; JSON null when empty.
  nlohmann::json value() const;

  bool operator==(const JsonText&) const = default;

 private:
  std::string text_;
};

}  // namespace townkrier
