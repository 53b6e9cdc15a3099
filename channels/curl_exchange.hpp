#pragma once

/// \file curl_exchange.hpp
/// One transfer as a curl easy handle: options in, reply out. Used by one thread at a time.

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "channels/transfer.hpp"

namespace townkrier {

/// Sockets that curl has open for us, idle connections included. Belongs to the transport.
using SocketLedger = std::set<curl_socket_t>;

/// Owns the handle and everything it points at, so it must outlive its time in a multi handle.
class CurlExchange {
 public:
  /// `sockets` outlives every connection of the multi handle.
  CurlExchange(Transfer transfer, SocketLedger& sockets);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  /// Makes the easy handle; false when there is no memory for it.
  bool prepare();
  CURL* easy() const { return easy_.get(); }

  /// The reply once curl says the transfer is over.
  TransferReply reply(CURLcode result);
  Transfer& transfer() { return transfer_; }

  /// Calls `on_stop` when the transfer's stop token is requested; replaced by the destructor.
  void watch_stop(std::function<void()> on_stop);

 private:
  template <auto Free>
  struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
      Free(pointer);
    }
  };
  using Easy = std::unique_ptr<CURL, Deleter<curl_easy_cleanup>>;
  using List = std::unique_ptr<curl_slist, Deleter<curl_slist_free_all>>;
  using Mime = std::unique_ptr<curl_mime, Deleter<curl_mime_free>>;

  void set_common();
  void set_http(const HttpCall& call);
  void set_mail(const MailSubmission& mail);
  void set_mime(const MailMessage& message);
  static void append(List& list, const std::string& line);

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_reply_line(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* sockets, curl_socket_t socket);
  static int on_connected(void* self, char* peer, char* local, int peer_port, int port);
  /// When curl ends a mail session it waits for the answer to QUIT, and the whole loop with it; a
  /// closed read side makes that answer come at once.
  static int on_debug(CURL* easy, curl_infotype type, char* data, std::size_t size, void* self);

  Transfer transfer_;
  SocketLedger& sockets_;
  int local_port_ = 0;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string body_;
  bool truncated_ = false;  // the rest of the body was not read
  bool refused_address_ = false;
  bool allowed_address_ = false;
  // Destroyed bottom up: the handle goes before what it points at.
  List headers_;
  List recipients_;
  Mime mime_;
  Easy easy_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace townkrier
