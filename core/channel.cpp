#include "townkrier/channel.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace townkrier {

DeliveryOutcome DeliveryOutcome::sent(std::string message_id) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSent;
  outcome.message_id = std::move(message_id);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::permanent(std::string error, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kPermanent;
  outcome.error = std::move(error);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::transient(std::string error, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kTransient;
  outcome.error = std::move(error);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::throttled(Duration retry_after, std::string error) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kThrottled;
  outcome.retry_after = retry_after;
  outcome.error = std::move(error);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::skipped(std::string why, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSkipped;
  outcome.error = std::move(why);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::deferred(Duration wait, std::string why) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kDeferred;
  outcome.retry_after = wait;
  outcome.error = std::move(why);
  return outcome;
}

nlohmann::json JobContext::payload() const {
  return request_.content.value();
}

}  // namespace townkrier
