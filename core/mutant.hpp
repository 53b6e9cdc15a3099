#pragma once

/// \file mutant.hpp
/// Faults on purpose: each breaks one promise, and at least one named test must notice. They exist
/// only in builds with TOWNKRIER_MUTANTS, where the variable MUTANT chooses one; else `mutated` is
/// a constant, and nothing of them is left. scripts/mutants shows that every one is caught.
///
/// To add one: a name here, `if (mutated(Mutant::kName))` in a .cpp file (no header may include
/// this one: only those files are compiled anew), and a line with the test in scripts/mutants.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace townkrier {

enum class Mutant : std::uint8_t {
  kNoFsync,          ///< Writes are acknowledged without a sync.
  kAckBeforeCommit,  ///< Enqueues are acknowledged before they are written.
  kNoFencing,        ///< What an attempt says counts for the job's next attempt too.
  kNoJitter,         ///< All that failed together are tried again together.
  kResendSent,       ///< A retry sends on every channel, also on those that have sent.
};

/// What MUTANT calls them, in the order of Mutant.
inline constexpr std::array<std::string_view, 5> kMutantNames = {
    "no_fsync", "ack_before_commit", "no_fencing", "no_jitter", "resend_sent"};

#ifdef TOWNKRIER_MUTANTS
inline bool mutated(Mutant mutant) {
  static const char* const chosen = std::getenv("MUTANT");
  return chosen != nullptr && kMutantNames[static_cast<std::size_t>(mutant)] == chosen;
}
#else
constexpr bool mutated(Mutant) {
  return false;
}
#endif

}  // namespace townkrier
