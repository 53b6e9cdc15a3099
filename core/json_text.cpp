#include "townkrier/json_text.hpp"

#include <limits>

#include <nlohmann/json.hpp>

#include "core/strict_json.hpp"

namespace townkrier {

JsonText::JsonText(const nlohmann::json& value)
    : text_(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {}

JsonText JsonText::trusted(std::string text) {
  JsonText result;
  result.text_ = std::move(text);
  return result;
}

Result<JsonText> JsonText::parse(std::string text) {
  auto document = parse_json(text, {.max_bytes = std::numeric_limits<std::size_t>::max()});
  if (!document) return std::unexpected(std::move(document.error()));
  return trusted(std::move(text));
}

nlohmann::json JsonText::value() const {
  if (text_.empty()) return nullptr;
  auto document = nlohmann::json::parse(text_, nullptr, /*allow_exceptions=*/false);
  return document.is_discarded() ? nlohmann::json(nullptr) : document;
}

}  // namespace townkrier
