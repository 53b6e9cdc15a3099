#pragma once

// A random world around the engine, made from one number: a store that fails and processes that
// die, channels that succeed, fail, hang, throttle and answer late, a clock that jumps, operators
// that pause, cancel and retry. It watches the engine's promises from outside: what was
// acknowledged, what was handed to whom and when, what providers said.

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/actors/engine_fixture.hpp"
#include "tests/support/faulty_store.hpp"

namespace townkrier::test {

/// What a run counted and found.
struct RunReport {
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;  ///< Sent again, across a crash.
  std::uint64_t crashes = 0;
  std::uint64_t trace = 0;  ///< The same for the same seed.
  std::vector<std::string> findings;
};

class World final : public EngineTest {
 public:
  explicit World(std::uint64_t seed);
  ~World() override;
  RunReport live();
  void TestBody() override {}

 private:
  class SimulatedProvider;

  /// One hand-over to a provider. It is live until it is answered, stopped, or its process dies.
  struct Handover {
    JobId job;
    std::string channel;
    DeliveryRequest request;
    DeliveryDone done;
    std::uint64_t process = 0;  // which one made it
    bool answered = false;
    bool orphaned = false;  // its channel was restarted
    std::vector<JobId> children;
  };
  struct Sent {
    std::uint64_t times = 0;
    std::uint64_t process = 0;
  };

  std::uint64_t random(std::uint64_t below) { return random_() % below; }
  bool one_in(std::uint64_t many) { return random(many) == 0; }
  void note(std::uint64_t value);
  /// With TORTURE_TRACE set, a line for whoever replays a seed.
  void tell(const std::string& line) const;
  void find(std::string finding);

  // The world.
  void step();
  void enqueue_some();
  void operate();
  void disturb();
  void kill_channel(std::size_t number);
  void jump_clock();
  void crash_and_restart();
  void restart_if_failed();
  FaultyStore::Fault next_fault();

  // Providers.
  void handed(const std::string& channel, DeliveryRequest request, DeliveryDone done);
  bool is_live(const Handover& one) const;
  DeliveryOutcome outcome(const Handover& one);
  void speak(Handover& one);
  void answer(Handover& one);
  void answer_due();

  // The end.
  void calm_down();
  void check_jobs();
  void check_children();
  void check_counters();

  std::mt19937_64 random_;
  std::shared_ptr<FaultyStore> faulty_;
  std::uint64_t ids_given_ = 0;
  std::uint64_t process_ = 1;
  bool dead_ = false;
  bool calm_ = false;
  int disk_full_ = 0;

  std::vector<std::shared_ptr<Handover>> handovers_;
  std::multimap<Duration, std::shared_ptr<Handover>> answers_;  // by time of the world
  Duration now_{0};                                             // never jumps
  std::map<std::pair<JobId, std::string>, Sent> sent_;
  std::vector<JobId> acknowledged_;
  std::set<JobId> deleted_;
  RunReport report_;
};

}  // namespace townkrier::test
