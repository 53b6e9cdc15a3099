#pragma once

/// \file bench/micro/sample.hpp
/// The job that all micro-benchmarks use: one notification over one channel.

#include <cstddef>
#include <string>

#include "core/lifecycle.hpp"       // why: measures the parts of the engine one by one
#include "core/log_rows.hpp"        // why: as above
#include "core/uuid_generator.hpp"  // why: as above
#include "townkrier/job.hpp"

namespace townkrier::bench {

inline constexpr TimePoint kNow{std::chrono::milliseconds{1'767'225'600'000}};

/// `text_bytes` of text in an e-mail to one address; as `POST /api/notifications` takes it.
inline std::string sample_body(std::size_t text_bytes) {
  return R"({"notification":{"via":["email"],"email":{"subject":"Your order has shipped","text":")" +
         std::string(text_bytes, 'x') +
         R"("}},"recipient":{"email":{"email":"user@example.com","name":"User"}}})";
}

inline Job sample_job(UuidV7Generator& ids, std::size_t text_bytes) {
  auto envelope = std::make_shared<JobEnvelope>();
  envelope->id = ids.next();
  envelope->payload = JsonText::trusted(sample_body(text_bytes));
  envelope->created_at = kNow;
  Delivery delivery;
  delivery.channel = "email";
  delivery.log_id = ids.next();
  JobState state = initial_state(*envelope, {std::move(delivery)}, kNow);
  return {std::move(envelope), std::move(state)};
}

}  // namespace townkrier::bench
