#pragma once

// How many calls of user code are under way on worker threads. Thread-safe; shared with the
// workers, which may outlive everybody else when a call does not return.

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "townkrier/time.hpp"

namespace townkrier {

class CallsUnderWay {
 public:
  /// Counts a call for as long as it lives.
  class Call {
   public:
    explicit Call(CallsUnderWay& calls) : calls_(calls) {
      const std::lock_guard lock{calls_.mutex_};
      ++calls_.count_;
    }
    ~Call() {
      const std::lock_guard lock{calls_.mutex_};
      if (--calls_.count_ == 0) calls_.none_.notify_all();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    CallsUnderWay& calls_;
  };

  /// True when there is none any more; false when `longest` passes first.
  bool wait_for_none(Duration longest) {
    std::unique_lock lock{mutex_};
    return none_.wait_for(lock, longest, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

}  // namespace townkrier
