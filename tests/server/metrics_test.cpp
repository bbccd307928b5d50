#include <gtest/gtest.h>

#include "engine/engine.h"
#include "server/request_counts.h"
#include "server/route.h"
#include "server/running_server.h"

namespace stator::server {
namespace {

constexpr std::string_view kAsk = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, AreText) {
  const RunningServer server;
  const Reply reply = server.ask(kAsk);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(has_line(reply.body, "stator_connections 1")) << reply.body;
  EXPECT_TRUE(has_line(reply.body, "stator_connections_max 10000")) << reply.body;
  EXPECT_EQ(server.ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  EXPECT_EQ(server.ask("GET /metrics?name=a HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  for (const char* other : {"POST /metrics", "GET /metrics/", "GET /metrics2", "GET //metrics", "GET /_stator/metrics"})
    EXPECT_EQ(server.ask(other + std::string(" HTTP/1.1\r\nHost: localhost\r\n\r\n")).status, 404) << other;
}

TEST(Metrics, CountRequestsByOperationAndStatus) {
  const RunningServer server;
  struct Row {
    std::string text;
    const char* line;
  };
  const Row rows[] = {
      {request("GetItem"), "stator_requests_total{operation=\"GetItem\",code=\"200\"} 1"},
      {request("GetItem"), "stator_requests_total{operation=\"GetItem\",code=\"200\"} 2"},
      {request("PutItem"), "stator_requests_total{operation=\"PutItem\",code=\"400\"} 1"},
      {request("PutItem"), "stator_request_errors_total{type=\"ConditionalCheckFailedException\"} 2"},
      {request("GetItem"), "stator_requests_total{operation=\"GetItem\",code=\"200\"} 3"},
      {request("Scan"), "stator_requests_total{operation=\"Scan\",code=\"500\"} 1"},
      {request("CreateTable"), "stator_requests_total{operation=\"CreateTable\",code=\"200\"} 1"},
      {request("Nonsense"), "stator_requests_total{operation=\"other\",code=\"400\"} 1"},
      {"GET /no HTTP/1.1\r\nHost: localhost\r\n\r\n", "stator_requests_total{operation=\"other\",code=\"404\"} 1"},
      {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "stator_requests_total{operation=\"other\",code=\"505\"} 1"},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.com\r\n\r\n",
       "stator_requests_total{operation=\"other\",code=\"403\"} 1"},
      {request("GetItem"), "stator_request_duration_seconds_count{operation=\"GetItem\"} 4"},
      {request("GetItem"), "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"+Inf\"} 5"},
  };
  for (const Row& row : rows) {
    server.ask(row.text);
    const std::string metrics = server.ask(kAsk).body;
    EXPECT_TRUE(has_line(metrics, row.line)) << row.line << "\n" << metrics;
  }
}

TEST(Metrics, TheTimeOfARequestHasItsWaitForAThread) {
  const RunningServer server;
  server.ask(request("UpdateItem"));  // takes 200 ms
  const std::string metrics = server.ask(kAsk).body;
  EXPECT_TRUE(has_line(metrics, "stator_request_duration_seconds_bucket{operation=\"UpdateItem\",le=\"0.1\"} 0"));
  EXPECT_TRUE(has_line(metrics, "stator_request_duration_seconds_bucket{operation=\"UpdateItem\",le=\"10\"} 1"));
}

TEST(Metrics, CountsStayWhenTheThreadIsGone) {
  RequestCounts counts;
  for (int i = 0; i < 3; ++i) {
    RequestCounts::ThreadCounters one(counts);
    RequestCounts::ThreadCounters another(counts);
    one.count(one.number_of("GetItem"), 200, std::chrono::milliseconds(3), 5);
    another.count(another.number_of("GetItem"), 299, std::chrono::seconds(20), 0);
    another.count_error(core::ErrorCode::kOther);
  }
  std::string out;
  core::MetricsText text(out);
  counts.append(text);
  for (const char* line :
       {"stator_requests_total{operation=\"GetItem\",code=\"200\"} 3",
        "stator_requests_total{operation=\"GetItem\",code=\"other\"} 3",
        "stator_request_errors_total{type=\"other\"} 3",
        "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"0.0025\"} 0",
        "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"0.005\"} 3",
        "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"10\"} 3",
        "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"+Inf\"} 6",
        "stator_request_duration_seconds_sum{operation=\"GetItem\"} 60.009", "stator_reply_body_bytes_total 15"}) {
    EXPECT_TRUE(has_line(out, line)) << line << "\n" << out;
  }
}

/// Monitoring must not wait for the operation that it monitors.
TEST(Metrics, OfAnEngineDoNotWaitForARestore) {
  const auto engine = engine::Engine::open({});
  const auto scrape = [&] {
    std::string out;
    core::MetricsText text(out);
    engine_metrics (*engine)(text);
    return out;
  };
  EXPECT_TRUE(has_line(scrape(), "stator_restoring 0"));
  EXPECT_TRUE(has_line(scrape(), "stator_tables 0"));
  {
    const engine::Gate::Closed closed(engine->gate());
    EXPECT_TRUE(has_line(scrape(), "stator_restoring 1"));
    EXPECT_EQ(scrape().find("stator_tables"), std::string::npos);
  }
  EXPECT_TRUE(has_line(scrape(), "stator_restoring 0"));
}

}  // namespace
}  // namespace stator::server
