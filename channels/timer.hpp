#pragma once

/// \file timer.hpp
/// Calls at a later time, for what has to wait without a thread of its own.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "channels/pacing.hpp"

namespace townkrier {

class Timer {
 public:
  virtual ~Timer() = default;
  virtual SteadyTime now() const = 0;
  /// Calls `task` once, not before `when`, from another thread: `true` at its time, `false` when
  /// the timer ends before that. Thread-safe; never calls inside `call_at`.
  using Task = std::function<void(bool in_time)>;
  virtual void call_at(SteadyTime when, Task task) = 0;
};

/// One thread, started with the first task.
class ThreadTimer final : public Timer {
 public:
  ThreadTimer() = default;
  /// Stops; not to be run by a task.
  ~ThreadTimer() override { stop(); }
  ThreadTimer(const ThreadTimer&) = delete;
  ThreadTimer& operator=(const ThreadTimer&) = delete;

  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  void call_at(SteadyTime when, Task task) override;

  /// Calls what is left with `false`, and from now on every task at once. Not from a task.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::multimap<SteadyTime, Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace townkrier
