#include "http/router.hpp"

#include <gtest/gtest.h>

namespace townkrier::http {
namespace {

Route route(Method method, std::string pattern) {
  return {.method = method, .pattern = std::move(pattern), .handler = {}};
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.add("/api", route(Method::kGet, "/jobs/:id"));
    router_.add("/api", route(Method::kDelete, "/jobs/:id"));
    router_.add("/api", route(Method::kPost, "/jobs/bulk"));
    router_.add("/api", route(Method::kPost, "/jobs/:id/retry"));
    router_.add("", route(Method::kGet, "/"));
  }

  std::string match(Method method, std::vector<std::string> segments) {
    const auto found = router_.match(method, segments);
    if (std::holds_alternative<Router::NotFound>(found)) return "404";
    if (const auto* other = std::get_if<Router::MethodNotAllowed>(&found))
      return "405 " + other->allow;
    const auto& hit = std::get<Router::Found>(found);
    std::string text = hit.route->pattern;
    for (const std::string& param : hit.params) text += " " + param;
    return text;
  }

  Router router_;
};

TEST_F(RouterTest, FindsRoutesAndTheirParameters) {
  EXPECT_EQ(match(Method::kGet, {"api", "jobs", "7"}), "/jobs/:id 7");
  EXPECT_EQ(match(Method::kPost, {"api", "jobs", "7", "retry"}), "/jobs/:id/retry 7");
  EXPECT_EQ(match(Method::kGet, {""}), "/");
}

TEST_F(RouterTest, ServesHeadByGet) {
  EXPECT_EQ(match(Method::kHead, {"api", "jobs", "7"}), "/jobs/:id 7");
}

TEST_F(RouterTest, PrefersExactSegments) {
  EXPECT_EQ(match(Method::kPost, {"api", "jobs", "bulk"}), "/jobs/bulk");
  EXPECT_EQ(match(Method::kGet, {"api", "jobs", "bulk"}), "405 POST");
}

TEST_F(RouterTest, NamesAllowedMethods) {
  EXPECT_EQ(match(Method::kPut, {"api", "jobs", "7"}), "405 GET, HEAD, DELETE");
}

TEST_F(RouterTest, FindsNothingElse) {
  EXPECT_EQ(match(Method::kGet, {"api", "jobs", ""}), "404");
  EXPECT_EQ(match(Method::kGet, {"api", "jobs"}), "404");
  EXPECT_EQ(match(Method::kGet, {"xapi", "jobs", "7"}), "404");
  EXPECT_EQ(match(Method::kGet, {"api", "jobs", "7", ""}), "404");
}

}  // namespace
}  // namespace townkrier::http
