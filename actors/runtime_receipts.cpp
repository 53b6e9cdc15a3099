// Runtime as DashboardBackend: receipts of providers, and who gets nothing.

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "actors/runtime.hpp"
#include "core/receipt_effect.hpp"
#include "core/remembered.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kMaxReceipts = 1000;
// A receipt may overtake the write of what it is about: it is looked for again after these.
constexpr std::array<Duration, 3> kLookAgain = {Duration{50}, Duration{200}, Duration{750}};

std::string type_of(const NotificationManager& notifications, const std::string& channel) {
  for (const ConfiguredChannel& one : notifications.channels()) {
    if (one.config.name != channel || one.providers.empty()) continue;
    const std::string_view type = one.providers.front()->channel_type();
    return type.empty() ? channel : std::string(type);
  }
  return channel;
}

std::unexpected<Error> no_list() {
  return fail(Errc::kNotFound, "no suppression list is configured");
}

std::vector<Suppression> matching(const SuppressionList& list, const SuppressionFilter& filter) {
  auto all = filter.address && filter.channel_type
                 ? list.list_of(*filter.channel_type, *filter.address)
                 : list.list();
  std::erase_if(all, [&](const Suppression& one) {
    return (filter.channel_type && one.channel_type != *filter.channel_type) ||
           (filter.category && one.category != *filter.category);
  });
  return all;
}

}  // namespace

/// Shared by the receipts of one request; the last one that is done with answers it.
struct ReceiptGather {
  ReplyOnce<std::uint64_t> reply;
  std::uint64_t count = 0;
  std::mutex mutex;
  std::optional<Error> error;  // guarded by mutex

  void failed(const Error& why) {
    const std::lock_guard lock(mutex);
    error = why;
  }
  ~ReceiptGather() {
    reply(error ? Result<std::uint64_t>(std::unexpected(*error)) : Result<std::uint64_t>(count));
  }
};

struct ReceiptSearch {
  std::string provider;
  DeliveryReceipt receipt;
  std::shared_ptr<ReceiptGather> gather;
  std::size_t looked = 0;
};

void ReceiptCounts::count(const std::string& provider, std::string_view result) {
  const std::lock_guard lock(mutex_);
  ++counts_[{provider, std::string(result)}];
}

std::vector<Metric> ReceiptCounts::metrics() const {
  Metric metric{.name = "townkrier_receipts_total",
                .help = "Receipts of providers: refused requests, and what became of the others.",
                .kind = Metric::Kind::kCounter,
                .samples = {},
                .histograms = {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [labels, count] : counts_) {
    metric.samples.push_back(
        {{{"provider", labels.first}, {"result", labels.second}}, static_cast<double>(count)});
  }
  if (metric.samples.empty()) return {};
  return {std::move(metric)};
}

void Runtime::take_receipts(const std::string& provider, ReceiptRequest request,
                            Reply<std::uint64_t> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  const auto reader =
      config_.notifications ? config_.notifications->receipts_of(provider) : nullptr;
  if (!reader) return reply(fail(Errc::kNotFound, "receipts of that provider are not taken"));
  auto receipts = reader->read(request, config_.clock->now());
  if (receipts && receipts->size() > kMaxReceipts) {
    receipts = fail(Errc::kTooLarge, "a request has at most 1000 receipts");
  }
  if (!receipts) {
    receipt_counts_.count(provider, to_string(receipts.error().code));
    return reply(std::unexpected(std::move(receipts.error())));
  }
  if (!admit(reply)) return;
  auto gather = std::make_shared<ReceiptGather>();
  gather->reply = ReplyOnce<std::uint64_t>{std::move(reply)};
  gather->count = receipts->size();
  for (DeliveryReceipt& receipt : *receipts) {
    look_for({provider, std::move(receipt), gather});
  }
}

// Finds the delivery, and suppresses its address where the receipt says so: the list is a file, and
// here one may wait for it.
void Runtime::look_for(ReceiptSearch search) {
  if (gone()) return search.gather->failed(engine_stopped());
  const std::string key = message_key(search.provider, search.receipt.message_id);
  const Duration wait = search.looked == 0 ? Duration{0} : kLookAgain[search.looked - 1];
  ReadCall call{[this, keep = weak_from_this(), search = std::move(search), key,
                 notifications = config_.notifications,
                 now = config_.clock->now()](const Store& store) mutable {
    const auto alive = keep.lock();
    if (!alive) return search.gather->failed(engine_stopped());
    const auto entry = store.timed_entry(key, now);
    const auto message = entry ? read_message(*entry) : std::unexpected(entry.error());
    if (message) {
      const auto list = notifications->suppressions();
      const auto kept = list ? suppress_by_receipt(*list, type_of(*notifications, message->channel),
                                                   search.receipt)
                             : Result<bool>(false);
      if (!kept) return search.gather->failed(kept.error());
      return note_receipt(*message, std::move(search));
    }
    if (message.error().code != Errc::kNotFound) return search.gather->failed(message.error());
    if (search.looked++ < kLookAgain.size()) return look_for(std::move(search));
    receipt_counts_.count(search.provider, "unknown");
  }};
  if (wait == Duration{0}) {
    caf::anon_send(directory_->query(), read_atom::value, parcel(std::move(call)));
  } else {
    caf::delayed_anon_send(directory_->query(), wait, read_atom::value, parcel(std::move(call)));
  }
}

// By way of the scheduler, which may hold the job.
void Runtime::note_receipt(const SentMessage& message, ReceiptSearch search) {
  const auto shared = std::make_shared<ReceiptSearch>(std::move(search));
  JobNote note{[shared, log = message.log, privacy = privacy()](JobState& state, TimePoint now) {
                 for (Delivery& delivery : state.deliveries) {
                   if (delivery.log_id != log) continue;
                   apply_receipt(delivery, shared->receipt, privacy, now);
                 }
               },
               JobNote::Scope::kAnyJob};
  Reply<Job> done = [weak = weak_from_this(), shared, message](Result<Job> job) {
    const auto self = weak.lock();
    if (!self) return shared->gather->failed(engine_stopped());
    if (job) return self->receipt_counts_.count(shared->provider, to_string(shared->receipt.kind));
    if (job.error().code != Errc::kNotFound) return shared->gather->failed(job.error());
    self->settle_row(message, *shared);
  };
  caf::anon_send(
      directory_->scheduler(), act_atom::value,
      parcel(ActCall{message.job, {}, ReplyOnce<Job>{std::move(done)}, std::move(note)}));
}

// The row has outlived its job.
void Runtime::settle_row(const SentMessage& message, const ReceiptSearch& search) {
  receipt_counts_.count(search.provider, to_string(search.receipt.kind));
  write<std::monostate>(
      [log = message.log, receipt = search.receipt, privacy = privacy(), now = config_.clock->now(),
       durability = config_.adapter.durability](Store& store) -> Result<std::monostate> {
        auto row = store.get_log(log);
        if (!row && row.error().code == Errc::kNotFound) return std::monostate{};
        if (!row) return std::unexpected(row.error());
        LogChange change{*row, row->status};
        if (apply_receipt(change.row, receipt, privacy, now) == ReceiptEffect::kNone) {
          return std::monostate{};
        }
        auto written = store.put_logs({&change, 1}, durability);
        if (!written) return std::unexpected(written.error());
        return std::monostate{};
      },
      [gather = search.gather](Result<std::monostate> written) {
        if (!written) gather->failed(written.error());
      });
}

// ---- Who gets nothing

void Runtime::suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) {
  const auto list = config_.notifications ? config_.notifications->suppressions() : nullptr;
  if (!list) return reply(no_list());
  read<SuppressionPage>(
      [list, filter = std::move(filter)](const Store&) -> Result<SuppressionPage> {
        auto all = matching(*list, filter);
        SuppressionPage page{{}, all.size()};
        const std::size_t begin = std::min(filter.offset, all.size());
        const std::size_t end = begin + std::min(filter.limit, all.size() - begin);
        std::move(all.begin() + std::ptrdiff_t(begin), all.begin() + std::ptrdiff_t(end),
                  std::back_inserter(page.entries));
        return page;
      },
      std::move(reply));
}

void Runtime::suppress(Suppression suppression, Reply<bool> reply) {
  const auto list = config_.notifications ? config_.notifications->suppressions() : nullptr;
  if (!list) return reply(no_list());
  suppression.at = config_.clock->now();
  read<bool>(
      [list, suppression = std::move(suppression)](const Store&) -> Result<bool> {
        const bool there =
            list->find(suppression.channel_type, suppression.address, suppression.category)
                .has_value();
        if (auto added = list->add(suppression); !added) return std::unexpected(added.error());
        return !there;
      },
      std::move(reply));
}

void Runtime::unsuppress(Suppression which, Reply<bool> reply) {
  const auto list = config_.notifications ? config_.notifications->suppressions() : nullptr;
  if (!list) return reply(no_list());
  read<bool>(
      [list, which = std::move(which)](const Store&) {
        return list->remove(which.channel_type, which.address, which.category);
      },
      std::move(reply));
}

}  // namespace townkrier
