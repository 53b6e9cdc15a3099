// The operator's command on data directories: what it prints, its exit codes, what it leaves alone.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/child.hpp"
#include "support/http_client.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr const char* kAddress = "somebody.secret@example.com";
constexpr const char* kContent = "The password of the vault is rosebud";

class Cli : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "data") const { return directory_ / name; }

  Finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOWNKRIER_CLI);
    return run_to_end({.command = std::move(arguments)}, directory_.path());
  }
  json run_json(std::vector<std::string> arguments, int code = 0) {
    arguments.push_back("--json");
    const auto finished = run(std::move(arguments));
    EXPECT_EQ(finished.code, code) << finished.out << finished.err;
    return json::parse(finished.out, nullptr, false);
  }

  /// Jobs that wait, in a store whose privacy is the least.
  std::vector<JobId> fill(int jobs) {
    std::vector<JobId> ids;
    NotificationManager notifications;
    notifications.register_channel("email", [](const DeliveryRequest&) {
      return DeliveryOutcome::transient("cannot reach " + std::string(kAddress));
    });
    auto store = open_rocksdb_store(path());
    EXPECT_TRUE(store) << store.error().message;
    QueueManager queue({.store = *store, .logs = {.content_privacy = ContentPrivacy::kPublic}},
                       notifications);
    json request{{"notification", {{"email", {{"subject", kContent}, {"text", kContent}}}}},
                 {"recipient", {{"email", {{"email", kAddress}}}}}};
    for (int i = 0; i < jobs; ++i) {
      JobRequest each;
      each.payload = request;
      each.options.queue = i % 2 == 0 ? "default" : "bulk";
      each.options.retry_delay = Duration{3'600'000};
      if (i % 3 == 0) each.options.delay = Duration{3'600'000};
      const auto made = queue.enqueue_many({each});
      EXPECT_TRUE(made) << made.error().message;
      if (made) ids.push_back(made->front().job.id());
    }
    EXPECT_TRUE(queue.pause_queue("bulk"));
    return ids;
  }
  std::map<std::string, std::uintmax_t> files(const std::string& name = "data") const {
    std::map<std::string, std::uintmax_t> sizes;
    for (const auto& entry : fs::directory_iterator(path(name))) {
      sizes[entry.path().filename()] = entry.file_size();
    }
    return sizes;
  }
  /// Flips a bit in the middle of the largest table file below `name`.
  void damage_a_table(const std::string& name) {
    fs::path largest;
    for (const auto& entry : fs::recursive_directory_iterator(path(name))) {
      if (entry.path().extension() != ".sst") continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    ASSERT_FALSE(largest.empty());
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(40);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(40);
    file.put(byte);
  }

  TempDir directory_;
};

TEST_F(Cli, ExitsWithTwoOnWrongUsage) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"fsck"},
                                             {"fsck", "a", "b"},
                                             {"inspect", "a", "--jobs", "--logs"},
                                             {"restore", "a"},
                                             {"backup", "a"},
                                             {"inspect", "a", "--limit", "0"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.code, 2) << finished.err;
    EXPECT_NE(finished.err + finished.out, "");
  }
  EXPECT_EQ(run({"--version"}).code, 0);
  EXPECT_EQ(run({"--help"}).code, 0);
  EXPECT_EQ(run({"restore", "--help"}).code, 0);
}

TEST_F(Cli, FsckSaysWhatItChecked) {
  fill(12);
  const auto before = files();
  const auto finished = run({"fsck", path()});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out,
            "Nothing is wrong in " + path() + ": 12 jobs, 12 log rows, 0 messages checked\n");
  EXPECT_EQ(finished.err, "") << "progress is for terminals";
  const json report = run_json({"fsck", path()});
  EXPECT_EQ(report["ok"], true);
  EXPECT_EQ(report["jobs"], 12);
  EXPECT_EQ(report["findings"], json::array());
  EXPECT_EQ(files(), before) << "it changes nothing";
}

TEST_F(Cli, FsckOfWhatIsNoStoreFails) {
  const auto finished = run({"fsck", path("nothing")});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("holds no store"));
  EXPECT_FALSE(fs::exists(path("nothing")));
  EXPECT_EQ(run_json({"fsck", path("nothing")}, 1)["error"]["code"], "not_found");
}

TEST_F(Cli, FsckFindsADamagedTable) {
  fill(50);
  open_rocksdb_store(path())->reset();  // what was in the log is in tables after a restart
  damage_a_table("data");
  EXPECT_EQ(run({"fsck", path()}).code, 1);
}

TEST_F(Cli, InspectShowsQueuesSettingsAndSizes) {
  fill(12);
  const json summary = run_json({"inspect", path()});
  EXPECT_EQ(summary["formatVersion"], 4);
  EXPECT_GT(summary["sizeBytes"], 1000);
  EXPECT_EQ(summary["jobs"]["pending"], 8);
  EXPECT_EQ(summary["jobs"]["scheduled"], 4);
  EXPECT_EQ(summary["logs"]["total"], 12);
  EXPECT_TRUE(summary.contains("nextDue"));
  ASSERT_EQ(summary["queues"].size(), 2u);
  EXPECT_EQ(summary["queues"][0]["name"], "bulk");
  EXPECT_EQ(summary["queues"][0]["paused"], true);
  EXPECT_TRUE(summary["queues"][0].contains("oldestReady"));
  EXPECT_EQ(summary["settings"]["paused:bulk"], "1");
  const auto text = run({"inspect", path()});
  EXPECT_EQ(text.code, 0);
  for (const char* part : {"format 4", "bulk (paused)", "PENDING", "total", "Log rows: 12"}) {
    EXPECT_THAT(text.out, HasSubstr(part));
  }
}

TEST_F(Cli, InspectListsAndFiltersJobs) {
  const auto ids = fill(12);
  const json all = run_json({"inspect", path(), "--jobs", "--limit", "5"});
  EXPECT_EQ(all["total"], 12);
  ASSERT_EQ(all["jobs"].size(), 5u);
  EXPECT_EQ(all["jobs"][0]["id"], ids.back().to_string());
  const json oldest = run_json({"inspect", path(), "--jobs", "--oldest-first"});
  EXPECT_EQ(oldest["jobs"][0]["id"], ids.front().to_string());
  const json some =
      run_json({"inspect", path(), "--jobs", "--queue", "bulk", "--status", "pending"});
  EXPECT_EQ(some["jobs"].size(), 4u);
  EXPECT_THAT(run({"inspect", path(), "--jobs", "--limit", "5"}).out, HasSubstr("5 of 12"));
  EXPECT_EQ(run({"inspect", path(), "--jobs", "--status", "wrong"}).code, 2);
  EXPECT_EQ(run({"inspect", path(), "--job", "wrong"}).code, 2);
  EXPECT_EQ(run({"inspect", path(), "--job", "00000000-0000-7000-8000-000000000000"}).code, 1);
}

TEST_F(Cli, InspectNeverShowsAnAddressOrAContent) {
  const auto ids = fill(3);
  std::string shown;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"--jobs"}, {"--logs"}, {"--job", ids[0].to_string()}}) {
    for (const bool as_json : {false, true}) {
      std::vector<std::string> all = {"inspect", path()};
      all.insert(all.end(), arguments.begin(), arguments.end());
      if (as_json) all.push_back("--json");
      const auto finished = run(all);
      EXPECT_EQ(finished.code, 0) << finished.err;
      shown += finished.out;
    }
  }
  EXPECT_THAT(shown, HasSubstr("s***@example.com"));
  EXPECT_THAT(shown, Not(HasSubstr("somebody")));
  EXPECT_THAT(shown, Not(HasSubstr("vault is rosebud")));
  EXPECT_THAT(shown, Not(HasSubstr("rosebud")));
}

TEST_F(Cli, InspectAndFsckWorkBesideARunningServerAndLeaveItsFilesAlone) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  std::atomic<bool> stop{false};
  std::atomic<int> posted{0};
  std::jthread producer([&] {
    HttpClient own(server.port());
    while (!stop) {
      const json body{{"notification", {{"in_app", {{"title", "x"}, {"message", "x"}}}}},
                      {"recipient", {{"in_app", {{"userId", "1"}}}}}};
      if (own.post("/api/notifications", body).status == 202) ++posted;
    }
  });
  for (int i = 0; i < 10; ++i) {
    const int before = posted;
    const json summary = run_json({"inspect", server.data_dir()});
    std::uint64_t jobs = 0;
    for (const auto& [status, count] : summary["jobs"].items()) jobs += count.get<std::uint64_t>();
    EXPECT_GE(jobs, std::uint64_t(before));
    EXPECT_EQ(run_json({"fsck", server.data_dir()})["findings"], json::array());
  }
  stop = true;
  producer.join();
  EXPECT_EQ(client.get("/api/health").status, 200);
  EXPECT_EQ(server.terminate(), 0) << server.stderr_text();
}

TEST_F(Cli, ABackupIsRestoredToWhatTheStoreWas) {
  fill(12);
  const json first = run_json({"backup", path(), path("backups")});
  EXPECT_EQ(first["id"], 1);
  const json before = run_json({"inspect", path(), "--jobs"});
  fill(4);
  EXPECT_EQ(run_json({"backup", path(), path("backups")})["id"], 2);
  struct stat info {};
  ASSERT_EQ(::stat(path("backups").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);

  const json list = run_json({"backup", "--list", path("backups")});
  ASSERT_EQ(list["backups"].size(), 2u);
  EXPECT_EQ(list["backups"][0]["id"], 1);
  EXPECT_THAT(run({"backup", "--list", path("backups")}).out, HasSubstr("MADE"));

  const json newest = run_json({"restore", path("backups"), path("newest")});
  EXPECT_EQ(newest["jobs"], 16);
  const json oldest = run_json({"restore", path("backups"), path("oldest"), "--backup", "1"});
  EXPECT_EQ(oldest["jobs"], 12);
  EXPECT_EQ(run_json({"inspect", path("oldest"), "--jobs"}), before);
  ASSERT_EQ(::stat(path("oldest").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_TRUE(open_rocksdb_store(path("oldest"))) << "a restored store is an ordinary one";
  EXPECT_FALSE(fs::exists(path("oldest.restoring")));
}

TEST_F(Cli, ARestoreLeavesAFullDirectoryAlone) {
  fill(2);
  ASSERT_EQ(run({"backup", path(), path("backups")}).code, 0);
  const auto before = files();
  const auto finished = run({"restore", path("backups"), path()});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("is not empty; nothing was restored"));
  EXPECT_EQ(files(), before);
  fs::create_directory(path("empty"));
  EXPECT_EQ(run({"restore", path("backups"), path("empty")}).code, 0);
  EXPECT_EQ(run({"restore", path("backups"), path("x"), "--backup", "7"}).code, 1);
  EXPECT_EQ(run({"restore", path("nothing"), path("x")}).code, 1);
  EXPECT_FALSE(fs::exists(path("nothing")));
}

TEST_F(Cli, ADamagedBackupIsNotRestored) {
  fill(50);
  ASSERT_EQ(run({"backup", path(), path("backups")}).code, 0);
  damage_a_table("backups");
  const auto finished = run({"restore", path("backups"), path("copy")});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("damaged"));
  EXPECT_FALSE(fs::exists(path("copy")));
  EXPECT_FALSE(fs::exists(path("copy.restoring")));
}

TEST_F(Cli, ADamagedStoreIsNotBackedUpOverGoodBackups) {
  fill(50);
  ASSERT_EQ(run({"backup", path(), path("backups")}).code, 0);
  damage_a_table("data");
  EXPECT_EQ(run({"backup", path(), path("backups"), "--keep", "1"}).code, 1);
  EXPECT_EQ(run_json({"restore", path("backups"), path("copy")})["jobs"], 50);
}

TEST_F(Cli, OnlyTheNewestBackupsAreKeptWhenAsked) {
  fill(1);
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(run({"backup", path(), path("backups"), "--keep", "2"}).code, 0);
  }
  const json list = run_json({"backup", "--list", path("backups")});
  ASSERT_EQ(list["backups"].size(), 2u);
  EXPECT_EQ(list["backups"][0]["id"], 3);
}

TEST_F(Cli, ARunningServersStoreIsNotBackedUpFromOutside) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  const auto finished = run({"backup", server.data_dir(), path("backups")});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("in use by another process"));
}

TEST(Backup, IsMadeOfAStoreThatIsBeingWrittenTo) {
  TempDir directory;
  {
    auto store = open_rocksdb_store(directory / "data");
    ASSERT_TRUE(store);
    QueueManager queue({.store = *store, .durability = Durability::kOs});
    ASSERT_TRUE(queue.register_handler("work", [](JobContext&) { return JsonText{}; }));
    ASSERT_TRUE(queue.start_processing());
    std::atomic<bool> stop{false};
    std::atomic<int> accepted{0};
    std::jthread producer([&] {
      while (!stop) accepted += queue.enqueue("work", JsonText{}).has_value();
    });
    for (int i = 0; i < 3; ++i) {
      const int before = accepted;
      const auto made = backup_store(**store, directory / "backups");
      ASSERT_TRUE(made) << made.error().message;
      const auto restored =
          restore_store(directory / "backups", directory / ("copy" + std::to_string(i)), made->id);
      ASSERT_TRUE(restored) << restored.error().message;
      EXPECT_GE(restored->check.jobs, std::uint64_t(before));
    }
    stop = true;
  }
  EXPECT_EQ(check_store(directory / "data").value(), std::vector<std::string>{});
}

TEST(Backup, OfAMemoryStoreIsRefused) {
  TempDir directory;
  const auto made = backup_store(*make_memory_store(), directory / "backups");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace townkrier::testing
