#pragma once

/// \file http/exchange.hpp
/// One request and the place its answer goes. The answer may come from any thread, at any time,
/// also after the client has gone; the first one counts.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "http/identity.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

/// Shared by the handler and the callbacks of the backend calls it made, whichever ends last.
class Exchange {
 public:
  /// Called exactly once; must not throw.
  using Sink = std::function<void(Response)>;

  /// `ticket` is let go when the exchange dies: it counts what is in flight.
  Exchange(Request request, std::string request_id, Sink sink,
           std::shared_ptr<const void> ticket = nullptr);
  /// An exchange that nobody answered (a backend dropped its callback) is answered 500 here.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request& request() const { return request_; }
  /// For the App, before any handler sees the exchange.
  void set_origin(RequestOrigin origin) { request_.origin = std::move(origin); }
  void set_identity(Identity identity) { identity_ = std::move(identity); }
  /// Who sent it; of a public route nobody in particular.
  const Identity& identity() const { return identity_; }
  /// Takes the answer before the client gets it and hands it on, once, from any thread. Before the
  /// handler is called.
  void before_reply(std::function<void(Response, Sink)> step);
  /// Lets the body go, which may be large, once it has been read. For the handler, before it makes
  /// the call that answers.
  void release_body() { request_.body = {}; }
  const std::string& request_id() const { return request_id_; }

  /// Thread-safe; every answer but the first is dropped.
  void reply(Response response);
  void reply(const Error& error) { reply(problem(error, request_id_)); }

 private:
  Request request_;
  Identity identity_;
  const std::string request_id_;
  Sink sink_;
  const std::shared_ptr<const void> ticket_;
  std::atomic<bool> answered_{false};
};

using ExchangePtr = std::shared_ptr<Exchange>;

/// What the server does with each request. Thread-safe; returns at once.
using ExchangeHandler = std::function<void(ExchangePtr)>;

}  // namespace townkrier::http
