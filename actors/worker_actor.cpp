#include "actors/worker_actor.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "actors/guarded.hpp"

namespace townkrier {

namespace {

// User code ends here whatever it does: exactly one outcome per item.
void run(WorkItem item) {
  auto called = std::make_shared<std::atomic<bool>>(false);
  const DeliveryDone once = [called, done = item.done](DeliveryOutcome outcome) {
    if (!called->exchange(true)) done(std::move(outcome));
  };
  try {
    item.provider->send(std::move(item.request), once);
  } catch (const std::exception& thrown) {
    once(DeliveryOutcome::transient(thrown.what(), "exception"));
  } catch (...) {
    once(DeliveryOutcome::transient("threw something that is not an exception", "exception"));
  }
  once(DeliveryOutcome::transient("returned without an outcome"));
}

}  // namespace

WorkerActor::behavior_type worker(WorkerActor::stateful_pointer<WorkerState> self, LogSink log,
                                  std::shared_ptr<CallsUnderWay> calls) {
  guard(self, WorkerState::name, log);
  return {
      [calls](run_atom, const Parcel<WorkItem>& item) {
        const CallsUnderWay::Call call{*calls};
        run(std::move(*item));
      },
  };
}

}  // namespace townkrier
