#pragma once

/// \file server_process.hpp
/// A real townkrierd for tests: started with given flags and environment, awaited by its ready
/// line, killed, ended or started again on the same data. The binary is the macro TOWNKRIERD.
///
/// For one thread, which must outlive the server: the kernel kills the child when the thread that
/// started it ends, so that a crashed test leaves no server behind.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace townkrier::testing {

struct ServerProcessOptions {
  /// Appended to `--listen 127.0.0.1:0 --data-dir <own directory>/data`.
  std::vector<std::string> args = {};
  /// Added to the test's own environment, from which every TOWNKRIER_ variable is removed.
  std::map<std::string, std::string> env = {};
  /// Instead of the two flags above and `args`: exactly these arguments.
  std::optional<std::vector<std::string>> exact_args = {};
  std::chrono::milliseconds ready_within{30'000};
  /// No file of it may grow beyond, as on a full disk. 0 = no limit.
  rlim_t max_file_bytes = 0;
};

class ServerProcess {
 public:
  explicit ServerProcess(ServerProcessOptions options = {}) : options_(std::move(options)) {}
  /// Kills it if it still runs.
  ~ServerProcess() {
    if (running()) kill();
    finish_output();
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Starts it and waits for its ready line; the failure message has what it wrote to stderr.
  /// After an end or a kill: starts it again on the same data (port() may change).
  ::testing::AssertionResult start() {
    if (auto spawned = spawn(); !spawned) return spawned;
    const auto deadline = Clock::now() + options_.ready_within;
    wait_output(deadline, [this] { return read_ready_line(); });
    if (!ready_line_.empty()) return ::testing::AssertionSuccess();
    const char* why = Clock::now() >= deadline ? "was not ready in time" : "ended";
    const auto code = Clock::now() >= deadline ? std::nullopt : wait_end();
    if (running()) kill();
    return ::testing::AssertionFailure()
           << "townkrierd " << why << "; exit code " << code.value_or(-1) << "; stderr:\n"
           << stderr_text();
  }

  /// Starts it and waits until it ends by itself (--check-config, a wrong configuration). Nullopt
  /// when it has not ended in time; it is killed then.
  std::optional<int> run_to_end(std::chrono::milliseconds within = std::chrono::seconds(30)) {
    if (!spawn()) return std::nullopt;
    return wait_end(within);
  }

  /// SIGTERM, then waits for the end. The exit code, or nullopt (killed) when it took too long.
  std::optional<int> terminate(std::chrono::milliseconds within = std::chrono::seconds(20)) {
    signal(SIGTERM);
    return wait_end(within);
  }

  /// SIGKILL, as a crash would; returns when it is gone.
  void kill() {
    signal(SIGKILL);
    reap(0);
  }

  /// Waits for the end. A death by signal counts as 128 + its number.
  std::optional<int> wait_end(std::chrono::milliseconds within = std::chrono::seconds(20)) {
    // Its end closes its output: nobody else holds that end of the pipe.
    if (!wait_output(Clock::now() + within, [this] { return output_ended_; })) {
      if (running()) kill();
      return std::nullopt;
    }
    reap(0);
    return exit_code_;
  }

  void signal(int number) {
    if (running()) ::kill(pid_, number);
  }

  /// False once its end was noticed by one of the calls above or by this one.
  bool running() {
    if (pid_ > 0) reap(WNOHANG);
    return pid_ > 0;
  }
  pid_t pid() const { return pid_; }
  /// For the next start.
  ServerProcessOptions& options() { return options_; }
  /// The port of the ready line.
  std::uint16_t port() const { return port_; }
  /// "http://127.0.0.1:PORT", without the path.
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::string& ready_line() const { return ready_line_; }
  std::string data_dir() const { return dir_ / "data"; }
  const TempDir& dir() const { return dir_; }
  std::optional<int> exit_code() const { return exit_code_; }
  /// Everything of the present run; of the last one after its end.
  std::string stdout_text() const {
    const std::lock_guard lock(mutex_);
    return output_;
  }
  std::string stderr_text() const {
    std::ifstream file(dir_ / "stderr");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<std::string> arguments() const {
    if (options_.exact_args) return *options_.exact_args;
    std::vector<std::string> args = {"--listen", "127.0.0.1:0", "--data-dir", data_dir()};
    args.insert(args.end(), options_.args.begin(), options_.args.end());
    return args;
  }

  std::vector<std::string> environment() const {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      const std::string name = text.substr(0, text.find('='));
      if (!name.starts_with("TOWNKRIER_") && !options_.env.contains(name)) result.push_back(text);
    }
    for (const auto& [name, value] : options_.env) result.push_back(name + "=" + value);
    return result;
  }

  ::testing::AssertionResult spawn() {
    if (running()) return ::testing::AssertionFailure() << "it runs already";
    finish_output();
    output_.clear();
    output_ended_ = false;
    ready_line_.clear();
    exit_code_.reset();
    // All memory is made ready before the fork: the child may only make system calls.
    std::vector<std::string> args = arguments();
    args.insert(args.begin(), TOWNKRIERD);
    std::vector<std::string> env = environment();
    std::vector<char*> argv = pointers(args);
    std::vector<char*> envp = pointers(env);
    const std::string stderr_path = dir_ / "stderr";
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return ::testing::AssertionFailure() << "no pipe";
    pid_ = ::fork();
    if (pid_ == 0) become_server(pipe_ends[1], stderr_path.c_str(), argv.data(), envp.data());
    ::close(pipe_ends[1]);
    reader_ = std::thread([this, fd = pipe_ends[0]] { read_output(fd); });
    if (pid_ < 0) return ::testing::AssertionFailure() << "cannot fork";
    return ::testing::AssertionSuccess();
  }

  [[noreturn]] void become_server(int out, const char* err_path, char** argv, char** envp) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit file_limit{options_.max_file_bytes, options_.max_file_bytes};
    if (file_limit.rlim_cur > 0) ::setrlimit(RLIMIT_FSIZE, &file_limit);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int err = ::open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execve(argv[0], argv, envp);
    ::_exit(127);
  }

  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  }

  /// Keeps the pipe empty, so that a server that writes much never blocks.
  void read_output(int fd) {
    char buffer[4096];
    for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;) {
      const std::lock_guard lock(mutex_);
      output_.append(buffer, static_cast<std::size_t>(count));
      changed_.notify_all();
    }
    ::close(fd);
    const std::lock_guard lock(mutex_);
    output_ended_ = true;
    changed_.notify_all();
  }

  /// Waits until `done()`, which is called with the output locked, or the output ends. False at the
  /// deadline.
  template <class Done>
  bool wait_output(Clock::time_point deadline, Done done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return done() || output_ended_; });
  }

  /// Finds "TownKrier 0.1.0 ready: http://127.0.0.1:3000/dashboard" in the output.
  bool read_ready_line() {
    const auto at = output_.find(" ready: http://");
    const auto end = at == std::string::npos ? at : output_.find('\n', at);
    if (end == std::string::npos) return false;
    const auto begin = output_.rfind('\n', at);
    ready_line_ = output_.substr(begin == std::string::npos ? 0 : begin + 1,
                                 end - (begin == std::string::npos ? 0 : begin + 1));
    const auto path = ready_line_.find('/', ready_line_.find("://") + 3);
    const auto colon = ready_line_.rfind(':', path);
    std::from_chars(ready_line_.data() + colon + 1, ready_line_.data() + ready_line_.size(), port_);
    return true;
  }

  void reap(int flags) {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, flags) != pid_) return;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
  }

  void finish_output() {
    if (reader_.joinable()) reader_.join();
  }

  ServerProcessOptions options_;
  TempDir dir_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;        ///< Under mutex_.
  bool output_ended_ = true;  ///< Under mutex_.
  std::thread reader_;
  std::string ready_line_;
  std::optional<int> exit_code_;
};

}  // namespace townkrier::testing
