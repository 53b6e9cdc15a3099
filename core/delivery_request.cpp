#include "core/delivery_request.hpp"

#include <nlohmann/json.hpp>

namespace townkrier {

namespace {

JsonText part(const nlohmann::json& payload, const char* section, const std::string& channel) {
  const auto found = payload.find(section);
  if (found == payload.end() || !found->is_object()) return {};
  const auto value = found->find(channel);
  return value == found->end() ? JsonText{} : JsonText{*value};
}

}  // namespace

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
  request.created_at = envelope.created_at;
  if (envelope.kind != kNotificationKind) {
    request.content = envelope.payload;
    return request;
  }
  if (delivery < envelope.parts.size()) {
    const PayloadPart& at = envelope.parts[delivery];
    const std::string& text = envelope.payload.text();
    request.content = JsonText::trusted(text.substr(at.content_begin, at.content_size));
    request.recipient = JsonText::trusted(text.substr(at.recipient_begin, at.recipient_size));
    return request;
  }
  const nlohmann::json payload = envelope.payload.value();
  request.content = part(payload, "notification", channel);
  request.recipient = part(payload, "recipient", channel);
  if (request.recipient.empty()) request.recipient = JsonText::trusted("[]");
  return request;
}

}  // namespace townkrier
