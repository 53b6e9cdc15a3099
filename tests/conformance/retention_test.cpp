/// What retention asks of a store: sizes that are counted, and deletion by age.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

class StoreRetention : public StoreTest {
 protected:
  StoredSize size(JobStatus status) {
    const auto found = store().finished_size(status);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(StoredSize{});
  }
  std::uint64_t delete_messages(std::int64_t before, std::size_t limit) {
    const auto deleted = store().delete_messages(at(before), limit, Durability::kOs);
    EXPECT_TRUE(deleted) << deleted.error().message;
    return deleted.value_or(0);
  }
};

TEST_P(StoreRetention, CountsHowManyJobsEndedAndHowLargeTheyAre) {
  Job one = make_job({.id = 1});
  Job two = make_job({.id = 2});
  add({one, two});
  EXPECT_EQ(size(JobStatus::kCompleted), StoredSize{});
  change(move(one, JobStatus::kProcessing, 1));
  change(move(one, JobStatus::kCompleted, 2));
  const StoredSize after_one = size(JobStatus::kCompleted);
  EXPECT_EQ(after_one.count, 1u);
  EXPECT_GT(after_one.bytes, one.envelope->payload.text().size());
  change(move(two, JobStatus::kProcessing, 3));
  change(move(two, JobStatus::kCompleted, 4));
  restart();
  EXPECT_EQ(size(JobStatus::kCompleted), (StoredSize{2, 2 * after_one.bytes}));
  must_commit({.removals = {{one, place(one)}}});
  EXPECT_EQ(size(JobStatus::kCompleted), after_one);
  must_commit({.removals = {{two, place(two)}}});
  restart();
  EXPECT_EQ(size(JobStatus::kCompleted), StoredSize{});
}

TEST_P(StoreRetention, AJobThatIsRetriedByHandLeavesTheSizeItCameWith) {
  Job job = make_job({.id = 1});
  add(job);
  change(move(job, JobStatus::kProcessing, 1));
  change(move(job, JobStatus::kFailed, 2));
  EXPECT_EQ(size(JobStatus::kFailed).count, 1u);
  job.state.error = "a text that was not there when it ended";
  change(move(job, JobStatus::kPending, 3));
  EXPECT_EQ(size(JobStatus::kFailed), StoredSize{});
}

TEST_P(StoreRetention, DeletesTheOldestMessagesOfAllUsersFirst) {
  must_commit({.inbox = {make_message(1, "ann", 30), make_message(2, "bob", 10),
                         make_message(3, "ann", 20), make_message(4, "bob", 40)}});
  EXPECT_EQ(store().inbox_size()->count, 4u);
  EXPECT_EQ(delete_messages(100, 2), 2u);
  restart();
  EXPECT_EQ(numbers(store().inbox("ann", 10, {}, false)->messages), Numbers{1});
  EXPECT_EQ(numbers(store().inbox("bob", 10, {}, false)->messages), Numbers{4});
  EXPECT_EQ(store().inbox("bob", 10, {}, false)->unread, 1u);
  EXPECT_EQ(delete_messages(40, 10), 1u);
  EXPECT_EQ(delete_messages(40, 10), 0u);
  EXPECT_EQ(delete_messages(41, 10), 1u);
  EXPECT_EQ(*store().inbox_size(), StoredSize{});
}

TEST_P(StoreRetention, OneMessageOfSeveralUsersIsOneForEach) {
  must_commit({.inbox = {make_message(1, "ann", 10), make_message(1, "bob", 10)}});
  ASSERT_TRUE(store().mark_read("ann", id_of(1), at(20), Durability::kOs));
  EXPECT_EQ(store().inbox_size()->count, 2u);
  EXPECT_EQ(delete_messages(11, 10), 2u);
  EXPECT_EQ(store().inbox("ann", 10, {}, false)->unread, 0u);
  EXPECT_EQ(store().inbox("bob", 10, {}, false)->unread, 0u);
}

class StoreChildren : public StoreTest {};

TEST_P(StoreChildren, AreStoredWithTheChangeAndOnlyThen) {
  Job parent = make_job({.id = 1});
  add(parent);
  JobChange begun = move(parent, JobStatus::kProcessing, 1);
  begun.children.push_back({.job = make_job({.id = 2}), .logs = {make_log({.id = 20})}});
  begun.children.push_back({.job = make_job({.id = 3, .unique_key = "k"}), .logs = {}});
  begun.children.push_back({.job = make_job({.id = 4, .unique_key = "k"}), .logs = {}});
  change(begun);
  restart();
  EXPECT_TRUE(store().get_job(id_of(2)));
  EXPECT_TRUE(store().get_log(id_of(20)));
  EXPECT_TRUE(store().get_job(id_of(3)));
  EXPECT_EQ(store().get_job(id_of(4)).error().code, Errc::kNotFound);
  EXPECT_EQ(store().job_stats()->pending, 2u);
}

TOWNKRIER_ON_EACH_STORE(StoreRetention);
TOWNKRIER_ON_EACH_STORE(StoreChildren);

}  // namespace
}  // namespace townkrier::testing
