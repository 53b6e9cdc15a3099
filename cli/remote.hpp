#pragma once

/// \file remote.hpp
/// What the commands on a running server have in common.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/client.hpp"
#include "cli/output.hpp"

namespace townkrier::cli {

/// `--server` and `--token`, given before the command.
struct Remote {
  ServerAddress server;
};
using RemotePtr = std::shared_ptr<Remote>;  // shared with the commands' callbacks

/// Prints the answer, as it is or through `show`; the exit code.
template <class Show>
int print_answer(const Result<nlohmann::json>& answer, Format format, Show show) {
  if (!answer) return complain(answer.error(), format);
  if (format == Format::kJson) {
    print_json(*answer);
  } else {
    show(*answer);
  }
  return 0;
}

}  // namespace townkrier::cli
