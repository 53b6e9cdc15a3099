#include "http/pages.hpp"

#include <algorithm>
#include <regex>

#include "http/assets.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

bool built_in() {
  return !assets().empty();
}

// Where a link of a page leads, as a browser resolves it.
std::string resolve(const std::string& page, const std::string& link) {
  std::string folder = page.substr(0, page.rfind('/') + 1);
  std::string rest = link;
  while (rest.starts_with("../")) {
    folder = folder.substr(0, folder.rfind('/', folder.size() - 2) + 1);
    rest = rest.substr(3);
  }
  return folder + rest;
}

std::vector<std::string> links_of(const std::string& body) {
  const std::regex pattern("(?:href|src)=\"([^\"]*)\"");
  std::vector<std::string> links;
  for (std::sregex_iterator it(body.begin(), body.end(), pattern), end; it != end; ++it) {
    links.push_back((*it)[1]);
  }
  return links;
}

TEST_F(AppTest, EveryLinkOfEveryPageLeadsToAFile) {
  for (const std::string path : {"/dashboard", "/ops/town"}) {
    AppOptions options;
    options.path = path;
    start(options);
    for (const std::string page : {"", "/jobs", "/jobs/42", "/logs/42", "/sign-in", "/retries"}) {
      const Response response = get(path + page);
      EXPECT_EQ(response.status, 200) << path << page;
      EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
      EXPECT_EQ(response.body.find("{{"), std::string::npos);
      const auto links = links_of(response.body);
      EXPECT_FALSE(links.empty());
      for (const std::string& link : links) {
        EXPECT_EQ(get(resolve(path + page, link)).status, 200) << path << page << " " << link;
      }
    }
  }
}

TEST_F(AppTest, APageTakesAnyQueryAndReadsItItself) {
  EXPECT_EQ(get("/dashboard/jobs?status=failed&status=a&anything=1").status, 200);
}

TEST_F(AppTest, AnUnknownPageIsAPageThatSaysSo) {
  const Response response = get("/dashboard/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(get("/dashboard/api/nothing").content_type, "application/problem+json");
}

TEST_F(AppTest, FilesAreCompressedAndKeptForEverByTheirHash) {
  for (const Asset& asset : assets()) {
    if (asset.name == "index.html") continue;
    const Response response = get("/dashboard/assets/" + std::string(asset.name));
    EXPECT_EQ(response.status, 200) << asset.name;
    EXPECT_EQ(response.content_type, asset.content_type);
    EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
    EXPECT_TRUE(response.body.starts_with("\x1f\x8b"));
    const bool hashed = asset.name != "licences.txt";
    EXPECT_EQ(header(response, "Cache-Control").find("immutable") != std::string::npos, hashed);
  }
}

TEST_F(AppTest, AFirstLoadIsFewAndSmallFiles) {
  std::size_t bytes = 0;
  std::size_t files = 0;
  for (const Asset& asset : assets()) {
    if (asset.name == "licences.txt") continue;
    bytes += asset.content.size();
    files += 1;
  }
  EXPECT_LE(files, 4u);
  EXPECT_LE(bytes, 90'000u);
}

TEST_F(AppTest, RedirectsToThePage) {
  for (const auto& [from, to] : {std::pair{"/", "dashboard"}, {"/dashboard/", "../dashboard"}}) {
    const Response redirect = get(from);
    EXPECT_EQ(redirect.status, 308) << from;
    EXPECT_EQ(header(redirect, "Location"), to);
  }
}

TEST_F(AppTest, ServesPagesUnderADeeperPathOnly) {
  AppOptions options;
  options.path = "/ops/town";
  start(options);
  EXPECT_EQ(get("/ops/town/api/stats").status, 200);
  EXPECT_EQ(header(get("/"), "Location"), "ops/town");
  EXPECT_EQ(get("/dashboard").status, 404);
}

// Strict CSP: the page works without a single inline script, style or handler.
TEST_F(AppTest, ThePageHasNothingInline) {
  const std::string body = get("/dashboard").body;
  EXPECT_EQ(body.find("style="), std::string::npos);
  EXPECT_EQ(body.find("<style"), std::string::npos);
  EXPECT_FALSE(std::regex_search(body, std::regex("\\son[a-z]+\\s*=")));
  EXPECT_EQ(body.find("<script>"), std::string::npos);
}

TEST_F(AppTest, PagesNeedNoLoginAndHoldNoData) {
  AppOptions options;
  options.auth = {.enabled = true, .username = "admin", .password = "correct horse battery"};
  start(options);
  EXPECT_EQ(get("/dashboard/jobs").status, 200);
  EXPECT_EQ(get("/dashboard/sign-in").status, 200);
  EXPECT_TRUE(backend_->calls.empty());
}

TEST(Assets, NamesThePackagesInTheBundle) {
  if (!built_in()) GTEST_SKIP() << "built without the dashboard";
  const auto found = std::ranges::find(assets(), "licences.txt", &Asset::name);
  ASSERT_NE(found, assets().end());
  EXPECT_GT(found->content.size(), 500u);
}

}  // namespace
}  // namespace townkrier::http
