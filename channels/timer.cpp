#include "channels/timer.hpp"

#include <utility>

namespace townkrier {

void ThreadTimer::stop() {
  std::thread thread;
  std::multimap<SteadyTime, Task> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
    left.swap(tasks_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
  for (const auto& [when, task] : left) task(false);
}

void ThreadTimer::call_at(SteadyTime when, Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      tasks_.emplace(when, std::move(task));
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
      task = nullptr;
    }
  }
  if (task) return task(false);
  changed_.notify_all();
}

void ThreadTimer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
    } else if (const auto when = tasks_.begin()->first; when > now()) {
      changed_.wait_until(lock, when);
    } else {
      const Task task = std::move(tasks_.extract(tasks_.begin()).mapped());
      lock.unlock();
      task(true);
      lock.lock();
    }
  }
}

}  // namespace townkrier
