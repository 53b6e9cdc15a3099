#include "http/mount.hpp"

#include <fcntl.h>
#include <pistache/peer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/uuid_generator.hpp"
#include "http/acceptor.hpp"
#include "http/target.hpp"

namespace townkrier::http {

namespace {

constexpr ProblemText kNoStreams{503, "unavailable", "a mounted dashboard has no streams: poll"};
constexpr ProblemText kGone{503, "unavailable", "the dashboard is not running"};

Method method_of(Pistache::Http::Method method) {
  using Theirs = Pistache::Http::Method;
  switch (method) {
    case Theirs::Get:
      return Method::kGet;
    case Theirs::Head:
      return Method::kHead;
    case Theirs::Post:
      return Method::kPost;
    case Theirs::Put:
      return Method::kPut;
    case Theirs::Patch:
      return Method::kPatch;
    case Theirs::Delete:
      return Method::kDelete;
    case Theirs::Options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// Pistache has decoded nothing: path and query are read again, with our checks.
std::optional<Reject> translate(const Pistache::Http::Request& theirs, Request& ours) {
  ours.method = method_of(theirs.method());
  ours.remote_address = theirs.address().host();
  ours.body = theirs.body();
  for (const auto& [key, raw] : theirs.headers().rawList()) {
    std::string name = raw.name();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    ours.headers.push_back({std::move(name), raw.value()});
  }
  return read_target(theirs.resource() + theirs.query().as_str(), ours);
}

}  // namespace

Result<std::shared_ptr<Mount>> Mount::create(const ServerOptions& options,
                                             std::shared_ptr<DashboardBackend> backend,
                                             std::shared_ptr<const Clock> clock) {
  if (auto valid = options.validate(); !valid) {
    return fail(Errc::kInvalidConfig, valid.error().message);
  }
  auto app = App::create(app_options(options, {}), std::move(backend), clock);
  if (!app) return std::unexpected(app.error());
  return std::shared_ptr<Mount>(new Mount(options, std::move(*app), std::move(clock)));
}

Mount::Mount(ServerOptions options, std::shared_ptr<App> app, std::shared_ptr<const Clock> clock)
    : options_(std::move(options)),
      clock_(std::move(clock)),
      request_id_prefix_(random_uuid().to_string().substr(19, 17) + "-"),
      app_(std::move(app)),
      replies_(std::make_unique<ReplyLoop>(
          ReplyLoop::Options{.request_timeout = options_.request_timeout})) {}

void Mount::add_to(Pistache::Rest::Router& router) {
  router.addMiddleware([self = shared_from_this()](Pistache::Http::Request& request,
                                                   Pistache::Http::ResponseWriter& response) {
    if (!self->is_ours(request.resource())) return true;
    self->serve(request, response);
    return false;
  });
}

void Mount::stop() {
  std::shared_ptr<App> app;
  std::unique_ptr<ReplyLoop> replies;
  {
    std::lock_guard lock(mutex_);
    app.swap(app_);
    replies.swap(replies_);
  }
  // Outside the lock: the threads they end may be waiting for it.
  if (app) app->stop();
  replies.reset();
}

bool Mount::is_ours(const std::string& resource) const {
  return resource.starts_with(options_.path) &&
         (resource.size() == options_.path.size() || resource[options_.path.size()] == '/');
}

void Mount::serve(Pistache::Http::Request& request, Pistache::Http::ResponseWriter& response) {
  const auto peer = response.peer();
  // Never Pistache's send() from another thread: it could reach another client.
  const int fd = peer ? ::fcntl(peer->fd(), F_DUPFD_CLOEXEC, 0) : -1;
  if (fd == -1) return;
  const std::string id = request_id_prefix_ + std::to_string(requests_++);
  Request ours;
  const auto why = translate(request, ours);
  const Method method = ours.method;
  if (why) {
    return answer(fd, id, method, problem(ProblemText{why->status, why->code, why->detail}, id));
  }
  const auto exchange = std::make_shared<Exchange>(
      std::move(ours), id, [self = shared_from_this(), fd, id, method](const Response& answer) {
        self->answer(fd, id, method, answer);
      });
  if (const auto app = watch(exchange)) {
    app->handle(exchange);
  } else {
    exchange->reply(problem(kGone, id));
  }
}

std::shared_ptr<App> Mount::watch(const ExchangePtr& exchange) {
  std::lock_guard lock(mutex_);
  if (replies_) replies_->watch(exchange);
  return app_;
}

void Mount::answer(int fd, const std::string& request_id, Method method, const Response& given) {
  // Pistache would cut a stream short, and nobody here writes it.
  const Response refused = given.stream ? problem(kNoStreams, request_id) : Response{};
  const Response& response = given.stream ? refused : given;
  std::string bytes =
      wire_head(response, {request_id, clock_->now(), WireOptions::Connection::kClose});
  if (method != Method::kHead) bytes += response.body;
  std::lock_guard lock(mutex_);
  if (replies_) return replies_->write(fd, std::move(bytes));
  // Stopped: what fits is sent, the rest has nobody to wait for it.
  ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_RDWR);
  ::close(fd);
}

}  // namespace townkrier::http
