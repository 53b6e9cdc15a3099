// Runtime as DashboardBackend: what a dashboard shows of queues, channels and lately.

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "actors/runtime.hpp"
#include "core/engine_metrics.hpp"
#include "core/error_groups.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kErrorsScanned = 2000;
constexpr std::size_t kErrorPage = 500;
constexpr Duration kErrorBudget{30};

int concurrency_in(const std::map<std::string, QueueLimits>& limits, const std::string& queue) {
  const auto found = limits.find(queue);
  return found == limits.end() ? QueueLimits{}.concurrency : found->second.concurrency;
}

// "email,sms" waits for both.
void count_waiting(const std::string& route, std::uint64_t jobs,
                   std::map<std::string, std::uint64_t>& by_channel) {
  for (std::size_t start = 0; start <= route.size();) {
    const std::size_t end = std::min(route.find(',', start), route.size());
    by_channel[route.substr(start, end - start)] += jobs;
    start = end + 1;
  }
}

Result<ErrorSummary> group_errors(const Store& store) {
  ErrorGroups groups;
  JobFilter filter{.status = JobStatus::kFailed, .limit = kErrorPage, .time_budget = kErrorBudget};
  bool more = true;
  for (std::size_t seen = 0; more && seen < kErrorsScanned; seen += kErrorPage) {
    auto page = store.list_jobs(filter);
    if (!page) return std::unexpected(page.error());
    for (const Job& job : page->jobs) groups.add(job);
    filter.cursor = page->next;
    more = page->next.has_value();
  }
  ErrorSummary summary = groups.summary();
  summary.truncated = more;
  return summary;
}

// The channels' own answers, put together.
struct ChannelGather {
  std::mutex mutex;
  std::vector<ChannelInfo> found;
  std::map<std::string, std::uint64_t> waiting;
  std::map<std::string, SeriesCounts> counts;
  ReplyOnce<std::vector<ChannelInfo>> reply;

  ~ChannelGather() {  // when the last channel has answered or died
    for (ChannelInfo& info : found) {
      const SeriesCounts& count = counts[info.name];
      info.waiting = waiting[info.name];
      info.sent = count[SeriesMetric::kCompleted];
      info.failed = count[SeriesMetric::kFailed];
      info.retried = count[SeriesMetric::kRetried];
    }
    reply(std::move(found));
  }
};

}  // namespace

int Runtime::concurrency_of(const std::string& queue) const {
  return concurrency_in(config_.adapter.options.queues, queue);
}

// The read keeps parts of the runtime, not the runtime: it must not end on the reader's thread.
void Runtime::queues(Reply<std::vector<QueueInfo>> reply) {
  auto get = [limits = config_.adapter.options.queues, clock = config_.clock,
              activity = activity_](const Store& store) -> Result<std::vector<QueueInfo>> {
    auto by_queue = store.job_stats_by_queue();
    if (!by_queue) return std::unexpected(by_queue.error());
    auto settings = store.settings();
    if (!settings) return std::unexpected(settings.error());
    std::map<std::string, QueueInfo> all;
    all["default"];
    for (const auto& [name, limit] : limits) all[name];
    for (const auto& [name, stats] : *by_queue) all[name].stats = stats;
    for (const auto& [key, value] : *settings) {
      if (key.starts_with("paused:")) all[key.substr(7)].paused = value == "1";
    }
    const TimePoint now = clock->now();
    std::vector<QueueInfo> list;
    for (auto& [name, info] : all) {
      auto oldest = store.oldest_ready(name);
      if (!oldest) return std::unexpected(oldest.error());
      if (*oldest) info.oldest_age = std::max(Duration{0}, now - **oldest);
      info.name = name;
      info.concurrency = concurrency_in(limits, name);
      info.rate = activity->ended_rate(name, now);
      list.push_back(std::move(info));
    }
    return list;
  };
  read<std::vector<QueueInfo>>(std::move(get), std::move(reply));
}

void Runtime::channels(Reply<std::vector<ChannelInfo>> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  auto gather = std::make_shared<ChannelGather>();
  gather->reply = ReplyOnce<std::vector<ChannelInfo>>{std::move(reply)};
  if (auto lanes = config_.adapter.store->ready_lanes()) {
    for (const LaneSize& size : *lanes) count_waiting(size.lane.route, size.jobs, gather->waiting);
  }
  gather->counts = activity_->channels();
  const auto handles = directory_->channels();
  gather->found.resize(handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    ChannelInfoCall call{ReplyOnce<ChannelInfo>{[gather, i](Result<ChannelInfo> info) {
      const std::lock_guard lock{gather->mutex};
      if (info) gather->found[i] = std::move(*info);
    }}};
    caf::anon_send(handles[i], info_atom::value, parcel(std::move(call)));
  }
}

// The store's counters are in its memory.
void Runtime::live(std::uint64_t since, Reply<LiveNews> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  LiveNews news = activity_->news(since, config_.clock->now());
  auto jobs = config_.adapter.store->job_stats();
  if (!jobs) return reply(std::unexpected(jobs.error()));
  news.jobs = *jobs;
  reply(std::move(news));
}

void Runtime::series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) {
  auto get = [filter,
              activity = activity_](const Store& store) -> Result<std::vector<SeriesBucket>> {
    const auto fresh = activity->unsaved(filter.step);
    auto stored = store.series(filter);
    if (!stored) return stored;
    std::map<TimePoint, SeriesBucket> all;
    for (SeriesBucket& bucket : *stored) all[bucket.start] = std::move(bucket);
    for (const SeriesBucket& bucket : fresh) {
      if (bucket.start < filter.from || bucket.start >= filter.to) continue;
      // Taken before the store was read: a bucket saved meanwhile may have come further there.
      auto& known = all[bucket.start];
      if (known.total.values <= bucket.total.values) known = bucket;
    }
    std::vector<SeriesBucket> list;
    for (auto& [start, bucket] : all) list.push_back(std::move(bucket));
    return list;
  };
  read<std::vector<SeriesBucket>>(std::move(get), std::move(reply));
}

void Runtime::errors(Reply<ErrorSummary> reply) {
  read<ErrorSummary>([](const Store& store) { return group_errors(store); }, std::move(reply));
}

void Runtime::metrics(Reply<std::vector<Metric>> reply) {
  auto with_queues = [weak = weak_from_this(),
                      reply = std::move(reply)](Result<std::vector<QueueInfo>> infos) {
    const auto self = weak.lock();
    if (!self) return reply(std::unexpected(engine_stopped()));
    if (!infos) return reply(std::unexpected(infos.error()));
    auto all = queue_metrics(*infos);
    std::ranges::move(activity_metrics(self->activity_->counters()), std::back_inserter(all));
    std::ranges::move(self->config_.adapter.store->metrics(), std::back_inserter(all));
    std::ranges::move(self->receipt_counts_.metrics(), std::back_inserter(all));
    self->channels(
        [all = std::move(all), reply](Result<std::vector<ChannelInfo>> channels) mutable {
          if (!channels) return reply(std::unexpected(channels.error()));
          std::ranges::move(channel_metrics(*channels), std::back_inserter(all));
          reply(std::move(all));
        });
  };
  queues(std::move(with_queues));
}

}  // namespace townkrier
