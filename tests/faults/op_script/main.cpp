// A fixed history of 50 durable writes, to be killed at any system call of it:
//     op_script DIRECTORY
// Prints "enqueued N" or "finished N" after each write that was acknowledged. Half-way the store is
// closed and opened again, so that a recovery is part of it. Exit code 3: a write was refused.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "faults/op_script/script.hpp"
#include "persistence/rocksdb_info_log.hpp"
#include "persistence/rocksdb_store.hpp"

namespace townkrier::testing {
namespace {

/// One system call each, so that what was printed is what was acknowledged.
void say(const char* what, std::uint64_t number) {
  const std::string line = std::string(what) + ' ' + std::to_string(number) + '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    ::_exit(4);
  }
}

int refused(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", std::string(to_string(error.code)).c_str(),
               error.message.c_str());
  return 3;
}

int run(const std::string& directory) {
  std::uint64_t operation = 1;
  for (const std::uint64_t last : {kScriptOperations / 2, kScriptOperations}) {
    auto store = persistence::RocksDbStore::open(directory, {.min_free_space_bytes = 0},
                                                 {.info_log = persistence::make_silent_log()});
    if (!store) return refused(store.error());
    for (; operation <= last; ++operation) {
      const auto done = (*store)->commit(script_batch(operation), Durability::kFsync);
      if (!done) return refused(done.error());
      say(is_enqueue(operation) ? "enqueued" : "finished", operation);
    }
    if (auto synced = (*store)->sync(); !synced) return refused(synced.error());
  }
  return 0;
}

}  // namespace
}  // namespace townkrier::testing

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return townkrier::testing::run(argv[1]);
}
