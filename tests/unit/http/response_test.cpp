#include "http/response.hpp"

#include <gtest/gtest.h>

namespace townkrier::http {
namespace {

std::string head_of(const Response& response) {
  return wire_head(response,
                   {"req-1", TimePoint{Duration{784'111'777'000}}, WireOptions::Connection::kKeep});
}

TEST(Response, CarriesTheSecurityHeadersAlways) {
  Response plain;
  for (const Response& response : {plain, problem(ProblemText{404, "not_found", "no"}, "req-1")}) {
    const std::string head = head_of(response);
    EXPECT_NE(head.find("\r\nX-Content-Type-Options: nosniff\r\n"), std::string::npos);
    EXPECT_NE(
        head.find("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src "
                  "'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri "
                  "'none'; form-action 'self'\r\n"),
        std::string::npos);
    EXPECT_NE(head.find("\r\nReferrer-Policy: no-referrer\r\n"), std::string::npos);
    EXPECT_NE(head.find("\r\nCache-Control: no-store\r\n"), std::string::npos);
    EXPECT_NE(head.find("\r\nX-Request-Id: req-1\r\n"), std::string::npos);
  }
}

TEST(Response, IsOneWellFormedHead) {
  Response response;
  response.body = "{}";
  const std::string head = head_of(response);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_NE(head.find("\r\nContent-Length: 2\r\n"), std::string::npos);
  EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
  EXPECT_EQ(head.find("Connection:"), std::string::npos);
  EXPECT_NE(wire_head(response, {"r", {}, WireOptions::Connection::kClose})
                .find("\r\nConnection: close\r\n"),
            std::string::npos);
}

// B7: Pistache lets CR and LF in header values through.
TEST(ResponseTraps, B7HeaderValuesCannotStartAnotherHeader) {
  Response response;
  response.with_header("Location", "a\r\nSet-Cookie: x=y\r\n\r\n<script>");
  const std::string head = head_of(response);
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
  EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
}

TEST(Response, ProblemReplacesInvalidUtf8) {
  const Response response = problem(Error{Errc::kNotFound, "no \xff here", {}}, "r");
  EXPECT_NE(response.body.find("\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace townkrier::http
