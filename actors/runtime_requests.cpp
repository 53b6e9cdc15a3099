// Runtime as DashboardBackend: what callers ask, turned into messages.

#include <utility>

#include "actors/runtime.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kCleanupSlice = 1000;

std::uint64_t bytes_of(const std::vector<NewJob>& jobs) {
  std::uint64_t bytes = 0;
  for (const NewJob& job : jobs) bytes += job.job.envelope->payload.text().size() + 256;
  return bytes;
}

}  // namespace

// ---- Requests
// ---------------------------------------------------------------------------------------

Result<void> Runtime::check(const JobRequest& request) const {
  return factory_->check(request);
}

Result<std::vector<NewJob>> Runtime::make_jobs(std::vector<JobRequest>& requests) {
  std::vector<NewJob> jobs;
  jobs.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto job = factory_->make(requests[i]);
    if (!job) {
      Error error = std::move(job.error());
      if (requests.size() > 1) {
        const std::string index = "/" + std::to_string(i);
        for (FieldError& field : error.fields) field.pointer.insert(0, index);
        error.message = "element " + std::to_string(i) + ": " + error.message;
      }
      return std::unexpected(std::move(error));
    }
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

void Runtime::enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) {
  accept(std::move(requests), std::nullopt, std::move(reply));
}

void Runtime::enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                           Reply<std::vector<EnqueuedJob>> reply) {
  accept(std::move(requests), std::move(key), std::move(reply));
}

void Runtime::accept(std::vector<JobRequest> requests, std::optional<IdempotencyKey> once,
                     Reply<std::vector<EnqueuedJob>> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  if (requests.empty()) return reply(std::vector<EnqueuedJob>{});
  auto jobs = make_jobs(requests);
  if (!jobs) return reply(std::unexpected(std::move(jobs.error())));
  EnqueueCall call;
  call.bytes = bytes_of(*jobs);
  if (!admission_->enter(jobs->size(), call.bytes)) {
    return reply(fail(Errc::kOverloaded, "too many jobs are being accepted; try again later"));
  }
  call.jobs = std::move(*jobs);
  call.once = std::move(once);
  call.reply = ReplyOnce<std::vector<EnqueuedJob>>{std::move(reply)};
  caf::anon_send(directory_->store(), enqueue_atom::value, parcel(std::move(call)));
}

void Runtime::send_now(JobRequest request, Reply<SendReport> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  if (config_.notifications == nullptr || request.kind != kNotificationKind) {
    return reply(fail(Errc::kInvalidArgument, "only notifications can be sent at once"));
  }
  if (!admit(reply)) return;
  auto prepared = config_.notifications->prepare(request.payload);
  if (!prepared) return reply(std::unexpected(std::move(prepared.error())));
  const Duration timeout = request.options.timeout.value_or(config_.adapter.options.timeout);
  config_.notifications->send_async(
      std::move(*prepared), timeout,
      [weak = weak_from_this(), reply = std::move(reply)](SendReport report,
                                                          std::vector<InboxMessage> inbox) {
        auto self = weak.lock();
        if (inbox.empty() || self == nullptr) return reply(std::move(report));
        self->write<SendReport>(
            [report = std::move(report), inbox = std::move(inbox),
             durability = self->config_.adapter.durability](Store& store) -> Result<SendReport> {
              StoreBatch batch;
              batch.inbox = inbox;
              auto written = store.commit(batch, durability);
              if (!written) return std::unexpected(written.error());
              return report;
            },
            reply);
      });
}

void Runtime::act(const JobId& id, JobAction action, Reply<Job> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  if (!admit(reply)) return;
  caf::anon_send(directory_->scheduler(), act_atom::value,
                 parcel(ActCall{id, action, ReplyOnce<Job>{std::move(reply)}}));
}

void Runtime::set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  auto paused = [weak = weak_from_this(), queue, reply = std::move(reply)](Result<bool> result) {
    auto self = weak.lock();
    if (!result) return reply(std::unexpected(result.error()));
    if (self == nullptr) return reply(std::unexpected(engine_stopped()));
    self->queues([queue, paused = *result, reply,
                  concurrency = self->concurrency_of(queue)](Result<std::vector<QueueInfo>> all) {
      if (!all) return reply(std::unexpected(all.error()));
      for (QueueInfo& info : *all) {
        if (info.name == queue) return reply(std::move(info));
      }
      reply(QueueInfo{.name = queue,
                      .paused = paused,
                      .stats = {},
                      .oldest_age = {},
                      .concurrency = concurrency,
                      .rate = 0});
    });
  };
  caf::anon_send(directory_->scheduler(), flow_atom::value,
                 parcel(FlowCall{queue, flow, ReplyOnce<bool>{std::move(paused)}}));
}

// ---- Reads
// --------------------------------------------------------------------------------------------

void Runtime::get_job(const JobId& id, Reply<Job> reply) {
  read<Job>([id](const Store& store) { return store.get_job(id); }, std::move(reply));
}

void Runtime::list_jobs(JobFilter filter, Reply<JobPage> reply) {
  read<JobPage>([filter = std::move(filter)](const Store& s) { return s.list_jobs(filter); },
                std::move(reply));
}

void Runtime::job_stats(Reply<QueueStats> reply) {
  read<QueueStats>([](const Store& store) { return store.job_stats(); }, std::move(reply));
}

void Runtime::log_stats(StatsFilter filter, Reply<StorageStats> reply) {
  read<StorageStats>([filter = std::move(filter)](const Store& s) { return s.log_stats(filter); },
                     std::move(reply));
}

void Runtime::get_log(const LogId& id, Reply<NotificationLog> reply) {
  read<NotificationLog>([id](const Store& store) { return store.get_log(id); }, std::move(reply));
}

void Runtime::query_logs(LogFilter filter, Reply<LogPage> reply) {
  read<LogPage>([filter = std::move(filter)](const Store& s) { return s.query_logs(filter); },
                std::move(reply));
}

void Runtime::inbox(const std::string& user_id, std::size_t limit,
                    std::optional<std::string> cursor, Reply<InboxPage> reply) {
  read<InboxPage>(
      [user_id, limit, cursor](const Store& s) { return s.inbox(user_id, limit, cursor, false); },
      std::move(reply));
}

void Runtime::mark_read(const std::string& user_id, const LogId& id, Reply<std::uint64_t> reply) {
  if (!admit(reply)) return;
  write<std::uint64_t>(
      [user_id, id, clock = config_.clock, durability = config_.adapter.durability](Store& store) {
        return store.mark_read(user_id, id, clock->now(), durability);
      },
      std::move(reply));
}

void Runtime::record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) {
  write<std::monostate>(
      [entries = std::move(entries),
       durability = config_.adapter.durability](Store& store) -> Result<std::monostate> {
        auto written = store.append_audit(entries, durability);
        if (!written) return std::unexpected(written.error());
        return std::monostate{};
      },
      std::move(reply));
}

void Runtime::audit(AuditFilter filter, Reply<AuditPage> reply) {
  read<AuditPage>([filter = std::move(filter)](const Store& s) { return s.audit(filter); },
                  std::move(reply));
}

// Slice by slice, each a message of its own, so that jobs go on in between.
void Runtime::cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) {
  auto slice = std::make_shared<std::function<void(std::uint64_t, Reply<std::uint64_t>)>>();
  std::weak_ptr<std::function<void(std::uint64_t, Reply<std::uint64_t>)>> again = slice;
  *slice = [this, keep = weak_from_this(), again, older_than](std::uint64_t before,
                                                              Reply<std::uint64_t> done) {
    auto alive = keep.lock();
    auto self = again.lock();
    if (!alive || !self) return done(std::unexpected(engine_stopped()));
    write<std::uint64_t>(
        [older_than, durability = config_.adapter.durability](Store& store) {
          return store.delete_logs(older_than, kCleanupSlice, durability);
        },
        [self, before, done](Result<std::uint64_t> deleted) {
          if (!deleted) return done(std::unexpected(deleted.error()));
          if (*deleted < kCleanupSlice) return done(before + *deleted);
          (*self)(before + *deleted, done);
        });
  };
  (*slice)(0, std::move(reply));
}

}  // namespace townkrier
