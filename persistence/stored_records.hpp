#pragma once

/// \file stored_records.hpp
/// Puts together what is stored in parts: a job's record and its newer state, a log row and the
/// delivery it follows.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/key_schema.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// Reads a value; nullopt when there is none.
using GetBytes =
    std::function<Result<std::optional<std::string>>(Family family, std::string_view key)>;

/// A job in its present state; nullopt: there is none.
Result<std::optional<Job>> stored_job(const GetBytes& get, const JobId& id);
/// Whether a row is found through its job and has no other entry by its names: the row of one of
/// the job's deliveries, named after the job.
bool is_found_by_job(const NotificationLog& row, const Job& job);
/// A log row as far as it has come.
Result<std::optional<NotificationLog>> stored_log(const GetBytes& get, const LogId& id);

}  // namespace townkrier::persistence
