#pragma once

// Requests to an App over a FakeBackend, without a socket.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "http/app.hpp"
#include "http/target.hpp"
#include "support/fake_backend.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

class StoppedClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_{Duration{1'767'225'600'000}};
};

struct Sent {
  Method method = Method::kGet;
  std::string target = "/";
  std::string body = {};
  std::vector<Header> headers = {};
  std::string from = "127.0.0.1";
};

class AppTest : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }

  void TearDown() override {
    if (app_) app_->stop();
  }

  void start(AppOptions options) {
    if (app_) app_->stop();
    auto made = App::create(std::move(options), backend_, clock_);
    ASSERT_TRUE(made) << made.error().message;
    app_ = std::move(*made);
  }

  // nullopt: not answered yet.
  std::optional<Response> try_send(const Sent& sent) {
    Request request;
    request.method = sent.method;
    EXPECT_FALSE(read_target(sent.target, request));
    request.headers = sent.headers;
    if (!request.header("host")) request.headers.push_back({"host", "127.0.0.1:3000"});
    if (!sent.body.empty() && !request.header("content-type")) {
      request.headers.push_back({"content-type", "application/json"});
    }
    request.body = sent.body;
    request.remote_address = sent.from;
    auto answer = std::make_shared<std::optional<Response>>();
    app_->handle(
        std::make_shared<Exchange>(std::move(request), "req-1", [answer](Response response) {
          EXPECT_FALSE(*answer) << "answered twice";
          *answer = std::move(response);
        }));
    return *answer;
  }

  Response send(const Sent& sent) {
    auto answer = try_send(sent);
    EXPECT_TRUE(answer) << "no answer to " << sent.target;
    return answer.value_or(Response{});
  }
  Response get(std::string target) { return send({.target = std::move(target)}); }
  Response post(std::string target, std::string body = {}) {
    return send({.method = Method::kPost, .target = std::move(target), .body = std::move(body)});
  }

  static nlohmann::json json(const Response& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const Header& header : response.headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
  // The names in problem+json's `errors`.
  static std::vector<std::string> pointers(const Response& response) {
    std::vector<std::string> found;
    const auto body = json(response);
    if (body.contains("errors")) {
      for (const auto& one : body["errors"]) found.push_back(one["pointer"]);
    }
    return found;
  }

  std::shared_ptr<testing::FakeBackend> backend_ = std::make_shared<testing::FakeBackend>();
  std::shared_ptr<StoppedClock> clock_ = std::make_shared<StoppedClock>();
  std::shared_ptr<App> app_;
};

}  // namespace townkrier::http
