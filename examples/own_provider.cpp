// A provider of one's own: thirty lines, registered under a driver's name and configured like any
// bundled one.

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>
#include <townkrier/townkrier.hpp>

using namespace townkrier;
using nlohmann::json;

// [own-provider]
class Pager final : public Provider {
 public:
  Pager(std::string name, std::string prefix)
      : name_(std::move(name)), prefix_(std::move(prefix)) {}
  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return "pager"; }
  bool blocking() const override { return true; }  // `send` may take its time: a worker runs it

  // Called before a notification is accepted: what is wrong is the caller's to know.
  Result<void> check(const json& content, const json&) const override {
    if (content.contains("text")) return {};
    return fail_field(Errc::kInvalidArgument, "/content/text", "is required");
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    const json to = request.recipient.value().front();
    if (!to.contains("number")) return done(DeliveryOutcome::permanent("no number", "no_number"));
    std::printf("%s%s: %s\n", prefix_.c_str(), to["number"].get<std::string>().c_str(),
                request.content.value()["text"].get<std::string>().c_str());
    done(DeliveryOutcome::sent("page-" + request.idempotency_key));
  }

 private:
  const std::string name_, prefix_;
};

Result<std::shared_ptr<Provider>> create_pager(const json& settings,
                                               const ProviderEnvironment& environment) {
  if (!settings.contains("prefix")) {
    return fail_field(Errc::kInvalidConfig, "/prefix", "is required");
  }
  return std::make_shared<Pager>(environment.provider, settings["prefix"].get<std::string>());
}
// [/own-provider]

class Alarm : public Notification {
  std::optional<JsonText> to_channel(std::string_view) const override {
    return json{{"text", "the disk is full"}};
  }
  std::vector<std::string> via() const override { return {"pager"}; }
};

int main() {
  NotificationManager notifications;
  notifications.register_factory("acme-pager", create_pager);
  ChannelConfig channel;
  channel.name = "pager";
  channel.providers = {{.driver = "acme-pager", .name = {}, .settings = json{{"prefix", "page "}}}};
  notifications.register_channel(channel);

  const auto report =
      notifications.send(Alarm(), Recipient().address("pager", json{{"number", "7"}}));
  if (!report || report->status != SendReport::Status::kSuccess) {
    std::fprintf(stderr, "%s\n", report ? "not sent" : report.error().message.c_str());
    return 1;
  }
  return 0;
}
