// The API and its description say the same: every route is described, every described operation
// exists, and answers have a described status and shape.
#include "http/openapi.hpp"

#include "http/api.hpp"

#include <set>

#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using Json = nlohmann::json;

// "/jobs/:id" → "/jobs/{id}"
std::string described(const std::string& pattern) {
  std::string path;
  bool parameter = false;
  for (const char c : pattern) {
    if (parameter && c == '/') {
      path += '}';
      parameter = false;
    }
    if (c == ':') {
      path += '{';
      parameter = true;
    } else {
      path += c;
    }
  }
  return parameter ? path + '}' : path;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(c));
  return result;
}

// The part of JSON Schema that the document uses.
class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& document) : document_(document) {}

  // Empty: it fits.
  std::string fault(const Json& schema, const Json& value, const std::string& at = "") const {
    if (schema.contains("$ref")) {
      const std::string pointer = schema["$ref"].get<std::string>().substr(1);
      return fault(document_.at(Json::json_pointer(pointer)), value, at);
    }
    if (schema.contains("type") && !has_type(schema["type"], value)) return at + ": wrong type";
    if (schema.contains("enum") &&
        std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
      return at + ": not in the enum";
    }
    if (value.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const auto why = fault(schema["items"], value[i], at + "/" + std::to_string(i));
        if (!why.empty()) return why;
      }
    }
    return value.is_object() ? object_fault(schema, value, at) : "";
  }

 private:
  static bool has_type(const Json& types, const Json& value) {
    if (types.is_array()) {
      return std::ranges::any_of(types, [&](const Json& one) { return has_type(one, value); });
    }
    if (types == "object") return value.is_object();
    if (types == "array") return value.is_array();
    if (types == "string") return value.is_string();
    if (types == "integer") return value.is_number_integer();
    if (types == "number") return value.is_number();
    if (types == "boolean") return value.is_boolean();
    return types == "null" && value.is_null();
  }

  std::string object_fault(const Json& schema, const Json& value, const std::string& at) const {
    for (const auto& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) return at + ": lacks " + name.dump();
    }
    const Json properties = schema.value("properties", Json::object());
    const Json others = schema.value("additionalProperties", Json(true));
    for (const auto& [name, member] : value.items()) {
      if (!properties.contains(name) && others == false) return at + ": has " + name;
      const Json* known = properties.contains(name) ? &properties[name] : nullptr;
      if (!known && others.is_object()) known = &others;
      const auto why = known ? fault(*known, member, at + "/" + name) : "";
      if (!why.empty()) return why;
    }
    return "";
  }

  const Json& document_;
};

class OpenApi : public AppTest {
 protected:
  void SetUp() override {
    AppTest::SetUp();
    document_ = Json::parse(openapi_document());
    fill_backend();
  }

  Routes all_routes() const {
    const auto clock = std::make_shared<StoppedClock>();
    const auto api = std::make_shared<const ApiContext>(ApiContext{backend_, clock});
    return api_routes(api, {Authenticator::create({}, clock).value(), nullptr, clock});
  }

  // Every answer has something of everything.
  void fill_backend() {
    Job job = testing::make_job(1, JobStatus::kFailed);
    job.state.error = "refused";
    job.state.progress = JobProgress{0.5, 1, 2, "half", job.state.updated_at};
    job.state.log.push_back({job.state.updated_at, 1, "a line"});
    backend_->suppression_page = {{{"email", "u***@example.com", "bounced", job.state.updated_at},
                                   {"sms", "+23***67", "opted_out", job.state.updated_at, "news"}},
                                  2};
    job.state.failed_at = job.state.updated_at;
    job.state.deliveries.resize(1);
    job.state.deliveries[0].channel = "email";
    job.state.deliveries[0].status = LogStatus::kFailed;
    job.state.history.push_back({job.state.updated_at, 1, JobStatus::kFailed, "Failed", "no", 5ms});
    backend_->jobs[job.id()] = job;
    backend_->job_page = {.jobs = {job}, .total = 1, .next = "J1", .prev = "P1"};
    NotificationLog log;
    log.id = job.id();
    log.job_id = job.id();
    log.channel = "email";
    log.retry_logs.push_back({1, job.state.updated_at, LogStatus::kFailed, "no", 5ms});
    backend_->logs[log.id] = log;
    backend_->log_page = {.logs = {log}, .total = 1, .next = "C1"};
    backend_->queue_infos.push_back({.name = "default", .oldest_age = 5ms, .concurrency = 64});
    backend_->channel_infos.push_back(
        {.name = "email", .providers = {{.name = "smtp", .breaker = "closed"}}});
    backend_->news.changed = {job.id()};
    backend_->error_summary.groups.push_back({.kind = "report", .message = "no", .count = 1});
    backend_->operation.id = job.id();
    backend_->operation.ended_at = job.state.updated_at;
    backend_->report.checks["store"] = "ok";
    backend_->send_report.results["email"] = {true, "smtp", "m", ""};
    InboxMessage message;
    message.id = job.id();
    backend_->inbox_page.messages.push_back(message);
    id_ = job.id().to_string();
  }

  Response ask(const std::string& method, std::string path, const Json& operation) {
    for (std::size_t open = path.find('{'); open != path.npos; open = path.find('{')) {
      const std::size_t close = path.find('}', open);
      const bool is_id = path.substr(open, close - open) == "{id";
      path.replace(open, close - open + 1, is_id ? id_ : "default");
    }
    Sent sent{.target = "/api" + path};
    if (method == "post") sent.method = Method::kPost;
    if (method == "delete") sent.method = Method::kDelete;
    if (operation.contains("requestBody")) sent.body = bodies_.value(path, std::string("{}"));
    return send(sent);
  }

  // The description of a status of an operation; null: there is none.
  const Json* answer_of(const Json& operation, int status) const {
    const Json& responses = operation["responses"];
    const auto found = responses.find(std::to_string(status));
    if (found == responses.end()) return nullptr;
    if (!found->contains("$ref")) return &*found;
    return &document_.at(Json::json_pointer((*found)["$ref"].get<std::string>().substr(1)));
  }

  const Json bodies_ = {
      {"/jobs", R"({"kind":"report"})"},
      {"/jobs/bulk", R"({"action":"retry","filter":{}})"},
      {"/session", R"({"username":"admin","password":"correct horse battery"})"},
      {"/logs/cleanup", R"({"olderThan":"2026-01-01T00:00:00Z"})"},
      {"/suppressions", R"({"channel":"email","address":"user@example.com"})"},
      {"/suppressions/remove", R"({"channel":"email","address":"user@example.com"})"},
      {"/opt-outs", R"({"channel":"email","address":"user@example.com","category":"news"})"},
      {"/opt-outs/remove", R"({"channel":"email","address":"user@example.com","category":"news"})"},
      {"/opt-outs/find", R"({"channel":"email","address":"user@example.com"})"},
      {"/notifications", kNotification},
      {"/notifications/send", kNotification},
      {"/notifications/batch", std::string("[") + kNotification + "]"},
  };
  static constexpr const char* kNotification =
      R"({"notification":{"email":{"subject":"Hi","text":"there"}},"recipient":{"email":{"email":"user@example.com"}}})";
  Json document_;
  std::string id_;
};

TEST_F(OpenApi, DescribesEveryRouteAndNoOther) {
  std::set<std::string> routes;
  for (const Route& route : all_routes()) {
    routes.insert(lower(to_string(route.method)) + " " + described(route.pattern));
  }
  std::set<std::string> documented;
  for (const auto& [path, operations] : document_["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      documented.insert(method + " " + path);
    }
  }
  EXPECT_EQ(routes, documented);
}

TEST_F(OpenApi, DescribesEveryParameterOfEachRoute) {
  for (const Route& route : all_routes()) {
    const std::string path = described(route.pattern);
    const Json& operation = document_["paths"][path][lower(to_string(route.method))];
    std::set<std::string> known;
    for (std::string name : route.query) {
      if (name.ends_with('*')) name.pop_back();
      known.insert(name);
    }
    std::set<std::string> documented;
    bool takes_key = false;
    for (const Json& parameter : operation.value("parameters", Json::array())) {
      if (parameter["in"] == "header") takes_key = parameter["name"] == "Idempotency-Key";
      if (parameter["in"] == "query") documented.insert(parameter["name"]);
      if (parameter["in"] == "path") {
        EXPECT_NE(path.find("{" + parameter["name"].get<std::string>() + "}"), path.npos);
      }
    }
    EXPECT_EQ(known, documented) << path;
    EXPECT_EQ(route.key == KeyUse::kTaken, takes_key) << path;
    EXPECT_EQ(route.body != BodyKind::kNone, operation.contains("requestBody")) << path;
  }
}

TEST_F(OpenApi, AnswersAsDescribed) {
  const SchemaCheck check(document_);
  for (const auto& [path, operations] : document_["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      const Response response = ask(method, path, operation);
      EXPECT_LT(response.status, 300) << method << " " << path << " " << response.body;
      const Json* answer = answer_of(operation, response.status);
      ASSERT_TRUE(answer) << method << " " << path << " " << response.status;
      ASSERT_TRUE((*answer)["content"].contains(response.content_type)) << method << " " << path;
      if (response.stream) continue;
      const Json& schema = (*answer)["content"][response.content_type]["schema"];
      EXPECT_EQ(check.fault(schema, Json::parse(response.body)), "")
          << method << " " << path << " " << response.body;
    }
  }
}

TEST_F(OpenApi, AnswersProblemsAsDescribed) {
  const SchemaCheck check(document_);
  for (const Errc code : {Errc::kNotFound, Errc::kConflict, Errc::kUnavailable}) {
    backend_->error = Error{code, "no", {}};
    for (const auto& [path, operations] : document_["paths"].items()) {
      for (const auto& [method, operation] : operations.items()) {
        const Response response = ask(method, path, operation);
        if (response.content_type != kProblemType) continue;
        const Json* answer = answer_of(operation, response.status);
        if (!answer) answer = &document_["components"]["responses"]["Problem"];
        ASSERT_TRUE((*answer)["content"].contains(std::string(kProblemType)))
            << method << " " << path << " " << response.status;
        const Json& schema = (*answer)["content"][std::string(kProblemType)]["schema"];
        EXPECT_EQ(check.fault(schema, Json::parse(response.body)), "") << method << " " << path;
      }
    }
  }
}

TEST_F(OpenApi, IsServed) {
  const Response response = get("/api/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body)["openapi"], "3.1.0");
}

}  // namespace
}  // namespace townkrier::http
