#include "channels/signatures.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace townkrier {
namespace {

const EVP_MD* digest(HashKind kind) {
  switch (kind) {
    case HashKind::kSha1:
      return EVP_sha1();
    case HashKind::kSha512:
      return EVP_sha512();
    case HashKind::kSha256:
      break;
  }
  return EVP_sha256();
}

}  // namespace

std::optional<HashKind> parse_hash_kind(std::string_view text) {
  if (text == "sha1") return HashKind::kSha1;
  if (text == "sha256") return HashKind::kSha256;
  if (text == "sha512") return HashKind::kSha512;
  return std::nullopt;
}

std::string hmac(HashKind kind, std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(digest(kind), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace townkrier
