#pragma once

/// \file strict_json.hpp
/// The one way JSON from outside comes in. Include <nlohmann/json.hpp> where you use the result.

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/json_reader.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

struct JsonLimits {
  std::size_t max_bytes = 1u << 20;
  int max_depth = 32;  ///< Nested arrays and objects; a bare scalar has depth 0.
};

/// Reads one RFC 8259 document. Refused: more than `max_bytes` (kTooLarge); and as kMalformed, with
/// the byte offset and without any of the content: broken syntax, invalid UTF-8, a byte order mark,
/// nesting deeper than `max_depth` (checked while reading, so it costs no stack), a repeated key,
/// an integer outside 64 bits, a number too large for a double. Integers of 64 bits stay exact.
Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits = {});

}  // namespace townkrier
