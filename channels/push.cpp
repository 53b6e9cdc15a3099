#include "channels/push.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>

#include "channels/text.hpp"
#include "core/json_reader.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

bool is_web_url(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) && !has_control(text);
}

void read_content(const json& value, Push& push, FieldErrors& errors) {
  JsonReader reader(value, "/content", errors);
  PushContent& content = push.content;
  content.title = reader.optional_string("title").value_or("");
  content.body = reader.optional_string("body").value_or("");
  content.image_url = reader.optional_string("imageUrl").value_or("");
  content.action_url = reader.optional_string("actionUrl").value_or("");
  content.icon = reader.optional_string("icon").value_or("");
  content.sound = reader.optional_string("sound").value_or("");
  if (const auto badge = reader.optional_int("badge", 0, std::numeric_limits<int>::max())) {
    content.badge = static_cast<int>(*badge);
  }
  const json* data = reader.optional_object("data");
  push.data = data != nullptr ? *data : json::object();
  reader.refuse_unknown();
  if (value.is_object() && content.title.empty() && content.body.empty()) {
    errors.add("/content", "needs a title or a body");
  }
  if (!content.image_url.empty() && !is_web_url(content.image_url)) {
    errors.add("/content/imageUrl", "must be an http or https URL");
  }
  if (value.dump(-1, ' ', false, json::error_handler_t::replace).size() >
      PushLimits::kContentBytes) {
    errors.add("/content", "is larger than the 4096 bytes a push message may have");
  }
}

void read_device(const json& value, const std::string& pointer, Push& push, FieldErrors& errors) {
  JsonReader reader(value, pointer, errors);
  auto token = reader.required_string("deviceToken", {.min_bytes = 1, .max_bytes = 4096});
  for (const char* unused : {"userId", "platform", "name"}) reader.optional_string(unused);
  reader.refuse_unknown();
  if (!token) return;
  if (!is_printable_ascii(*token)) {
    return errors.add(reader.pointer("deviceToken"), "must be printable ASCII");
  }
  push.tokens.push_back(*std::move(token));
}

/// The outcomes of devices that have answered.
struct Joint {
  std::mutex mutex;
  std::size_t missing = 0;                // guarded by mutex
  std::vector<DeliveryOutcome> outcomes;  // guarded by mutex
  DeliveryDone done;
};

}  // namespace

Result<Push> parse_push(const json& content, const json& recipients) {
  FieldErrors errors;
  Push push;
  read_content(content, push, errors);
  if (!recipients.is_array() || recipients.empty()) {
    errors.add("/recipient", "needs a device");
  } else if (recipients.size() > PushLimits::kTokens) {
    errors.add("/recipient", "must not hold more than 100 devices");
  } else {
    for (std::size_t i = 0; i < recipients.size(); ++i) {
      read_device(recipients[i], pointer_to("/recipient", i), push, errors);
    }
  }
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return push;
}

json text_data(const Push& push) {
  json out = json::object();
  for (const auto& [name, value] : push.data.items()) {
    out[name] = value.is_string()
                    ? value
                    : json(value.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  if (!push.content.action_url.empty()) out["actionUrl"] = push.content.action_url;
  return out;
}

DeliveryOutcome join_devices(const std::vector<DeliveryOutcome>& outcomes) {
  const auto first = [&](Kind kind) {
    return std::ranges::find(outcomes, kind, &DeliveryOutcome::kind);
  };
  for (const Kind kind : {Kind::kSent, Kind::kThrottled, Kind::kTransient, Kind::kPermanent}) {
    const auto found = first(kind);
    if (found == outcomes.end()) continue;
    DeliveryOutcome joined = *found;
    for (const DeliveryOutcome& other : outcomes) {
      if (kind == Kind::kThrottled) {
        joined.retry_after = std::max(joined.retry_after, other.retry_after);
      }
    }
    return joined;
  }
  return DeliveryOutcome::transient("no device has answered");
}

DeliveryDone join_devices(std::size_t count, DeliveryDone done) {
  if (count == 1) return done;
  const auto joint = std::make_shared<Joint>();
  joint->missing = count;
  joint->done = std::move(done);
  return [joint](DeliveryOutcome outcome) {
    {
      const std::lock_guard lock(joint->mutex);
      joint->outcomes.push_back(std::move(outcome));
      if (--joint->missing > 0) return;
    }
    joint->done(join_devices(joint->outcomes));
  };
}

}  // namespace townkrier
