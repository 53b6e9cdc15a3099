#include "channels/curl_transport.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace townkrier {
namespace {

long connection_limit(long wanted) {
  if (wanted > 0) return wanted;
  rlimit limit{};
  constexpr long kMost = 8192;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMost;
  return std::clamp(static_cast<long>(limit.rlim_cur / 2), 16L, kMost);
}

TransferReply ended(TransferStatus status, const char* detail) {
  TransferReply reply;
  reply.status = status;
  reply.detail = detail;
  return reply;
}

TransferReply shut_down() {
  return ended(TransferStatus::kShutDown, "shutting down");
}

}  // namespace

Result<std::shared_ptr<CurlTransport>> CurlTransport::create(Options options) {
  // Counted by curl and thread-safe since 7.84; the process keeps it, as other users may share it.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Errc::kInternal, "the HTTP and SMTP transport cannot start");
  }
  auto loop = CurlLoop::create(connection_limit(options.max_connections));
  if (!loop) return std::unexpected(std::move(loop.error()));
  return std::shared_ptr<CurlTransport>(new CurlTransport(*std::move(loop)));
}

CurlTransport::~CurlTransport() {
  stop();
  // Idle mail connections are sent a QUIT whose answer curl waits for: it shall come at once.
  for (const curl_socket_t socket : sockets_) ::shutdown(socket, SHUT_RDWR);
}

void CurlTransport::submit(Transfer transfer) {
  auto exchange = std::make_unique<CurlExchange>(std::move(transfer), sockets_);
  {
    const std::lock_guard lock(inbox_mutex_);
    if (!stopped_) inbox_.exchanges.emplace_back(next_id_++, std::move(exchange));
  }
  if (exchange) {
    exchange->transfer().done(shut_down());
  } else {
    wake();
  }
}

void CurlTransport::wake() {
  loop_->wake();
}

void CurlTransport::run_once(Duration max_wait) {
  if (!begin_pumping(max_wait)) return;
  take_inbox();
  loop_->step(max_wait);
  take_inbox();
  deliver();
  bool stopped = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    stopped = stopped_;
  }
  if (stopped) end_all();
  end_pumping();
}

void CurlTransport::stop() {
  {
    const std::lock_guard lock(inbox_mutex_);
    stopped_ = true;
  }
  wake();
  {
    std::unique_lock lock(pump_mutex_);
    if (pumping_ == std::this_thread::get_id()) return;  // this run_once ends them on its way out
    pump_free_.wait(lock, [this] { return pumping_ == std::thread::id(); });
    pumping_ = std::this_thread::get_id();
  }
  {
    // A run_once that began meanwhile has opened it again; nobody would carry out what comes now.
    const std::lock_guard lock(inbox_mutex_);
    stopped_ = true;
  }
  end_all();
  end_pumping();
}

bool CurlTransport::begin_pumping(Duration max_wait) {
  {
    std::unique_lock lock(pump_mutex_);
    if (pumping_ != std::thread::id()) {
      if (pumping_ != std::this_thread::get_id()) pump_free_.wait_for(lock, max_wait);
      return false;
    }
    pumping_ = std::this_thread::get_id();
  }
  const std::lock_guard lock(inbox_mutex_);
  stopped_ = false;
  return true;
}

void CurlTransport::end_pumping() {
  {
    const std::lock_guard lock(pump_mutex_);
    pumping_ = std::thread::id();
  }
  pump_free_.notify_all();
}

void CurlTransport::take_inbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(inbox_mutex_);
    std::swap(inbox, inbox_);
  }
  for (auto& [id, exchange] : inbox.exchanges) start(id, std::move(exchange));
  for (const ExchangeId id : inbox.cancelled) {
    finish(id, ended(TransferStatus::kCancelled, "cancelled"));
  }
}

void CurlTransport::start(ExchangeId id, std::unique_ptr<CurlExchange> exchange) {
  CurlExchange& running = *exchange;
  running_.emplace(id, std::move(exchange));
  if (!running.prepare() || curl_multi_add_handle(loop_->multi(), running.easy()) != CURLM_OK) {
    finish(id, ended(TransferStatus::kBroken, "no memory for another transfer"));
    return;
  }
  ids_.emplace(running.easy(), id);
  running.watch_stop([this, id] { cancel(id); });
}

void CurlTransport::cancel(ExchangeId id) {
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox_.cancelled.push_back(id);
  }
  wake();
}

void CurlTransport::deliver() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(loop_->multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;  // the message dies with its handle
    const auto found = ids_.find(message->easy_handle);
    if (found == ids_.end()) continue;
    const ExchangeId id = found->second;
    finish(id, running_.at(id)->reply(result));
  }
}

void CurlTransport::finish(ExchangeId id, TransferReply reply) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;  // a cancel that came after the reply
  const std::unique_ptr<CurlExchange> exchange = std::move(found->second);
  running_.erase(found);
  if (exchange->easy() != nullptr) {
    ids_.erase(exchange->easy());
    curl_multi_remove_handle(loop_->multi(), exchange->easy());
  }
  exchange->transfer().done(std::move(reply));
}

void CurlTransport::end_all() {
  take_inbox();
  std::vector<ExchangeId> ids;
  ids.reserve(running_.size());
  for (const auto& [id, exchange] : running_) ids.push_back(id);
  for (const ExchangeId id : ids) finish(id, shut_down());
}

}  // namespace townkrier
