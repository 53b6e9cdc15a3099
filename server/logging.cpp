#include "server/logging.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace townkrier::server {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

bool is_control(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  // 0xC2 0x80..0x9F are the C1 controls in UTF-8: some terminals obey them as they do ESC.
  const bool c1 =
      c >= 0x80 && c <= 0x9f && at > 0 && static_cast<unsigned char>(text[at - 1]) == 0xc2;
  return c < 0x20 || c == 0x7f || c1;
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return std::nullopt;
}

std::string escape_controls(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!is_control(text, i)) {
      result += text[i];
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else {
      if (c >= 0x80) result.pop_back();  // its 0xC2
      result += "\\x";
      result += kHex[c >> 4];
      result += kHex[c & 0xf];
    }
  }
  return result;
}

std::string log_value(std::string_view text) {
  if (!text.empty() && text.find_first_of(" \"\\=\n\r\t") == std::string_view::npos) {
    return escape_controls(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return escape_controls(quoted) + "\"";
}

struct Log::Impl {
  spdlog::logger logger{"townkrierd", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Log::Log(LogLevel lowest) : impl_(std::make_unique<Impl>()) {
  impl_->logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc));
  impl_->logger.set_level(to_spdlog(lowest));
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view line) {
  const auto spdlog_level = to_spdlog(level);
  if (!impl_->logger.should_log(spdlog_level)) return;
  const std::string escaped = escape_controls(line);
  impl_->logger.log(spdlog_level, spdlog::string_view_t(escaped));
}

LogSink Log::sink() {
  return [this](LogLevel level, std::string_view line) { write(level, line); };
}

}  // namespace townkrier::server
