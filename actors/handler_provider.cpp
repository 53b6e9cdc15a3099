#include "actors/handler_provider.hpp"

namespace townkrier {

namespace {

// What trying again cannot mend.
bool is_permanent(Errc code) {
  return code == Errc::kInvalidArgument || code == Errc::kMalformed || code == Errc::kNotFound;
}

}  // namespace

void HandlerProvider::send(DeliveryRequest request, DeliveryDone done) {
  JobContext context{request};
  Result<JsonText> result = handler_(context);
  if (!result) {
    const Error& error = result.error();
    std::string code{to_string(error.code)};
    done(is_permanent(error.code) ? DeliveryOutcome::permanent(error.message, std::move(code))
                                  : DeliveryOutcome::transient(error.message, std::move(code)));
    return;
  }
  if (context.ending()) return done(*context.ending());
  DeliveryOutcome outcome = DeliveryOutcome::sent();
  outcome.result = std::move(*result);
  done(std::move(outcome));
}

}  // namespace townkrier
