// GET /events, /inbox/:userId/events: server-sent events
#include <unistd.h>

#include <charconv>

#include <nlohmann/json.hpp>

#include "core/activity_json.hpp"
#include "http/api.hpp"
#include "http/credentials.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr ProblemText kAllTaken{503, "overloaded", "all streams are taken: poll, or come later"};
constexpr ProblemText kNoStreams{503, "unavailable", "this server has no streams: poll"};
constexpr std::uint64_t kMaxRev = 9'007'199'254'740'991;  // what JavaScript can count to

// What a client says that it has seen; anything but a number is the beginning.
std::uint64_t rev_of(const std::string& id) {
  std::uint64_t rev = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), rev);
  return error == std::errc{} && end == id.data() + id.size() && rev <= kMaxRev ? rev : 0;
}

/// The session's key when the request was let in by it: a stream ends with its session. Whoever
/// sends a token or a password sends it with this request alone.
std::function<bool()> allowed_while(const SessionContext& context, const ExchangePtr& exchange) {
  const Request& request = exchange->request();
  const bool by_session = exchange->identity().kind == Identity::Kind::kUser &&
                          request.header("authorization") == nullptr;
  const auto key =
      by_session ? find_cookie(request, session_cookie_name(request.origin.scheme)) : std::nullopt;
  if (!key) return [] { return true; };
  return [authenticator = context.authenticator, clock = context.clock, key = std::string(*key)] {
    return authenticator->sessions().is_open(key, clock->now());
  };
}

void reply_with_stream(const ApiPtr& api, const ExchangePtr& exchange, StreamSource source) {
  if (!api->streams) return exchange->reply(problem(kNoStreams, exchange->request_id()));
  auto seat = api->streams->take_seat();
  if (!seat) return exchange->reply(problem(kAllTaken, exchange->request_id()));
  if (const std::string* last = exchange->request().header("last-event-id")) {
    source.last_id = last->substr(0, 64);
  }
  Response response;
  response.content_type = "text/event-stream";
  response.with_header("X-Accel-Buffering", "no");
  response.stream = [streams = std::weak_ptr(api->streams), source = std::move(source),
                     seat = std::move(seat)](int fd) {
    if (const auto alive = streams.lock()) return alive->add(fd, source, seat);
    ::close(fd);
  };
  exchange->reply(std::move(response));
}

void stream_news(const ApiPtr& api, const SessionContext& context, const ExchangePtr& exchange) {
  StreamSource source;
  source.allowed = allowed_while(context, exchange);
  source.ask = [api](const std::string& last_id, Reply<StreamEvent> reply) {
    api->backend->live(rev_of(last_id), [reply = std::move(reply)](const Result<LiveNews>& news) {
      if (!news) return reply(std::unexpected(news.error()));
      nlohmann::json data = live_news_to_json(*news, {});
      data.erase("timestamp");  // or nothing would ever be the same
      reply(StreamEvent{std::to_string(news->rev), "live", data.dump()});
    });
  };
  reply_with_stream(api, exchange, std::move(source));
}

void stream_inbox(const ApiPtr& api, const SessionContext& context, const ExchangePtr& exchange,
                  const std::string& user) {
  StreamSource source;
  source.allowed = allowed_while(context, exchange);
  source.ask = [api, user](const std::string&, Reply<StreamEvent> reply) {
    api->backend->inbox(user, 1, std::nullopt,
                        [reply = std::move(reply)](const Result<InboxPage>& page) {
                          if (!page) return reply(std::unexpected(page.error()));
                          nlohmann::json data = {{"unread", page->unread}};
                          std::string newest = "none";
                          if (!page->messages.empty()) {
                            newest = page->messages.front().id.to_string();
                            data["newest"] = newest;
                          }
                          reply(StreamEvent{newest, "inbox", data.dump()});
                        });
  };
  reply_with_stream(api, exchange, std::move(source));
}

}  // namespace

void add_event_routes(Routes& routes, const ApiPtr& api, const SessionContext& context) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/events",
                    .access = Access::kRead,
                    .handler = [api, context](const ExchangePtr& exchange, const PathParams&) {
                      stream_news(api, context, exchange);
                    }});
  routes.push_back(
      {.method = Method::kGet,
       .pattern = "/inbox/:userId/events",
       .access = Access::kLookUp,
       .handler = [api, context](const ExchangePtr& exchange, const PathParams& params) {
         stream_inbox(api, context, exchange, params[0]);
       }});
}

}  // namespace townkrier::http
