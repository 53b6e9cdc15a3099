// townkrier hash-password

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "townkrier/password.hpp"

namespace townkrier::cli {
namespace {

/// While it lives, the terminal shows nothing of what is typed.
class Silence {
 public:
  Silence() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

/// The next line of stdin without its end; nullopt at the end of the input.
std::optional<std::string> read_line() {
  std::string line;
  int c = 0;
  while ((c = std::getchar()) != EOF && c != '\n') {
    if (line.size() <= kMaxPasswordBytes) line.push_back(static_cast<char>(c));
  }
  if (c == EOF && line.empty()) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> ask(const char* prompt) {
  std::fprintf(stderr, "%s: ", prompt);
  const Silence silence;
  auto line = read_line();
  std::fprintf(stderr, "\n");
  return line;
}

int hash() {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  const auto password = terminal ? ask("Password") : read_line();
  if (!password) {
    std::fprintf(stderr, "townkrier hash-password: no password was given\n");
    return kExitUsage;
  }
  if (terminal && ask("Again") != password) {
    std::fprintf(stderr, "townkrier hash-password: the two differ\n");
    return kExitUsage;
  }
  const auto hashed = hash_password(*password);
  if (!hashed) return complain(hashed.error(), Format::kText);
  std::printf("%s\n", hashed->c_str());
  return kExitOk;
}

}  // namespace

void add_password_commands(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "hash-password", "Make a password_hash of a password from the terminal or stdin");
  command->footer(
      "Prints the Argon2id hash for server.auth.password_hash. The password is not shown while it\n"
      "is typed, and never an argument: those are visible to other users.");
  command->callback([&action] { action = [] { return hash(); }; });
}

}  // namespace townkrier::cli
