// Runtime as DashboardBackend: whether it works.

#include <algorithm>
#include <utility>

#include "actors/runtime.hpp"

namespace townkrier {

namespace {

using Status = HealthReport::Status;

constexpr Duration kLateAfter{300'000};  // a job that is due this long is not being run

void note(HealthReport& report, const std::string& check, std::string problem, Status status) {
  report.checks[check] = std::move(problem);
  report.status = std::max(report.status, status);
}

void check_scheduler(HealthReport& report, const Result<SchedulerInfo>& info) {
  report.checks["scheduler"] = "ok";
  if (!info) return note(report, "scheduler", "not answering", Status::kFailing);
  if (!info->processing) report.checks["scheduler"] = "not processing";
}

void check_store(HealthReport& report, const Store& store) {
  report.checks["store"] = "ok";
  report.checks["disk"] = "ok";
  if (auto healthy = store.health(); !healthy) {
    note(report, "store", healthy.error().message, Status::kFailing);
  }
  if (auto taken = store.accepts_jobs(); !taken) {
    note(report, "disk", taken.error().message, Status::kFailing);
  }
}

// Only while jobs are run, and not in queues that were paused by hand.
void check_queues(HealthReport& report, const std::vector<QueueInfo>& queues) {
  const bool running = report.checks["scheduler"] == "ok";
  report.checks["queues"] = "ok";
  for (const QueueInfo& queue : queues) {
    if (!running || queue.paused || queue.oldest_age.value_or(Duration{0}) < kLateAfter) continue;
    note(report, "queues",
         "the oldest job of " + queue.name + " is due for " +
             std::to_string(queue.oldest_age->count() / 1000) + " s",
         Status::kDegraded);
  }
}

void check_channels(HealthReport& report, const std::vector<ChannelInfo>& channels) {
  report.checks["channels"] = "ok";
  for (const ChannelInfo& channel : channels) {
    if (channel.name.empty()) {
      note(report, "channels", "a channel is not answering", Status::kDegraded);
    }
    const auto open = [](const ProviderInfo& one) { return one.breaker == "open"; };
    if (!channel.providers.empty() && std::ranges::all_of(channel.providers, open)) {
      note(report, "channels", "every provider of " + channel.name + " fails", Status::kDegraded);
    }
  }
}

// Code that does not stop when it is told to holds threads and, beyond some, places.
void check_handlers(HealthReport& report, const std::vector<ChannelInfo>& channels) {
  report.checks["handlers"] = "ok";
  std::uint64_t stuck = 0;
  std::string where;
  for (const ChannelInfo& channel : channels) {
    if (channel.stuck == 0) continue;
    stuck += channel.stuck;
    where += (where.empty() ? " of " : ", ") + channel.name;
  }
  if (stuck == 0) return;
  note(report, "handlers", std::to_string(stuck) + " calls" + where + " do not stop",
       Status::kDegraded);
}

}  // namespace

// One question after the other: scheduler, store and queues (by a query actor), channels.
void Runtime::health(Reply<HealthReport> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  auto scheduled = [weak = weak_from_this(), reply = std::move(reply)](Result<SchedulerInfo> info) {
    const auto self = weak.lock();
    if (!self) return reply(std::unexpected(engine_stopped()));
    HealthReport report;
    check_scheduler(report, info);
    check_store(report, *self->config_.adapter.store);
    self->queues([weak, report, reply](Result<std::vector<QueueInfo>> queues) mutable {
      const auto alive = weak.lock();
      if (!alive) return reply(std::unexpected(engine_stopped()));
      if (queues) check_queues(report, *queues);
      if (!queues) note(report, "queues", queues.error().message, Status::kFailing);
      alive->channels([report, reply](Result<std::vector<ChannelInfo>> channels) mutable {
        if (channels) {
          check_channels(report, *channels);
          check_handlers(report, *channels);
        }
        reply(std::move(report));
      });
    });
  };
  SchedulerInfoCall call{ReplyOnce<SchedulerInfo>{std::move(scheduled)}};
  caf::anon_send(directory_->scheduler(), info_atom::value, parcel(std::move(call)));
}

}  // namespace townkrier
