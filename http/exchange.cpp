#include "http/exchange.hpp"

#include <utility>

namespace townkrier::http {

namespace {

// A page this large is a mistake; memory and the client are spared.
constexpr std::size_t kMaxAnswerBytes = 16u << 20;

constexpr ProblemText kAnswerTooLarge{
    422, "too_large", "the answer would be larger than 16 MiB: ask for a smaller limit"};

}  // namespace

Exchange::Exchange(Request request, std::string request_id, Sink sink,
                   std::shared_ptr<const void> ticket)
    : request_(std::move(request)),
      request_id_(std::move(request_id)),
      sink_(std::move(sink)),
      ticket_(std::move(ticket)) {}

Exchange::~Exchange() {
  if (!answered_) reply(Error{Errc::kInternal, "the request was dropped", {}});
}

void Exchange::before_reply(std::function<void(Response, Sink)> step) {
  sink_ = [step = std::move(step), next = std::move(sink_)](Response response) {
    step(std::move(response), next);
  };
}

void Exchange::reply(Response response) {
  if (answered_.exchange(true)) return;
  if (response.body.size() > kMaxAnswerBytes) response = problem(kAnswerTooLarge, request_id_);
  sink_(std::move(response));
  // The sink holds the connection; an exchange may outlive its answer.
  sink_ = nullptr;
}

}  // namespace townkrier::http
