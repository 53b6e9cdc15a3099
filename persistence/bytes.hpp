#pragma once

/// \file bytes.hpp
/// Reading and writing of flat byte strings: fixed big-endian numbers for keys, varints and
/// length-prefixed texts for records. Writers append to a string so that callers can reuse it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "townkrier/id.hpp"
#include "townkrier/time.hpp"

namespace townkrier::persistence {

inline void append_u8(std::string& out, std::uint8_t value) {
  out.push_back(static_cast<char>(value));
}

inline void append_u16(std::string& out, std::uint16_t value) {
  append_u8(out, static_cast<std::uint8_t>(value >> 8));
  append_u8(out, static_cast<std::uint8_t>(value));
}

inline void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, static_cast<std::uint16_t>(value >> 16));
  append_u16(out, static_cast<std::uint16_t>(value));
}

inline void append_u64(std::string& out, std::uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  out.append(bytes, sizeof bytes);
}

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    append_u8(out, static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  append_u8(out, static_cast<std::uint8_t>(value));
}

/// Signed numbers, small in either direction (zigzag).
inline void append_signed(std::string& out, std::int64_t value) {
  append_varint(out,
                (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

inline void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

inline void append_id(std::string& out, const Uuid& id) {
  out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

/// Reads bytes that may be anything. The first read beyond the end or out of range makes `ok()`
/// false for good; reads after it return zeros and empty texts.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::uint8_t u8() {
    if (rest_.empty()) return fail(), 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      // The tenth byte has room for one bit only.
      if (!ok_ || (shift == 63 && byte > 1)) return fail(), 0;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail(), 0;
  }

  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    if (value > UINT32_MAX) return fail(), 0;
    return static_cast<std::uint32_t>(value);
  }

  std::int64_t signed_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) return fail(), std::string_view{};
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::string_view text() { return raw(varint()); }

  /// A count of elements that take at least one byte each, so a bad count cannot ask for memory.
  std::size_t count() {
    const std::uint64_t value = varint();
    if (value > rest_.size()) return fail(), 0;
    return value;
  }

  Uuid id() {
    Uuid id;
    const std::string_view bytes = raw(id.bytes.size());
    if (ok_) bytes.copy(reinterpret_cast<char*>(id.bytes.data()), id.bytes.size());
    return id;
  }

  template <class Enum>
  Enum enumerator(std::size_t count) {
    const std::uint8_t value = u8();
    if (value >= count) return fail(), Enum{};
    return static_cast<Enum>(value);
  }

  Duration duration() { return Duration{signed_varint()}; }
  TimePoint time() { return TimePoint{duration()}; }

 private:
  std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : raw(size)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace townkrier::persistence
