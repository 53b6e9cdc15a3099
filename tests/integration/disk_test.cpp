// The real server over disks that are damaged, full or failing.

#include <sched.h>
#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/server_process.hpp"
#include "support/strace.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

json later_job(std::size_t bytes) {
  return {
      {"notification", {{"in_app", {{"title", "Hello"}, {"message", std::string(bytes, 'x')}}}}},
      {"recipient", {{"in_app", {{"userId", "42"}}}}},
      {"options", {{"delay", 3'600'000}}}};
}

HttpResponse post(const ServerProcess& server, std::size_t bytes = 100) {
  return HttpClient(server.port()).post("/api/notifications", later_job(bytes));
}

std::string id_in(const HttpResponse& accepted) {
  return accepted.json().at("id").get<std::string>();
}

void expect_all(const ServerProcess& server, const std::vector<std::string>& acknowledged) {
  HttpClient client(server.port());
  std::size_t lost = 0;
  for (const std::string& id : acknowledged) lost += client.get("/api/jobs/" + id).status != 200;
  EXPECT_EQ(lost, 0u) << "of " << acknowledged.size();
}

std::string latest_log(const std::string& directory) {
  std::string latest;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    latest = std::max(latest, entry.path().string());
  }
  return latest;
}

TEST(DamagedLog, IsRefusedUntilTheOperatorAcceptsItForOneStart) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  for (int i = 0; i < 40; ++i) ASSERT_EQ(post(server, 2000).status, 202);
  server.kill();
  const std::string log = latest_log(server.data_dir());
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(log) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(middle);
    file.put(byte);
  }
  EXPECT_EQ(server.run_to_end(), 1);
  EXPECT_THAT(server.stderr_text(), HasSubstr("Copy the whole directory first"));
  EXPECT_THAT(server.stderr_text(), HasSubstr("--accept-wal-damage"));

  server.options().args = {"--accept-wal-damage"};
  ASSERT_TRUE(server.start());
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=wal_damage_accepted"));
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=fsck_clean"));
  const auto kept = HttpClient(server.port()).get("/api/stats").json()["queue"]["scheduled"];
  EXPECT_GT(kept, 5);
  EXPECT_LT(kept, 40);
  EXPECT_EQ(server.terminate(), 0);
  server.options().args.clear();
  ASSERT_TRUE(server.start());
  EXPECT_EQ(HttpClient(server.port()).get("/api/stats").json()["queue"]["scheduled"], kept);
}

/// A file system in memory that only this process and its children see.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) !=
            0) {
      missing_ = std::string("a mount of its own is not permitted: ") + std::strerror(errno);
      return;
    }
    mounted_ = true;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  /// Why there is none; empty when there is one.
  const std::string& missing() const { return missing_; }
  std::string data_dir() const { return dir_ / "data"; }
  /// Takes all space but `bytes`.
  void fill_up_to(std::uintmax_t bytes) {
    const auto free = std::filesystem::space(dir_.path()).available;
    std::ofstream file(filler_, std::ios::app | std::ios::binary);
    const std::string block(1u << 20, 'x');
    for (std::uintmax_t at = free; at > bytes + block.size(); at -= block.size()) file << block;
  }
  void free() { std::filesystem::remove(filler_); }

 private:
  TempDir dir_;
  const std::string filler_ = dir_ / "filler";
  std::string missing_;
  bool mounted_ = false;
};

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.missing().empty()) GTEST_SKIP() << disk_.missing();
  }
  ServerProcessOptions options(const char* floor) const {
    return {.env = {{"TOWNKRIER_STORAGE_MIN_FREE_SPACE", floor}},
            .exact_args = {{"--listen", "127.0.0.1:0", "--data-dir", disk_.data_dir()}}};
  }
  /// Posts until the server refuses; the answer that said so.
  HttpResponse post_until_refused(const ServerProcess& server, std::size_t bytes) {
    for (int i = 0; i < 5000; ++i) {
      const auto answer = post(server, bytes);
      if (answer.status != 202) return answer;
      acknowledged_.push_back(id_in(answer));
    }
    return {};
  }

  SmallDisk disk_{"128m"};
  std::vector<std::string> acknowledged_;
};

TEST_F(FullDisk, BelowTheFloorTheServerRefusesJobsWith503AndReadsGoOn) {
  ServerProcess server(options("40MiB"));
  ASSERT_TRUE(server.start());
  ASSERT_EQ(post(server).status, 202);
  disk_.fill_up_to(30u << 20);
  const auto refused = post(server);
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.json().value("code", ""), "disk_full");
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_EQ(HttpClient(server.port()).get("/api/stats").status, 200);
  EXPECT_EQ(HttpClient(server.port()).get("/api/jobs").status, 200);
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=new_jobs_refused"));
  disk_.free();
  EXPECT_EQ(post(server).status, 202);
  EXPECT_EQ(server.terminate(), 0);
}

TEST_F(FullDisk, LosesNothingAndTheServerRecoversByItself) {
  ServerProcess server(options("0"));
  ASSERT_TRUE(server.start());
  ASSERT_EQ(post(server).status, 202);
  disk_.fill_up_to(3u << 20);
  const auto refused = post_until_refused(server, 100'000);
  EXPECT_EQ(refused.status, 503) << refused.body << refused.error;
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_EQ(HttpClient(server.port()).get("/api/stats").status, 200);
  ASSERT_FALSE(acknowledged_.empty());
  EXPECT_EQ(HttpClient(server.port()).get("/api/jobs/" + acknowledged_.back()).status, 200);
  EXPECT_TRUE(server.running());
  disk_.free();
  const auto freed = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return post(server).status == 202; }, 10s)) << server.stderr_text();
  std::printf("takes jobs again %lld ms after space was freed; %zu acknowledged\n",
              static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::steady_clock::now() - freed)
                                         .count()),
              acknowledged_.size());
  server.kill();
  EXPECT_EQ(check_store(disk_.data_dir()).value(), std::vector<std::string>{});
  ASSERT_TRUE(server.start());
  expect_all(server, acknowledged_);
}

class FailingSync : public ::testing::TestWithParam<const char*> {};

TEST_P(FailingSync, EndsTheServerWithOneAndARestartHasAllThatWasAcknowledged) {
  if (const auto missing = strace_missing(); !missing.empty()) GTEST_SKIP() << missing;
  ServerProcess server;
  ASSERT_TRUE(server.start());
  std::vector<std::string> acknowledged;
  for (int i = 0; i < 20; ++i) {
    const auto answer = post(server);
    ASSERT_EQ(answer.status, 202);
    acknowledged.push_back(id_in(answer));
  }
  {
    const Strace failing(server.pid(), GetParam());
    ASSERT_TRUE(failing.attached());
    EXPECT_NE(post(server).status, 202);
    EXPECT_EQ(server.wait_end(20s), 1) << server.stderr_text();
  }
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=store_failed"));
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=ended reason=store_failed"));
  EXPECT_EQ(check_store(server.data_dir()).value(), std::vector<std::string>{});
  ASSERT_TRUE(server.start());
  expect_all(server, acknowledged);
}

INSTANTIATE_TEST_SUITE_P(Io, FailingSync, ::testing::Values("fdatasync:error=EIO"));

}  // namespace
}  // namespace townkrier::testing
