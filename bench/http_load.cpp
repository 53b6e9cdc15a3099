#include "bench/http_load.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "bench/http_connection.hpp"
#include "bench/progress.hpp"

namespace townkrier::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSilenceMs = 30'000;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const std::uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (const int shift : {18, 12, 6, 0}) text += kDigits[three >> shift & 63];
  }
  for (std::size_t pad = (3 - bytes.size() % 3) % 3; pad > 0; --pad) text[text.size() - pad] = '=';
  return text;
}

/// One run: a loop over the connections' sockets.
class HttpLoad {
 public:
  HttpLoad(const HttpTarget& target, const Payload& payload, const LoadPlan& plan,
           Histogram& durations)
      : target_(target), payload_(payload), plan_(plan), durations_(durations) {}
  ~HttpLoad() {
    if (epoll_ >= 0) ::close(epoll_);
  }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  Result<LoadResult> run();

 private:
  struct Lane {
    HttpConnection connection;
    std::size_t first = 0;
    std::size_t count = 0;
    Clock::time_point begun{};
  };
  Result<void> connect();
  std::string request(std::size_t first, std::size_t count) const;
  Result<void> begin(Lane& lane);
  Result<void> serve(Lane& lane, std::uint32_t events);
  Result<void> answered(Lane& lane, const HttpAnswer& answer);
  Result<void> watch(Lane& lane, int operation, bool for_writing);
  bool time_is_up() const {
    return plan_.seconds > 0 &&
           std::chrono::duration<double>(Clock::now() - start_).count() >= plan_.seconds;
  }

  const HttpTarget& target_;
  const Payload& payload_;
  const LoadPlan& plan_;
  Histogram& durations_;
  int epoll_ = -1;
  std::vector<Lane> lanes_;
  Clock::time_point start_{};
  std::size_t taken_ = 0;
  std::size_t running_ = 0;  ///< Requests in flight.
  std::atomic<std::size_t> accepted_{0};
  std::size_t refused_ = 0;
};

Result<void> HttpLoad::connect() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  lanes_.reserve(plan_.outstanding);
  for (std::size_t i = 0; i < plan_.outstanding; ++i) {
    auto connection = HttpConnection::connect(target_.host, target_.port);
    if (!connection) return std::unexpected(connection.error());
    lanes_.push_back({std::move(*connection)});
    if (auto ok = watch(lanes_.back(), EPOLL_CTL_ADD, false); !ok) return ok;
  }
  return {};
}

Result<void> HttpLoad::watch(Lane& lane, int operation, bool for_writing) {
  epoll_event event{};
  event.events = EPOLLIN | (for_writing ? std::uint32_t{EPOLLOUT} : 0);
  event.data.ptr = &lane;
  if (::epoll_ctl(epoll_, operation, lane.connection.socket(), &event) == 0) return {};
  return fail(Errc::kIo, "cannot watch a socket");
}

std::string HttpLoad::request(std::size_t first, std::size_t count) const {
  std::string body;
  for (std::size_t i = 0; i < count; ++i) {
    body += payload_.body(first + i, target_.channel);
    if (plan_.group > 1) body += '\n';
  }
  const bool batch = plan_.group > 1;
  std::string text = "POST /api/notifications";
  text += batch ? "/batch" : "";
  text += " HTTP/1.1\r\nHost: " + target_.host + ":" + std::to_string(target_.port);
  text += "\r\nContent-Type: application/";
  text += batch ? "x-ndjson" : "json";
  if (!target_.authorization.empty()) text += "\r\nAuthorization: " + target_.authorization;
  return text + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Result<void> HttpLoad::begin(Lane& lane) {
  lane.count = std::min(plan_.group, plan_.jobs - taken_);
  if (lane.count == 0 || time_is_up()) return {};
  lane.first = plan_.first + taken_;
  taken_ += lane.count;
  ++running_;
  std::string text = request(lane.first, lane.count);
  lane.begun = Clock::now();
  if (auto sent = lane.connection.send(std::move(text)); !sent) return sent;
  return watch(lane, EPOLL_CTL_MOD, true);
}

Result<void> HttpLoad::answered(Lane& lane, const HttpAnswer& answer) {
  --running_;
  if (answer.status == 429 || answer.status == 503) {
    ++refused_;
    ++running_;
    if (auto sent = lane.connection.send(request(lane.first, lane.count)); !sent) return sent;
    return watch(lane, EPOLL_CTL_MOD, true);
  }
  const std::string all = "\"accepted\":" + std::to_string(lane.count);
  const bool whole = plan_.group == 1 || answer.body.find(all) != std::string::npos;
  if (answer.status != 202 || !whole) {
    return fail(Errc::kDeliveryFailed, "the server answered " + std::to_string(answer.status) +
                                           ": " + answer.body.substr(0, 300));
  }
  durations_.record(Clock::now() - lane.begun);
  accepted_ += lane.count;
  return begin(lane);
}

Result<void> HttpLoad::serve(Lane& lane, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    auto flushed = lane.connection.flush();
    if (!flushed) return std::unexpected(flushed.error());
    if (*flushed) {
      if (auto ok = watch(lane, EPOLL_CTL_MOD, false); !ok) return ok;
    }
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return {};
  auto answer = lane.connection.receive();
  if (!answer) return std::unexpected(answer.error());
  return *answer ? answered(lane, **answer) : Result<void>{};
}

Result<LoadResult> HttpLoad::run() {
  if (auto ok = connect(); !ok) return std::unexpected(ok.error());
  const Progress progress("http", plan_.jobs, [this] { return accepted_.load(); });
  start_ = Clock::now();
  for (Lane& lane : lanes_) {
    if (auto ok = begin(lane); !ok) return std::unexpected(ok.error());
  }
  std::array<epoll_event, 256> events{};
  while (running_ > 0) {
    const int count = ::epoll_wait(epoll_, events.data(), int(events.size()), kSilenceMs);
    if (count == 0) return fail(Errc::kTimeout, "the server said nothing for 30 s");
    for (int i = 0; i < count; ++i) {
      auto ok = serve(*static_cast<Lane*>(events[std::size_t(i)].data.ptr),
                      events[std::size_t(i)].events);
      if (!ok) return std::unexpected(ok.error());
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return LoadResult{accepted_, seconds, refused_};
}

}  // namespace

Result<HttpTarget> parse_server(const std::string& url, std::string channel) {
  constexpr std::string_view kScheme = "http://";
  const auto wrong =
      fail(Errc::kInvalidArgument, "must be http://[USER:PASSWORD@]HOST[:PORT], not " + url);
  if (!url.starts_with(kScheme)) return wrong;
  std::string_view rest = std::string_view(url).substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  HttpTarget target{"", 80, "", std::move(channel)};
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    target.authorization = "Basic " + base64(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  const auto colon = rest.find(':');
  target.host = rest.substr(0, colon);
  if (target.host == "localhost") target.host = "127.0.0.1";
  if (target.host.empty() || rest.find('/') != std::string_view::npos) return wrong;
  if (colon == std::string_view::npos) return target;
  const std::string_view port = rest.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (read.ec != std::errc{} || read.ptr != port.data() + port.size() || target.port == 0) {
    return wrong;
  }
  return target;
}

Result<LoadResult> http_load(const HttpTarget& target, const Payload& payload, const LoadPlan& plan,
                             Histogram& durations) {
  return HttpLoad(target, payload, plan, durations).run();
}

}  // namespace townkrier::bench
