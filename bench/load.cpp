#include "bench/load.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>

#include "bench/progress.hpp"

namespace townkrier::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// One run of `enqueue_load`. Answers come from engine threads.
class EnqueueLoad {
 public:
  EnqueueLoad(Engine& engine, const LoadPlan& plan, Histogram& durations)
      : engine_(engine),
        plan_(plan),
        durations_(durations),
        slots_(std::ptrdiff_t(plan.outstanding)) {}

  Result<LoadResult> run();

 private:
  struct Call {
    std::size_t first = 0;
    std::size_t count = 0;
    Clock::time_point begun{};
  };
  std::optional<Call> next_call();
  void send(const Call& call);
  void answered(const Call& call, const Result<std::vector<EnqueueResult>>& result);
  bool time_is_up() const;

  Engine& engine_;
  const LoadPlan& plan_;
  Histogram& durations_;
  std::counting_semaphore<> slots_;
  std::size_t taken_ = 0;  // by the producer
  Clock::time_point start_ = Clock::now();
  std::atomic<std::size_t> accepted_{0};
  std::atomic<std::size_t> refused_{0};
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Call> again_;
  std::optional<Error> error_;
};

bool EnqueueLoad::time_is_up() const {
  return plan_.seconds > 0 &&
         std::chrono::duration<double>(Clock::now() - start_).count() >= plan_.seconds;
}

std::optional<EnqueueLoad::Call> EnqueueLoad::next_call() {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return std::nullopt;
    if (!again_.empty()) {
      const Call call = again_.back();
      again_.pop_back();
      return call;
    }
  }
  const std::size_t count = std::min(plan_.group, plan_.jobs - taken_);
  if (count == 0 || time_is_up()) return std::nullopt;
  const Call call{plan_.first + taken_, count, Clock::now()};
  taken_ += count;
  return call;
}

void EnqueueLoad::send(const Call& call) {
  std::vector<JobRequest> requests;
  requests.reserve(call.count);
  for (std::size_t number = call.first; number < call.first + call.count; ++number) {
    const JobOptions job = plan_.options_of ? plan_.options_of(number) : JobOptions{};
    requests.push_back(engine_.payload().request(number, job));
  }
  engine_.queue().enqueue_many_async(
      std::move(requests),
      [this, call](const Result<std::vector<EnqueueResult>>& result) { answered(call, result); });
}

void EnqueueLoad::answered(const Call& call, const Result<std::vector<EnqueueResult>>& result) {
  if (result) {
    durations_.record(Clock::now() - call.begun);
    accepted_ += call.count;
  } else {
    const std::lock_guard lock(mutex_);
    if (result.error().code == Errc::kOverloaded) {
      ++refused_;
      again_.push_back(call);
    } else {
      error_ = result.error();
    }
  }
  slots_.release();
}

Result<LoadResult> EnqueueLoad::run() {
  const Progress progress("enqueue", plan_.jobs, [this] { return accepted_.load(); });
  std::size_t refused = 0;
  const auto all_answered = [&] {
    for (std::size_t i = 0; i < plan_.outstanding; ++i) slots_.acquire();
    slots_.release(std::ptrdiff_t(plan_.outstanding));
  };
  while (true) {
    slots_.acquire();
    if (refused_ != refused) {
      refused = refused_;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    const auto call = next_call();
    if (call) {
      send(*call);
      continue;
    }
    slots_.release();
    all_answered();
    const std::lock_guard lock(mutex_);
    if (error_ || again_.empty()) break;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (error_) return std::unexpected(*error_);
  return LoadResult{accepted_, seconds, refused_};
}

template <class GoesOn>
void run_paced(double rate, const PacedAct& act, GoesOn goes_on) {
  // Else the kernel may wake us 50 us late to save power.
  ::prctl(PR_SET_TIMERSLACK, 1);
  const auto start = Clock::now();
  for (std::size_t i = 0; goes_on(i); ++i) {
    const auto intended = start + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(double(i) / rate));
    std::this_thread::sleep_until(intended);
    act(i, intended);
  }
}

}  // namespace

Result<LoadResult> enqueue_load(Engine& engine, const LoadPlan& plan, Histogram& durations) {
  return EnqueueLoad(engine, plan, durations).run();
}

void paced(double rate, std::size_t count, const PacedAct& act) {
  run_paced(rate, act, [count](std::size_t i) { return i < count; });
}

void paced(double rate, const std::stop_token& stop, const PacedAct& act) {
  run_paced(rate, act, [&stop](std::size_t) { return !stop.stop_requested(); });
}

}  // namespace townkrier::bench
