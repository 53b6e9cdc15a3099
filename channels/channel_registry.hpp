#pragma once

/// \file channel_registry.hpp
/// The configured channels and how their providers come into being. Not thread-safe until `ready()`
/// has succeeded; then the const members are.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/timer.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/suppression.hpp"

namespace townkrier {

/// Invariant: `channels()` holds the enabled channels in the order they were registered, each with
/// at least one provider, names unique.
class ChannelRegistry {
 public:
  /// What the channels share.
  struct Shared {
    std::shared_ptr<TransportLoop> transport;
    std::shared_ptr<Timer> timer;
    std::shared_ptr<const SuppressionList> suppressions;  ///< Null: none.
    std::shared_ptr<const PolicyOptions> policy;          ///< Null: none.
    std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  };
  explicit ChannelRegistry(Shared shared) : shared_(std::move(shared)) {}

  void add_factory(std::string driver, ProviderFactory factory);
  void add(ChannelConfig config, std::vector<std::shared_ptr<Provider>> providers = {});

  /// See NotificationManager::ready().
  Result<void> ready();
  const std::vector<ConfiguredChannel>& channels() const { return channels_; }

  /// By configured name, else the first channel whose first provider serves that type; null: none.
  const ConfiguredChannel* find(std::string_view name_or_type) const;

 private:
  struct Entry {
    ChannelConfig config;
    std::vector<std::shared_ptr<Provider>> providers;  // given by the caller
  };

  Result<ConfiguredChannel> make(const Entry& entry) const;
  Result<std::shared_ptr<Provider>> make_provider(const ChannelConfig& channel, std::size_t index,
                                                  const std::string& name) const;

  /// Puts what needs one behind a gate.
  void add_gates(ConfiguredChannel& channel) const;

  Shared shared_;
  std::map<std::string, ProviderFactory, std::less<>> factories_;
  std::vector<Entry> entries_;
  std::size_t made_ = 0;  // entries_ before it are in channels_
  std::vector<ConfiguredChannel> channels_;
};

}  // namespace townkrier
