#include "townkrier/notification.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/request_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

class FullNotification : public Notification {
 public:
  std::vector<std::string> via() const override { return {"email", "hook"}; }
  std::optional<EmailContent> to_email() const override {
    return EmailContent{.subject = "Welcome!",
                        .text = "Hello",
                        .html = "<p>Hello</p>",
                        .from = EmailAddress{"sender@example.com", "Sender"},
                        .reply_to = EmailAddress{"reply@example.com"},
                        .cc = {{"cc@example.com"}},
                        .bcc = {{"bcc@example.com"}},
                        .attachments = {{.filename = "a.bin",
                                         .content = std::string("\0\xff", 2),
                                         .content_type = "application/x"}}};
  }
  std::optional<SmsContent> to_sms() const override {
    return SmsContent{.text = "Hi", .from = "Town"};
  }
  std::optional<PushContent> to_push() const override {
    return PushContent{.title = "T",
                       .body = "B",
                       .image_url = "https://example.com/i.png",
                       .badge = 2,
                       .data = json{{"k", "v"}}};
  }
  std::optional<InAppContent> to_in_app() const override {
    return InAppContent{.title = "T", .message = "M", .type = "info", .action_url = "/orders"};
  }
  std::optional<SmsContent> to_whatsapp() const override { return SmsContent{.text = "W"}; }
  std::optional<ChatContent> to_slack() const override { return ChatContent{"S"}; }
  std::optional<JsonText> to_channel(std::string_view channel) const override {
    if (channel != "hook") return std::nullopt;
    return json{{"body", {{"x", 1}}}};
  }
};

TEST(Notification, RendersEveryChannelAsTheHttpInterfaceExpectsIt) {
  const json expected = json::parse(R"({
    "via": ["email", "hook"],
    "email": {"subject":"Welcome!", "text":"Hello", "html":"<p>Hello</p>",
              "from":{"email":"sender@example.com","name":"Sender"}, "replyTo":{"email":"reply@example.com"},
              "cc":[{"email":"cc@example.com"}], "bcc":[{"email":"bcc@example.com"}],
              "attachments":[{"filename":"a.bin","content":"AP8=","contentType":"application/x"}]},
    "sms": {"text":"Hi", "from":"Town"},
    "push": {"title":"T", "body":"B", "imageUrl":"https://example.com/i.png", "badge":2, "data":{"k":"v"}},
    "in_app": {"title":"T", "message":"M", "type":"info", "actionUrl":"/orders"},
    "whatsapp": {"text":"W"}, "slack": {"text":"S"}, "hook": {"body":{"x":1}}})");
  EXPECT_EQ(FullNotification().render().value(), expected);
}

TEST(Notification, RendersToWhatTheRequestParserAccepts) {
  const json body{
      {"notification", FullNotification().render().value()},
      {"recipient", Recipient{}.email("user@example.com").sms("+2348012345667").to_json().value()}};
  const auto request = parse_notification_request(body, TimePoint{});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->payload.value(), body);
}

TEST(Notification, RendersNothingByDefault) {
  class Empty : public Notification {};
  EXPECT_EQ(Empty().render().value(), json::object());
}

TEST(Recipient, GathersAddressesByChannel) {
  const auto recipient = Recipient{}
                             .email("user@example.com", "User")
                             .email("other@example.com")
                             .sms("+2348012345667")
                             .push("token")
                             .in_app("42")
                             .whatsapp("+14155552671")
                             .address("hook", json{{"room", 7}});
  EXPECT_EQ(recipient.to_json().value(), json::parse(R"({
    "email": [{"email":"user@example.com","name":"User"}, {"email":"other@example.com"}],
    "sms": [{"phone":"+2348012345667"}], "push": [{"deviceToken":"token"}], "in_app": [{"userId":"42"}],
    "whatsapp": [{"phone":"+14155552671"}], "hook": [{"room":7}]})"));
}

TEST(Recipient, IsAnEmptyObjectWithoutAddresses) {
  EXPECT_EQ(Recipient{}.to_json().text(), "{}");
}

}  // namespace
}  // namespace townkrier
