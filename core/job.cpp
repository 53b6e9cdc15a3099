#include "townkrier/job.hpp"

#include <array>

#include "core/enum_names.hpp"

namespace townkrier {

namespace {

constexpr std::array<std::string_view, kJobStatusCount> kStatusNames = {
    "pending", "scheduled", "processing", "retrying", "completed", "failed", "cancelled"};

}  // namespace

std::string_view to_string(JobStatus status) {
  const auto index = static_cast<std::size_t>(status);
  return index < kStatusNames.size() ? kStatusNames[index] : "unknown";
}

Result<JobStatus> parse_job_status(std::string_view text) {
  return enum_from_name<JobStatus>(text, kStatusNames);
}

bool is_terminal(JobStatus status) {
  return status == JobStatus::kCompleted || status == JobStatus::kFailed ||
         status == JobStatus::kCancelled;
}

std::string_view to_string(JobAction action) {
  switch (action) {
    case JobAction::kRetry:
      return "retry";
    case JobAction::kCancel:
      return "cancel";
    case JobAction::kDelete:
      return "delete";
    case JobAction::kRunNow:
      return "run";
  }
  return "unknown";
}

}  // namespace townkrier
