#pragma once

/// \file client.hpp
/// A running server as its HTTP API shows it. Blocks; one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::cli {

struct ServerAddress {
  std::string url = "http://127.0.0.1:3000";  ///< With or without the dashboard's path.
  std::string token;                          ///< Empty: none is sent.
  Duration timeout{30'000};
};

/// What became of a batch.
struct BatchAnswer {
  struct Refused {
    std::size_t row = 0;  ///< From 0, within the batch.
    std::string detail;
  };
  std::vector<std::string> ids;
  std::vector<Refused> refused;
};

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

class Client {
 public:
  explicit Client(ServerAddress address);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Answers as the API gives them. Errors: the problem's, kUnavailable when there is no answer.
  Result<nlohmann::json> stats() { return get("/stats"); }
  Result<nlohmann::json> live(std::uint64_t since);
  Result<nlohmann::json> queues() { return get("/queues"); }
  Result<nlohmann::json> job(std::string_view id) { return get("/jobs/" + escaped(id)); }
  Result<nlohmann::json> jobs(const QueryPairs& filter) { return get("/jobs", filter); }
  Result<nlohmann::json> logs(const QueryPairs& filter) { return get("/logs", filter); }
  /// A body of POST /notifications.
  Result<nlohmann::json> enqueue(const std::string& body);
  Result<nlohmann::json> send_now(const std::string& body);
  /// Lines of JSON, one a notification.
  Result<BatchAnswer> enqueue_lines(const std::vector<std::string>& lines);
  /// "retry", "cancel", "run" or "delete".
  Result<nlohmann::json> act(std::string_view id, std::string_view action);
  /// "pause" or "resume".
  Result<nlohmann::json> set_flow(std::string_view queue, std::string_view flow);

 private:
  struct Call {
    const char* method = "GET";
    std::string path;
    std::string body = {};
    const char* type = "application/json";
  };
  Result<nlohmann::json> get(const std::string& path, const QueryPairs& query = {});
  Result<nlohmann::json> perform(const Call& call);
  std::string escaped(std::string_view text) const;

  struct Handle;
  ServerAddress address_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace townkrier::cli
