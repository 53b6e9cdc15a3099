#include "http/pistache_server.hpp"

#include <pistache/reactor.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "http/acceptor.hpp"
#include "http/loop_transport.hpp"

namespace townkrier::http {

namespace {

namespace Aio = Pistache::Aio;

// Descriptors left to the rest of the process.
constexpr int kReservedDescriptors = 128;

constexpr ProblemText kFull{503, "overloaded", "too many connections are open"};

std::string full_answer(ConnectionScope& scope) {
  const std::string id = next_request_id(scope);
  const Response response = problem(kFull, id);
  return wire_head(response, {id, scope.clock->now(), WireOptions::Connection::kClose}) +
         response.body;
}

void log_line(const LogSink& log, LogLevel level, const std::string& line) {
  if (log) log(level, line);
}

// The tightest timeout is kept within a quarter.
Duration tick_for(const ConnectionTimeouts& timeouts) {
  const Duration shortest =
      std::min({timeouts.head, timeouts.body_progress, timeouts.body, timeouts.idle,
                timeouts.request, timeouts.write, timeouts.drain});
  return std::clamp(shortest / 4, Duration{10}, Duration{250});
}

// More connections than descriptors would only be turned away later and less politely.
int affordable_connections(const NetworkOptions& options) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return options.max_connections;
  }
  const auto soft = static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  const auto affordable = std::max<std::int64_t>(soft - kReservedDescriptors, soft / 2);
  if (affordable >= options.max_connections) return options.max_connections;
  log_line(options.log, LogLevel::kWarning,
           "event=http_connection_limit reason=descriptor_limit configured=" +
               std::to_string(options.max_connections) + " used=" + std::to_string(affordable));
  return static_cast<int>(affordable);
}

}  // namespace

struct PistacheServer::Impl {
  NetworkOptions options;
  std::shared_ptr<ConnectionScope> scope;
  std::shared_ptr<ConnectionCounter> counter;
  std::unique_ptr<Acceptor> acceptor;
  std::uint16_t port = 0;
  std::unique_ptr<Aio::Reactor> reactor;
  std::vector<std::shared_ptr<LoopTransport>> loops;
  std::size_t next_loop = 0;  // Acceptor's thread only.

  void run_loops();
  void take(Accepted accepted);
};

void PistacheServer::Impl::run_loops() {
  reactor = std::make_unique<Aio::Reactor>();
  reactor->init(Aio::AsyncContext(static_cast<std::size_t>(options.threads), "tk-http"));
  const auto key = reactor->addHandler(std::make_shared<LoopTransport>(
      LoopTransport::Shared{scope, tick_for(scope->timeouts), options.log}));
  for (const auto& handler : reactor->handlers(key)) {
    loops.push_back(std::static_pointer_cast<LoopTransport>(handler));
  }
  reactor->run();
}

void PistacheServer::Impl::take(Accepted accepted) {
  if (!counter->enter(accepted.address)) {
    const std::string answer = full_answer(*scope);
    ::send(accepted.fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(accepted.fd);
    return;
  }
  // The seat is given back when nothing refers to the connection any more.
  std::shared_ptr<const void> seat(nullptr, [counter = counter, address = accepted.address](
                                                const void*) { counter->leave(address); });
  loops[next_loop++ % loops.size()]->adopt(std::move(accepted), std::move(seat));
}

PistacheServer::PistacheServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PistacheServer::~PistacheServer() {
  stop();
}

Result<std::unique_ptr<PistacheServer>> PistacheServer::start(
    NetworkOptions options, std::shared_ptr<ConnectionScope> scope) {
  auto acceptor = Acceptor::open(options.host, options.port);
  if (!acceptor) return std::unexpected(acceptor.error());
  auto impl = std::make_unique<Impl>();
  impl->counter = std::make_shared<ConnectionCounter>(affordable_connections(options),
                                                      options.max_connections_per_address);
  impl->options = std::move(options);
  impl->scope = std::move(scope);
  impl->acceptor = std::move(*acceptor);
  impl->port = impl->acceptor->port();
  try {
    impl->run_loops();
  } catch (const std::exception& error) {
    return fail(Errc::kIo, std::string("cannot start the event loops: ") + error.what());
  }
  impl->acceptor->start([raw = impl.get()](Accepted accepted) { raw->take(std::move(accepted)); });
  return std::unique_ptr<PistacheServer>(new PistacheServer(std::move(impl)));
}

std::uint16_t PistacheServer::port() const {
  return impl_->port;
}

int PistacheServer::connections() const {
  return impl_->counter->total();
}

void PistacheServer::stop() {
  if (!impl_->reactor) return;
  impl_->acceptor->stop();
  impl_->scope->stopping = true;
  for (const auto& loop : impl_->loops) loop->close_idle();
  impl_->counter->wait_empty(impl_->options.stop_grace);
  impl_->reactor->shutdown();
  impl_->reactor.reset();  // Joins the workers.
  for (const auto& loop : impl_->loops) loop->close_all();
  impl_->loops.clear();
}

}  // namespace townkrier::http
