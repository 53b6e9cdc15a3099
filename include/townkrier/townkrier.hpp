#pragma once

/// \file townkrier.hpp
/// The whole public interface, except the opt-in headers `townkrier/caf.hpp` (the engine inside a
/// caller's own actor system) and `townkrier/pistache_mount.hpp` (routes in a caller's own server).

#include "townkrier/audit.hpp"
#include "townkrier/activity.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/config.hpp"
#include "townkrier/dashboard_server.hpp"
#include "townkrier/delivery_plan.hpp"
#include "townkrier/events.hpp"
#include "townkrier/fsck.hpp"
#include "townkrier/id.hpp"
#include "townkrier/job.hpp"
#include "townkrier/json_text.hpp"
#include "townkrier/log.hpp"
#include "townkrier/maintenance.hpp"
#include "townkrier/metrics.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/password.hpp"
#include "townkrier/providers.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/receipts.hpp"
#include "townkrier/result.hpp"
#include "townkrier/storage_manager.hpp"
#include "townkrier/store.hpp"
#include "townkrier/suppression.hpp"
#include "townkrier/time.hpp"
