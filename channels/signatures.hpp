#pragma once

/// \file signatures.hpp
/// Keyed hashes of requests, and their comparison. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace townkrier {

enum class HashKind : std::uint8_t { kSha1, kSha256, kSha512 };
/// "sha1", "sha256", "sha512".
std::optional<HashKind> parse_hash_kind(std::string_view text);

/// The bytes of HMAC(key, text) (RFC 2104).
std::string hmac(HashKind kind, std::string_view key, std::string_view text);

/// In a time that tells nothing of where they differ.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace townkrier
