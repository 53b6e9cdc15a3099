#pragma once

/// \file logging.hpp
/// The server's own log: one line an event on stderr,
/// "time=2026-01-01T00:00:00.000Z level=info event=ready port=3000". Thread-safe.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "townkrier/queue_manager.hpp"

namespace townkrier::server {

/// "debug", "info", "warning", "error".
std::optional<LogLevel> parse_log_level(std::string_view text);

/// A line that stays one line: control characters, line breaks included, as \n or \x1b.
std::string escape_controls(std::string_view text);

/// A value of key=value: in quotes, with quotes and backslashes escaped, when it needs them.
std::string log_value(std::string_view text);

class Log {
 public:
  explicit Log(LogLevel lowest);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(LogLevel level, std::string_view line);
  void info(std::string_view line) { write(LogLevel::kInfo, line); }
  void warning(std::string_view line) { write(LogLevel::kWarning, line); }
  void error(std::string_view line) { write(LogLevel::kError, line); }

  /// For the library's parts. Must not outlive this.
  LogSink sink();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace townkrier::server
