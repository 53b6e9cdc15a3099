// POST /receipts/:provider
#include <nlohmann/json.hpp>

#include "http/api.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxBytes = 256u << 10;

// Of a header that is there several times the first counts, as everywhere.
ReceiptRequest posted(const Request& request) {
  ReceiptRequest receipt;
  for (const Header& header : request.headers) receipt.headers.emplace(header.name, header.value);
  receipt.body = request.body;
  return receipt;
}

void take_receipts(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params) {
  if (exchange->request().body.size() > std::min(kMaxBytes, api->max_body_bytes)) {
    return exchange->reply(Error{Errc::kTooLarge, "receipts have at most 256 KiB", {}});
  }
  ReceiptRequest request = posted(exchange->request());
  exchange->release_body();
  api->backend->take_receipts(params[0], std::move(request),
                              answer_with<std::uint64_t>(exchange, [](std::uint64_t count) {
                                return json_response(200, {{"received", count}});
                              }));
}

}  // namespace

// Who posts has no login here: the signature is what it shows.
void add_receipt_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/receipts/:provider",
                    .access = Access::kPublic,
                    .body = BodyKind::kAny,
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      take_receipts(api, exchange, params);
                    }});
}

}  // namespace townkrier::http
