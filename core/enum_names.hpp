#pragma once

/// \file enum_names.hpp
/// Finding an enumerator by its fixed name.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

/// The enumerator whose number is the index of `text` in `names`; kMalformed lists the names.
template <class Enum, std::size_t kCount>
Result<Enum> enum_from_name(std::string_view text,
                            const std::array<std::string_view, kCount>& names) {
  std::string all;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
    all += (i == 0 ? "" : ", ");
    all += names[i];
  }
  return fail(Errc::kMalformed, "must be one of " + all);
}

}  // namespace townkrier
