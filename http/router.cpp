#include "http/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace townkrier::http {

namespace {

bool is_parameter(std::string_view segment) {
  return segment.starts_with(':');
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    segments.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  return std::ranges::equal(pattern, segments, [](const std::string& want, const std::string& got) {
    return is_parameter(want) ? !got.empty() : want == got;
  });
}

// How exact a pattern is: literal segments before parameters, from the left.
std::vector<bool> rank_of(const std::vector<std::string>& pattern) {
  std::vector<bool> rank;
  for (const std::string& segment : pattern) rank.push_back(is_parameter(segment));
  return rank;
}

PathParams params_of(const std::vector<std::string>& pattern,
                     const std::vector<std::string>& segments) {
  PathParams params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) params.push_back(segments[i]);
  }
  return params;
}

}  // namespace

void Router::add(std::string_view prefix, Route route) {
  Entry entry{split(std::string(prefix) + route.pattern), std::move(route)};
  // Exact segments win over parameters: "/jobs/bulk" before "/jobs/:id".
  const auto place = std::ranges::upper_bound(entries_, rank_of(entry.segments), {},
                                              [](const Entry& e) { return rank_of(e.segments); });
  entries_.insert(place, std::move(entry));
}

std::vector<std::pair<std::string, const Route*>> Router::list() const {
  std::vector<std::pair<std::string, const Route*>> routes;
  for (const Entry& entry : entries_) {
    std::string name(to_string(entry.route.method));
    name += ' ';
    for (const std::string& segment : entry.segments) name.append("/").append(segment);
    routes.emplace_back(std::move(name), &entry.route);
  }
  return routes;
}

Router::Match Router::match(Method method, const std::vector<std::string>& segments) const {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  std::string allow;
  const std::vector<std::string>* shape = nullptr;
  for (const Entry& entry : entries_) {
    if (!fits(entry.segments, segments)) continue;
    // The most exact pattern that fits decides; its other methods are what is allowed.
    if (shape && rank_of(*shape) != rank_of(entry.segments)) break;
    shape = &entry.segments;
    if (entry.route.method == wanted) {
      return Found{&entry.route, params_of(entry.segments, segments)};
    }
    if (!allow.empty()) allow += ", ";
    allow += to_string(entry.route.method);
    if (entry.route.method == Method::kGet) allow += ", HEAD";
  }
  if (allow.empty()) return NotFound{};
  return MethodNotAllowed{std::move(allow)};
}

}  // namespace townkrier::http
