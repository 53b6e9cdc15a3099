#pragma once

/// \file local_providers.hpp
/// Providers that deliver inside this process: the console, the in-app inbox, a user's function.
/// Thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "townkrier/channel.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Takes one line with its line break.
using LineSink = std::function<void(std::string_view line)>;

/// Writes one masked line for each delivery.
std::shared_ptr<Provider> make_console_provider(std::string name, LineSink sink);

/// Turns a delivery into an InboxMessage in its outcome.
std::shared_ptr<Provider> make_in_app_provider(std::string name,
                                               std::shared_ptr<const Clock> clock);

/// Runs `function` on the caller's thread; an exception out of it is a transient failure.
std::shared_ptr<Provider> make_function_provider(std::string channel, ChannelFunction function);

}  // namespace townkrier
