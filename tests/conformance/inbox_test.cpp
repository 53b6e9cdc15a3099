/// In-app messages.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

class StoreInbox : public StoreTest {
 protected:
  InboxPage inbox(const std::string& user, std::size_t limit = 10,
                  const std::optional<std::string>& cursor = {}, bool unread_only = false) {
    auto page = store().inbox(user, limit, cursor, unread_only);
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : InboxPage{};
  }
  std::uint64_t mark(const std::string& user, const LogId& id) {
    const auto marked = store().mark_read(user, id, at(500), Durability::kOs);
    EXPECT_TRUE(marked) << marked.error().message;
    return marked.value_or(99);
  }
};

TEST_P(StoreInbox, ShowsAUsersMessagesNewestFirst) {
  must_commit({.inbox = {make_message(1, "ann", 10), make_message(2, "ann", 30),
                         make_message(3, "bob", 40), make_message(4, "ann", 20)}});
  restart();
  const auto page = inbox("ann");
  EXPECT_EQ(numbers(page.messages), (Numbers{2, 4, 1}));
  EXPECT_EQ(page.messages[0], make_message(2, "ann", 30));
  EXPECT_EQ(page.unread, 3u);
  EXPECT_FALSE(page.next);
  EXPECT_EQ(inbox("bob").unread, 1u);
  EXPECT_TRUE(inbox("an").messages.empty());
}

TEST_P(StoreInbox, PagesWithACursorThatNewMessagesDoNotMove) {
  must_commit(
      {.inbox = {make_message(1, "ann", 1), make_message(2, "ann", 2), make_message(3, "ann", 2)}});
  const auto page = inbox("ann", 2);
  EXPECT_EQ(numbers(page.messages), (Numbers{3, 2}));
  must_commit({.inbox = {make_message(4, "ann", 9)}});
  const auto rest = inbox("ann", 2, page.next);
  EXPECT_EQ(numbers(rest.messages), Numbers{1});
  EXPECT_FALSE(rest.next);
  EXPECT_EQ(rest.unread, 4u);
}

TEST_P(StoreInbox, ARepeatedDeliveryIsTheSameMessage) {
  must_commit({.inbox = {make_message(1, "ann", 1), make_message(1, "ann", 1)}});
  EXPECT_EQ(mark("ann", id_of(1)), 1u);
  Job job = make_job({.id = 1});
  add(job);
  JobChange again = move(job, JobStatus::kCompleted, 7);
  again.inbox.push_back(make_message(1, "ann", 7));
  change(again);
  const auto page = inbox("ann");
  ASSERT_EQ(page.messages.size(), 1u);
  EXPECT_TRUE(page.messages[0].read);
  EXPECT_EQ(page.messages[0].created_at, at(1));
  EXPECT_EQ(page.unread, 0u);
}

TEST_P(StoreInbox, MarksOneMessageRead) {
  must_commit({.inbox = {make_message(1, "ann", 1), make_message(2, "ann", 2)}});
  EXPECT_EQ(mark("ann", id_of(1)), 1u);
  EXPECT_EQ(mark("ann", id_of(1)), 0u);
  restart();
  const auto page = inbox("ann");
  EXPECT_EQ(page.unread, 1u);
  EXPECT_TRUE(page.messages[1].read);
  EXPECT_EQ(page.messages[1].read_at, at(500));
  EXPECT_EQ(numbers(inbox("ann", 10, {}, true).messages), Numbers{2});
}

TEST_P(StoreInbox, MarksAllOfAUserRead) {
  must_commit(
      {.inbox = {make_message(1, "ann", 1), make_message(2, "ann", 2), make_message(3, "bob", 2)}});
  EXPECT_EQ(mark("ann", id_of(2)), 1u);
  EXPECT_EQ(mark("ann", {}), 1u);
  EXPECT_EQ(mark("ann", {}), 0u);
  EXPECT_EQ(inbox("ann").unread, 0u);
  EXPECT_EQ(inbox("bob").unread, 1u);
}

TEST_P(StoreInbox, DoesNotKnowAnotherUsersMessage) {
  must_commit({.inbox = {make_message(1, "ann", 1)}});
  const auto marked = store().mark_read("bob", id_of(1), at(1), Durability::kOs);
  ASSERT_FALSE(marked);
  EXPECT_EQ(marked.error().code, Errc::kNotFound);
  EXPECT_EQ(inbox("ann").unread, 1u);
}

TEST_P(StoreInbox, RefusesMessagesThatCannotBeStored) {
  EXPECT_EQ(commit({.inbox = {make_message(1, std::string(70'000, 'u'), 1)}}).error().code,
            Errc::kInvalidArgument);
  EXPECT_TRUE(inbox(std::string(70'000, 'u')).messages.empty());
  EXPECT_EQ(store().inbox("ann", 0, {}, false).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(store().inbox("ann", 1, "x", false).error().code, Errc::kMalformed);
}

TOWNKRIER_ON_EACH_STORE(StoreInbox);

}  // namespace
}  // namespace townkrier::testing
