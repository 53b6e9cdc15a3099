// The server behind Debian's nginx with the configuration that packaging/ ships: TLS, addresses,
// prefixes, sessions.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/raw_http.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNginx = "/usr/sbin/nginx";

std::uint16_t free_port() {
  const int fd = RawClient::open_socket();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in the shipped configuration";
  text.replace(at, from.size(), to);
}

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};

class BehindNginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kNginx, X_OK) != 0) GTEST_SKIP() << "nginx is not installed (scripts/deps --test)";
    ASSERT_TRUE(server_.start());
    make_certificate();
    start_nginx();
  }
  void TearDown() override {
    if (!nginx_) return;
    nginx_->end();
    nginx_->wait();
  }

  void make_certificate() {
    const auto made = run_to_end(
        {.command = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                     "/CN=localhost", "-keyout", dir_ / "key.pem", "-out", dir_ / "cert.pem"}},
        dir_.path());
    ASSERT_EQ(made.code, 0) << made.err;
  }

  // The shipped file with this test's ports and certificate, in nginx's frame.
  void start_nginx() {
    std::ostringstream shipped;
    shipped << std::ifstream(std::string(TESTS_DIR) + "/../packaging/nginx/townkrier.conf").rdbuf();
    std::string site = shipped.str();
    port_ = free_port();
    replace(site, "server 127.0.0.1:3000;",
            "server 127.0.0.1:" + std::to_string(server_.port()) + ";");
    replace(site, "listen 443 ssl;", "listen 127.0.0.1:" + std::to_string(port_) + " ssl;");
    replace(site, "/etc/ssl/certs/townkrier.pem", dir_ / "cert.pem");
    replace(site, "/etc/ssl/private/townkrier.key", dir_ / "key.pem");
    std::ofstream(dir_ / "site.conf") << site;
    std::ofstream frame(dir_ / "nginx.conf");
    frame << "daemon off;\nmaster_process off;\npid " << (dir_ / "pid") << ";\nerror_log "
          << (dir_ / "error.log") << ";\nevents {}\nhttp {\naccess_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      frame << kind << "_temp_path " << (dir_ / kind) << ";\n";
    }
    frame << "include " << (dir_ / "site.conf") << ";\n}\n";
    frame.close();
    nginx_ = std::make_unique<Child>(
        ChildOptions{.command = {kNginx, "-p", dir_.path(), "-c", dir_ / "nginx.conf", "-e",
                                 dir_ / "error.log"}});
    ASSERT_TRUE(eventually([&] { return RawClient(port_).connected(); }, std::chrono::seconds(10)));
  }

  Answer ask(const std::string& path, const std::vector<std::string>& arguments = {}) {
    std::vector<std::string> command = {"curl", "-sk",          "-m",        "20",
                                        "-i",   "--path-as-is", "--noproxy", "*"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.push_back(url(path));
    const auto finished = run_to_end({.command = command}, dir_.path());
    EXPECT_EQ(finished.code, 0) << finished.err;
    const auto end = finished.out.find("\r\n\r\n");
    Answer answer;
    answer.head = finished.out.substr(0, end);
    if (end != std::string::npos) answer.body = finished.out.substr(end + 4);
    answer.status = std::atoi(answer.head.substr(answer.head.find(' ') + 1).c_str());
    return answer;
  }
  std::string url(const std::string& path) const {
    return "https://localhost:" + std::to_string(port_) + path;
  }
  Answer sign_in(const std::string& password, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"-H", "Content-Type: application/json", "--data-binary",
                                          R"({"username":"admin","password":")" + password + "\"}"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ask("/api/session", arguments);
  }

  ServerProcess server_{{.env = {{"TOWNKRIER_SERVER_AUTH_USERNAME", "admin"},
                                 {"TOWNKRIER_SERVER_AUTH_PASSWORD", "correct horse battery"},
                                 {"TOWNKRIER_SERVER_HOSTS", "localhost"},
                                 {"TOWNKRIER_SERVER_TRUSTED_PROXIES", "127.0.0.1"}}}};
  TempDir dir_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> nginx_;
};

TEST_F(BehindNginx, ServesOverTlsWithASessionBoundToIt) {
  EXPECT_EQ(ask("/dashboard").status, 200);
  EXPECT_EQ(ask("/api/stats").status, 401);
  const Answer in = sign_in("correct horse battery");
  ASSERT_EQ(in.status, 200) << in.head << in.body;
  EXPECT_THAT(in.head, HasSubstr("Set-Cookie: __Host-townkrier="));
  EXPECT_THAT(in.head, HasSubstr("; Secure"));
  EXPECT_THAT(in.head, HasSubstr("Strict-Transport-Security: "));
  const auto at = in.head.find("__Host-townkrier=");
  const std::string cookie = in.head.substr(at, in.head.find(';', at) - at);
  EXPECT_EQ(ask("/api/stats", {"-H", "Cookie: " + cookie}).status, 200);
}

TEST_F(BehindNginx, WorksBelowAPrefixThatIsTakenOffAndOneThatStays) {
  for (const std::string prefix : {"/ops", "/kept"}) {
    const Answer page = ask(prefix + "/dashboard");
    EXPECT_EQ(page.status, 200) << prefix;
    // Relative to the page: it stays below the prefix.
    const std::size_t link = page.body.find("\"dashboard/assets/");
    ASSERT_NE(link, std::string::npos) << page.body;
    const auto end = page.body.find('"', link + 1);
    EXPECT_EQ(ask(prefix + "/" + page.body.substr(link + 1, end - link - 1)).status, 200) << prefix;
    EXPECT_EQ(ask(prefix + "/api/stats").status, 401) << prefix;
    const std::vector<std::string> login = {"-u", "admin:correct horse battery"};
    EXPECT_EQ(ask(prefix + "/api/stats", login).status, 200) << prefix;
    EXPECT_EQ(ask(prefix + "/dashboard/api/stats", login).status, 200) << prefix;
    const Answer home = ask(prefix + "/");
    EXPECT_EQ(home.status, 308) << prefix;
    EXPECT_THAT(home.head, HasSubstr("Location: dashboard"))
        << "relative: it stays below " << prefix;
  }
}

TEST_F(BehindNginx, AnotherSitesPageAndAnotherNameAreRefused) {
  const std::vector<std::string> own = {"-u", "admin:correct horse battery", "-X", "POST",
                                        "-H", "Origin: " + url("")};
  EXPECT_EQ(ask("/api/queues/mail/pause", own).status, 200);
  std::vector<std::string> other = own;
  other.back() = "Origin: https://evil.example.com";
  EXPECT_EQ(ask("/api/queues/mail/pause", other).status, 403);
  EXPECT_EQ(ask("/api/health/live", {"-H", "Host: evil.example.com"}).status, 421);
}

// Failures count for the client, not for nginx, and a client cannot choose its address.
TEST_F(BehindNginx, AClientCannotChooseItsAddress) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sign_in("wrong", {"-H", "X-Forwarded-For: 198.51.100." + std::to_string(i)}).status,
              401);
  }
  EXPECT_EQ(sign_in("wrong", {"-H", "X-Forwarded-For: 198.51.100.9"}).status, 429);
}

TEST_F(BehindNginx, WhatIsTooLargeIsRefusedOnTheWay) {
  std::ofstream(dir_ / "large") << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(ask("/api/jobs",
                {"-H", "Content-Type: application/json", "--data-binary", "@" + (dir_ / "large")})
                .status,
            413);
  EXPECT_EQ(ask("/" + std::string(5000, 'a')).status, 414);
}

}  // namespace
}  // namespace townkrier::testing
