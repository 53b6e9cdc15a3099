#include "townkrier/password.hpp"

#include <sodium.h>

#include <array>

namespace townkrier {

Result<std::string> hash_password(std::string_view password) {
  if (password.size() < kMinPasswordBytes) {
    return fail(Errc::kInvalidArgument, "a password needs at least 12 characters");
  }
  if (password.size() > kMaxPasswordBytes) {
    return fail(Errc::kInvalidArgument, "a password has at most 1024 characters");
  }
  if (sodium_init() < 0) return fail(Errc::kInternal, "libsodium does not start");
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), password.data(), password.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Errc::kUnavailable, "there is not enough memory to hash a password");
  }
  return std::string(hash.data());
}

std::string hash_token(std::string_view token) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size());
  std::string text = "sha256:";
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace townkrier
