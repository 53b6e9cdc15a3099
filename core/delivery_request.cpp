#include "core/delivery_request.hpp"

namespace townkrier {

DeliveryRequest make_delivery_request(const JobEnvelope& envelope, const std::string& channel,
                                      std::size_t delivery, const LogId& idempotency_key,
                                      std::uint32_t attempt) {
  DeliveryRequest request;
  request.job_id = envelope.id;
  request.channel = channel;
  request.idempotency_key = idempotency_key.to_string();
  request.attempt = attempt;
  request.timeout = envelope.timeout;
  request.metadata = envelope.metadata;
  request.policy = envelope.plan.policy;
  request.created_at = envelope.created_at;
  if (envelope.kind != kNotificationKind) {
    request.content = envelope.payload;
    return request;
  }
  const PayloadPart at =
      delivery < envelope.parts.size() ? envelope.parts[delivery] : PayloadPart{};
  const std::string& text = envelope.payload.text();
  request.content = JsonText::trusted(text.substr(at.content_begin, at.content_size));
  request.recipient = JsonText::trusted(text.substr(at.recipient_begin, at.recipient_size));
  return request;
}

}  // namespace townkrier
