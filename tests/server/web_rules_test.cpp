#include "server/web_rules.h"

#include <gtest/gtest.h>

#include "server/running_server.h"

namespace stator::server {
namespace {

std::string preflight(std::string_view origin) {
  return "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: " + std::string(origin) +
         "\r\nAccess-Control-Request-Headers: a, b, c\r\nAccess-Control-Request-Method: POST\r\n\r\n";
}

std::string from_page(std::string_view origin) {
  return request("GetItem", "{}", "Origin: " + std::string(origin) + "\r\n");
}

std::string to_host(std::string_view host) {
  std::string text = request("GetItem");
  return text.replace(text.find("localhost"), 9, host);
}

constexpr std::string_view kLocalPages[] = {
    "http://localhost",   "http://localhost:3000", "https://localhost:8443", "http://app.localhost:5173",
    "http://127.0.0.1:3", "http://127.8.9.1",      "http://[::1]:3000",      "HTTP://LocalHost:3000",
};
constexpr std::string_view kOtherPages[] = {
    "http://example.com",
    "https://localhost.example.com",
    "http://notlocalhost",
    "null",
    "",
    "http://127.0.0.1.evil.com",
    "http://0.0.0.0:8000",
    "http://192.168.0.7",
    "file://",
    "localhost",
    "http://localhost@evil.com",
    "http://localhost:3000/",
    "http://[::2]",
    "ftp://localhost",
    "http://localhost:80 .evil",
    "chrome-extension://abcdef",
    "http://evil.com:80",
};

TEST(WebRules, PagesOfThisMachineMayCall) {
  const RunningServer server;
  for (const std::string_view origin : kLocalPages) {
    for (const std::string& text : {from_page(origin), preflight(origin)}) {
      const Reply reply = server.ask(text);
      EXPECT_EQ(reply.status, 200) << origin;
      EXPECT_EQ(reply.header("access-control-allow-origin"), origin);
      EXPECT_EQ(reply.header("vary"), "Origin");
      EXPECT_NE(reply.header("access-control-expose-headers"), "");
    }
  }
}

TEST(WebRules, OtherPagesAreRefusedAndReadNothing) {
  const RunningServer server;
  const int calls = server.endpoint.calls;
  for (const std::string_view origin : kOtherPages) {
    for (const std::string& text : {from_page(origin), preflight(origin)}) {
      const Reply reply = server.ask(text);
      EXPECT_EQ(reply.status, 403) << origin;
      for (const auto& [name, value] : reply.headers) EXPECT_FALSE(name.starts_with("access-control-")) << name;
      EXPECT_NE(reply.body.find("AccessDeniedException"), std::string::npos);
      EXPECT_NE(reply.body.find("--allow-origin"), std::string::npos);
    }
  }
  EXPECT_EQ(server.endpoint.calls, calls) << "nothing was done";
}

TEST(WebRules, OriginsThatWereAllowedMayCall) {
  Options options;
  options.allowed_origins = {"https://console.example.com", "chrome-extension://abcdef"};
  const RunningServer server(options);
  for (const std::string_view origin : {"https://console.example.com", "HTTPS://console.example.COM",
                                        "chrome-extension://abcdef", "http://localhost:1"}) {
    const Reply reply = server.ask(from_page(origin));
    EXPECT_EQ(reply.status, 200) << origin;
    EXPECT_EQ(reply.header("access-control-allow-origin"), origin);
  }
  for (const std::string_view origin : {"http://console.example.com", "https://console.example.com:8443", "null"}) {
    EXPECT_EQ(server.ask(from_page(origin)).status, 403) << origin;
  }
  options.allowed_origins = {"*"};
  const RunningServer open(options);
  for (const std::string_view origin : {"https://example.com", "null"}) {
    EXPECT_EQ(open.ask(from_page(origin)).header("access-control-allow-origin"), origin);
  }
}

TEST(WebRules, PreflightEchoesWhatIsAskedFor) {
  const RunningServer server;
  const Reply reply = server.ask(preflight("http://localhost:3000"));
  EXPECT_EQ(reply.header("access-control-allow-headers"), "a, b, c");
  EXPECT_EQ(reply.header("access-control-allow-methods"), "POST");
  EXPECT_EQ(reply.header("access-control-max-age"), "172800");
  EXPECT_EQ(reply.header("content-length"), "0");
}

TEST(WebRules, AnOriginAsLongAsAHeadMayBeIsNoTrouble) {
  Options options;
  options.allowed_origins = {"*"};
  const RunningServer server(options);
  const std::string origin = "http://" + std::string(12'000, 'a');
  EXPECT_EQ(server.ask(from_page(origin)).header("access-control-allow-origin"), origin);
}

TEST(WebRules, OnLoopbackOnlyNamesOfThisMachineAreAnswered) {
  const RunningServer server;
  for (const std::string_view host :
       {"localhost", "localhost:8000", "LOCALHOST.:80", "db.localhost:1", "127.0.0.1:8000", "127.1", "[::1]:8000",
        "192.168.1.5", "dynamodb", "dynamodb-local:8000"}) {
    EXPECT_EQ(server.ask(to_host(host)).status, 200) << host;
  }
  for (const std::string_view host : {"evil.com", "evil.com:8000", "localhost.evil.com", "127.0.0.1.evil.com", "a.b.c",
                                      "dynamodb.us-east-1.amazonaws.com", "notlocalhost.com"}) {
    const Reply reply = server.ask(to_host(host));
    EXPECT_EQ(reply.status, 403) << host;
    EXPECT_NE(reply.body.find(host), std::string::npos) << reply.body;
  }
  const std::string absolute = "GET http://evil.com/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(server.ask(absolute).status, 403);
}

TEST(WebRules, BeyondLoopbackAnyNameIsAnsweredAndPagesAreRefusedAllTheSame) {
  Options options;
  options.host = "0.0.0.0";
  const RunningServer server(options);
  EXPECT_EQ(server.ask(to_host("db.example.com:8000")).status, 200);
  EXPECT_EQ(server.ask(from_page("http://db.example.com:8000")).status, 403);
  EXPECT_FALSE(server.server->is_on_loopback());
}

TEST(WebRules, KnowWhatAnOriginIs) {
  for (const std::string_view text :
       {"*", "http://a", "https://a.b:8443", "chrome-extension://abc", "http://[::1]:3"}) {
    EXPECT_TRUE(is_origin_or_star(text)) << text;
  }
  for (const std::string_view text :
       {"", "null", "a.b", "http://", "http://a/", "http://a b", "://a", "http//a", "a*"}) {
    EXPECT_FALSE(is_origin_or_star(text)) << text;
  }
}

}  // namespace
}  // namespace stator::server
