// GET /queues, POST /queues/:name/{pause,resume}, GET /channels
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "core/json_reader.hpp"
#include "http/api.hpp"

namespace townkrier::http {

namespace {

using Flow = DashboardBackend::Flow;

void list_queues(const ApiPtr& api, const ExchangePtr& exchange) {
  api->backend->queues(
      answer_with<std::vector<QueueInfo>>(exchange, [](const std::vector<QueueInfo>& infos) {
        nlohmann::json queues = nlohmann::json::array();
        for (const QueueInfo& info : infos) queues.push_back(queue_info_to_json(info));
        nlohmann::json body;
        body["queues"] = std::move(queues);
        return json_response(200, body);
      }));
}

void list_channels(const ApiPtr& api, const ExchangePtr& exchange) {
  api->backend->channels(
      answer_with<std::vector<ChannelInfo>>(exchange, [](const std::vector<ChannelInfo>& infos) {
        nlohmann::json channels = nlohmann::json::array();
        for (const ChannelInfo& info : infos) channels.push_back(channel_info_to_json(info));
        nlohmann::json body;
        body["channels"] = std::move(channels);
        return json_response(200, body);
      }));
}

void set_flow(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params, Flow flow) {
  if (!is_valid_name(params[0])) {
    return exchange->reply(
        Error{Errc::kInvalidArgument, "a queue's name is 1 to 64 of [A-Za-z0-9_.-]", {}});
  }
  api->backend->set_queue_flow(params[0], flow,
                               answer_with<QueueInfo>(exchange, [](const QueueInfo& info) {
                                 return json_response(200, queue_info_to_json(info));
                               }));
}

}  // namespace

void add_queue_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/queues",
                    .access = Access::kRead,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_queues(api, exchange);
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/channels",
                    .access = Access::kRead,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_channels(api, exchange);
                    }});
  for (const auto& [word, flow] : {std::pair{"pause", Flow::kPause}, {"resume", Flow::kResume}}) {
    routes.push_back(
        {.method = Method::kPost,
         .pattern = std::string("/queues/:name/") + word,
         .access = Access::kOperate,
         .audit = {std::string("queue.") + word, 0},
         .handler = [api, flow = flow](const ExchangePtr& exchange, const PathParams& params) {
           set_flow(api, exchange, params, flow);
         }});
  }
}

}  // namespace townkrier::http
