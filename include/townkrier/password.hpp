#pragma once

/// \file password.hpp
/// Making what `server.auth` holds instead of passwords and tokens.

#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

/// Shorter ones are refused (OWASP ASVS 4.0.3, 2.1.1).
inline constexpr std::size_t kMinPasswordBytes = 12;
/// Longer ones are refused: hashing must not be made expensive by a client.
inline constexpr std::size_t kMaxPasswordBytes = 1024;

/// "$argon2id$..." for `password_hash`; takes about 0.1 s and 64 MiB. kInvalidArgument for a
/// password that is too short or too long. Blocks; any thread.
Result<std::string> hash_password(std::string_view password);

/// "sha256:" and 64 digits, for a token's `hash`.
std::string hash_token(std::string_view token);

}  // namespace townkrier
