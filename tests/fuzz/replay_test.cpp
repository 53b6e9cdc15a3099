// Every input of tests/fuzz/corpus/TARGET through its target: what a fuzzer has found stays fixed.
// Each is also cut short and damaged, so that the corpus says something without a fuzzer, too.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/targets.hpp"

namespace townkrier::fuzz {
namespace {

class Corpus : public ::testing::TestWithParam<Target> {};

TEST_P(Corpus, IsTakenWholeCutAndDamaged) {
  const Target& target = GetParam();
  const auto folder = std::filesystem::path(CORPUS_DIR) / target.name;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    SCOPED_TRACE(entry.path().string());
    target.run(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 64) {
      target.run(std::string_view(bytes).substr(0, at));
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        target.run(damaged);
      }
    }
    ++files;
  }
  EXPECT_GT(files, 0);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, ::testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace townkrier::fuzz
