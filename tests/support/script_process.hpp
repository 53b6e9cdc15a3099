#pragma once

/// \file script_process.hpp
/// A helper program of a test: started, awaited by its first line of output ("ready PORT"), ended
/// by its id. It must end when its standard input closes, so that a crashed test leaves none
/// behind.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace townkrier::testing {

/// Runs a program to its end; its exit code, or -1. Output goes to the test's own.
inline int run_program(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

class ScriptProcess {
 public:
  /// `command[0]` is an absolute path.
  explicit ScriptProcess(const std::vector<std::string>& command) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) {
      ADD_FAILURE() << "no pipe";
      return;
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
    read_ready_line();
  }
  ~ScriptProcess() {
    if (input_ >= 0) ::close(input_);
    if (output_ >= 0) ::close(output_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  ScriptProcess(const ScriptProcess&) = delete;
  ScriptProcess& operator=(const ScriptProcess&) = delete;

  /// 0 when it did not start.
  std::uint16_t port() const { return port_; }

 private:
  void read_ready_line() {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    std::string line;
    while (line.find('\n') == std::string::npos) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
      char chunk[256];
      if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) break;
      const auto count = ::read(output_, chunk, sizeof chunk);
      if (count <= 0) break;
      line.append(chunk, static_cast<std::size_t>(count));
    }
    if (!line.starts_with("ready ")) {
      ADD_FAILURE() << "the helper program did not become ready";
      return;
    }
    port_ = static_cast<std::uint16_t>(std::stoi(line.substr(6)));
  }

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace townkrier::testing
