#include "http/guard.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <string>
#include <variant>
#include <vector>

#include "support/http_cases.hpp"

namespace townkrier::http {
namespace {

std::string describe(const GuardEvent& event) {
  if (const auto* why = std::get_if<Reject>(&event)) return "reject " + std::to_string(why->status);
  if (std::holds_alternative<NeedMore>(event)) return "need more";
  const auto& request = std::get<Request>(event);
  return std::string(to_string(request.method)) + " " + request.path + " [" + request.body + "]" +
         (request.keep_alive ? "" : " close");
}

// All events until the guard waits for input or has refused.
void drain(RequestGuard& guard, std::vector<std::string>& events) {
  for (;;) {
    const GuardEvent event = guard.next();
    if (std::holds_alternative<NeedMore>(event)) return;
    events.push_back(describe(event));
    if (std::holds_alternative<Reject>(event)) return;
  }
}

using Events = std::vector<std::string>;

Events feed_whole(const std::string& bytes, GuardLimits limits = {}) {
  RequestGuard guard(limits);
  Events events;
  guard.append(bytes);
  drain(guard, events);
  return events;
}

Events feed_bytewise(const std::string& bytes, GuardLimits limits = {}) {
  RequestGuard guard(limits);
  Events events;
  for (const char c : bytes) {
    guard.append({&c, 1});
    drain(guard, events);
  }
  return events;
}

Events feed_split(const std::string& bytes, std::size_t at) {
  RequestGuard guard({});
  Events events;
  guard.append(std::string_view(bytes).substr(0, at));
  drain(guard, events);
  guard.append(std::string_view(bytes).substr(at));
  drain(guard, events);
  return events;
}

std::string head(const std::string& lines, const std::string& request_line = "GET / HTTP/1.1") {
  return request_line + "\r\nHost: localhost\r\n" + lines + "\r\n";
}

TEST(RequestGuard, ReadsARequestWithABody) {
  EXPECT_EQ(feed_whole(head("Content-Length: 3\r\n", "POST /api/jobs HTTP/1.1") + "abc"),
            Events{"POST /api/jobs [abc]"});
}

TEST(RequestGuard, GivesTheSameEventsHoweverTheInputIsSplit) {
  const std::vector<std::string> inputs = {
      head(""),
      "\r\n" + head(""),
      head("Content-Length: 5\r\n", "POST /a HTTP/1.1") + "hello" + head(""),
      head("Transfer-Encoding: chunked\r\n", "POST /a HTTP/1.1") +
          "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n" + head("Connection: close\r\n"),
      head("Transfer-Encoding: chunked\r\n", "POST /a HTTP/1.1") + "3\r\nabcXY0\r\n\r\n",
      head("Host: other\r\n"),
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET //api/stats HTTP/1.1\r\nHost: a\r\n\r\n",
      head("Content-Length: 3abc\r\n") + "abc",
      head("X: a\r\n b\r\n"),
      "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
      std::string("\x16\x03\x01\x02", 4),
  };
  for (const std::string& input : inputs) {
    const Events whole = feed_whole(input);
    EXPECT_FALSE(whole.empty()) << input;
    EXPECT_EQ(whole, feed_bytewise(input)) << input;
    for (std::size_t at = 1; at < input.size(); ++at) {
      ASSERT_EQ(whole, feed_split(input, at)) << input << " split at " << at;
    }
  }
}

TEST(RequestGuard, ReadsPipelinedRequestsOneAtATime) {
  RequestGuard guard({});
  guard.append(head("", "GET /one HTTP/1.1") + head("", "GET /two HTTP/1.1"));
  EXPECT_EQ(describe(guard.next()), "GET /one []");
  EXPECT_EQ(guard.phase(), RequestGuard::Phase::kHead);
  EXPECT_EQ(describe(guard.next()), "GET /two []");
  EXPECT_EQ(guard.phase(), RequestGuard::Phase::kIdle);
}

TEST(RequestGuard, DecodesPathAndQuery) {
  RequestGuard guard({});
  guard.append("GET /api/inbox/a%2Fb%20c/?q=x+y%26&status=&flag HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto request = std::get<Request>(guard.next());
  EXPECT_EQ(request.segments, (std::vector<std::string>{"api", "inbox", "a/b c", ""}));
  EXPECT_EQ(request.query, (std::vector<QueryPair>{{"q", "x y&"}, {"status", ""}, {"flag", ""}}));
}

TEST(RequestGuard, KeepsHeadersWithLowerCaseNamesAndTrimmedValues) {
  RequestGuard guard({});
  guard.append(head("X-Thing: \t a b \r\nEmpty:\r\n"));
  const auto request = std::get<Request>(guard.next());
  ASSERT_NE(request.header("x-thing"), nullptr);
  EXPECT_EQ(*request.header("x-thing"), "a b");
  ASSERT_NE(request.header("empty"), nullptr);
  EXPECT_EQ(*request.header("empty"), "");
  EXPECT_EQ(request.header("missing"), nullptr);
}

TEST(RequestGuard, TellsWhetherTheConnectionMayStay) {
  EXPECT_EQ(feed_whole(head("")), Events{"GET / []"});
  EXPECT_EQ(feed_whole(head("Connection: close\r\n")), Events{"GET / [] close"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.0\r\n\r\n"), Events{"GET / [] close"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            Events{"GET / [] close"});
}

TEST(RequestGuard, AsksForTheBodyOnceWhenTheClientWaitsForIt) {
  RequestGuard guard({});
  guard.append(head("Content-Length: 2\r\nExpect: 100-continue\r\n", "POST / HTTP/1.1"));
  EXPECT_TRUE(std::get<NeedMore>(guard.next()).send_continue);
  EXPECT_FALSE(std::get<NeedMore>(guard.next()).send_continue);
  guard.append("ok");
  EXPECT_EQ(describe(guard.next()), "POST / [ok]");
  EXPECT_EQ(feed_whole(head("Expect: tea\r\n")), Events{"reject 417"});
}

// A1: a chunked body cut between the CR and the LF that end a chunk put Pistache into an endless
// loop.
TEST(RequestGuardTraps, A1ChunkEndSplitBetweenCrAndLfIsRead) {
  RequestGuard guard({});
  guard.append(head("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1") + "3\r\nabc\r");
  EXPECT_TRUE(std::holds_alternative<NeedMore>(guard.next()));
  guard.append("\n0\r\n\r\n");
  EXPECT_EQ(describe(guard.next()), "POST / [abc]");
}

// A2: thousands of slashes overflowed the stack in a regular expression.
TEST(RequestGuardTraps, A2ManySlashesAreRefused) {
  EXPECT_EQ(feed_whole("GET " + std::string(14'500, '/') + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            Events{"reject 414"});
  EXPECT_EQ(feed_whole("GET " + std::string(4'000, '/') + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            Events{"reject 400"});
}

// B1: after an error, the rest of the body was parsed as further requests.
TEST(RequestGuardTraps, B1NothingIsReadAfterARefusal) {
  RequestGuard guard({.max_body_bytes = 10});
  guard.append(head("Content-Length: 11\r\n", "POST / HTTP/1.1") +
               head("", "GET /smuggled HTTP/1.1"));
  EXPECT_EQ(describe(guard.next()), "reject 413");
  guard.append(head("", "GET /smuggled HTTP/1.1"));
  EXPECT_EQ(describe(guard.next()), "need more");
  EXPECT_EQ(guard.buffered_bytes(), 0u);
}

// B2: what two parsers could frame differently.
TEST(RequestGuardTraps, B2AmbiguousFramingIsRefused) {
  for (const char* length :
       {"abc", "3abc", "+3", "-3", "0x3", "3 3", "3,3", "", "99999999999999999999"}) {
    EXPECT_EQ(feed_whole(head(std::string("Content-Length: ") + length + "\r\n") + "abc"),
              Events{"reject 400"})
        << length;
  }
  EXPECT_EQ(feed_whole(head("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc"),
            Events{"reject 400"});
  EXPECT_EQ(feed_whole(head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "abc"),
            Events{"reject 400"});
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "identity", "xchunked"}) {
    EXPECT_EQ(feed_whole(head(std::string("Transfer-Encoding: ") + coding + "\r\n")),
              Events{"reject 501"})
        << coding;
  }
}

TEST(RequestGuardTraps, B2BadChunksAreRefused) {
  for (const char* body :
       {"0x3\r\nabc\r\n", "3\nabc\r\n", "3;x=y\r\nabc\r\n", "3\r\nabcXY", "\r\n", "3 \r\nabc\r\n",
        "000000003\r\nabc", "-1\r\n", "0\r\nTrailer: x\r\n\r\n"}) {
    EXPECT_EQ(feed_whole(head("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1") + body),
              Events{"reject 400"})
        << body;
  }
}

TEST(RequestGuardTraps, B2BadHeadersAreRefused) {
  for (const char* lines :
       {"Host : b\r\n", "No colon\r\n", "X: a\r\n folded\r\n", "X: a\nY: b\r\n", "X: a\rb\r\n",
        ": empty\r\n", "X Y: a\r\n", "X\x01: a\r\n", "X: a\x07z\r\n"}) {
    EXPECT_EQ(feed_whole(head(lines)), Events{"reject 400"}) << lines;
  }
}

TEST(RequestGuardTraps, B2HostIsGivenExactlyOnce) {
  EXPECT_EQ(feed_whole("GET / HTTP/1.1\r\n\r\n"), Events{"reject 400"});
  EXPECT_EQ(feed_whole(head("Host: localhost\r\n")), Events{"reject 400"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.1\r\nHost:\r\n\r\n"), Events{"reject 400"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), Events{"reject 400"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"), Events{"reject 400"});
}

TEST(RequestGuardTraps, B2BadRequestLinesAreRefused) {
  for (const char* line :
       {"GET /", "GET / HTTP/", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ",
        "GET / HTTP/1.1x", "get / HTTP/1.1", "GET\t/ HTTP/1.1", "GET / HTTP/1.10", "GET / http/1.1",
        "/ GET HTTP/1.1", "GET HTTP/1.1"}) {
    const Events events = feed_whole(std::string(line) + "\r\nHost: a\r\n\r\n");
    ASSERT_EQ(events.size(), 1u) << line;
    EXPECT_EQ(events[0].substr(0, 6), "reject") << line;
  }
  EXPECT_EQ(feed_whole("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), Events{"reject 505"});
  EXPECT_EQ(feed_whole("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), Events{"reject 505"});
  EXPECT_EQ(feed_whole("GETX / HTTP/1.1\r\nHost: a\r\n\r\n"), Events{"reject 501"});
  EXPECT_EQ(feed_whole("\r\n\r\n" + head("")), Events{"reject 400"});
}

// B3: Pistache's router served "//api/stats" and "xapi/stats" as "/api/stats".
TEST(RequestGuardTraps, B3OnlyCleanPathsPass) {
  for (const char* target :
       {"//api/stats", "xapi/stats", "/api//stats", "/./a", "/a/../b", "/%2e%2e/b", "/a%00b", "/a%",
        "/a%2", "/a%zz", "/%ff", "/%c0%af", "/a#b", "/a%0ab", "*", "/a\\b", "/a\"b"}) {
    EXPECT_EQ(feed_whole(std::string("GET ") + target + " HTTP/1.1\r\nHost: a\r\n\r\n"),
              Events{"reject 400"})
        << target;
  }
  EXPECT_EQ(feed_whole("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), Events{"reject 400"});
  EXPECT_EQ(feed_whole("GET /%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n"), Events{"GET /%C3%A9 []"});
}

// B5: a pipelined second request was dropped.
TEST(RequestGuardTraps, B5APipelinedRequestIsKept) {
  EXPECT_EQ(feed_whole(head("Content-Length: 1\r\n", "POST /a HTTP/1.1") + "x" +
                       head("", "GET /b HTTP/1.1")),
            (Events{"POST /a [x]", "GET /b []"}));
}

TEST(RequestGuardLimits, RequestLineOf4KiB) {
  const auto of_length = [](std::size_t length) {
    std::string line = "GET / HTTP/1.1";
    return line.insert(5, length - line.size(), 'a') + "\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(feed_whole(of_length(4096)).at(0).substr(0, 3), "GET");
  EXPECT_EQ(feed_whole(of_length(4097)), Events{"reject 414"});
}

TEST(RequestGuardLimits, HundredHeaders) {
  const auto with = [](int count) {
    std::string lines;
    for (int i = 1; i < count; ++i) lines += "X" + std::to_string(i) + ": y\r\n";
    return head(lines);
  };
  EXPECT_EQ(feed_whole(with(100)), Events{"GET / []"});
  EXPECT_EQ(feed_whole(with(101)), Events{"reject 431"});
}

TEST(RequestGuardLimits, SixteenKiBOfHeaders) {
  EXPECT_EQ(feed_whole(head("X: " + std::string(16'000, 'y') + "\r\n")), Events{"GET / []"});
  EXPECT_EQ(feed_whole(head("X: " + std::string(16'500, 'y') + "\r\n")), Events{"reject 431"});
  // Refused while it comes in, without an end.
  EXPECT_EQ(feed_whole("GET / HTTP/1.1\r\nX: " + std::string(17'000, 'y')), Events{"reject 431"});
}

TEST(RequestGuardLimits, BodyIsRefusedByItsAnnouncedLength) {
  const GuardLimits limits{.max_body_bytes = 8};
  EXPECT_EQ(feed_whole(head("Content-Length: 8\r\n") + "12345678", limits),
            Events{"GET / [12345678]"});
  EXPECT_EQ(feed_whole(head("Content-Length: 9\r\n"), limits), Events{"reject 413"});
  const std::string chunked = head("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1");
  EXPECT_EQ(feed_whole(chunked + "8\r\n12345678\r\n0\r\n\r\n", limits),
            Events{"POST / [12345678]"});
  EXPECT_EQ(feed_whole(chunked + "4\r\n1234\r\n5\r\n", limits), Events{"reject 413"});
  EXPECT_EQ(feed_whole(chunked + "ffffffff\r\n", limits), Events{"reject 413"});
}

TEST(RequestGuardLimits, QueryOf64Pairs) {
  const auto with = [](int count) {
    std::string target = "/?a=1";
    for (int i = 1; i < count; ++i) target += "&b=1";
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(feed_whole(with(64)).at(0).substr(0, 3), "GET");
  EXPECT_EQ(feed_whole(with(65)), Events{"reject 400"});
}

TEST(RequestGuardGrammar, AnswersEachOfManyMalformedRequestsAsTheStandardSays) {
  const auto cases = testing::HttpCases::all();
  EXPECT_GE(cases.size(), 500u);
  for (const testing::HttpCase& one : cases) {
    const Events events = feed_whole(one.bytes);
    if (one.refusals.empty()) {
      ASSERT_EQ(events.size(), 1u) << one.name;
      EXPECT_FALSE(events.front().starts_with("reject")) << one.name << ": " << events.front();
      continue;
    }
    ASSERT_FALSE(events.empty()) << one.name << " waits for more";
    const bool refused = std::ranges::any_of(one.refusals, [&](int status) {
      return events.back() == "reject " + std::to_string(status);
    });
    EXPECT_TRUE(refused) << one.name << ": " << events.back();
  }
}

// However the bytes arrive, the same requests and the same refusal come out.
TEST(RequestGuardGrammar, SplittingAtAnyByteChangesNothing) {
  for (const testing::HttpCase& one : testing::HttpCases::all()) {
    const Events whole = feed_whole(one.bytes);
    EXPECT_EQ(feed_bytewise(one.bytes), whole) << one.name;
    const std::size_t step = one.bytes.size() > 1000 ? 97 : 1;
    for (std::size_t at = 1; at < one.bytes.size(); at += step) {
      ASSERT_EQ(feed_split(one.bytes, at), whole) << one.name << " split at " << at;
    }
  }
}

TEST(RequestGuard, AnAbsoluteTargetGivesPathAndHost) {
  RequestGuard guard({});
  guard.append("GET http://town.example.com:80/api/stats?x=1 HTTP/1.1\r\nHost: other\r\n\r\n");
  const GuardEvent event = guard.next();
  const auto* request = std::get_if<Request>(&event);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->path, "/api/stats");
  EXPECT_EQ(*request->header("host"), "town.example.com:80");
  EXPECT_EQ(request->query, (std::vector<QueryPair>{{"x", "1"}}));
}

TEST(RequestGuardTraps, B6PathAndQueryAreDecodedOnceAndPlusOnlyInTheQuery) {
  RequestGuard guard({});
  guard.append("GET /a%2Fb+c/%2525?q=a%20b+c&q=%26 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const GuardEvent event = guard.next();
  const auto* request = std::get_if<Request>(&event);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->segments, (std::vector<std::string>{"a/b+c", "%25"}));
  EXPECT_EQ(request->query, (std::vector<QueryPair>{{"q", "a b c"}, {"q", "&"}}));
}

}  // namespace
}  // namespace townkrier::http
