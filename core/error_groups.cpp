#include "core/error_groups.hpp"

#include <algorithm>
#include <cctype>

#include "core/activity.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kMaxPatterns = 1000;
constexpr std::size_t kMaxShown = 100;
constexpr std::size_t kMaxChannels = 10;
constexpr std::size_t kMaxPatternBytes = 200;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// "30000", "0x7f3a", "9f86d081", but not "smtp", "utf8", "beef" or the 503 of an HTTP answer.
bool is_variable(std::string_view word) {
  if (word.size() <= 3) return false;
  const bool digit = std::isdigit(static_cast<unsigned char>(word.front())) != 0;
  const auto digits = std::ranges::count_if(
      word, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  const bool hex = std::ranges::all_of(
      word, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
  return digit || (hex && digits > 0 && word.size() >= 4) || (word.size() >= 16 && digits >= 2);
}

void add_channels(ErrorGroup& group, const Job& job) {
  for (const Delivery& delivery : job.state.deliveries) {
    if (delivery.status != LogStatus::kFailed || delivery.channel.starts_with('@')) continue;
    if (group.channels.size() >= kMaxChannels) return;
    if (std::ranges::find(group.channels, delivery.channel) == group.channels.end()) {
      group.channels.push_back(delivery.channel);
    }
  }
}

}  // namespace

std::string error_pattern(std::string_view error) {
  std::string pattern;
  for (std::size_t i = 0; i < error.size() && pattern.size() < kMaxPatternBytes;) {
    if (!is_word(error[i])) {
      // "a-1-b2" and the like are one word to people: ids keep no inner structure.
      const bool joins = (error[i] == '-' || error[i] == '.' || error[i] == ':') &&
                         pattern.ends_with('#') && i + 1 < error.size() && is_word(error[i + 1]);
      if (!joins) pattern += error[i];
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < error.size() && is_word(error[end])) ++end;
    const std::string_view word = error.substr(i, end - i);
    const bool joined = i > 0 && !is_word(error[i - 1]) && pattern.ends_with('#');
    if (!is_variable(word)) {
      if (joined) pattern += error[i - 1];
      pattern += word;
    } else if (!joined) {
      pattern += '#';
    }
    i = end;
  }
  return std::string(utf8_cut(pattern, kMaxPatternBytes));
}

void ErrorGroups::add(const Job& job) {
  ++scanned_;
  std::pair<std::string, std::string> key{job.envelope->kind, error_pattern(job.state.error)};
  if (!groups_.contains(key) && groups_.size() >= kMaxPatterns) {
    key = {std::string(kOtherNames), std::string(kOtherNames)};
  }
  ErrorGroup& group = groups_[key];
  const TimePoint at = job.state.failed_at.value_or(job.state.updated_at);
  if (group.count++ == 0) {
    group.kind = key.first;
    group.message = key.second;
    group.example = job.id();
    group.first_at = group.last_at = at;
  }
  group.first_at = std::min(group.first_at, at);
  group.last_at = std::max(group.last_at, at);
  add_channels(group, job);
}

ErrorSummary ErrorGroups::summary() const {
  ErrorSummary summary;
  summary.scanned = scanned_;
  for (const auto& [key, group] : groups_) summary.groups.push_back(group);
  std::ranges::stable_sort(summary.groups, std::greater<>{}, &ErrorGroup::count);
  if (summary.groups.size() > kMaxShown) summary.groups.resize(kMaxShown);
  return summary;
}

}  // namespace townkrier
