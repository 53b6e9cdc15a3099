#pragma once

/// \file output.hpp
/// What commands print: results to standard output, for people or as one JSON document; complaints
/// and progress to standard error.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/job.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::cli {

enum class Format : std::uint8_t { kText, kJson };

/// Prints the error, as {"error":{"code","message"}} on standard output for kJson; kExitFailed.
int complain(const Error& error, Format format);

void print_json(const nlohmann::json& document);
/// With indentation.
void print_pretty(const nlohmann::json& document);

/// A row's cells, made equally wide over all rows; the first row is the heading.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "3.4 MiB", "812 B".
std::string human_bytes(std::uint64_t bytes);
/// "3 h", "12 s": whole units, the largest that fits.
std::string human_duration(Duration duration);
/// 1234567 → "1,234,567".
std::string grouped(std::uint64_t number);
/// "1 finding", "2 findings".
std::string counted(std::uint64_t number, std::string_view word);
/// Control characters become '?': stored texts may hold what steers a terminal.
std::string printable(std::string_view text);

nlohmann::json to_json(const QueueStats& stats);

/// A line on standard error that is written over, on a terminal only; it is cleared at the end.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  const bool terminal_;
  bool shown_ = false;
};

}  // namespace townkrier::cli
