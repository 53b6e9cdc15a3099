#pragma once

/// \file bench/report.hpp
/// What was measured, and how it is shown: a table, a JSON document, lines for comparing.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/histogram.hpp"
#include "bench/options.hpp"

namespace townkrier::bench {

/// What the machine would allow, measured in the same run.
struct Limit {
  std::string name;
  double value = 0;  ///< In the unit of what it limits.
};

/// One figure.
struct Row {
  std::string scenario;
  std::string part;  ///< Which figure of the scenario; empty for its only or main one.
  double value = 0;
  std::string unit;      ///< "jobs/s", "ms", "MB", ...
  std::size_t jobs = 0;  ///< How many it was measured with.
  double seconds = 0;    ///< How long that took.
  std::optional<Summary> latency = {};
  std::optional<Limit> limit = {};
  std::string note = {};
  /// Cores that other programs used while the scenario ran; above a quarter the figure is
  /// disturbed.
  double other_cores = 0;

  /// The value as a share (rates) or multiple (times) of the limit.
  std::optional<double> ratio() const;
};

class Report {
 public:
  /// Keeps the row and, unless JSON goes to standard output, prints it as a line of the table.
  void add(Row row);
  const std::vector<Row>& rows() const { return rows_; }
  /// Says so of all rows from the `first` on.
  void others_used(std::size_t first, double cores);

  void print_table_on(bool on) { table_ = on; }

 private:
  std::vector<Row> rows_;
  bool table_ = true;
};

/// {"program","version","machine","options","results"}.
std::string to_json(const Report& report, const Options& options);
/// One line of JSON for each row, keys as docs/benchmarks.md says.
std::string to_lines(const Report& report, const Options& options);

}  // namespace townkrier::bench
