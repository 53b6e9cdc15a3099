#pragma once

/// \file child.hpp
/// Other programs of a test: run to their end with what they printed, or left running. The kernel
/// kills a child when the thread that started it ends.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace townkrier::testing {

struct ChildOptions {
  std::vector<std::string> command;        ///< The first word is a path, or is found in PATH.
  std::map<std::string, std::string> env;  ///< Added to the test's own environment.
};

/// A running program; its output is thrown away unless it is given a descriptor.
class Child {
 public:
  explicit Child(const ChildOptions& options, int out = -1, int err = -1) {
    // All memory is made ready before the fork: the child may only make system calls.
    std::vector<std::string> words = options.command;
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (!options.env.contains(text.substr(0, text.find('=')))) variables.push_back(text);
    }
    for (const auto& [name, value] : options.env) variables.push_back(name + "=" + value);
    std::vector<char*> envp;
    for (std::string& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(nowhere, STDIN_FILENO);
      ::dup2(out < 0 ? nowhere : out, STDOUT_FILENO);
      ::dup2(err < 0 ? nowhere : err, STDERR_FILENO);
      ::execvpe(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
    ::close(nowhere);
  }
  ~Child() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  /// SIGTERM.
  void end() {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }
  /// Waits for its end. A death by signal counts as 128 + its number.
  int wait() {
    if (pid_ <= 0) return code_;
    int status = 0;
    if (::waitpid(pid_, &status, 0) == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    pid_ = -1;
    return code_;
  }

 private:
  pid_t pid_ = -1;
  int code_ = -1;
};

struct Finished {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs a program to its end. What it prints goes through files in `directory`.
inline Finished run_to_end(const ChildOptions& options, const std::string& directory) {
  const std::string names[] = {directory + "/child.out", directory + "/child.err"};
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int out = ::open(names[0].c_str(), flags, 0600);
  const int err = ::open(names[1].c_str(), flags, 0600);
  Finished finished;
  {
    Child child(options, out, err);
    finished.code = child.wait();
  }
  ::close(out);
  ::close(err);
  const auto text = [](const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  };
  finished.out = text(names[0]);
  finished.err = text(names[1]);
  return finished;
}

}  // namespace townkrier::testing
