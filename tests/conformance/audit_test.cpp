/// The audit log.

#include "persistence/audit_trail.hpp"
#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

AuditEntry entry(std::uint64_t number, std::string actor = "user:ann",
                 std::string action = "job.retry") {
  AuditEntry made;
  made.id = id_of(number);
  made.at = at(static_cast<std::int64_t>(number));
  made.actor = std::move(actor);
  made.role = "operator";
  made.action = std::move(action);
  made.target = "target-" + std::to_string(number);
  made.result = "ok";
  made.count = number;
  return made;
}

class StoreAudit : public StoreTest {
 protected:
  void append(const std::vector<AuditEntry>& entries) {
    const auto written = store().append_audit(entries, Durability::kOs);
    ASSERT_TRUE(written) << written.error().message;
  }
  AuditPage page(const AuditFilter& filter = {}) {
    auto found = store().audit(filter);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(AuditPage{});
  }
  static std::vector<std::uint64_t> counts(const AuditPage& page) {
    std::vector<std::uint64_t> numbers;
    for (const auto& each : page.entries) numbers.push_back(each.count);
    return numbers;
  }
  using Numbers = std::vector<std::uint64_t>;
};

TEST_P(StoreAudit, ShowsRowsNewestFirstAlsoAfterARestart) {
  append({entry(1), entry(2)});
  append({entry(3)});
  restart();
  EXPECT_EQ(counts(page()), (Numbers{3, 2, 1}));
  EXPECT_EQ(page().entries[1], entry(2));
}

TEST_P(StoreAudit, PagesWithACursorThatNewRowsDoNotMove) {
  for (std::uint64_t i = 1; i <= 5; ++i) append({entry(i)});
  const AuditPage first = page({.limit = 2});
  EXPECT_EQ(counts(first), (Numbers{5, 4}));
  append({entry(6)});
  const AuditPage second = page({.limit = 2, .cursor = first.next});
  EXPECT_EQ(counts(second), (Numbers{3, 2}));
  const AuditPage last = page({.limit = 2, .cursor = second.next});
  EXPECT_EQ(counts(last), Numbers{1});
  EXPECT_FALSE(last.next);
}

TEST_P(StoreAudit, FiltersByActorActionAndTime) {
  append({entry(1, "user:ann", "job.retry"), entry(2, "user:bob", "job.retry"),
          entry(3, "user:ann", "queue.pause"), entry(4, "user:ann", "job.retry")});
  EXPECT_EQ(counts(page({.actor = "user:ann"})), (Numbers{4, 3, 1}));
  EXPECT_EQ(counts(page({.actor = "user:ann", .action = "job.retry"})), (Numbers{4, 1}));
  EXPECT_EQ(counts(page({.from = at(2), .to = at(3)})), (Numbers{3, 2}));
}

TEST_P(StoreAudit, RefusesWhatIsNoCursorOrLimitOfIt) {
  for (const char* wrong : {"", "x", "i00", "a00"}) {
    EXPECT_EQ(store().audit({.cursor = wrong}).error().code, Errc::kMalformed) << wrong;
  }
  EXPECT_EQ(store().audit({.limit = 0}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(store().audit({.limit = 501}).error().code, Errc::kInvalidArgument);
}

TEST_P(StoreAudit, CutsLongTexts) {
  AuditEntry long_one = entry(1);
  long_one.target = std::string(199, 'x') + "ä and more";
  append({long_one});
  EXPECT_EQ(page().entries.at(0).target, std::string(199, 'x'));
}

TEST_P(StoreAudit, KeepsOnlyTheNewestRows) {
  constexpr std::uint64_t kRows = kMaxAuditEntries + persistence::kAuditSlack + 500;
  std::vector<AuditEntry> some;
  for (std::uint64_t i = 1; i <= kRows; ++i) {
    some.push_back(entry(i));
    if (some.size() == 5000 || i == kRows) append(std::exchange(some, {}));
  }
  restart();
  EXPECT_EQ(page({.limit = 1}).entries.at(0).count, kRows);
  append({entry(kRows + 1)});
  EXPECT_TRUE(page({.to = at(400)}).entries.empty());
  EXPECT_EQ(page({.from = at(static_cast<std::int64_t>(kRows) - 9), .limit = 500}).entries.size(),
            11u);
}

TOWNKRIER_ON_EACH_STORE(StoreAudit);

}  // namespace
}  // namespace townkrier::testing
