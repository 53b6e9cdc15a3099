// A provider described in configuration alone; see create_http_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/content_check.hpp"
#include "channels/header_names.hpp"
#include "channels/http_rules.hpp"
#include "channels/mustache_text.hpp"
#include "channels/text.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;
using Text = std::shared_ptr<const MustacheText>;

/// A body: a text, or JSON or form fields whose texts are templates.
struct BodyTemplate {
  enum class Form : std::uint8_t { kNone, kText, kJson, kForm };
  Form form = Form::kNone;
  std::string content_type;
  Text text;                           // kText
  json shape;                          // kJson, kForm: as configured
  std::map<std::string, Text> leaves;  // of `shape`, by pointer
};

struct HttpSettings {
  std::string type;
  std::string method = "POST";
  Text url;
  std::vector<std::pair<std::string, Text>> headers;
  BodyTemplate body;
  std::string idempotency_header;
  bool needs_recipient = true;
  bool takes_many = false;
  HttpRules rules;
  std::vector<std::string> secrets;
  ApiSettings api;
};

Text read_template(FieldErrors& errors, const std::string& pointer, const std::string& text,
                   TextEscape escape) {
  auto parsed = MustacheText::parse(pointer.substr(1), text, escape);
  if (parsed && !(*parsed)->partials().empty()) {
    errors.add(pointer, "must not use partials");
    return nullptr;
  }
  if (parsed) return *std::move(parsed);
  errors.add(pointer, parsed.error().message);
  return nullptr;
}

/// Host and port come from the configuration alone: what a notification holds cannot move them.
Text read_url_template(JsonReader& reader, AddressPolicy policy) {
  const auto text = reader.required_string("url");
  if (!text) return nullptr;
  const std::size_t scheme = text->find("://");
  const std::size_t path =
      scheme == std::string::npos ? std::string::npos : text->find_first_of("/?#", scheme + 3);
  const std::size_t tag = text->find("{{");
  if (tag != std::string::npos && (path == std::string::npos || tag < path)) {
    reader.errors().add("/url", "must not have a template in its host");
    return nullptr;
  }
  const json fixed{{"url", text->substr(0, tag)}};
  JsonReader check(fixed, "", reader.errors());
  read_url(check, "url", policy);
  return read_template(reader.errors(), "/url", *text, TextEscape::kUrl);
}

void read_leaves(const json& value, const std::string& base, const std::string& pointer,
                 BodyTemplate& body, FieldErrors& errors) {
  if (value.is_string()) {
    body.leaves[pointer] =
        read_template(errors, base + pointer, value.get<std::string>(), TextEscape::kNone);
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      read_leaves(member, base, pointer_to(pointer, name), body, errors);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_leaves(value[i], base, pointer_to(pointer, i), body, errors);
    }
  }
}

TextEscape escape_for(std::string_view content_type) {
  if (content_type.find("json") != std::string_view::npos) return TextEscape::kJson;
  if (content_type.find("urlencoded") != std::string_view::npos) return TextEscape::kUrl;
  if (content_type.find("xml") != std::string_view::npos) return TextEscape::kHtml;
  return TextEscape::kNone;
}

BodyTemplate read_body(JsonReader& reader) {
  BodyTemplate body;
  FieldErrors& errors = reader.errors();
  const auto text = reader.optional_string("body");
  const json* shape = reader.optional_any("json");
  const json* form = reader.optional_object("form");
  const int forms = (text ? 1 : 0) + (shape != nullptr ? 1 : 0) + (form != nullptr ? 1 : 0);
  if (forms > 1) errors.add("/body", "body, json and form exclude each other");
  body.content_type =
      reader.optional_string("content_type", {.min_bytes = 1, .max_bytes = 200})
          .value_or(form != nullptr ? "application/x-www-form-urlencoded" : "application/json");
  if (!is_printable_ascii(body.content_type)) errors.add("/content_type", "is not a content type");
  if (text) {
    body.form = BodyTemplate::Form::kText;
    body.text = read_template(errors, "/body", *text, escape_for(body.content_type));
  } else if (shape != nullptr) {
    body.form = BodyTemplate::Form::kJson;
    body.shape = *shape;
    read_leaves(body.shape, "/json", "", body, errors);
  } else if (form != nullptr) {
    body.form = BodyTemplate::Form::kForm;
    body.shape = *form;
    for (const auto& [name, value] : form->items()) {
      if (value.is_structured()) errors.add(pointer_to("/form", name), "must be a single value");
    }
    read_leaves(body.shape, "/form", "", body, errors);
  }
  return body;
}

void read_headers(JsonReader& reader, HttpSettings& out) {
  const json* object = reader.optional_object("headers");
  if (object == nullptr) return;
  for (const auto& [name, value] : object->items()) {
    const std::string pointer = pointer_to(reader.pointer("headers"), name);
    if (!is_header_name(name) || is_framing_header(name)) {
      reader.errors().add(pointer, "is not a header that can be set");
    } else if (!value.is_string() || has_control(value.get_ref<const std::string&>())) {
      reader.errors().add(pointer, "must be a text without control characters");
    } else {
      const auto& text = value.get_ref<const std::string&>();
      // What follows "Bearer " and the like may be quoted by an answer on its own.
      out.secrets.push_back(text.substr(text.rfind(' ') + 1));
      out.headers.emplace_back(name,
                               read_template(reader.errors(), pointer, text, TextEscape::kNone));
    }
  }
}

void read_login(JsonReader& reader, HttpSettings& out) {
  const bool basic = reader.has("username") || reader.has("password");
  if (!basic) return;
  const std::string user = read_secret(reader, "username");
  const std::string password = read_secret(reader, "password");
  out.secrets.push_back(password);
  out.headers.emplace_back(
      "Authorization",
      read_template(reader.errors(), "/password", basic_auth(user, password), TextEscape::kNone));
}

void read_who(JsonReader& reader, HttpSettings& out) {
  const auto many = reader.optional_string("recipients").value_or("one");
  if (many != "one" && many != "many" && many != "none") {
    reader.errors().add("/recipients", "must be one, many or none");
  }
  out.needs_recipient = many != "none";
  out.takes_many = many == "many";
}

HttpSettings read_settings(JsonReader& reader, const ProviderEnvironment& environment) {
  HttpSettings out;
  out.api = read_api_settings(reader);
  out.type = reader.optional_string("type", {.min_bytes = 1, .max_bytes = 64})
                 .value_or(environment.channel);
  static constexpr std::array<std::string_view, 4> kMethods{"POST", "PUT", "PATCH", "GET"};
  out.method = reader.optional_string("method").value_or("POST");
  if (std::ranges::find(kMethods, out.method) == kMethods.end()) {
    reader.errors().add("/method", "must be POST, PUT, PATCH or GET");
  }
  out.url = read_url_template(reader, out.api.addresses);
  read_headers(reader, out);
  read_login(reader, out);
  out.body = read_body(reader);
  const bool has_body = out.body.form != BodyTemplate::Form::kNone;
  if (out.method == "GET" && has_body) reader.errors().add("/body", "cannot go with method GET");
  out.idempotency_header = reader.optional_string("idempotency_header").value_or("Idempotency-Key");
  if (!out.idempotency_header.empty() && !is_header_name(out.idempotency_header)) {
    reader.errors().add("/idempotency_header", "is not a header name");
  }
  read_who(reader, out);
  out.rules = read_http_rules(reader);
  return out;
}

/// The value itself where a text is one tag alone (`"{{content.badge}}"`), so that numbers and
/// objects keep their type.
const json* whole_value(const std::string& text, const json& context) {
  if (!text.starts_with("{{") || !text.ends_with("}}") || text.find("{{", 2) != std::string::npos) {
    return nullptr;
  }
  std::string pointer = "/" + text.substr(2, text.size() - 4);
  std::ranges::replace(pointer, '.', '/');
  const json* found = value_at(context, pointer);
  return found != nullptr && !found->is_string() ? found : nullptr;
}

class HttpProvider final : public ApiProvider {
 public:
  HttpProvider(HttpSettings settings, std::shared_ptr<Transport> transport,
               const ProviderEnvironment& environment)
      : ApiProvider({environment.provider, settings.api, settings.secrets}, std::move(transport),
                    environment),
        settings_(std::move(settings)) {}

  std::string_view channel_type() const override { return settings_.type; }
  bool needs_recipient() const override { return settings_.needs_recipient; }

  /// Also renders once, so that a value the templates need and do not get is found before.
  Result<void> check(const json& content, const json& recipients) const override {
    if (auto ok = check_content(settings_.type, content, recipients); !ok) return ok;
    if (settings_.needs_recipient && !settings_.takes_many && recipients.size() != 1) {
      return fail_field(Errc::kInvalidArgument, "/recipient", "takes exactly one");
    }
    DeliveryRequest request;
    request.content = content;
    request.recipient = recipients;
    const auto call = call_for(request);
    if (!call) return fail_field(Errc::kInvalidArgument, "/content", call.error().message);
    return {};
  }

 private:
  Result<HttpCall> call_for(const DeliveryRequest& request) const override {
    const json context = context_of(request);
    HttpCall call;
    call.method = settings_.method;
    auto url = settings_.url->render(context);
    if (!url) return std::unexpected(url.error());
    call.url = *std::move(url);
    for (const auto& [name, text] : settings_.headers) {
      auto value = text->render(context);
      if (!value) return std::unexpected(value.error());
      if (has_control(*value)) {
        return fail(Errc::kInvalidArgument, "a header would hold control characters");
      }
      call.headers.emplace_back(name, *std::move(value));
    }
    if (!settings_.idempotency_header.empty()) {
      call.headers.emplace_back(settings_.idempotency_header, request.idempotency_key);
    }
    if (settings_.body.form == BodyTemplate::Form::kNone) return call;
    call.headers.emplace_back("Content-Type", settings_.body.content_type);
    auto body = body_of(context);
    if (!body) return std::unexpected(body.error());
    call.body = *std::move(body);
    return call;
  }

  static json context_of(const DeliveryRequest& request) {
    const json recipients = request.recipient.value();
    json context{{"content", request.content.value()},
                 {"recipients", recipients.is_array() ? recipients : json::array()},
                 {"channel", request.channel},
                 {"attempt", request.attempt},
                 {"metadata", request.metadata.value()},
                 {"idempotencyKey", request.idempotency_key}};
    if (!context["recipients"].empty()) context["recipient"] = context["recipients"].front();
    return context;
  }

  Result<std::string> body_of(const json& context) const {
    const BodyTemplate& body = settings_.body;
    if (body.form == BodyTemplate::Form::kText) return body.text->render(context);
    const auto filled = fill(body.shape, "", context);
    if (!filled) return std::unexpected(filled.error());
    if (body.form == BodyTemplate::Form::kJson) {
      return filled->dump(-1, ' ', false, json::error_handler_t::replace);
    }
    Headers fields;
    for (const auto& [name, value] : filled->items()) {
      fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return form_body(fields);
  }

  Result<json> fill(const json& shape, const std::string& pointer, const json& context) const {
    if (shape.is_string()) {
      if (const json* whole = whole_value(shape.get_ref<const std::string&>(), context)) {
        return *whole;
      }
      auto text = settings_.body.leaves.at(pointer)->render(context);
      if (!text) return std::unexpected(text.error());
      return json(*std::move(text));
    }
    json out = shape;
    const auto fill_member = [&](json& member, const std::string& where) -> Result<void> {
      auto filled = fill(member, where, context);
      if (!filled) return std::unexpected(filled.error());
      member = *std::move(filled);
      return {};
    };
    if (out.is_object()) {
      for (auto& [name, member] : out.items()) {
        if (auto ok = fill_member(member, pointer_to(pointer, name)); !ok) {
          return std::unexpected(ok.error());
        }
      }
    } else if (out.is_array()) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        if (auto ok = fill_member(out[i], pointer_to(pointer, i)); !ok) {
          return std::unexpected(ok.error());
        }
      }
    }
    return out;
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const HttpRules& rules = settings_.rules;
    const json answer = body_json(reply);
    const auto said = [&](const std::string& pointer) {
      return pointer.empty() ? std::string() : text_at(answer, pointer);
    };
    ApiAnswer words{.code = said(rules.error_code),
                    .message = said(rules.error_message),
                    .message_id = said(rules.message_id)};
    if (reply.status != TransferStatus::kAnswered) return judge(reply, std::move(words));
    auto kind = rules.kind_of(reply.code, words.code);
    const bool success = kind ? *kind == Kind::kSent : reply.code / 100 == 2;
    if (success && !rules.says_sent(answer)) kind = Kind::kPermanent;
    if (!kind) return judge(reply, std::move(words));
    if (*kind == Kind::kSent) return DeliveryOutcome::sent(printable(words.message_id, 200));
    auto outcome = failed(*kind, std::move(words));
    if (outcome.error_code.empty()) outcome.error_code = std::to_string(reply.code);
    if (*kind == Kind::kThrottled && reply.retry_after) outcome.retry_after = reply.retry_after;
    return outcome;
  }

  const HttpSettings settings_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_http_channel(const json& settings,
                                                      const ProviderEnvironment& environment) {
  return make_api_provider<HttpProvider>(settings, environment, [&](JsonReader& reader) {
    return read_settings(reader, environment);
  });
}

}  // namespace townkrier
