// What the routes share: reading JSON bodies and ids, writing JSON answers.
#include <nlohmann/json.hpp>

#include "core/strict_json.hpp"
#include "http/api.hpp"

namespace townkrier::http {

Result<Uuid> read_id(std::string_view text, std::string_view what) {
  auto id = Uuid::parse(text);
  if (id && !id->is_nil()) return id;
  return fail(Errc::kNotFound, "there is no " + std::string(what) + " of that id");
}

Result<nlohmann::json> read_json_body(const Request& request, std::size_t max_bytes) {
  return parse_json(request.body, {.max_bytes = max_bytes});
}

Response json_response(int status, const nlohmann::json& body) {
  Response response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace townkrier::http
