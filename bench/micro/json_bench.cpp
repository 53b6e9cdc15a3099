// What a request costs before it reaches the store: parsing, checking, masking.

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "bench/micro/sample.hpp"
#include "core/masking.hpp"       // why: measures the parts of the engine one by one
#include "core/request_json.hpp"  // why: as above
#include "core/strict_json.hpp"   // why: as above
#include "townkrier/townkrier.hpp"

namespace townkrier::bench {
namespace {

constexpr std::size_t kSmall = 100;
constexpr std::size_t kLarge = 10'000;

class SilentProvider final : public Provider {
 public:
  std::string_view name() const override { return "silent"; }
  std::string_view channel_type() const override { return "email"; }
  void send(DeliveryRequest, DeliveryDone done) override { done(DeliveryOutcome::sent()); }
};

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(std::int64_t(state.iterations()) * std::int64_t(bytes));
}

void parse_strict_json(benchmark::State& state) {
  const std::string body = sample_body(std::size_t(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(body));
  count_bytes(state, body.size());
}
BENCHMARK(parse_strict_json)->Arg(kSmall)->Arg(kLarge);

void parse_request(benchmark::State& state) {
  const auto body = parse_json(sample_body(std::size_t(state.range(0)))).value();
  for (auto _ : state) benchmark::DoNotOptimize(parse_notification_request(body, kNow));
}
BENCHMARK(parse_request)->Arg(kSmall)->Arg(kLarge);

void prepare_notification(benchmark::State& state) {
  NotificationManager manager;
  ChannelConfig channel;
  channel.name = "email";
  manager.register_channel(channel, {std::make_shared<SilentProvider>()});
  if (!manager.ready()) return state.SkipWithError("the channel is not ready");
  const auto payload = JsonText::trusted(sample_body(std::size_t(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(manager.prepare(payload));
  count_bytes(state, payload.text().size());
}
BENCHMARK(prepare_notification)->Arg(kSmall)->Arg(kLarge);

void mask_payload(benchmark::State& state) {
  const auto payload = nlohmann::json::parse(sample_body(std::size_t(state.range(0))));
  for (auto _ : state) {
    benchmark::DoNotOptimize(masked_payload(payload, ContentPrivacy::kMasked));
  }
}
BENCHMARK(mask_payload)->Arg(kSmall)->Arg(kLarge);

void mask_one_email(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(mask_email("user@example.com"));
}
BENCHMARK(mask_one_email);

void mask_error_text(benchmark::State& state) {
  const std::string error =
      "550 5.1.1 <user@example.com>: recipient rejected; token=abcdef0123456789 call "
      "+2348012345678";
  for (auto _ : state) benchmark::DoNotOptimize(mask_error(error, ContentPrivacy::kMasked));
}
BENCHMARK(mask_error_text);

}  // namespace
}  // namespace townkrier::bench
