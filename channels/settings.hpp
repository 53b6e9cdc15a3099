#pragma once

/// \file settings.hpp
/// What the drivers' factories share: settings that appear in several, and the transport.

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "channels/transfer.hpp"
#include "core/json_reader.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

/// "15s" or milliseconds, within 100 ms..10 min.
Duration read_timeout(JsonReader& reader, Duration fallback);

/// A mailbox text ("Name <address>"); required.
EmailAddress read_from(JsonReader& reader);

/// The path of a readable file, or empty.
std::string read_ca_file(JsonReader& reader);

/// An absolute URL this process may post to under `policy`; problems name `name`.
std::string read_url(JsonReader& reader, std::string_view name, AddressPolicy policy,
                     std::string_view fallback = {});

/// `allow_private`.
AddressPolicy read_policy(JsonReader& reader);

/// The transport of the environment; adds an error when it is not one of ours.
std::shared_ptr<Transport> transport_of(const ProviderEnvironment& environment,
                                        FieldErrors& errors);

}  // namespace townkrier
