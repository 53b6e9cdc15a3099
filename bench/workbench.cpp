#include "bench/workbench.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace townkrier::bench {

namespace {

// A thread of its own waits for them: every other thread has them blocked. Stopping the engine in
// order would take longer than a person waits, and its data goes anyway.
void remove_when_interrupted(const std::string& dir, const sigset_t& signals) {
  std::thread([dir, signals] {
    int signal = 0;
    ::sigwait(&signals, &signal);
    std::error_code ignored;
    // The engine may be making files meanwhile.
    for (int tries = 0; tries < 5 && std::filesystem::exists(dir, ignored); ++tries) {
      std::filesystem::remove_all(dir, ignored);
    }
    ::_exit(128 + signal);
  }).detach();
}

}  // namespace

Result<std::unique_ptr<Workbench>> Workbench::create(const Options& options) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::string dir = (std::filesystem::absolute(options.parent) / "townkrier-bench-XXXXXX").string();
  if (::mkdtemp(dir.data()) == nullptr) {
    return fail(Errc::kIo, "cannot make a directory in " + options.parent);
  }
  remove_when_interrupted(dir, signals);
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

Row load_row(std::string scenario, const LoadResult& load, const Histogram& durations) {
  Row row;
  row.scenario = std::move(scenario);
  row.value = load.rate();
  row.unit = "jobs/s";
  row.jobs = load.jobs;
  row.seconds = load.seconds;
  row.latency = durations.summary();
  if (load.refused > 0)
    row.note = std::to_string(load.refused) + " calls were refused and repeated";
  return row;
}

}  // namespace townkrier::bench
