#pragma once

/// \file http_cases.hpp
/// Requests made from the grammar of RFC 9112: for each of its rules, strings that break it, and
/// some that only look odd. Each says what the standard lets a server answer.

#include <string>
#include <string_view>
#include <vector>

namespace townkrier::testing {

struct HttpCase {
  std::string name;
  std::string bytes;
  /// What may be answered; empty: the request is in order.
  std::vector<int> refusals;
};

class HttpCases {
 public:
  static std::vector<HttpCase> all() {
    HttpCases made;
    made.methods();
    made.targets();
    made.encodings();
    made.versions();
    made.request_lines();
    made.line_ends();
    made.header_names();
    made.header_values();
    made.hosts();
    made.lengths();
    made.codings();
    made.chunks();
    made.single_headers();
    made.limits();
    made.orderly();
    return std::move(made.cases_);
  }

 private:
  static constexpr std::string_view kTokenSigns = "!#$%&'*+-.^_`|~";

  static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  static bool is_tchar(unsigned char c) {
    return is_alnum(c) || kTokenSigns.find(static_cast<char>(c)) != std::string_view::npos;
  }
  static std::string code_of(unsigned char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return {'%', kDigits[c >> 4], kDigits[c & 15]};
  }

  void add(std::string name, std::string bytes, std::vector<int> refusals) {
    cases_.push_back({std::move(name), std::move(bytes), std::move(refusals)});
  }
  void line(const std::string& name, const std::string& request_line, std::vector<int> refusals) {
    add(name, request_line + "\r\nHost: localhost\r\n\r\n", std::move(refusals));
  }
  void header(const std::string& name, const std::string& text, std::vector<int> refusals) {
    add(name, "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n" + text + "\r\n\r\n",
        std::move(refusals));
  }
  void body(const std::string& name, const std::string& headers, const std::string& text,
            std::vector<int> refusals) {
    add(name,
        "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
            headers + "\r\n\r\n" + text,
        std::move(refusals));
  }

  // RFC 9110, 9.1: method = token.
  void methods() {
    for (int c = 0; c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      if (is_tchar(byte) || byte == ' ') continue;
      line("method with byte " + code_of(byte),
           std::string("GE") + static_cast<char>(c) + "T /api/health/live HTTP/1.1", {400, 501});
    }
    for (const char* method : {"get", "Get", "GETT", "G", "PROPFIND2", "BREW", "gET", "_", "PRI"}) {
      line(std::string("method ") + method, std::string(method) + " /api/health/live HTTP/1.1",
           {400, 501});
    }
  }

  // RFC 9112, 3.2: origin-form, or absolute-form.
  void targets() {
    for (int c = 0; c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      const bool allowed =
          is_alnum(byte) ||
          std::string_view("-._~!$&'()*+,;=:@/?%").find(static_cast<char>(c)) != std::string::npos;
      const bool tolerated = std::string_view("[]^`{|}").find(static_cast<char>(c)) !=
                             std::string_view::npos;  // Not in the grammar; never ambiguous.
      if (allowed || tolerated) continue;
      line("target with byte " + code_of(byte),
           std::string("GET /api/health") + static_cast<char>(c) + "live HTTP/1.1", {400});
    }
    for (const char* target : {"//api/health/live",
                               "xapi/health/live",
                               "api/health/live",
                               "/api//health/live",
                               "/api/./health/live",
                               "/api/../api/health/live",
                               "/api/%2e/health/live",
                               "/api/%2E%2e/api/health/live",
                               "/./",
                               "/..",
                               "//",
                               "///",
                               "*x",
                               "?",
                               "#",
                               "/#x",
                               "\\api\\health\\live",
                               "/api\\health\\live",
                               "ftp://localhost/",
                               "http:/api/health/live",
                               "http://",
                               "http:///api/health/live",
                               "http://a b/",
                               "http://user@localhost/",
                               "localhost:3000",
                               ":3000",
                               "-",
                               ".",
                               ".."}) {
      line(std::string("target ") + target, std::string("GET ") + target + " HTTP/1.1", {400});
    }
  }

  // RFC 3986, 2.1; and no control characters, no ill-formed UTF-8 behind it.
  void encodings() {
    for (const char* wrong :
         {"%",   "%4",     "%g1",    "%1g",       "%%",        "%%41",         "%-1",
          "% 1", "%u0041", "%0x",    "%zz",       "%\xff",     "%25%",         "%c3%28",
          "%ff", "%80",    "%c0%af", "%e0%80%af", "%ed%a0%80", "%f4%90%80%80", "%f8%88%80%80%80",
          "%c3", "%e2%82"}) {
      line(std::string("path with ") + wrong, std::string("GET /api/x") + wrong + " HTTP/1.1",
           {400});
      line(std::string("query with ") + wrong,
           std::string("GET /api/health/live?x=") + wrong + " HTTP/1.1", {400});
    }
    for (int c = 0; c < 0x20; ++c) {
      line("path with " + code_of(static_cast<unsigned char>(c)),
           "GET /api/x" + code_of(static_cast<unsigned char>(c)) + " HTTP/1.1", {400});
    }
    line("path with %7f", "GET /api/x%7f HTTP/1.1", {400});
  }

  void versions() {
    for (const char* version :
         {"",          "HTTP",       "HTTP/",     "HTTP/1",    "HTTP/1.",
          "HTTP/.1",   "HTTP/1.1.1", "HTTP/11",   "HTTP/1,1",  "HTTP/1.1x",
          "HTTP/x.1",  "HTTP/1.x",   "http/1.1",  "Http/1.1",  "HTTP 1.1",
          "HTTP/ 1.1", "HTTP/1 .1",  "HTTP/01.1", "HTTP/1.01", "HTTP/-1.1",
          "HTTP/+1.1", "XTTP/1.1",   "HTTPS/1.1", "ICE/1.0",   "RTSP/1.0",
          "SIP/2.0",   "HTTP/0.9",   "HTTP/2.0",  "HTTP/2",    "HTTP/3.0",
          "HTTP/9.9",  "HTTP/1.2",   "HTTP/1.9",  "HTTP/99.1", "HTTP/1.1 HTTP/1.1",
          "HTTP/1.1 "}) {
      line(std::string("version '") + version + "'", std::string("GET /api/health/live ") + version,
           {400, 505});
    }
    line("no version and no blank", "GET /api/health/live", {400, 505});
  }

  void request_lines() {
    for (const char* wrong : {" GET / HTTP/1.1",
                              "\tGET / HTTP/1.1",
                              "GET  / HTTP/1.1",
                              "GET\t/ HTTP/1.1",
                              "GET /  HTTP/1.1",
                              "GET /\tHTTP/1.1",
                              "GET",
                              "GET ",
                              "GET /",
                              "/ HTTP/1.1",
                              "HTTP/1.1",
                              "HTTP/1.1 200 OK",
                              "GET / / HTTP/1.1",
                              "GET / x HTTP/1.1",
                              "GET: / HTTP/1.1",
                              "GET,/ HTTP/1.1",
                              "\"GET / HTTP/1.1\"",
                              "{\"json\":true}",
                              "\x16\x03\x01\x02",
                              "SSH-2.0-x",
                              "EHLO mail.example.com",
                              "GET / HTTP/1.1\x0b",
                              "GET / HTTP/1.1\x0c",
                              "\xef\xbb\xbfGET /"}) {
      line(std::string("request line '") + wrong + "'", wrong, {400, 501, 505});
    }
    add("two blank lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {400});
    line("two requests in one line", "GET / HTTP/1.1 GET / HTTP/1.1", {400, 505});
  }

  // RFC 9112, 2.2. A bare LF may be taken for a line's end; here it never is.
  void line_ends() {
    const std::vector<std::string> lines = {"GET /api/health/live HTTP/1.1", "Host: localhost",
                                            "X-A: b", ""};
    const std::vector<std::pair<std::string, std::string>> ends = {
        {"LF", "\n"}, {"CR", "\r"}, {"LF CR", "\n\r"}, {"CR CR LF", "\r\r\n"}, {"NUL", {"\0", 1}}};
    for (std::size_t wrong = 0; wrong < lines.size(); ++wrong) {
      for (const auto& [name, end] : ends) {
        std::string bytes;
        for (std::size_t i = 0; i < lines.size(); ++i) {
          bytes += lines[i] + (i == wrong ? end : "\r\n");
        }
        add("line " + std::to_string(wrong) + " ends with " + name, bytes + "X: y\r\n\r\n", {400});
      }
    }
  }

  // RFC 9110, 5.1: field-name = token, with nothing between it and the colon.
  void header_names() {
    for (int c = 0; c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      if (is_tchar(byte) || byte == ':') continue;
      header("header name with byte " + code_of(byte),
             std::string("X") + static_cast<char>(c) + "Y: z", {400});
    }
    for (const char* wrong : {": value", "Name", "Name value", "Name : value", "Name\t: value",
                              " Name: value", "\tName: value", "(Name): value", "Näme: value"}) {
      header(std::string("header line '") + wrong + "'", wrong, {400});
    }
    header("folded header", "X-A: b\r\n c", {400});
    header("folded header with a tab", "X-A: b\r\n\tc", {400});
    add("folded first header", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", {400});
  }

  void header_values() {
    for (int c = 0; c < 0x20; ++c) {
      if (c == '\t') continue;
      header("header value with byte " + code_of(static_cast<unsigned char>(c)),
             std::string("X-A: b") + static_cast<char>(c) + "c", {400});
    }
    header("header value with byte %7f",
           "X-A: b\x7f"
           "c",
           {400});
  }

  // RFC 9112, 3.2: exactly one Host, and a valid one.
  void hosts() {
    add("no host", "GET / HTTP/1.1\r\n\r\n", {400});
    add("no host but others", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n", {400});
    const auto with = [&](const std::string& name, const std::string& value) {
      add("host " + name, "GET / HTTP/1.1\r\nHost:" + value + "\r\n\r\n", {400, 421});
    };
    for (const char* wrong :
         {"",     " ",      " a b", " a,b",  " a/b",   " a?b", " a#b", " user@localhost",
          " <x>", " \"x\"", " a;b", " a\\b", " a%20b", " {x}", " a=b", " a&b",
          " *",   " a|b",   " ^",   " `",    " ~",     " ä"}) {
      with(std::string("'") + wrong + "'", wrong);
    }
    header("second host, the same", "Host: localhost", {400});
    header("second host, another", "Host: example.com", {400});
    header("second host in another case", "hOST: localhost", {400});
  }

  // RFC 9112, 6.3; RFC 9110, 8.6: 1*DIGIT.
  void lengths() {
    for (const char* wrong : {"",
                              " ",
                              "abc",
                              "3abc",
                              "+3",
                              "-3",
                              "3 3",
                              "3,3",
                              "3, 3",
                              "3,4",
                              "0x3",
                              "3.0",
                              "3e0",
                              "\"3\"",
                              "٣",
                              "3;",
                              "3\t3",
                              "99999999999999999999",
                              "18446744073709551616",
                              " +0",
                              "-0",
                              "infinity",
                              "0b1",
                              "1_0",
                              "1'0"}) {
      body(std::string("content length '") + wrong + "'", std::string("Content-Length: ") + wrong,
           "{}x", {400, 413});
    }
    body("content length twice, the same", "Content-Length: 2\r\nContent-Length: 2", "{}", {400});
    body("content length twice, others", "Content-Length: 2\r\nContent-Length: 3", "{}x", {400});
    body("content length above the limit", "Content-Length: 1048577", "", {413});
    body("content length far above the limit", "Content-Length: 999999999999999999", "", {413});
  }

  // RFC 9112, 6.1 and 6.3.
  void codings() {
    for (const char* wrong : {"",
                              "identity",
                              "gzip",
                              "chunked, gzip",
                              "gzip, chunked",
                              "chunked, chunked",
                              "chunke",
                              "chunkedx",
                              "xchunked",
                              "chunked;q=1",
                              "\"chunked\"",
                              "chunked,",
                              ",chunked",
                              "chunked ,",
                              "deflate",
                              "compress",
                              "trailers",
                              "*",
                              "chunked\tgzip",
                              "chunked\x0b"}) {
      body(std::string("transfer encoding '") + wrong + "'",
           std::string("Transfer-Encoding: ") + wrong, "2\r\n{}\r\n0\r\n\r\n", {400, 501});
    }
    body("transfer encoding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
         "2\r\n{}\r\n0\r\n\r\n", {400, 501});
    body("both framings", "Content-Length: 2\r\nTransfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n",
         {400});
    body("both framings, the other way", "Transfer-Encoding: chunked\r\nContent-Length: 2",
         "2\r\n{}\r\n0\r\n\r\n", {400});
    add("chunked in HTTP/1.0",
        "POST /api/jobs HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501});
    for (const char* wrong : {"200-ok", "100-continu", "100-continue, x", "", "x"}) {
      body(std::string("expectation '") + wrong + "'",
           std::string("Content-Length: 2\r\nExpect: ") + wrong, "{}", {417});
    }
  }

  // RFC 9112, 7.1.
  void chunks() {
    for (const char* wrong : {"0x2\r\n{}\r\n0\r\n\r\n",
                              "+2\r\n{}\r\n0\r\n\r\n",
                              "-2\r\n{}\r\n0\r\n\r\n",
                              " 2\r\n{}\r\n0\r\n\r\n",
                              "2 \r\n{}\r\n0\r\n\r\n",
                              "2\n{}\n0\n\n",
                              "2\r{}\r\n0\r\n\r\n",
                              "2\r\n{}\n0\r\n\r\n",
                              "2\r\n{}\r0\r\n\r\n",
                              "2\r\n{}xx0\r\n\r\n",
                              "2\r\n{}0\r\n\r\n",
                              "\r\n{}\r\n0\r\n\r\n",
                              "g\r\n{}\r\n0\r\n\r\n",
                              "2;\r\n{}\r\n0\r\n\r\n",
                              "2;a=b\r\n{}\r\n0\r\n\r\n",
                              "2\r\n{}\r\n0;x\r\n\r\n",
                              "2\r\n{}\r\n0\r\nX: y\r\n\r\n",
                              "2\r\n{}\r\n0\r\n\n",
                              "2\r\n{}\r\n0\r\n\rx",
                              "2,2\r\n{}\r\n0\r\n\r\n",
                              "2\t\r\n{}\r\n0\r\n\r\n",
                              "0002x\r\n{}\r\n0\r\n\r\n",
                              "000000002\r\n{}\r\n0\r\n\r\n",
                              "\"2\"\r\n{}\r\n0\r\n\r\n",
                              "2.0\r\n{}\r\n0\r\n\r\n",
                              "2\r\n{\r\n}\r\n0\r\n\r\n",
                              "3\r\n{}\r\n0\r\n\r\n",
                              "1\r\n{}\r\n0\r\n\r\n"}) {
      body(std::string("chunks ") + wrong, "Transfer-Encoding: chunked", wrong, {400});
    }
    for (const char* wrong : {"100001\r\n", "ffffffff\r\n", "7fffffff\r\n"}) {
      body(std::string("chunk of ") + wrong, "Transfer-Encoding: chunked", wrong, {413});
    }
    body("chunk size of sixteen digits", "Transfer-Encoding: chunked", "fffffffffffffff0\r\n",
         {400, 413});
  }

  // Two of these are two meanings.
  void single_headers() {
    for (const char* name : {"Authorization", "Content-Type", "Origin", "Sec-Fetch-Site"}) {
      header(std::string("twice ") + name, std::string(name) + ": a\r\n" + name + ": b", {400});
    }
  }

  void limits() {
    line("a request line of 4 KiB and more", "GET /" + std::string(4096, 'a') + " HTTP/1.1",
         {400, 414});
    line("slashes", "GET " + std::string(4000, '/') + " HTTP/1.1", {400});
    header("a header of 16 KiB and more", "X-A: " + std::string(16'384, 'a'), {431});
    header("a name of 16 KiB and more", std::string(16'384, 'a') + ": x", {431});
    std::string many = "X-0: y";
    for (int i = 1; i < 100; ++i) many += "\r\nX-" + std::to_string(i) + ": y";
    header("more than 100 headers", many, {431});
    std::string query = "/api/health/live?a=1";
    for (int i = 0; i < 64; ++i) query += "&a=1";
    line("more than 64 parameters", "GET " + query + " HTTP/1.1", {400});
  }

  void orderly() {
    for (const char* target :
         {"/api/health/live", "/api/health/live?", "/api/jobs/%41", "/api/inbox/a%2Fb",
          "/api/inbox/%E2%82%AC", "/api/logs?tags=a+b", "/api/jobs/a;b=c", "/api/jobs/(a)",
          "/api/jobs/a:b@c", "http://localhost/api/health/live", "HTTP://localhost",
          "http://localhost:3000?x=1", "/"}) {
      line(std::string("in order: ") + target, std::string("GET ") + target + " HTTP/1.1", {});
    }
    for (const char* text :
         {"X-A:b", "X-A:  b  ", "X-A:", "X-A: b\tc", "X-A: \xc3\xa4", "!#$%&'*+-.^_`|~: x",
          "X-A: b\r\nX-A: c", "Connection: keep-alive", "Connection: close", "Accept:", "Cookie: x",
          "Date: never", "Cache-Control: \"odd"}) {
      header(std::string("in order: ") + text, text, {});
    }
    add("in order: one blank line first", "\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {});
    add("in order: HTTP/1.0", "GET /api/health/live HTTP/1.0\r\n\r\n", {});
    add("in order: host of IPv6", "GET /api/health/live HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", {});
    body("in order: length", "Content-Length: 17", R"({"kind":"report"})", {});
    body("in order: length with zeros", "Content-Length: 0017", R"({"kind":"report"})", {});
    body("in order: chunks", "Transfer-Encoding: chunked",
         "5\r\n{\"kin\r\n00C\r\nd\":\"report\"}\r\n0\r\n\r\n", {});
    body("in order: CHUNKS", "Transfer-Encoding: CHUNKED", "0\r\n\r\n", {});
    line("in order: HEAD", "HEAD /api/health/live HTTP/1.1", {});
    line("in order: OPTIONS", "OPTIONS /api/jobs HTTP/1.1", {});
    line("in order: DELETE", "DELETE /api/jobs/x HTTP/1.1", {});
  }

  std::vector<HttpCase> cases_;
};

}  // namespace townkrier::testing
