#pragma once

/// \file targets.hpp
/// What is fuzzed: functions that take any bytes, must come back, and check what has to hold for
/// every input. libFuzzer calls them (preset `fuzz`), and replay_test.cpp with the corpus.

#include <array>
#include <string_view>

namespace townkrier::fuzz {

/// HTTP requests, in one piece and in pieces.
void framing(std::string_view bytes);
/// Request targets: paths, queries, percent-encoding.
void targets(std::string_view bytes);
/// Authorization, Cookie, X-Forwarded-…, media types.
void credentials(std::string_view bytes);
/// Bodies of notifications and jobs.
void requests(std::string_view bytes);
/// Records of the store.
void records(std::string_view bytes);
/// TOML, durations, sizes, times.
void settings(std::string_view bytes);

struct Target {
  std::string_view name;
  void (*run)(std::string_view bytes);
};
inline constexpr std::array<Target, 6> kTargets = {{{"framing", framing},
                                                    {"targets", targets},
                                                    {"credentials", credentials},
                                                    {"requests", requests},
                                                    {"records", records},
                                                    {"settings", settings}}};

/// Ends the process: an input broke what has to hold.
[[noreturn]] void broken(std::string_view what);
inline void require(bool holds, std::string_view what) {
  if (!holds) broken(what);
}

}  // namespace townkrier::fuzz
