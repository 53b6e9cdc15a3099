#include "core/activity.hpp"

#include <algorithm>
#include <utility>

namespace townkrier {

namespace {

constexpr std::size_t kMaxNamed = 20;    // ids in one answer
constexpr std::size_t kMaxClosed = 180;  // buckets kept while the store refuses them
constexpr std::int64_t kRateSeconds = 10;

template <class T>
T& named(std::map<std::string, T>& by_name, const std::string& name) {
  if (const auto found = by_name.find(name); found != by_name.end()) return found->second;
  if (by_name.size() >= kMaxSeriesNames) return by_name[std::string(kOtherNames)];
  return by_name[name];
}

void merge_names(std::map<std::string, SeriesCounts>& into,
                 const std::map<std::string, SeriesCounts>& from) {
  for (const auto& [name, counts] : from) named(into, name) += counts;
}

std::int64_t second_of(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::uint64_t ended(const SeriesCounts& counts) {
  return counts[SeriesMetric::kCompleted] + counts[SeriesMetric::kFailed];
}

}  // namespace

std::string_view to_string(SeriesMetric metric) {
  switch (metric) {
    case SeriesMetric::kEnqueued:
      return "enqueued";
    case SeriesMetric::kCompleted:
      return "completed";
    case SeriesMetric::kFailed:
      return "failed";
    case SeriesMetric::kRetried:
      return "retried";
  }
  return "?";
}

SeriesCounts& SeriesCounts::operator+=(const SeriesCounts& other) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += other.values[i];
  return *this;
}

Duration length_of(SeriesStep step) {
  return step == SeriesStep::kMinute ? Duration{60'000} : Duration{3'600'000};
}

TimePoint bucket_start(SeriesStep step, TimePoint time) {
  if (step == SeriesStep::kMinute) return std::chrono::floor<std::chrono::minutes>(time);
  return std::chrono::floor<std::chrono::hours>(time);
}

void SeriesBucket::merge(const SeriesBucket& other) {
  total += other.total;
  merge_names(by_queue, other.by_queue);
  merge_names(by_channel, other.by_channel);
  wait.merge(other.wait);
  run.merge(other.run);
}

// ---- One group ----------------------------------------------------------------------------------

void ActivityBatch::add(const NewJob& added) {
  const JobEnvelope& envelope = *added.job.envelope;
  ++total[SeriesMetric::kEnqueued];
  ++by_queue[envelope.queue][SeriesMetric::kEnqueued];
  for (const Delivery& delivery : added.job.state.deliveries) {
    ++by_channel[delivery.channel][SeriesMetric::kEnqueued];
  }
  changed.push_back(envelope.id);
}

void ActivityBatch::add(const JobChange& change) {
  const JobState& state = change.job.state;
  const std::string& queue = change.job.envelope->queue;
  changed.push_back(change.job.id());
  // A job of a handler's kind has one delivery and no log row.
  const bool own_kind = change.job.envelope->kind != kNotificationKind && !state.deliveries.empty();
  const auto count = [&](SeriesMetric metric) {
    ++total[metric];
    ++by_queue[queue][metric];
    if (own_kind) ++by_channel[state.deliveries.front().channel][metric];
  };
  if (state.status == JobStatus::kProcessing && change.before.status == JobStatus::kPending) {
    waits.push_back(state.processed_at.value_or(state.updated_at) - change.before.time);
  }
  if (state.status != change.before.status) {
    if (state.status == JobStatus::kCompleted) count(SeriesMetric::kCompleted);
    if (state.status == JobStatus::kFailed) count(SeriesMetric::kFailed);
    if (state.status == JobStatus::kRetrying) count(SeriesMetric::kRetried);
    if (change.before.status == JobStatus::kProcessing && state.processed_at &&
        state.status != JobStatus::kPending) {
      runs.push_back(state.updated_at - *state.processed_at);
    }
  }
  for (const DeliveryLog& log : change.logs) {
    const Delivery& delivery = state.deliveries[log.delivery];
    if (delivery.status == log.previous) continue;
    if (delivery.status == LogStatus::kSent) {
      ++by_channel[delivery.channel][SeriesMetric::kCompleted];
    } else if (delivery.status == LogStatus::kFailed) {
      ++by_channel[delivery.channel][SeriesMetric::kFailed];
    } else if (delivery.status == LogStatus::kRetrying && log.previous == LogStatus::kSending) {
      ++by_channel[delivery.channel][SeriesMetric::kRetried];
    }
  }
}

// ---- What was lately ----------------------------------------------------------------------------

Activity::Activity(TimePoint now)
    : rev_(static_cast<std::uint64_t>(std::max<std::int64_t>(1, now.time_since_epoch().count())) *
           1000),
      first_rev_(rev_) {
  minute_.bucket = {
      SeriesStep::kMinute, bucket_start(SeriesStep::kMinute, now), {}, {}, {}, {}, {}};
  hour_.bucket = {SeriesStep::kHour, bucket_start(SeriesStep::kHour, now), {}, {}, {}, {}, {}};
}

void Activity::record(const ActivityBatch& batch, TimePoint now) {
  const std::lock_guard lock{mutex_};
  for (const JobId& id : batch.changed) changed_[++rev_ % changed_.size()] = id;
  counters_.totals += batch.total;
  for (const Duration wait : batch.waits) counters_.wait.record(wait);
  for (const Duration run : batch.runs) counters_.run.record(run);
  merge_names(channels_, batch.by_channel);
  Second& at = second(now);
  at.total += batch.total;
  for (const auto& [queue, counts] : batch.by_queue) {
    if (const auto count = ended(counts); count > 0) named(at.ended, queue) += count;
  }
  count(minute_, batch, now);
  count(hour_, batch, now);
}

void Activity::committed(std::size_t jobs, std::chrono::microseconds time) {
  const std::lock_guard lock{mutex_};
  counters_.commit_time.record(time);
  counters_.commit_jobs.record(std::chrono::microseconds{jobs});
}

void Activity::restarted(const std::string& actor) {
  const std::lock_guard lock{mutex_};
  ++counters_.restarts[actor];
}

ActivityCounters Activity::counters() const {
  const std::lock_guard lock{mutex_};
  return counters_;
}

Activity::Second& Activity::second(TimePoint now) {
  const std::int64_t number = std::max<std::int64_t>(0, second_of(now));
  Second& at = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (at.number != number) at = Second{number, {}, {}};
  return at;
}

void Activity::count(Open& open, const ActivityBatch& batch, TimePoint now) {
  roll(open, now);
  SeriesBucket& bucket = open.bucket;
  bucket.total += batch.total;
  merge_names(bucket.by_queue, batch.by_queue);
  merge_names(bucket.by_channel, batch.by_channel);
  for (const Duration wait : batch.waits) bucket.wait.record(wait);
  for (const Duration run : batch.runs) bucket.run.record(run);
  open.dirty = true;
}

// A clock that stepped back goes on counting into the bucket that is open.
void Activity::roll(Open& open, TimePoint now) {
  const SeriesStep step = open.bucket.step;
  const TimePoint start = bucket_start(step, now);
  if (start <= open.bucket.start) return;
  if (open.dirty) closed_.push_back(std::move(open.bucket));
  if (closed_.size() > kMaxClosed) closed_.pop_front();
  open = Open{{step, start, {}, {}, {}, {}, {}}, false};
}

void Activity::restore(SeriesBucket bucket, TimePoint now) {
  const std::lock_guard lock{mutex_};
  Open& open = bucket.step == SeriesStep::kMinute ? minute_ : hour_;
  roll(open, now);
  if (open.bucket.start == bucket.start) open.bucket.merge(bucket);
}

LiveNews Activity::news(std::uint64_t since, TimePoint now) const {
  const std::lock_guard lock{mutex_};
  LiveNews news;
  news.rev = rev_;
  news.totals = counters_.totals;
  const std::int64_t current = second_of(now);
  SeriesCounts sum;
  for (const Second& each : seconds_) {
    if (each.number < current && each.number >= current - kRateSeconds) sum += each.total;
  }
  for (std::size_t i = 0; i < sum.values.size(); ++i) {
    news.rates[i] = static_cast<double>(sum.values[i]) / kRateSeconds;
  }
  if (since == 0) return news;
  const std::uint64_t oldest =
      std::max(first_rev_, rev_ > changed_.size() ? rev_ - changed_.size() : std::uint64_t{0});
  news.more = since < oldest || since > rev_;
  for (std::uint64_t rev = rev_; rev > std::max(since, oldest); --rev) {
    const JobId& id = changed_[rev % changed_.size()];
    if (std::ranges::find(news.changed, id) != news.changed.end()) continue;
    if (news.changed.size() == kMaxNamed) {
      news.more = true;
      break;
    }
    news.changed.push_back(id);
  }
  return news;
}

double Activity::ended_rate(const std::string& queue, TimePoint now) const {
  const std::lock_guard lock{mutex_};
  const std::int64_t current = second_of(now);
  std::uint64_t sum = 0;
  for (const Second& each : seconds_) {
    if (each.number >= current || each.number < current - kRateSeconds) continue;
    if (const auto found = each.ended.find(queue); found != each.ended.end()) sum += found->second;
  }
  return static_cast<double>(sum) / kRateSeconds;
}

std::map<std::string, SeriesCounts> Activity::channels() const {
  const std::lock_guard lock{mutex_};
  return channels_;
}

// ---- What the store does not have yet -----------------------------------------------------------

std::vector<SeriesBucket> Activity::unsaved() const {
  const std::lock_guard lock{mutex_};
  std::vector<SeriesBucket> all(closed_.begin(), closed_.end());
  for (const Open* open : {&minute_, &hour_}) {
    if (open->dirty) all.push_back(open->bucket);
  }
  return all;
}

std::vector<SeriesBucket> Activity::unsaved(SeriesStep step) const {
  std::vector<SeriesBucket> all = unsaved();
  std::erase_if(all, [step](const SeriesBucket& bucket) { return bucket.step != step; });
  return all;
}

void Activity::saved(const std::vector<SeriesBucket>& buckets) {
  const std::lock_guard lock{mutex_};
  const auto is_saved = [&](const SeriesBucket& mine) {
    return std::ranges::any_of(buckets, [&](const SeriesBucket& written) {
      return written.step == mine.step && written.start == mine.start && written == mine;
    });
  };
  std::erase_if(closed_, is_saved);
  for (Open* open : {&minute_, &hour_}) {
    if (open->dirty && is_saved(open->bucket)) open->dirty = false;
  }
}

Result<void> save_series(Activity& activity, Store& store, TimePoint now) {
  const auto buckets = activity.unsaved();
  if (buckets.empty()) return {};
  auto written = store.put_series(
      buckets, {{SeriesStep::kMinute, now - kKeepMinutes}, {SeriesStep::kHour, now - kKeepHours}});
  if (written) activity.saved(buckets);
  return written;
}

}  // namespace townkrier
