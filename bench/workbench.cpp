#include "bench/workbench.hpp"

#include <cstdlib>
#include <filesystem>

namespace townkrier::bench {

Result<std::unique_ptr<Workbench>> Workbench::create(const Options& options) {
  std::string dir = (std::filesystem::absolute(options.parent) / "townkrier-bench-XXXXXX").string();
  if (::mkdtemp(dir.data()) == nullptr) {
    return fail(Errc::kIo, "cannot make a directory in " + options.parent);
  }
  return std::unique_ptr<Workbench>(new Workbench(options, dir));
}

Workbench::~Workbench() {
  discard(dir_);
}

std::string Workbench::fresh_path() {
  return dir_ + "/store" + std::to_string(++paths_);
}

Result<std::unique_ptr<Engine>> Workbench::engine(EngineSetup setup) {
  if (setup.dir.empty()) {
    // Each scenario is done with its store when the next asks for one.
    if (!last_.empty()) discard(last_);
    setup.dir = last_ = fresh_path();
  }
  return Engine::open(options_, std::move(setup));
}

void Workbench::discard(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace townkrier::bench
