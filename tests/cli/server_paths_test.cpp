#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "support/recording_server.h"

/// Commands that use Stator's own paths (/_stator/…), on servers that are not Stator.
namespace stator::cli {
namespace {

using stator::testing::http_reply;
using stator::testing::RecordedRequest;
using stator::testing::RecordingServer;

struct Asking {
  std::vector<std::string> words;
  std::string not_one;  // after the URL, in the message about a server that is not Stator's
};

const Asking kAsking[] = {
    {{"snapshot", "save", "x"}, "keeps no snapshots: it is not a stator serve"},
    {{"snapshot", "restore", "x"}, "keeps no snapshots: it is not a stator serve"},
    {{"snapshot", "drop", "x"}, "keeps no snapshots: it is not a stator serve"},
    {{"snapshot", "list"}, "keeps no snapshots: it is not a stator serve"},
    {{"ddb", "insights", "t"}, "counts no keys: it is not a stator serve"},
    {{"cache", "stats"}, "is not a stator cache"},
};

/// Returns the command's reaction to a reply, with the server's address replaced by URL.
Outcome answered(std::vector<std::string> words, const std::string& reply) {
  const RecordingServer server([&](const RecordedRequest&, std::size_t) { return reply; });
  words.insert(words.end(), {"--endpoint-url", server.url()});
  Outcome outcome = run_line(words);
  if (const std::size_t place = outcome.err.find(server.url()); place != std::string::npos)
    outcome.err.replace(place, server.url().size(), "URL");
  return outcome;
}

TEST(ServerPaths, AnotherServerIsToldFromStators) {
  const std::string replies[] = {
      http_reply(200, "<html><body>It works!</body></html>", "Content-Type: text/html\r\n"),
      http_reply(200, ""),
      http_reply(200, "{}"),
      http_reply(200, "[]"),
      http_reply(200, "\"snapshots\""),
      http_reply(200, R"({"snapshots":3,"enabled":"yes","upstream_requests":"many"})"),
      http_reply(200, R"({"snapshots":[{"name":1}],"enabled":true,"upstream_requests":1})"),
      http_reply(200,
                 R"({"snapshots":[1],"enabled":true,"accesses":1,"partition_keys":[{"key":{"pk":{"S":"a"}},"count":1,)"
                 R"("at_most_too_many":0}],"items":[{"key":{}}],"upstream_requests":1})"),
      http_reply(404, "<UnknownOperationException/>\n"),
  };
  for (const Asking& asking : kAsking) {
    for (const std::string& reply : replies) {
      const Outcome outcome = answered(asking.words, reply);
      EXPECT_EQ(outcome.code, 1) << asking.words[1] << "\n" << reply;
      EXPECT_EQ(outcome.err, "stator: URL " + asking.not_one + "\n") << reply;
      EXPECT_EQ(outcome.out, "");
    }
  }
}

TEST(ServerPaths, AServerWhoseClockIsAnotherIsAskedByItsOwn) {
  const RecordingServer server([](const RecordedRequest& request, std::size_t) {
    if (request.field("X-Amz-Date").starts_with("20230320T1")) return http_reply(200, R"({"snapshots":[]})");
    return http_reply(400, R"({"__type":"com.amazon.coral.service#InvalidSignatureException","message":"expired"})",
                      "Date: Mon, 20 Mar 2023 11:00:00 GMT\r\n");
  });
  const Outcome outcome = run_line({"snapshot", "list", "--endpoint-url", server.url()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_NE(outcome.err.find("s ahead of that of " + server.url() + ", by which requests are signed"),
            std::string::npos)
      << outcome.err;
}

TEST(ServerPaths, WhyAServerRefusesIsTold) {
  const struct {
    std::string reply;
    std::string says;
  } rows[] = {
      {http_reply(400, R"({"__type":"com.amazon.coral.validate#ValidationException","message":"A name is short"})"),
       "A name is short"},
      {http_reply(400, R"({"__type":"x#AccessDeniedException","Message":"It may only read"})"), "It may only read"},
      {http_reply(400, R"({"__type":"com.amazon.coral.service#SerializationException"})"),
       "URL answers SerializationException"},
      {http_reply(500, R"({"__type":"x#InternalServerError","message":"It failed"})"),
       "It failed; the server's log says why"},
      {http_reply(502, "<html>Bad gateway</html>"), "HTTP status 502 from URL; the server's log says why"},
      {http_reply(301, "", "Location: https://elsewhere/\r\n"),
       "HTTP status 301 from URL, which sends on to https://elsewhere/"},
  };
  for (const Asking& asking : kAsking) {
    for (const auto& row : rows) {
      const Outcome outcome = answered(asking.words, row.reply);
      EXPECT_EQ(outcome.code, 1) << asking.words[1] << "\n" << row.reply;
      EXPECT_EQ(outcome.err, "stator: " + row.says + "\n");
    }
  }
}

}  // namespace
}  // namespace stator::cli
