#pragma once

/// \file hook_fixture.hpp
/// What tests of the HTTP drivers share: a transport that runs, and webhooks that reach loopback.

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/channel_harness.hpp"
#include "support/http_peer.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {

inline DeliveryRequest hook_request(nlohmann::json content, std::string key = "key-1") {
  DeliveryRequest request;
  request.channel = "hook";
  request.idempotency_key = std::move(key);
  request.content = content;
  request.recipient = nlohmann::json::array();
  request.created_at = parse_iso8601("2026-01-02T03:04:05.000Z").value();
  return request;
}

class HookFixture : public ::testing::Test {
 protected:
  std::shared_ptr<Provider> made(const Result<std::shared_ptr<Provider>>& result) {
    if (!result) ADD_FAILURE() << result.error().message;
    return result.value_or(nullptr);
  }
  std::shared_ptr<Provider> webhook(const HttpPeer& peer,
                                    const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json settings{{"url", peer.url()}, {"allow_private", true}};
    settings.update(more);
    return made(create_webhook_channel(settings, harness_.environment("webhook")));
  }
  DeliveryOutcome post(const HttpPeer& peer) {
    return harness_.send(*webhook(peer), hook_request({{"body", {{"n", 1}}}}));
  }
  ChannelHarness harness_;
};

}  // namespace townkrier::testing
