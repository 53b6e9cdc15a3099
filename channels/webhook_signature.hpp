#pragma once

/// \file webhook_signature.hpp
/// Signatures of the Standard Webhooks specification 1.0 (symmetric scheme "v1"). Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

/// The key of a secret: the decoded bytes after "whsec_", or the text itself. kInvalidConfig when
/// empty or not base64; never repeats the secret.
Result<std::string> webhook_key(std::string_view secret);

/// What is signed.
struct SignedWebhook {
  std::string_view id;
  std::int64_t timestamp_seconds = 0;
  std::string_view body;
};

/// "v1," + base64(HMAC-SHA256(key, "id.timestamp.body")).
std::string webhook_signature(std::string_view key, const SignedWebhook& message);

}  // namespace townkrier
