// Server-sent events over a real server: what they say, that they end when they must, that slow
// clients are dropped, and that streams beside aborting clients disturb nobody.

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/event_streams.hpp"  // why: streams with a short life
#include "support/raw_http.hpp"
#include "support/server_world.hpp"

namespace townkrier::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

Json in_app(const std::string& user) {
  return {{"notification", {{"in_app", {{"title", "Secret title"}, {"message", "Secret text"}}}}},
          {"recipient", {{"in_app", {{"userId", user}}}}}};
}

/// A client that collects what a stream says.
class Listener {
 public:
  Listener(std::uint16_t port, const std::string& path, const std::string& lines = {})
      : client_(port) {
    client_.get(path, lines);
    head_ = client_.receive(RawClient::Body::kNone);
    text_ = client_.take_rest();  // events may come with the head
  }
  int status() const { return head_.status; }
  const RawResponse& head() const { return head_; }
  RawClient& client() { return client_; }
  const std::string& text() const { return text_; }
  /// Reads until `part` was said; false: not in time, or the stream has ended.
  bool hears(const std::string& part, std::chrono::milliseconds within = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (text_.find(part) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left <= 0ms || !client_.readable(left)) return false;
      char bytes[4096];
      const ssize_t count = ::recv(client_.fd(), bytes, sizeof bytes, 0);
      if (count <= 0) return false;
      text_.append(bytes, static_cast<std::size_t>(count));
    }
    return true;
  }
  /// The id of the last event.
  std::string last_id() const {
    const auto at = text_.rfind("id: ");
    return at == std::string::npos ? "" : text_.substr(at + 4, text_.find('\n', at) - at - 4);
  }

 private:
  RawClient client_;
  RawResponse head_;
  std::string text_;
};

std::size_t open_descriptors(int pid) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    if (entry.is_symlink()) ++count;
  }
  return count;
}

TEST(EventStream, TellsWhatChangedInIdsAndNumbersOnly) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  Listener listener(world.server->port(), "/api/events");
  ASSERT_EQ(listener.status(), 200);
  EXPECT_TRUE(listener.head().has("Content-Type: text/event-stream"));
  EXPECT_TRUE(listener.head().has("X-Accel-Buffering: no"));
  EXPECT_FALSE(listener.head().has("Content-Length"));
  ASSERT_TRUE(listener.hears("event: live\n"));
  const std::string id = world.post(in_app("42")).at("id");
  ASSERT_TRUE(listener.hears(id)) << listener.text();
  EXPECT_THAT(listener.text(), Not(HasSubstr("Secret")));
  const auto data = listener.text().rfind("data: ");
  const Json news =
      Json::parse(listener.text().substr(data + 6, listener.text().find('\n', data) - data - 6));
  EXPECT_EQ(std::to_string(news.at("rev").get<std::uint64_t>()), listener.last_id());
}

TEST(EventStream, AClientThatComesBackHearsWhatItMissed) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  std::string seen;
  {
    Listener listener(world.server->port(), "/api/events");
    ASSERT_TRUE(listener.hears("\n\n"));
    seen = listener.last_id();
  }
  const std::string missed = world.post(in_app("42")).at("id");
  ASSERT_TRUE(world.reaches(missed, "completed"));
  Listener again(world.server->port(), "/api/events", "Last-Event-ID: " + seen + "\r\n");
  EXPECT_TRUE(again.hears(missed)) << again.text();
}

TEST(EventStream, AnInboxTellsItsOwnMessages) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  Listener listener(world.server->port(), "/api/inbox/42/events");
  ASSERT_TRUE(listener.hears(R"("unread":0)"));
  world.post(in_app("43"));
  world.post(in_app("42"));
  ASSERT_TRUE(listener.hears(R"("unread":1)")) << listener.text();
  EXPECT_THAT(listener.text(), HasSubstr("event: inbox\n"));
  EXPECT_THAT(listener.text(), Not(HasSubstr("Secret")));
  world.http->post_text("/api/inbox/42/read-all", "");
  EXPECT_TRUE(eventually([&] {
    listener.hears("never said", 200ms);
    return listener.text().rfind(R"("unread":0)") > listener.text().find(R"("unread":1)");
  })) << listener.text();
}

TEST(EventStream, EndsWithItsSession) {
  ServerWorld world("[server.auth]\nusername = \"admin\"\npassword = \"correct horse battery\"\n");
  ASSERT_TRUE(world.start());
  const auto signed_in = world.http->post(
      "/api/session", {{"username", "admin"}, {"password", "correct horse battery"}});
  ASSERT_LT(signed_in.status, 300) << signed_in.body;
  const std::string cookie = signed_in.header("set-cookie");
  const std::string line = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(Listener(world.server->port(), "/api/events").status(), 401);
  Listener listener(world.server->port(), "/api/events", line);
  ASSERT_EQ(listener.status(), 200);
  ASSERT_TRUE(listener.hears("event: live\n"));
  RawClient other(world.server->port());
  other.send("DELETE /api/session HTTP/1.1\r\nHost: localhost\r\n" + line + "\r\n");
  EXPECT_LT(other.receive().status, 300);
  EXPECT_TRUE(eventually([&] {
    char byte = 0;
    return listener.client().readable(100ms) && ::recv(listener.client().fd(), &byte, 1, 0) == 0;
  }));
}

TEST(EventStream, TheSixtyFifthIsSentAwayAndASeatThatWasLeftIsFree) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int i = 0; i < 64; ++i) {
    listeners.push_back(std::make_unique<Listener>(world.server->port(), "/api/events"));
    ASSERT_EQ(listeners.back()->status(), 200) << i;
  }
  Listener last(world.server->port(), "/api/events");
  EXPECT_EQ(last.status(), 503);
  EXPECT_TRUE(last.head().has("Retry-After"));
  listeners.pop_back();
  EXPECT_TRUE(
      eventually([&] { return Listener(world.server->port(), "/api/events").status() == 200; }));
  EXPECT_EQ(world.http->get("/api/health/live").status, 200) << "others are served beside them";
}

TEST(EventStream, ChurnDisturbsNobodyAndLeavesNoDescriptor) {
  ServerWorld world("[server]\nthreads = 2\n");
  ASSERT_TRUE(world.start());
  const std::string id = world.post(in_app("42")).at("id");
  ASSERT_TRUE(world.reaches(id, "completed"));
  const std::uint16_t port = world.server->port();
  const std::size_t before = open_descriptors(world.server->pid());
  std::atomic<bool> stop{false};
  std::vector<std::thread> churn;
  for (int i = 0; i < 4; ++i) {
    churn.emplace_back([&, i] {
      for (int turn = 0; !stop; ++turn) {
        RawClient client(port);
        client.get("/api/events");
        if ((turn + i) % 3 == 0) client.receive(RawClient::Body::kNone, 200ms);
        if (turn % 2 == 0) client.abort();
      }
    });
  }
  HttpClient checker(port);
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    const auto response = checker.get("/api/jobs/" + id);
    if (response.status != 200 || response.json().value("id", "") != id) ++wrong;
  }
  stop = true;
  for (auto& thread : churn) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(eventually([&] { return open_descriptors(world.server->pid()) <= before + 2; }))
      << before << " then " << open_descriptors(world.server->pid());
  EXPECT_EQ(world.server->terminate(), 0);
}

// ---- Streams by themselves

struct Pair {
  int ours = -1;
  int theirs = -1;
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours = ends[0];
    theirs = ends[1];
  }
  ~Pair() { ::close(ours); }
  std::string read_all() const {
    std::string all;
    char bytes[4096];
    for (ssize_t count = 0; (count = ::recv(ours, bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }
};

http::StreamSource counting(std::shared_ptr<std::atomic<int>> count, std::size_t bytes = 1) {
  http::StreamSource source;
  source.allowed = [] { return true; };
  source.ask = [count, bytes](const std::string&, Reply<http::StreamEvent> reply) {
    const std::string number = std::to_string(++*count);
    reply(http::StreamEvent{number, "n", number + std::string(bytes, 'x')});
  };
  return source;
}

TEST(EventStreams, AStreamEndsByItselfAfterItsLifetime) {
  http::EventStreams streams({.every = 5ms, .lifetime = 100ms});
  const Pair pair;
  streams.add(pair.theirs, counting(std::make_shared<std::atomic<int>>(0)), streams.take_seat());
  EXPECT_THAT(pair.read_all(), HasSubstr("id: 1\nevent: n\ndata: 1x\n\nid: 2\n"));
  EXPECT_TRUE(eventually([&] { return streams.size() == 0; }));
}

TEST(EventStreams, ASilentStreamSaysThatItLives) {
  http::EventStreams streams({.every = 5ms, .comment = 20ms, .lifetime = 200ms});
  const Pair pair;
  http::StreamSource source;
  source.allowed = [] { return true; };
  source.ask = [](const std::string&, Reply<http::StreamEvent> reply) {
    reply(http::StreamEvent{"1", "n", "the same"});
  };
  streams.add(pair.theirs, source, streams.take_seat());
  const std::string said = pair.read_all();
  EXPECT_THAT(said, HasSubstr(": alive\n\n"));
  EXPECT_EQ(said.find("the same"), said.rfind("the same")) << "what did not change is said once";
}

TEST(EventStreams, AClientThatDoesNotReadIsDropped) {
  http::EventStreams streams({.every = 1ms, .lifetime = 60s});
  const Pair pair;
  const auto count = std::make_shared<std::atomic<int>>(0);
  streams.add(pair.theirs, counting(count, 10'000), streams.take_seat());
  EXPECT_TRUE(eventually([&] { return streams.size() == 0; }));
  EXPECT_LT(*count, 10'000);
}

TEST(EventStreams, ASourceThatFailsEndsItsStreamAndStopEndsAll) {
  http::EventStreams streams({.every = 5ms});
  const Pair failing;
  http::StreamSource source;
  source.allowed = [] { return true; };
  source.ask = [](const std::string&, Reply<http::StreamEvent> reply) {
    reply(fail(Errc::kUnavailable, "gone"));
  };
  streams.add(failing.theirs, source, streams.take_seat());
  EXPECT_EQ(failing.read_all(), "");
  const Pair other;
  streams.add(other.theirs, counting(std::make_shared<std::atomic<int>>(0)), streams.take_seat());
  streams.stop();
  other.read_all();
  EXPECT_EQ(streams.size(), 0u);
}

}  // namespace
}  // namespace townkrier::testing
