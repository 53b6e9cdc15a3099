#pragma once

/// \file channel_config.hpp
/// The `[channels.NAME]` tables. Part of the configuration loader.

#include <vector>

#include "server/config_reader.hpp"
#include "townkrier/config.hpp"

namespace townkrier::server {

/// A table whose keys a driver knows, and its variables, as a JSON object.
JsonText read_settings(ConfigReading& reading, const ConfigNode* table, const std::string& path);

/// All channels of the file and the environment; `console` and `in_app` when the file has none.
std::vector<ChannelConfig> read_channels(ConfigReading& reading, const ConfigNode* channels);

/// "100/s", "100/m", "2.5/h" → deliveries a second, greater than 0.
Result<double> parse_rate(std::string_view text);

/// "5/h", "1/30s", "20/d": so many in any such time.
Result<RecipientLimit> parse_recipient_limit(std::string_view text);

}  // namespace townkrier::server
