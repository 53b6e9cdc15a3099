// The members of a notification that are its plan: `strategy`, `fallback`, `policy`.

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include <nlohmann/json.hpp>

#include "core/delivery_plan.hpp"
#include "core/time_zone.hpp"

namespace townkrier {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::array<std::string_view, 3> kMembers = {"strategy", "fallback", "policy"};
constexpr std::size_t kMaxFallbacks = 32;
constexpr Duration kShortest{1000};
constexpr Duration kLongestAfter = std::chrono::days{30};
constexpr Duration kLongestWindow = std::chrono::days{31};

void read_strategy(JsonReader& notification, DeliveryPlan& plan) {
  const auto text = notification.optional_string("strategy");
  if (!text) return;
  if (const auto strategy = parse_channel_strategy(*text)) {
    plan.strategy = *strategy;
  } else {
    notification.errors().add(notification.pointer("strategy"), strategy.error().message);
  }
}

void read_fallbacks(JsonReader& notification, DeliveryPlan& plan) {
  const json* array = notification.optional_array("fallback");
  if (array == nullptr) return;
  const std::string pointer = notification.pointer("fallback");
  if (array->size() > kMaxFallbacks) {
    return notification.errors().add(pointer, "must have at most 32 entries");
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    JsonReader one((*array)[i], pointer_to(pointer, i), notification.errors());
    ChannelFallback fallback;
    fallback.channel = one.required_string("channel", {.min_bytes = 1}).value_or("");
    fallback.instead_of = one.required_string("insteadOf", {.min_bytes = 1}).value_or("");
    if (const auto after = one.optional_int("after", kShortest.count(), kLongestAfter.count())) {
      fallback.after = Duration{*after};
    }
    one.refuse_unknown();
    plan.fallbacks.push_back(std::move(fallback));
  }
}

void read_policy(JsonReader& notification, MessagePolicy& policy) {
  const json* object = notification.optional_object("policy");
  if (object == nullptr) return;
  JsonReader reader(*object, notification.pointer("policy"), notification.errors());
  policy.category =
      reader.optional_string("category", {.min_bytes = 1, .max_bytes = 64}).value_or("");
  policy.time_zone =
      reader.optional_string("timeZone", {.min_bytes = 1, .max_bytes = 64}).value_or("");
  if (!policy.time_zone.empty() && !is_time_zone(policy.time_zone)) {
    reader.errors().add(reader.pointer("timeZone"), "is not a time zone such as Africa/Lagos");
  }
  policy.critical = reader.optional_bool("critical").value_or(false);
  if (const json* digest = reader.optional_object("digest")) {
    JsonReader one(*digest, reader.pointer("digest"), reader.errors());
    DigestOptions options;
    options.key = one.required_string("key", {.min_bytes = 1, .max_bytes = 120}).value_or("");
    options.window =
        Duration{one.required_int("window", kShortest.count(), kLongestWindow.count()).value_or(0)};
    one.refuse_unknown();
    policy.digest = std::move(options);
  }
  reader.refuse_unknown();
}

json to_json(const MessagePolicy& policy) {
  json object = json::object();
  if (!policy.category.empty()) object["category"] = policy.category;
  if (!policy.time_zone.empty()) object["timeZone"] = policy.time_zone;
  if (policy.critical) object["critical"] = true;
  if (policy.digest) {
    object["digest"] = {{"key", policy.digest->key}, {"window", policy.digest->window.count()}};
  }
  return object;
}

}  // namespace

bool is_plan_member(std::string_view name) {
  return std::ranges::find(kMembers, name) != kMembers.end();
}

DeliveryPlan read_delivery_plan(JsonReader& notification) {
  DeliveryPlan plan;
  read_strategy(notification, plan);
  read_fallbacks(notification, plan);
  read_policy(notification, plan.policy);
  return plan;
}

void write_delivery_plan(const DeliveryPlan& plan, json& notification) {
  if (plan.strategy != ChannelStrategy::kEach) notification["strategy"] = to_string(plan.strategy);
  for (const ChannelFallback& one : plan.fallbacks) {
    json object{{"channel", one.channel}, {"insteadOf", one.instead_of}};
    if (one.after) object["after"] = one.after->count();
    notification["fallback"].push_back(std::move(object));
  }
  if (!(plan.policy == MessagePolicy{})) notification["policy"] = to_json(plan.policy);
}

void check_fallbacks(std::span<const ChannelFallback> fallbacks, FieldErrors& errors) {
  std::set<std::string_view> standbys;
  for (std::size_t i = 0; i < fallbacks.size(); ++i) {
    const std::string pointer = pointer_to("/notification/fallback", i);
    if (!standbys.insert(fallbacks[i].channel).second) {
      errors.add(pointer + "/channel", "stands in for two channels");
    }
    // Follows what it stands in for: with each entry used once, a longer way is a circle.
    std::string_view at = fallbacks[i].instead_of;
    for (std::size_t steps = 0; steps <= fallbacks.size(); ++steps) {
      if (at == fallbacks[i].channel) {
        errors.add(pointer + "/insteadOf", "leads back to the channel itself");
        break;
      }
      const auto next = std::ranges::find(fallbacks, at, &ChannelFallback::channel);
      if (next == fallbacks.end()) break;
      at = next->instead_of;
    }
  }
}

}  // namespace townkrier
