#pragma once

/// \file job_json.hpp
/// The JSON shapes of the HTTP interface. Pure functions. Absent optionals and empty texts are left
/// out, times are ISO-8601 UTC, durations integer milliseconds.

#include <nlohmann/json_fwd.hpp>

#include "townkrier/backend.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"

namespace townkrier {

/// `notification` and `recipient` (or `payload` for other kinds) are masked as `privacy` says.
nlohmann::json job_to_json(const Job& job, ContentPrivacy privacy);
/// The same with the lines that its handler wrote (`logLines`), which are too many for a list.
nlohmann::json whole_job_to_json(const Job& job, ContentPrivacy privacy);
nlohmann::json log_to_json(const NotificationLog& log);

/// {pending,processing,completed,failed,retrying,scheduled,cancelled}
nlohmann::json queue_stats_to_json(const QueueStats& stats);
/// {total,sent,delivered,failed,retrying,byChannel,byStatus}
nlohmann::json storage_stats_to_json(const StorageStats& stats);
/// {name,paused,pending,...,cancelled,concurrency,rate,oldestAge?}
nlohmann::json queue_info_to_json(const QueueInfo& info);
/// {count,p50,p95,p99}, in ms with three decimals.
nlohmann::json latency_to_json(const LatencySummary& latency);
/// {name,sent,failed,retried,inFlight,waiting,concurrency,latency,
/// providers:[{name,breaker,sent,failed,retried,inFlight,latency}]}
nlohmann::json channel_info_to_json(const ChannelInfo& info);
/// {id,userId,title,message,type?,actionUrl?,icon?,data?,read,readAt?,createdAt}
nlohmann::json inbox_message_to_json(const InboxMessage& message);
/// {status:"success"|"partial"|"failed",results:{channel:{status,provider,messageId?,error?}}};
/// error texts are masked.
nlohmann::json send_report_to_json(const SendReport& report);

}  // namespace townkrier
