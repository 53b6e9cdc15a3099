// create_event_webhook of townkrier/events.hpp: delivery events posted by the webhook driver.

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <stop_token>
#include <utility>

#include "channels/timer.hpp"
#include "core/json_reader.hpp"
#include "core/uuid_generator.hpp"
#include "townkrier/config.hpp"
#include "townkrier/events.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryEvent::Kind;

constexpr std::size_t kInFlight = 16;
constexpr std::uint32_t kTries = 9;  // the first and 8 more
constexpr Duration kPostTimeout{15'000};
constexpr Duration kShortestDelay{10};
constexpr Duration kLongestDelay{60'000};

struct Settings {
  std::set<Kind> kinds = {Kind::kSent, Kind::kSkipped, Kind::kFailed, Kind::kSendComplete};
  std::size_t max_waiting = 10'000;
  Duration retry_delay{1000};
};

void read_kinds(JsonReader& reader, Settings& out) {
  const json* names = reader.optional_array("events");
  if (names == nullptr) return;
  out.kinds.clear();
  for (std::size_t i = 0; i < names->size(); ++i) {
    const json& name = (*names)[i];
    const auto kind = parse_delivery_event(name.is_string() ? name.get<std::string>() : "");
    if (kind) {
      out.kinds.insert(*kind);
    } else {
      reader.errors().add(pointer_to(reader.pointer("events"), i), kind.error().message);
    }
  }
  if (names->empty()) reader.errors().add(reader.pointer("events"), "must name an event");
}

Duration read_delay(JsonReader& reader, Duration fallback) {
  const auto text = reader.optional_string("retry_delay");
  if (!text) return fallback;
  const auto delay = parse_duration(*text);
  if (delay && *delay >= kShortestDelay && *delay <= kLongestDelay) return *delay;
  reader.errors().add(reader.pointer("retry_delay"), "must be a duration from 10ms to 1m");
  return fallback;
}

/// Takes its own members out of `settings`; what is left is the webhook driver's.
Settings take_settings(json& settings, FieldErrors& errors) {
  JsonReader reader(settings, "", errors);
  Settings out;
  read_kinds(reader, out);
  out.max_waiting = std::size_t(
      reader.optional_int("max_waiting", 1, 1'000'000).value_or(std::int64_t(out.max_waiting)));
  out.retry_delay = read_delay(reader, out.retry_delay);
  if (settings.is_object()) {
    for (const char* ours : {"events", "max_waiting", "retry_delay"}) settings.erase(ours);
  }
  return out;
}

/// Invariant: an event is in `waiting_`, at the timer or with the provider until it is counted as
/// delivered or dropped; all together at most `max_waiting`.
class Poster final : public std::enable_shared_from_this<Poster> {
 public:
  Poster(Settings settings, std::shared_ptr<Provider> webhook)
      : settings_(std::move(settings)), webhook_(std::move(webhook)) {}

  void push(const std::vector<DeliveryEvent>& events) {
    {
      const std::lock_guard lock(mutex_);
      for (const DeliveryEvent& event : events) {
        if (!settings_.kinds.contains(event.kind)) continue;
        if (stopped_ || held_ >= settings_.max_waiting) {
          ++dropped_;
          continue;
        }
        ++held_;
        waiting_.push_back({request_of(event), 0});
      }
    }
    post_more();
  }

  EventWebhook::Counts counts() const {
    const std::lock_guard lock(mutex_);
    return {delivered_, dropped_, held_};
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      dropped_ += waiting_.size();
      held_ -= waiting_.size();
      waiting_.clear();
    }
    stop_.request_stop();
    timer_.stop();
  }

 private:
  struct Post {
    DeliveryRequest request;
    std::uint32_t tries = 0;
  };

  DeliveryRequest request_of(const DeliveryEvent& event) {
    DeliveryRequest request;
    request.channel = "events";
    request.idempotency_key = ids_.next().to_string();
    request.timeout = kPostTimeout;
    request.created_at = event.at;
    request.content =
        json{{"type", to_string(event.kind)}, {"body", delivery_event_to_json(event)}};
    request.recipient = json::array();
    request.stop = stop_.get_token();
    return request;
  }

  void post_more() {
    while (true) {
      auto post = std::make_shared<Post>();
      {
        const std::lock_guard lock(mutex_);
        if (in_flight_ >= kInFlight || waiting_.empty()) return;
        ++in_flight_;
        *post = std::move(waiting_.front());
        waiting_.pop_front();
      }
      ++post->tries;
      webhook_->send(post->request, [self = shared_from_this(), post](DeliveryOutcome outcome) {
        self->answered(post, outcome);
      });
    }
  }

  void answered(const std::shared_ptr<Post>& post, const DeliveryOutcome& outcome) {
    const bool sent = outcome.kind == DeliveryOutcome::Kind::kSent;
    bool again = false;
    {
      const std::lock_guard lock(mutex_);
      --in_flight_;
      again = !sent && !stopped_ && post->tries < kTries;
      if (!again) {
        ++(sent ? delivered_ : dropped_);
        --held_;
      }
    }
    if (again) retry(post, outcome.retry_after);
    // Not from inside `post_more`'s own call of `send`: an answer that comes at once would nest.
    timer_.call_at(timer_.now(), [self = shared_from_this()](bool running) {
      if (running) self->post_more();
    });
  }

  void retry(const std::shared_ptr<Post>& post, std::optional<Duration> asked) {
    Duration wait = settings_.retry_delay * (1 << std::min<std::uint32_t>(post->tries - 1, 10));
    wait = std::max(std::min(wait, kLongestDelay),
                    std::min(asked.value_or(Duration{}), kLongestDelay));
    timer_.call_at(timer_.now() + wait, [self = shared_from_this(), post](bool running) {
      {
        const std::lock_guard lock(self->mutex_);
        if (running && !self->stopped_) {
          self->waiting_.push_back(std::move(*post));
        } else {
          ++self->dropped_;
          --self->held_;
        }
      }
      if (running) self->post_more();
    });
  }

  const Settings settings_;
  const std::shared_ptr<Provider> webhook_;
  const SystemClock clock_;
  UuidV7Generator ids_{clock_};  // guarded by mutex_
  std::stop_source stop_;
  ThreadTimer timer_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<Post> waiting_;
  std::size_t held_ = 0;
  std::size_t in_flight_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t dropped_ = 0;
  bool stopped_ = false;
};

/// Posts that are under way keep the poster; this ends them.
class PostingWebhook final : public EventWebhook {
 public:
  explicit PostingWebhook(std::shared_ptr<Poster> poster) : poster_(std::move(poster)) {}
  ~PostingWebhook() override { poster_->stop(); }
  void push(const std::vector<DeliveryEvent>& events) override { poster_->push(events); }
  Counts counts() const override { return poster_->counts(); }

 private:
  const std::shared_ptr<Poster> poster_;
};

}  // namespace

Result<std::shared_ptr<EventWebhook>> create_event_webhook(const json& settings,
                                                           const ProviderEnvironment& environment) {
  FieldErrors errors;
  json rest = settings;
  Settings own = take_settings(rest, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  auto webhook = create_webhook_channel(rest, environment);
  if (!webhook) return std::unexpected(std::move(webhook.error()));
  return std::make_shared<PostingWebhook>(
      std::make_shared<Poster>(std::move(own), *std::move(webhook)));
}

}  // namespace townkrier
