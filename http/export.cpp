#include "http/export.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace townkrier::http {

namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_texts(const json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const json& one) { return one.is_string(); });
}

std::string cell_of(const json& row, std::string_view column) {
  const auto found = row.find(column);
  if (found == row.end() || found->is_null()) return {};
  if (found->is_number() || found->is_boolean()) return text_of(*found);
  if (found->is_string()) return csv_cell(found->get_ref<const std::string&>());
  if (!is_texts(*found)) return csv_cell(text_of(*found));
  std::string joined;
  for (const json& one : *found) {
    if (!joined.empty()) joined += ", ";
    joined += one.get_ref<const std::string&>();
  }
  return csv_cell(joined);
}

}  // namespace

ListFormat list_format(const Request& request) {
  const std::string* accept = request.header("accept");
  if (!accept) return ListFormat::kJson;
  if (accept->starts_with("text/csv")) return ListFormat::kCsv;
  if (accept->starts_with("application/x-ndjson")) return ListFormat::kNdjson;
  return ListFormat::kJson;
}

std::string csv_cell(std::string_view text) {
  std::string cell;
  if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) cell += '\'';
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_of(std::span<const json> rows, std::span<const std::string_view> columns) {
  std::string text;
  for (const std::string_view column : columns) {
    if (!text.empty()) text += ',';
    text += column;
  }
  text += "\r\n";
  for (const json& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += ',';
      text += cell_of(row, columns[i]);
    }
    text += "\r\n";
  }
  return text;
}

std::string ndjson_of(std::span<const json> rows) {
  std::string text;
  for (const json& row : rows) text += text_of(row) + '\n';
  return text;
}

Response export_response(std::span<const json> rows, const ExportPage& page) {
  Response response;
  const bool csv = page.format == ListFormat::kCsv;
  response.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
  response.body = csv ? csv_of(rows, page.columns) : ndjson_of(rows);
  response.with_header("Content-Disposition", "attachment; filename=\"" + std::string(page.name) +
                                                  (csv ? ".csv\"" : ".ndjson\""));
  if (page.next) response.with_header("X-Next-Cursor", *page.next);
  return response;
}

}  // namespace townkrier::http
