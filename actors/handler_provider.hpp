#pragma once

// A job handler as a provider: blocking, run by workers of the channel '@' + kind.

#include <string>

#include "townkrier/channel.hpp"

namespace townkrier {

class HandlerProvider final : public Provider {
 public:
  HandlerProvider(std::string kind, JobHandler handler)
      : kind_(std::move(kind)), handler_(std::move(handler)) {}
  std::string_view name() const override { return kind_; }
  std::string_view channel_type() const override { return kind_; }
  bool blocking() const override { return true; }
  void send(DeliveryRequest request, DeliveryDone done) override;

 private:
  std::string kind_;
  JobHandler handler_;
};

}  // namespace townkrier
