#include <gtest/gtest.h>

#include "api/api.h"
#include "core/manual_clock.h"
#include "endpoint/embedded.h"
#include "engine/engine.h"
#include "server/route.h"
#include "server/running_server.h"

namespace stator::server {
namespace {

constexpr std::int64_t kBegin = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

std::string request(std::string_view method, std::string_view path, std::string_view body = "") {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// A database in memory, and a server with routes for its clock and its snapshots.
struct Database {
  explicit Database(bool manual = true) : clock(kBegin) {
    engine::Options in_memory;
    if (manual) in_memory.clock = &clock;
    endpoint = std::make_unique<endpoint::Embedded>(in_memory);
    Options options;
    for (auto& routes :
         {clock_routes(endpoint->engine(), manual ? &clock : nullptr), snapshot_routes(endpoint->engine())})
      options.routes.insert(options.routes.end(), routes.begin(), routes.end());
    server.emplace(options);
  }
  std::string call(std::string_view operation, std::string_view body) {
    std::string reply;
    endpoint->call({.operation = operation, .body = body}, reply);
    return reply;
  }
  [[nodiscard]] std::string ask(std::string_view method, std::string_view path, std::string_view body = "",
                                int status = 200) const {
    const Reply reply = server->ask(request(method, path, body));
    EXPECT_EQ(reply.status, status) << path << " " << body << " " << reply.body;
    return reply.body;
  }

  core::ManualClock clock;
  std::unique_ptr<endpoint::Embedded> endpoint;
  std::optional<RunningServer> server;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(ClockRoutes, ShowAndMoveTheClock) {
  const Database database;
  EXPECT_EQ(database.ask("GET", "/_stator/clock"),
            R"({"mode":"manual","now":"2026-01-01T00:00:00.000000+00:00","now_ms":1767225600000})");
  EXPECT_EQ(database.ask("POST", "/_stator/clock/advance", R"({"seconds":61})"),
            R"({"mode":"manual","now":"2026-01-01T00:01:01.000000+00:00","now_ms":1767225661000,"settled":true})");
  EXPECT_TRUE(has(database.ask("POST", "/_stator/clock/advance", R"({"ms":-1000})"), "1767225660000"));
  EXPECT_TRUE(has(database.ask("POST", "/_stator/clock/set", R"({"now":"2030-02-03T04:05:06+01:00"})"),
                  "2030-02-03T03:05:06.0"));
  EXPECT_TRUE(has(database.ask("POST", "/_stator/clock/set", R"({"now_ms":5})"), R"("now_ms":5)"));
}

TEST(ClockRoutes, RefuseWhatIsNoTime) {
  const Database database;
  for (const auto& [path, body] : std::initializer_list<std::pair<const char*, const char*>>{
           {"set", ""},
           {"set", "{}"},
           {"set", "7"},
           {"set", R"({"now":"yesterday"})"},
           {"set", R"({"now":"2026-01-01T00:00:00"})"},
           {"set", R"({"now":7})"},
           {"set", R"({"now_ms":-1})"},
           {"set", R"({"now_ms":253402300800000})"},
           {"set", R"({"now_ms":1.5})"},
           {"advance", "{}"},
           {"advance", R"({"seconds":"60"})"},
           {"advance", R"({"seconds":9223372036854775807})"},
           {"advance", R"({"seconds":-9223372036854775808})"},
           {"advance", R"({"ms":9223372036854775807})"},
           {"advance", R"({"ms":-1767225600001})"},
           {"advance", R"({"seconds":60,"ms":1})"},
           {"advance", R"({"second":60})"},
           {"advance", R"({"seconds":60,"unit":"s"})"},
           {"set", R"({"now_ms":5,"now":"2030-02-03T04:05:06Z"})"},
           {"advance", "{"}}) {
    (void)database.ask("POST", std::string("/_stator/clock/") + path, body, 400);
  }
  // Numbers of more than 64 bits.
  for (const char* number : {"99999999999999999999", "-99999999999999999999"}) {
    EXPECT_TRUE(has(database.ask("POST", "/_stator/clock/set", std::string(R"({"now_ms":)") + number + "}", 400),
                    "now_ms must be a whole number"));
  }
  EXPECT_EQ(database.clock.now_ms(), kBegin);
}

TEST(ClockRoutes, DoNotMoveTheSystemsClock) {
  const Database database(false);
  EXPECT_TRUE(has(database.ask("GET", "/_stator/clock"), R"({"mode":"system")"));
  EXPECT_TRUE(has(database.ask("POST", "/_stator/clock/advance", R"({"seconds":1})", 400), "--clock manual"));
}

TEST(ClockRoutes, WhatExpiresIsGoneWhenTheAnswerIsThere) {
  Database database;
  database.call("CreateTable", R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",)"
                               R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
                               R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})");
  database.call("UpdateTimeToLive",
                R"({"TableName":"things","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}})");
  database.call("PutItem", R"({"TableName":"things","Item":{"pk":{"S":"a"},"ttl":{"N":"1767225660"}}})");
  (void)database.ask("POST", "/_stator/clock/advance", R"({"seconds":59})");
  EXPECT_TRUE(has(database.call("Scan", R"({"TableName":"things"})"), R"("Count":1)"));
  (void)database.ask("POST", "/_stator/clock/advance", R"({"seconds":2})");
  EXPECT_TRUE(has(database.call("Scan", R"({"TableName":"things"})"), R"("Count":0)"));
}

TEST(SnapshotRoutes, SaveRestoreListAndDrop) {
  Database database;
  EXPECT_EQ(database.ask("GET", "/_stator/snapshots"), R"({"snapshots":[]})");
  EXPECT_TRUE(
      has(database.ask("POST", "/_stator/snapshots/save", R"({"name":"empty"})"), R"({"name":"empty","saved":"2)"));
  database.call("CreateTable", R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",)"
                               R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
                               R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})");
  (void)database.ask("POST", "/_stator/snapshots/save", R"({"name":"start"})");
  (void)database.ask("POST", "/_stator/snapshots/restore", R"({"name":"empty"})");
  EXPECT_EQ(database.call("ListTables", "{}"), R"({"TableNames":[]})");
  EXPECT_EQ(database.ask("POST", "/_stator/reset"), "{}");
  EXPECT_EQ(database.call("ListTables", "{}"), R"({"TableNames":["things"]})") << "the start, where there is one";
  (void)database.ask("POST", "/_stator/snapshots/drop", R"({"name":"start"})");
  (void)database.ask("POST", "/_stator/reset");
  EXPECT_EQ(database.call("ListTables", "{}"), R"({"TableNames":[]})");
  for (const char* body : {"", "{}", R"({"name":7})", R"({"name":"../x"})", R"({"name":"start"})"}) {
    (void)database.ask("POST", "/_stator/snapshots/restore", body, 400);
  }
  // A misspelt member is refused, not ignored.
  EXPECT_TRUE(has(database.ask("POST", "/_stator/snapshots/save", R"({"name":"a","setled":true})", 400),
                  R"(There is no member \"setled\" here; there may be \"name\", \"settled\")"));
  for (const char* body : {R"({"name":"a","settled":"yes"})", R"({"name":"a","settled":1})"}) {
    EXPECT_TRUE(has(database.ask("POST", "/_stator/snapshots/save", body, 400), "settled must be true or false"));
  }
  (void)database.ask("POST", "/_stator/snapshots/save", R"({"name":"a","settled":true})");
  (void)database.ask("POST", "/_stator/snapshots/restore", R"({"name":"a","settled":true})", 400);
  (void)database.ask("POST", "/_stator/reset", R"({"to":"a"})", 400);
}

}  // namespace
}  // namespace stator::server
