#include <gtest/gtest.h>

#include "api/api.h"
#include "engine/engine.h"
#include "json/reader.h"
#include "server/route.h"
#include "server/running_server.h"
#include "server/signing.h"

namespace stator::server {
namespace {

std::string plain(std::string_view method, std::string_view path, std::string_view fields = "") {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
         "\r\n";
}

/// A request signed at the current time with the key `id`, whose secret is "secret of " followed by the id.
std::string signed_with(const std::string& id, const std::string& method, const std::string& path) {
  SignedText text;
  text.method = method;
  text.path = path;
  text.fields = {{"Host", "localhost"}};
  text.signed_names = "host;x-amz-date";
  text.body = "";
  text.key_id = id;
  text.secret = "secret of " + id;
  text.stamp = aws::request_stamp(core::Clock::system().now_ms());
  text.date = text.stamp.substr(0, 8);
  return text.with_header();
}

/// An engine in memory with one table of three items, and a server with the job routes.
struct Jobs {
  explicit Jobs(Options options = {}) : engine(engine::Engine::open(in_memory)), context{*engine} {
    call("CreateTable", R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",)"
                        R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
                        R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})");
    for (const char* key : {"a", "b", "c"}) {
      call("PutItem", R"({"TableName":"things","Item":{"pk":{"S":")" + std::string(key) + R"("},"name":{"S":"n"}}})");
    }
    options.routes = job_routes(*engine);
    server.emplace(options);
  }
  void add_index() {
    call("UpdateTable",
         R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"name","AttributeType":"S"}],)"
         R"("GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-name",)"
         R"("KeySchema":[{"AttributeName":"name","KeyType":"HASH"}],)"
         R"("Projection":{"ProjectionType":"ALL"}}}]})");
  }
  void call(std::string_view operation, const std::string& body) {
    std::string reply;
    api::call(context, operation, body, 0, reply);
  }
  /// Returns the reply unchanged, after checking that it is JSON.
  [[nodiscard]] std::string list(std::string_view method = "GET", std::string_view path = "/_stator/jobs") const {
    const Reply reply = server->ask(plain(method, path));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("content-type"), "application/json");
    EXPECT_TRUE(json::Parser::of_this_thread().parse(reply.body).is_object()) << reply.body;
    return reply.body;
  }

  const engine::Options in_memory;
  std::unique_ptr<engine::Engine> engine;
  api::Context context;
  std::optional<RunningServer> server;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Routes, ShowJobsAndPauseThem) {
  Jobs jobs;
  EXPECT_EQ(jobs.list("POST", "/_stator/jobs/pause").find(R"({"paused":true,"jobs":[)"), 0U);
  EXPECT_TRUE(has(jobs.list("POST", "/_stator/jobs/pause"), R"("paused":true)")) << "twice is the same as once";
  jobs.add_index();
  const std::string waiting = jobs.list();
  EXPECT_TRUE(has(waiting, R"("name":"build-index","table":"things","index":"by-name","state":"READY","items_read":0)"))
      << waiting;
  EXPECT_TRUE(has(jobs.list("POST", "/_stator/jobs/resume"), R"("paused":false)"));
  std::string last;
  for (int i = 0; i < 10'000 && !has(last, R"("state":"ENDED","items_read":3,"items_changed":3)"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    last = jobs.list();
  }
  EXPECT_TRUE(has(last, R"("state":"ENDED","items_read":3,"items_changed":3)")) << last;
  EXPECT_TRUE(has(jobs.list("POST", "/_stator/jobs/resume"), R"("paused":false)")) << "nothing to resume";
}

TEST(Routes, AnswerTheirOwnMethodAndPathOnly) {
  const Jobs jobs;
  EXPECT_EQ(jobs.server->ask(plain("HEAD", "/_stator/jobs")).status, 200);
  EXPECT_EQ(jobs.server->ask(plain("GET", "/_stator/jobs?a=b")).status, 200);
  const std::pair<const char*, const char*> others[] = {
      {"POST", "/_stator/jobs"},        {"GET", "/_stator/jobs/"}, {"GET", "/_stator/jobs/pause"},
      {"DELETE", "/_stator/jobs"},      {"GET", "/_stator/"},      {"GET", "/_stator/no"},
      {"POST", "/_stator/jobs/pause/"}, {"GET", "//_stator/jobs"}};
  for (const auto& [method, path] : others) {
    const Reply reply = jobs.server->ask(plain(method, path));
    EXPECT_EQ(reply.status, 404) << method << path;
    EXPECT_EQ(reply.body, "<UnknownOperationException/>\n");
  }
  const RunningServer without;
  EXPECT_EQ(without.ask(plain("GET", "/_stator/jobs")).status, 404);
}

TEST(Routes, WebRulesHoldForThem) {
  const Jobs jobs;
  const Reply page = jobs.server->ask(plain("POST", "/_stator/jobs/pause", "Origin: http://evil.com\r\n"));
  EXPECT_EQ(page.status, 403);
  EXPECT_EQ(page.header("access-control-allow-origin"), "");
  for (const char* path : {"/_stator/jobs", "/metrics"})
    EXPECT_EQ(jobs.server->ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: evil.com\r\n\r\n").status, 403);
  EXPECT_TRUE(has(jobs.list(), R"("paused":false)"));
  const Reply own = jobs.server->ask(plain("GET", "/_stator/jobs", "Origin: http://localhost:3000\r\n"));
  EXPECT_EQ(own.header("access-control-allow-origin"), "http://localhost:3000");
}

TEST(Routes, NeedAKeyWhereTheServerHasKeys) {
  Options options;
  std::vector<AccessKey> keys(3);
  keys[0] = {.name = "admin", .id = "ADMIN", .secret = "secret of ADMIN", .session_token = "", .rules = {}};
  keys[1] = keys[0];
  keys[1].name = "reader", keys[1].id = "READER", keys[1].secret = "secret of READER";
  keys[1].rules.read_only = true;
  keys[2] = keys[0];
  keys[2].name = "app", keys[2].id = "APP", keys[2].secret = "secret of APP";
  keys[2].rules.tables = {"things"};
  options.credentials = fixed_keys(AccessKeys(keys));
  const Jobs jobs(options);
  struct Row {
    const char* key;
    const char* method;
    const char* path;
    int status;
    const char* body;
  };
  const Row rows[] = {
      {nullptr, "GET", "/_stator/jobs", 400, "MissingAuthenticationTokenException"},
      {nullptr, "POST", "/_stator/jobs/pause", 400, "MissingAuthenticationTokenException"},
      {"NOBODY", "GET", "/_stator/jobs", 400, "UnrecognizedClientException"},
      {"READER", "GET", "/_stator/jobs", 200, R"("jobs":[)"},
      {"READER", "POST", "/_stator/jobs/pause", 400,
       "user/reader is not authorized to perform: POST on /_stator/jobs/pause"},
      {"APP", "GET", "/_stator/jobs", 400, "user/app is not authorized to perform: GET on /_stator/jobs"},
      {"APP", "POST", "/_stator/jobs/resume", 400, "AccessDeniedException"},
      {nullptr, "GET", "/metrics", 400, "MissingAuthenticationTokenException"},
      {"NOBODY", "GET", "/metrics", 400, "UnrecognizedClientException"},
      {"APP", "GET", "/metrics", 400, "user/app is not authorized to perform: GET on /metrics"},
      {"READER", "GET", "/metrics", 200, "\nstator_connections 1\n"},
      {"ADMIN", "GET", "/_stator/jobs", 200, R"("paused":false)"},
      {"ADMIN", "POST", "/_stator/jobs/pause", 200, R"("paused":true)"},
      {"ADMIN", "POST", "/_stator/jobs/resume", 200, R"("paused":false)"},
  };
  for (const Row& row : rows) {
    const Reply reply =
        jobs.server->ask(row.key == nullptr ? plain(row.method, row.path) : signed_with(row.key, row.method, row.path));
    EXPECT_EQ(reply.status, row.status) << row.method << row.path << reply.body;
    EXPECT_TRUE(has(reply.body, row.body)) << row.path << reply.body;
  }
}

TEST(Routes, SayNothingOfWhatWentWrongInside) {
  Options options;
  options.routes = {
      {.method = "GET", .path = "/_stator/broken", .answer = [](std::string_view /*body*/, std::string& reply) {
         reply += "half of a reply";
         throw std::runtime_error("secret path");
       }}};
  const RunningServer server(options);
  const Reply reply = server.ask(plain("GET", "/_stator/broken"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body,
            R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"})");
}

}  // namespace
}  // namespace stator::server
