#include "remote/remote.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "aws/config.h"
#include "core/api_error.h"
#include "support/recording_server.h"

namespace stator::remote {
namespace {

using stator::testing::http_reply;
using stator::testing::RecordedRequest;
using stator::testing::RecordingServer;

class FixedClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return 1'679'306'400'000; }  // 2023-03-20T10:00:00Z
};

struct Client {
  explicit Client(const std::string& url) {
    options.url = url;
    options.region = "eu-west-3";
    options.credentials =
        std::make_shared<aws::FixedCredentials>(aws::Credentials{"AKIDEXAMPLE", "secret", "", std::nullopt});
    options.clock = &clock;
    options.backoff_seed = 1;
    options.backoff_sleep = [this](std::uint64_t ms) { waits.push_back(ms); };
  }
  std::string call(const std::string& operation, const std::string& body) {
    Remote remote(options);
    return remote.call(operation, body);
  }
  core::ApiError failure(const std::string& operation, const std::string& body) {
    try {
      Remote remote(options);
      std::string reply = "before";
      try {
        remote.call({operation, body, 0}, reply);
      } catch (...) {
        EXPECT_EQ(reply, "before");
        throw;
      }
    } catch (const core::ApiError& error) {
      return error;
    }
    ADD_FAILURE() << operation << " did not fail";
    return {"", ""};
  }

  FixedClock clock;
  RemoteOptions options;
  std::vector<std::uint64_t> waits;
};

std::string crc_line(const std::string& body) {
  const uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return "x-amz-crc32: " + std::to_string(crc) + "\r\n";
}

TEST(Remote, SendsTheFieldsOfTheAwsCliInItsOrder) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, R"({"TableNames":[]})"); });
  Client client(server.url());
  EXPECT_EQ(client.call("ListTables", "{}"), R"({"TableNames":[]})");
  const RecordedRequest request = server.requests().at(0);
  EXPECT_EQ(request.line(), "POST / HTTP/1.1");
  EXPECT_EQ(request.field_names(),
            (std::vector<std::string>{"Host", "Accept-Encoding", "X-Amz-Target", "Content-Type", "User-Agent",
                                      "X-Amz-Date", "Authorization", "Content-Length"}));
  EXPECT_EQ(request.field("Host"), server.authority());
  EXPECT_EQ(request.field("X-Amz-Target"), "DynamoDB_20120810.ListTables");
  EXPECT_EQ(request.field("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(request.field("X-Amz-Date"), "20230320T100000Z");
  EXPECT_EQ(request.body, "{}");
}

TEST(Remote, SendsTheSessionTokenAndSignsIt) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  Client client(server.url());
  client.options.credentials =
      std::make_shared<aws::FixedCredentials>(aws::Credentials{"AKIDEXAMPLE", "secret", "to/ken+==", std::nullopt});
  client.call("ListTables", "{}");
  EXPECT_EQ(server.requests().at(0).field("X-Amz-Security-Token"), "to/ken+==");
  EXPECT_NE(server.requests()
                .at(0)
                .field("Authorization")
                .find("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "),
            std::string::npos);
}

TEST(Remote, KeepsItsConnection) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  Client client(server.url());
  Remote remote(client.options);
  for (int i = 0; i < 5; ++i) remote.call("ListTables", "{}");
  ASSERT_EQ(server.requests().size(), 5U);
  EXPECT_EQ(server.requests().back().connection, 0U);
}

TEST(Remote, ServesManyThreads) {
  const RecordingServer server([](const RecordedRequest& request, auto) { return http_reply(200, request.body); });
  Client client(server.url());
  Remote remote(client.options);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = "{\"n\":" + std::to_string(t * 100 + i) + "}";
        if (remote.call("GetItem", body) == body) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

struct ErrorCase {
  const char* name;
  int status;
  const char* body;
  const char* lines;
  const char* type;
  const char* message;
  const char* extra;
};

class RemoteErrors : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(RemoteErrors, KeepTypeMessageStatusAndFurtherMembers) {
  const ErrorCase& row = GetParam();
  const RecordingServer server([&](const auto&, auto) { return http_reply(row.status, row.body, row.lines); });
  Client client(server.url());
  client.options.max_attempts = 1;
  const core::ApiError error = client.failure("PutItem", "{}");
  EXPECT_EQ(error.type, row.type);
  std::string message = row.message;
  if (message.ends_with("from ")) message += server.url();
  if (row.status == 301) message += ", which sends on to http://elsewhere/";
  EXPECT_EQ(error.message, message);
  EXPECT_EQ(error.extra, row.extra);
  EXPECT_EQ(error.status, row.status);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RemoteErrors,
    ::testing::Values(
        ErrorCase{"Prefix", 400,
                  R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no"})", "",
                  "ResourceNotFoundException", "no", ""},
        ErrorCase{"CoralPrefix", 400, R"({"__type":"com.amazon.coral.service#SerializationException","Message":"bad"})",
                  "", "SerializationException", "bad", ""},
        ErrorCase{"HeaderField", 400, R"({"message":"m"})", "x-amzn-errortype: ValidationException:http://x/\r\n",
                  "ValidationException", "m", ""},
        ErrorCase{"Item", 400,
                  R"({"__type":"a#ConditionalCheckFailedException","message":"failed","Item":{"pk":{"S":"a \"b\""}}})",
                  "", "ConditionalCheckFailedException", "failed", R"("Item":{"pk":{"S":"a \"b\""}})"},
        ErrorCase{
            "CancellationReasons", 400,
            R"({"__type":"a#TransactionCanceledException","CancellationReasons":[{"Code":"None"}],"Message":"x"})", "",
            "TransactionCanceledException", "x", R"("CancellationReasons":[{"Code":"None"}])"},
        ErrorCase{"NoMessage", 400, R"({"__type":"a#AccessDeniedException"})", "", "AccessDeniedException", "", ""},
        ErrorCase{"ProxyPage", 502, "<html>Bad gateway</html>", "", "InternalServerError", "HTTP status 502 from ", ""},
        ErrorCase{"Redirect", 301, "", "Location: http://elsewhere/\r\n", "UnknownError", "HTTP status 301 from ", ""},
        ErrorCase{"EmptyBody", 503, "", "", "ServiceUnavailable", "HTTP status 503 from ", ""}),
    [](const auto& test) { return test.param.name; });

TEST(Remote, SaysWhatIsNoReply) {
  const std::pair<const char*, const char*> rows[] = {
      {"\n<html>It works!</html>", "its reply is not a JSON object"},
      {"[]", "its reply is not a JSON object"},
      {R"({"TableNames":["a")", "its reply is not a complete JSON object"},
      {R"({"TableNames":["a"]}})", "its reply is not a complete JSON object"},
      {"", "its reply is empty"},
  };
  for (const auto& [body, why] : rows) {
    const RecordingServer server([body](const auto&, auto) { return http_reply(200, body); });
    Client client(server.url());
    const core::ApiError error = client.failure("ListTables", "{}");
    EXPECT_EQ(error.type, "ServiceUnavailable");
    EXPECT_EQ(error.message, "what answers at " + server.url() + " is not DynamoDB's API: " + why);
    EXPECT_EQ(server.requests().size(), 1U);
  }
  // TagResource has a reply without a body.
  const RecordingServer empty([](const auto&, auto) { return http_reply(200, ""); });
  EXPECT_EQ(Client(empty.url()).call("TagResource", "{}"), "");
}

struct RetryCase {
  const char* name;
  int status;
  const char* type;
  std::size_t attempts;
};

class RemoteRetries : public ::testing::TestWithParam<RetryCase> {};

TEST_P(RemoteRetries, GoByStatusAndType) {
  const RetryCase& row = GetParam();
  const RecordingServer server([&](const auto&, auto) {
    return http_reply(row.status, std::string(R"({"__type":"a#)") + row.type + R"(","message":"m"})");
  });
  Client client(server.url());
  client.options.max_attempts = 4;
  EXPECT_EQ(client.failure("GetItem", "{}").type, row.type);
  EXPECT_EQ(server.requests().size(), row.attempts);
  EXPECT_EQ(client.waits.size(), row.attempts - 1);
}

INSTANTIATE_TEST_SUITE_P(Table, RemoteRetries,
                         ::testing::Values(RetryCase{"Throttling", 400, "ThrottlingException", 4},
                                           RetryCase{"Throughput", 400, "ProvisionedThroughputExceededException", 4},
                                           RetryCase{"RequestLimit", 400, "RequestLimitExceeded", 4},
                                           RetryCase{"TransactionInProgress", 400, "TransactionInProgressException", 4},
                                           RetryCase{"InternalServerError", 500, "InternalServerError", 4},
                                           RetryCase{"Gateway", 502, "X", 4}, RetryCase{"Unavailable", 503, "X", 4},
                                           RetryCase{"GatewayTimeout", 504, "X", 4},
                                           RetryCase{"NotImplemented", 501, "X", 1},
                                           RetryCase{"Validation", 400, "ValidationException", 1},
                                           RetryCase{"Condition", 400, "ConditionalCheckFailedException", 1},
                                           RetryCase{"Cancelled", 400, "TransactionCanceledException", 1},
                                           RetryCase{"AccessDenied", 400, "AccessDeniedException", 1}),
                         [](const auto& test) { return test.param.name; });

TEST(Remote, BacksOffExponentiallyWithFullJitterBySeed) {
  const RecordingServer server([](const auto&, auto) { return http_reply(500, "{}"); });
  Client first(server.url());
  Client second(server.url());
  Client third(server.url());
  third.options.backoff_seed = 2;
  for (Client* client : {&first, &second, &third}) client->failure("GetItem", "{}");
  ASSERT_EQ(first.waits.size(), 9U);
  EXPECT_EQ(first.waits, second.waits);
  EXPECT_NE(first.waits, third.waits);
  for (std::size_t i = 0; i < first.waits.size(); ++i) {
    EXPECT_LE(first.waits[i], std::min(aws::kBackoffCapMs, aws::kBackoffBaseMs << i));
  }
}

TEST(Remote, TriesAgainUntilTheServiceAnswers) {
  const RecordingServer server([](const auto&, std::size_t index) {
    if (index == 0) return std::string();  // cuts the connection
    if (index == 1) return http_reply(500, "");
    if (index == 2) return http_reply(400, R"({"__type":"a#ThrottlingException","message":"slow"})");
    return http_reply(200, R"({"ok":true})");
  });
  Client client(server.url());
  EXPECT_EQ(client.call("GetItem", "{}"), R"({"ok":true})");
  EXPECT_GE(server.requests().size(), 4U);
}

TEST(Remote, SendsARequestNoMoreOftenThanItSays) {
  // By itself libcurl would repeat a request whose reused connection is cut.
  for (const std::size_t bytes : {std::size_t{2}, std::size_t{300'000}}) {
    const std::string body = R"({"a":")" + std::string(bytes, 'x') + "\"}";
    const RecordingServer server(
        [](const auto&, std::size_t index) { return index == 0 ? http_reply(200, "{}") : std::string(); });
    Client client(server.url());
    client.options.max_attempts = 1;
    Remote remote(client.options);
    EXPECT_EQ(remote.call("PutItem", body), "{}");
    endpoint::ReplyNotes notes;
    std::string reply;
    try {
      remote.call({.operation = "PutItem", .body = body, .notes = &notes}, reply);
      ADD_FAILURE() << reply;
    } catch (const core::ApiError& error) {
      EXPECT_NE(error.message.find("the connection was cut before the whole answer came"), std::string::npos)
          << error.message;
    }
    EXPECT_TRUE(notes.uncertain);
    ASSERT_EQ(server.requests().size(), 2);
    EXPECT_EQ(server.requests()[1].connection, 0);
    EXPECT_EQ(server.requests()[1].body, body);
  }
}

TEST(Remote, TakesAReplyWhoseChecksumFits) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{\"a\":1}", crc_line("{\"a\":1}")); });
  Client client(server.url());
  EXPECT_EQ(client.call("GetItem", "{}"), "{\"a\":1}");
}

TEST(Remote, TriesAgainWhereTheChecksumDoesNotFit) {
  const RecordingServer server([](const auto&, std::size_t index) {
    return index == 0 ? http_reply(200, "{\"a\":2}", crc_line("{\"a\":1}"))
                      : http_reply(200, "{\"a\":1}", crc_line("{\"a\":1}"));
  });
  Client client(server.url());
  EXPECT_EQ(client.call("GetItem", "{}"), "{\"a\":1}");
  EXPECT_EQ(client.waits.size(), 1U);
}

TEST(Remote, GivesUpWhereNoChecksumFits) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}", "x-amz-crc32: 1\r\n"); });
  Client client(server.url());
  client.options.max_attempts = 2;
  EXPECT_EQ(client.failure("GetItem", "{}").message, "the reply of " + server.url() + " does not fit its x-amz-crc32");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Remote, NamesUrlAndCauseOfAnEndpointThatIsNotThere) {
  const std::string url = "http://127.0.0.1:" + std::to_string(stator::testing::unused_port());
  Client client(url);
  const core::ApiError error = client.failure("GetItem", "{}");
  EXPECT_EQ(error.type, "ServiceUnavailable");
  EXPECT_EQ(error.status, 503);
  EXPECT_EQ(error.message, "cannot reach " + url + "/: Connection refused");
  EXPECT_EQ(client.waits.size(), 2U);
}

TEST(Remote, EndsAtItsTimeLimit) {
  std::promise<void> over;
  const RecordingServer server([answer = over.get_future().share()](const auto&, auto) {
    // Answer only after the client has given up; if the client never gives up, the wait ends here and the test fails.
    answer.wait_for(std::chrono::seconds(60));
    return http_reply(200, "{}");
  });
  Client client(server.url());
  client.options.max_attempts = 1;
  client.options.request_timeout_ms = 150;
  EXPECT_EQ(client.failure("GetItem", "{}").message, "cannot reach " + server.url() + "/: no answer within 0.15 s");
  over.set_value();
}

TEST(Remote, SaysOnceThatItTriesAgain) {
  std::atomic<std::size_t> silent = 2;
  const RecordingServer server(
      [&silent](const auto&, auto index) { return index < silent ? std::string() : http_reply(200, "{}"); });
  Client client(server.url());
  std::vector<std::string> told;
  client.options.log = [&told](core::LogLevel, std::string_view line) { told.emplace_back(line); };
  Remote remote(client.options);
  remote.call("ListTables", "{}");
  EXPECT_EQ(told, std::vector<std::string>{"cannot reach " + server.url() +
                                           "/: the connection was cut before the whole answer came; trying again"});
  // One failure more than libcurl hides: it repeats a request on a new connection if a kept one was closed.
  silent = 5;
  remote.call("ListTables", "{}");
  EXPECT_EQ(told.size(), 2U) << "there was an answer in between";
}

struct Deadline {
  const char* name;
  std::chrono::milliseconds left;
  bool answers;
  std::size_t attempts;  // the most attempts
  const char* message;
};

class RemoteDeadlines : public ::testing::TestWithParam<Deadline> {};

TEST_P(RemoteDeadlines, EndAttemptsAndTheWaitsBetweenThem) {
  const Deadline& row = GetParam();
  std::promise<void> over;
  const RecordingServer server([&, answer = over.get_future().share()](const auto&, auto) {
    if (!row.answers) answer.wait_for(std::chrono::seconds(60));
    return http_reply(503, R"({"__type":"com.amazon.coral.availability#ThrottlingException","message":"later"})");
  });
  Client client(server.url());
  client.options.max_attempts = 1'000'000;
  // With this seed the first five waits take 0.4 s, and the sixth alone exceeds the time limit: no wait ends shortly
  // before the deadline, when an attempt might start and get no answer.
  client.options.backoff_sleep = [](std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  Remote remote(client.options);
  std::string reply;
  try {
    remote.call({.operation = "GetItem", .body = "{}", .deadline = std::chrono::steady_clock::now() + row.left}, reply);
    ADD_FAILURE() << "answered";
  } catch (const core::ApiError& error) {
    EXPECT_NE(error.message.find(row.message), std::string::npos) << error.message;
    EXPECT_EQ(core::http_status(error), 503);
  }
  over.set_value();
  EXPECT_LE(server.requests().size(), row.attempts);
}

INSTANTIATE_TEST_SUITE_P(Table, RemoteDeadlines,
                         ::testing::Values(Deadline{"passed", std::chrono::milliseconds(-1), true, 0, "in time"},
                                           Deadline{"while_the_service_is_silent", std::chrono::milliseconds(1000),
                                                    false, 1, "no answer within"},
                                           Deadline{"while_the_service_throttles", std::chrono::milliseconds(1000),
                                                    true, 100, "later"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Remote, PassesTheTraceOn) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  Client client(server.url());
  Remote remote(client.options);
  std::string reply;
  remote.call({.operation = "GetItem", .body = "{}", .trace = "Root=1-5759e988-bd862e3f"}, reply);
  remote.call({.operation = "GetItem", .body = "{}"}, reply);
  EXPECT_EQ(server.requests().at(0).field("X-Amzn-Trace-Id"), "Root=1-5759e988-bd862e3f");
  EXPECT_EQ(server.requests().at(0).field("Authorization").find("x-amzn-trace-id"), std::string::npos);
  EXPECT_EQ(server.requests().at(1).field("X-Amzn-Trace-Id"), "");
}

TEST(Remote, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "localhost:8000", "ftp://x", "http://", "http://a b", "http://h:99999", "http://h:0",
                          "http://[::1", "http://u:p@h", "http://h/?a=b", "http://h\r\nX: y"}) {
    Client client(url);
    EXPECT_THROW(Remote remote(client.options), std::runtime_error) << url;
  }
}

TEST(Remote, FetchesNewCredentialsOnceWhereTheOldOnesHaveExpired) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.field("Authorization").find("Credential=OLD/") != std::string::npos) {
      return http_reply(400, R"({"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"})");
    }
    return http_reply(200, "{}");
  });
  Client client(server.url());
  int fetched = 0;
  client.options.credentials = std::make_shared<aws::RefreshingCredentials>(
      [&] {
        return aws::Credentials{fetched++ == 0 ? "OLD" : "NEW", "s", "t", std::nullopt};
      },
      client.clock);
  EXPECT_EQ(client.call("GetItem", "{}"), "{}");
  EXPECT_EQ(fetched, 2);
  EXPECT_TRUE(client.waits.empty());
}

TEST(Remote, TellsOfCredentialsThatHaveExpiredForGood) {
  const RecordingServer server([](const auto&, auto) {
    return http_reply(400, R"({"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"})");
  });
  Client client(server.url());
  EXPECT_EQ(client.failure("GetItem", "{}").type, "ExpiredTokenException");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Remote, SignsByTheClockOfAServiceThatRefusesItsOwn) {
  // The service's clock is an hour ahead or behind, or the request is refused for another reason.
  struct Row {
    const char* date;
    const char* signed_first;
    const char* signed_next;
    std::size_t attempts;
  };
  for (const Row& row :
       {Row{"Mon, 20 Mar 2023 11:00:00 GMT", "20230320T100000Z", "20230320T110000Z", 2},
        Row{"Mon, 20 Mar 2023 09:00:00 GMT", "20230320T100000Z", "20230320T090000Z", 2},
        Row{"Mon, 20 Mar 2023 10:01:00 GMT", "20230320T100000Z", "", 1}, Row{"Monday", "20230320T100000Z", "", 1}}) {
    const RecordingServer server([&](const RecordedRequest& request, auto) {
      if (request.field("X-Amz-Date") == row.signed_next) return http_reply(200, "{}");
      return http_reply(400, R"({"__type":"com.amazon.coral.service#InvalidSignatureException","message":"no"})",
                        std::string("Date: ") + row.date + "\r\n");
    });
    Client client(server.url());
    std::vector<std::string> lines;
    client.options.log = [&](core::LogLevel, std::string_view line) { lines.emplace_back(line); };
    Remote remote(client.options);
    const bool known = row.attempts == 2;
    for (int i = 0; i < 2; ++i) {
      std::string reply;
      try {
        remote.call({"GetItem", "{}"}, reply);
        EXPECT_TRUE(known) << row.date;
      } catch (const core::ApiError& error) {
        EXPECT_FALSE(known) << row.date;
        EXPECT_EQ(error.message, "no");
      }
    }
    ASSERT_EQ(server.requests().size(), known ? 3U : 2U) << row.date;
    EXPECT_EQ(server.requests().front().field("X-Amz-Date"), row.signed_first);
    EXPECT_EQ(lines.size(), known ? 1U : 0U) << row.date;
    for (const std::string& line : lines) {
      EXPECT_NE(line.find("this machine's clock is 3600 s "), std::string::npos) << line;
    }
  }
}

TEST(Remote, SaysWhyCredentialsAreGone) {
  Client client("http://127.0.0.1:1");
  client.options.credentials = std::make_shared<aws::RefreshingCredentials>(
      []() -> aws::Credentials { throw aws::ConfigurationError("the fountain is dry"); }, client.clock);
  EXPECT_EQ(client.failure("GetItem", "{}").message, "the fountain is dry");
}

TEST(Remote, GivesTransactionsATokenThatStaysTheSameOverAttempts) {
  const RecordingServer server(
      [](const auto&, std::size_t index) { return index == 0 ? http_reply(500, "") : http_reply(200, "{}"); });
  Client client(server.url());
  client.call("TransactWriteItems", R"( {"TransactItems":[]})");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].body, requests[1].body);
  EXPECT_EQ(requests[0].body.substr(0, 24), R"( {"ClientRequestToken":")");
  EXPECT_EQ(requests[0].body.size(), std::string(R"( {"ClientRequestToken":"","TransactItems":[]})").size() + 36);
}

TEST(Remote, LeavesTheCallersOwnTokenAlone) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  Client client(server.url());
  const std::string body = R"({"TransactItems":[],"ClientRequestToken":"mine"})";
  client.call("TransactWriteItems", body);
  EXPECT_EQ(server.requests().at(0).body, body);
}

TEST(Remote, WritesBodiesAsTheAwsCliDoesWhenAsked) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  Client client(server.url());
  client.options.aws_cli_bodies = true;
  client.call("GetItem", R"({"TableName":"t","Key":{"pk":{"S":"é, \"a\":b"}}})");
  EXPECT_EQ(server.requests().at(0).body, R"({"TableName": "t", "Key": {"pk": {"S": "\u00e9, \"a\":b"}}})");
}

TEST(Remote, RefusesARunawayReply) {
  const RecordingServer server([](const auto&, auto) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + std::string(70'000'000, 'x');
  });
  Client client(server.url());
  const core::ApiError error = client.failure("GetItem", "{}");
  EXPECT_NE(error.message.find("more than 67108864 bytes"), std::string::npos) << error.message;
  EXPECT_EQ(server.requests().size(), 1U);
}

}  // namespace
}  // namespace stator::remote
