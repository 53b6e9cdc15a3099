#include "channels/webhook_signature.hpp"

#include "channels/signatures.hpp"
#include "core/base64.hpp"

namespace townkrier {

Result<std::string> webhook_key(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.starts_with(kPrefix)) {
    auto key = base64_decode(secret.substr(kPrefix.size()));
    if (!key || key->empty()) {
      return fail(Errc::kInvalidConfig, "must be \"whsec_\" followed by base64");
    }
    return key;
  }
  if (secret.empty()) return fail(Errc::kInvalidConfig, "must not be empty");
  return std::string(secret);
}

std::string webhook_signature(std::string_view key, const SignedWebhook& message) {
  std::string text(message.id);
  text += '.';
  text += std::to_string(message.timestamp_seconds);
  text += '.';
  text += message.body;
  return "v1," + base64_encode(hmac(HashKind::kSha256, key, text));
}

}  // namespace townkrier
