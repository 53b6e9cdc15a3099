#pragma once

/// \file fake_transport.hpp
/// A transport that keeps transfers and answers them when the test says.

#include <memory>
#include <string>
#include <vector>

#include "channels/transfer.hpp"

namespace townkrier {

class FakeTransport final : public Transport {
 public:
  void submit(Transfer transfer) override { transfers.push_back(std::move(transfer)); }
  void run_once(Duration) override {}
  void wake() override {}
  void stop() override {}

  void answer(int code, std::string body = "{}") {
    TransferReply reply;
    reply.status = TransferStatus::kAnswered;
    reply.code = code;
    reply.body = std::move(body);
    transfers.back().done(std::move(reply));
  }

  std::vector<Transfer> transfers;
};

class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::string_view text) : now_(parse_iso8601(text).value()) {}
  TimePoint now() const override { return now_; }

 private:
  const TimePoint now_;
};

inline ProviderEnvironment test_environment(std::shared_ptr<FakeTransport> transport) {
  return {.channel = "test",
          .provider = "p",
          .transport = std::move(transport),
          .clock = std::make_shared<FixedClock>("2026-01-01T00:00:00.000Z")};
}

}  // namespace townkrier
