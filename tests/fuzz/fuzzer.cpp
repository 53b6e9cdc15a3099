// One libFuzzer program a target: the macro FUZZ_TARGET is the function's name.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  townkrier::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
