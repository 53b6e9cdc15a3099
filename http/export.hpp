#pragma once

/// \file http/export.hpp
/// Lists as files: CSV (RFC 4180) and NDJSON, one page a call. Pure functions.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "http/request.hpp"
#include "http/response.hpp"

namespace townkrier::http {

enum class ListFormat : std::uint8_t { kJson, kNdjson, kCsv };
/// What the Accept header asks for: text/csv or application/x-ndjson by name, else JSON.
ListFormat list_format(const Request& request);

/// A cell: in quotes where needed. One that a spreadsheet would run as a formula (= + - @, tab, CR
/// first) gets an apostrophe in front; numbers stay.
std::string csv_cell(std::string_view text);

/// Columns are names of members; what is no text or number is written as JSON, arrays of texts
/// joined by ", ".
std::string csv_of(std::span<const nlohmann::json> rows, std::span<const std::string_view> columns);
std::string ndjson_of(std::span<const nlohmann::json> rows);

/// Rows as a file, with the cursor of the next page in the header X-Next-Cursor.
struct ExportPage {
  ListFormat format = ListFormat::kCsv;
  std::string_view name;  ///< Of the file, without its ending.
  std::span<const std::string_view> columns;
  std::optional<std::string> next;
};
Response export_response(std::span<const nlohmann::json> rows, const ExportPage& page);

}  // namespace townkrier::http
