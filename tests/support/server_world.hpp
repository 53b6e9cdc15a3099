#pragma once

/// \file server_world.hpp
/// A real server with real peers for the journeys of a notification: a configuration file, an SMTP
/// server, and questions about jobs over HTTP.

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/script_process.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {

using Json = nlohmann::json;

/// aiosmtpd on a port that stays the same when it is stopped and started again.
class SmtpServer {
 public:
  SmtpServer() : out_(dir_ / "mails") { start(); }
  void start() {
    std::vector<std::string> command = {"/usr/bin/python3",
                                        std::string(TESTS_DIR) + "/support/smtp_server.py",
                                        "--out",
                                        out_,
                                        "--port",
                                        std::to_string(port_)};
    process_ = std::make_unique<ScriptProcess>(command);
    port_ = process_->port();
  }
  void stop() { process_.reset(); }
  std::uint16_t port() const { return port_; }
  /// What it has taken so far, one JSON object a mail.
  std::vector<Json> mails() const {
    std::vector<Json> all;
    std::ifstream file(out_);
    for (std::string line; std::getline(file, line);) {
      Json mail = Json::parse(line, nullptr, false);
      if (!mail.is_discarded()) all.push_back(std::move(mail));
    }
    return all;
  }

 private:
  TempDir dir_;
  std::string out_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ScriptProcess> process_;
};

/// townkrierd with the configuration given as TOML.
class ServerWorld {
 public:
  explicit ServerWorld(const std::string& toml) {
    const std::string config = dir_ / "townkrier.toml";
    std::ofstream(config) << toml;
    server = std::make_unique<ServerProcess>(ServerProcessOptions{.args = {"--config", config}});
  }
  ::testing::AssertionResult start() {
    auto started = server->start();
    if (started) http.emplace(server->port());
    return started;
  }

  /// Posts to /api/notifications; the answer's job.
  Json post(const Json& body) {
    const auto response = http->post("/api/notifications", body);
    EXPECT_EQ(response.status, 202) << response.body << response.error;
    return response.json();
  }
  Json job(const std::string& id) { return http->get("/api/jobs/" + id).json(); }
  std::string status(const std::string& id) { return job(id).value("status", "?"); }
  bool reaches(const std::string& id, const std::string& wanted,
               std::chrono::milliseconds within = std::chrono::seconds(30)) {
    return eventually([&] { return status(id) == wanted; }, within);
  }

  std::unique_ptr<ServerProcess> server;
  std::optional<HttpClient> http;

 private:
  TempDir dir_;
};

inline Json email_to(const std::string& address, const std::string& subject = "Hello") {
  return {{"notification", {{"via", {"email"}}, {"email", {{"subject", subject}, {"text", "Hi"}}}}},
          {"recipient", {{"email", {{"email", address}}}}}};
}

inline std::string smtp_channel(std::uint16_t port) {
  return "[[channels.email.providers]]\ndriver = \"smtp\"\nhost = \"127.0.0.1\"\nport = " +
         std::to_string(port) + "\nfrom = \"TownKrier <notifications@example.com>\"\n";
}

}  // namespace townkrier::testing
