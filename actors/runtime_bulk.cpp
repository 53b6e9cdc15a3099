// Runtime as DashboardBackend: actions on many jobs.

#include <utility>

#include "actors/runtime.hpp"

namespace townkrier {

namespace {

constexpr Duration kCountBudget{1000};

// Counters know most filters; others are searched, as far as the time goes.
Result<BulkCount> count_jobs(const Store& store, JobFilter filter) {
  filter.limit = 1;
  filter.offset = 0;
  filter.cursor.reset();
  filter.time_budget = kCountBudget;
  auto page = store.list_jobs(filter);
  if (!page) return std::unexpected(page.error());
  return BulkCount{page->total, page->total_exact};
}

}  // namespace

void Runtime::count_bulk(BulkRequest request, Reply<BulkCount> reply) {
  if (!request.filter) return reply(BulkCount{request.ids.size(), true});
  read<BulkCount>([filter = std::move(*request.filter)](
                      const Store& store) { return count_jobs(store, filter); },
                  std::move(reply));
}

void Runtime::start_bulk(BulkRequest request, Reply<Operation> reply) {
  auto counted = [weak = weak_from_this(), request,
                  reply = std::move(reply)](Result<BulkCount> found) {
    const auto self = weak.lock();
    if (!self) return reply(std::unexpected(engine_stopped()));
    if (!found) return reply(std::unexpected(found.error()));
    if (auto seen = check_expected(*found, request.expect); !seen) {
      return reply(std::unexpected(seen.error()));
    }
    BulkOperations::Engine engine;
    engine.list_jobs = [weak](JobFilter filter, Reply<JobPage> page) {
      const auto alive = weak.lock();
      if (!alive) return page(std::unexpected(engine_stopped()));
      alive->list_jobs(std::move(filter), std::move(page));
    };
    engine.act = [weak](const JobId& id, JobAction action, Reply<Job> job) {
      const auto alive = weak.lock();
      if (!alive) return job(std::unexpected(engine_stopped()));
      alive->act(id, action, std::move(job));
    };
    reply(self->operations_->start(request, found->jobs, std::move(engine)));
  };
  count_bulk(std::move(request), std::move(counted));
}

void Runtime::get_operation(const Uuid& id, Reply<Operation> reply) {
  reply(operations_->get(id));
}

void Runtime::cancel_operation(const Uuid& id, Reply<Operation> reply) {
  reply(operations_->cancel(id));
}

}  // namespace townkrier
