/// Lists of jobs from the RocksDB store: several index ranges walked as one.

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// One range of an index, read in the order of a listing.
class Source {
 public:
  enum class Shape : std::uint8_t {
    kInvertedId,  ///< `prefix ^id`: its forward is the listing's descending.
    kId,          ///< `id`
    kPosition,    ///< `prefix time id`
  };
  struct Part {
    Family family;
    std::string prefix;
    Shape shape;
    /// Keys there are. Behind the last live one there may be hundreds of thousands of deleted ones.
    std::uint64_t keys = kNoLimit;
  };

  Source(const ReadView& view, Part part, Order order)
      : part_(std::move(part)),
        keys_(view, part_.family, part_.prefix, prefix_end(part_.prefix)),
        forward_((order == Order::kAscending) != (part_.shape == Shape::kInvertedId)) {}

  Result<void> begin(const std::optional<IndexPosition>& after) {
    if (part_.keys == 0) return {};
    if (!after) {
      forward_ ? keys_.seek(part_.prefix) : keys_.seek_last();
      return read();
    }
    const std::string start = key_of(*after);
    forward_ ? keys_.seek(start) : keys_.seek_back(start);
    if (keys_.valid() && keys_.key() == start) forward_ ? keys_.next() : keys_.prev();
    return read();
  }

  /// Absent: over.
  const std::optional<IndexPosition>& at() const { return at_; }

  Result<void> advance() {
    if (part_.keys != kNoLimit && --part_.keys == 0) {
      at_.reset();
      return {};
    }
    forward_ ? keys_.next() : keys_.prev();
    return read();
  }

 private:
  std::string key_of(const IndexPosition& position) const {
    std::string key = part_.prefix;
    if (part_.shape == Shape::kPosition) append_position(key, position.time, position.id);
    if (part_.shape == Shape::kInvertedId) append_inverted_id(key, position.id);
    if (part_.shape == Shape::kId) append_id(key, position.id);
    return key;
  }

  Result<void> read() {
    at_.reset();
    if (!keys_.valid()) return keys_.status();
    if (part_.shape == Shape::kPosition) {
      at_ = position_at_end(keys_.key());
    } else {
      const auto id =
          part_.shape == Shape::kId ? id_at_end(keys_.key()) : inverted_id_at_end(keys_.key());
      if (id) at_ = IndexPosition{{}, *id};
    }
    if (!at_) return fail(Errc::kCorruption, "an index key is damaged; run townkrier fsck");
    return {};
  }

  Part part_;
  Range keys_;
  bool forward_;
  std::optional<IndexPosition> at_;
};

/// The jobs of one status by id.
Source::Part part_of(JobStatus status, std::uint64_t keys) {
  if (status == JobStatus::kProcessing) {
    return {Family::kRunning, "", Source::Shape::kInvertedId, keys};
  }
  return {Family::kStatus, status_prefix(status), Source::Shape::kInvertedId, keys};
}

using Sources = std::vector<std::unique_ptr<Source>>;

/// The source whose row is next, or null when all are over.
Source* next_of(const Sources& sources, Order order) {
  Source* best = nullptr;
  for (const auto& source : sources) {
    if (!source->at()) continue;
    const bool first = !best || (order == Order::kAscending ? *source->at() < *best->at()
                                                            : *best->at() < *source->at());
    if (first) best = source.get();
  }
  return best;
}

Result<void> walk_merged(const Sources& sources, const std::optional<IndexPosition>& after,
                         Order order,
                         const std::function<Result<bool>(const IndexPosition&)>& visit) {
  for (const auto& source : sources) {
    if (auto ok = source->begin(after); !ok) return ok;
  }
  while (Source* source = next_of(sources, order)) {
    auto go_on = visit(*source->at());
    if (!go_on) return std::unexpected(go_on.error());
    if (!*go_on) return {};
    if (auto ok = source->advance(); !ok) return ok;
  }
  return {};
}

}  // namespace

Walk<Job> RocksDbStore::walk_jobs(const ReadView& view, JobFilter::SortBy sort_by,
                                  JobStatusSet status) const {
  return [this, &view, sort_by, status](const std::optional<IndexPosition>& after, Order order,
                                        const Visit<Job>& visit) -> Result<void> {
    Sources sources;
    const auto add = [&](Source::Part part) {
      sources.push_back(std::make_unique<Source>(view, std::move(part), order));
    };
    if (sort_by == JobFilter::SortBy::kDueAt) {
      add({Family::kDue, "", Source::Shape::kPosition});
    } else if (status.empty()) {
      add({Family::kJobs, "", Source::Shape::kId});
    }
    const bool by_end = sort_by == JobFilter::SortBy::kFinishedAt;
    for (const JobStatus each : status.list()) {
      if (sort_by == JobFilter::SortBy::kDueAt) break;
      const std::uint64_t keys = after ? kNoLimit : counted(each);
      add(by_end ? Source::Part{Family::kFinished, status_prefix(each), Source::Shape::kPosition, keys}
                 : part_of(each, keys));
    }
    return walk_merged(sources, after, order, [&](const IndexPosition& at) {
      return visit(at, [&] { return view.indexed_job(at.id); });
    });
  };
}

// The counters may be ahead of the view by what was written since, never by less than a live key
// that the view has: a count that is too small would end a listing early, so what left since is
// looked for beyond it.
std::uint64_t RocksDbStore::counted(JobStatus status) const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.jobs(std::nullopt, status);
}

Result<void> RocksDbStore::walk_status(
    const ReadView& view, JobStatus status,
    const std::function<Result<bool>(const JobId&)>& visit) const {
  Sources sources;
  sources.push_back(
      std::make_unique<Source>(view, part_of(status, counted(status)), Order::kDescending));
  return walk_merged(sources, std::nullopt, Order::kDescending,
                     [&](const IndexPosition& at) { return visit(at.id); });
}

Result<JobPage> RocksDbStore::list_jobs(const JobFilter& filter) const {
  const auto status = listed_statuses(filter);
  if (!status) return std::unexpected(status.error());
  std::optional<std::uint64_t> total;
  if (is_counted(filter)) {
    const std::shared_lock lock(ledger_mutex_);
    total = ledger_.jobs(filter.queue, *status);
  }
  const ReadView view(*database_);
  return page_jobs(filter, walk_jobs(view, filter.sort_by, *status), total);
}

}  // namespace townkrier::persistence
