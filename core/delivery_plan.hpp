#pragma once

/// \file delivery_plan.hpp
/// Decisions about the deliveries of one notification together: which wait for which, which are not
/// needed any more, and how the job ends. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/json_reader.hpp"
#include "townkrier/delivery_plan.hpp"
#include "townkrier/job.hpp"

namespace townkrier {

/// Reads the members `strategy`, `fallback` and `policy` of a notification. Problems have pointers
/// below `reader`'s. Channels are named as the notification names them.
DeliveryPlan read_delivery_plan(JsonReader& notification);
/// The inverse: writes those members, the ones that say something.
void write_delivery_plan(const DeliveryPlan& plan, nlohmann::json& notification);

/// True for the members of a notification that are its plan.
bool is_plan_member(std::string_view name);

/// What the fallbacks say: each channel stands in for one other at most, nothing for itself, no
/// circles. Problems at "/notification/fallback/<n>".
void check_fallbacks(std::span<const ChannelFallback> fallbacks, FieldErrors& errors);

/// Holds, releases and skips deliveries as the plan says, after any of them has changed (and at the
/// start: `start` is when the job is due). Settled deliveries and those being sent stay as they
/// are. Afterwards an unsettled delivery that is not held exists, or all are settled.
void apply_plan(const DeliveryPlan& plan, std::vector<Delivery>& deliveries);
void start_plan(const DeliveryPlan& plan, std::vector<Delivery>& deliveries, TimePoint start);

/// How a notification ends whose deliveries are all settled.
enum class PlanEnd : std::uint8_t {
  kSuccess,  ///< Every channel (or one of its fallbacks) was sent, or skipped by decision.
  kPartial,  ///< Some were.
  kFailed,   ///< None was, and one failed.
};
PlanEnd end_of_plan(const DeliveryPlan& plan, std::span<const Delivery> deliveries);
/// Whether the job has failed then.
bool is_failure(ChannelStrategy strategy, PlanEnd end);

/// `{"status":"partial","results":{"email":{"status":"sent","provider":"smtp"},"sms":{...}}}`
JsonText plan_result(const DeliveryPlan& plan, std::span<const Delivery> deliveries);

}  // namespace townkrier
