#include "remote/target.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "aws/config.h"
#include "core/api_error.h"
#include "endpoint/embedded.h"
#include "endpoint/writes.h"
#include "remote/discovery.h"
#include "remote/remote.h"
#include "store/store.h"
#include "support/recording_server.h"
#include "support/temporary_directory.h"

namespace stator::remote {
namespace {

using stator::testing::http_reply;
using stator::testing::RecordingServer;

using Variables = std::map<std::string, std::string>;

/// Sets environment variables and restores them; hides the machine's AWS settings.
class ProcessEnvironment {
 public:
  explicit ProcessEnvironment(Variables variables) {
    for (const char* name : {"AWS_ACCESS_KEY_ID",
                             "AWS_SECRET_ACCESS_KEY",
                             "AWS_SESSION_TOKEN",
                             "AWS_REGION",
                             "AWS_DEFAULT_REGION",
                             "AWS_PROFILE",
                             "AWS_DEFAULT_PROFILE",
                             "AWS_ENDPOINT_URL",
                             "AWS_MAX_ATTEMPTS",
                             "AWS_EC2_METADATA_DISABLED",
                             "HOME",
                             "AWS_SHARED_CREDENTIALS_FILE",
                             "AWS_CONFIG_FILE",
                             "AWS_WEB_IDENTITY_TOKEN_FILE",
                             "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                             "http_proxy",
                             "https_proxy",
                             "AWS_ROLE_ARN",
                             "no_proxy",
                             "NO_PROXY"}) {
      const char* const value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
    variables.emplace("HOME", "/dev/null");  // a home directory in which nothing can be created
    variables.emplace("AWS_EC2_METADATA_DISABLED", "true");
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~ProcessEnvironment() {
    for (const auto& [name, value] : before_) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }
  ProcessEnvironment(const ProcessEnvironment&) = delete;
  ProcessEnvironment& operator=(const ProcessEnvironment&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

std::string open_failure(const TargetOptions& options) {
  try {
    open_target(options);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no failure";
}

TargetOptions at(const std::string& url) {
  TargetOptions options;
  options.endpoint_url = url;
  return options;
}

TEST(Target, IsTheEngineOnTheDirectoryWhichTheFirstWriteCreates) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  const std::string data = (directory.path() / "a/b").string();
  const std::string create = R"({"TableName":"new","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],)"
                             R"("KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";
  {
    const auto endpoint = open_target({.prod = false, .endpoint_url = "", .data_directory = data});
    EXPECT_EQ(endpoint->describe(), data);
    EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":[]})");
    EXPECT_THROW(endpoint->call("DescribeTable", R"({"TableName":"new"})"), core::ApiError);
    EXPECT_FALSE(std::filesystem::exists(directory.path() / "a")) << "reading creates nothing";
    endpoint->call("CreateTable", create);
    EXPECT_TRUE(std::filesystem::exists(data));
    EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":["new"]})");
  }
  const auto again = open_target({.prod = false, .endpoint_url = "", .data_directory = data});
  EXPECT_EQ(again->call("ListTables", "{}"), R"({"TableNames":["new"]})");
}

TEST(Target, ReadsADirectoryThatOthersReadAndWritesItAlone) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  TargetOptions options;
  options.data_directory = (directory.path() / "data").string();
  options.patience = std::chrono::milliseconds(0);
  const std::string create = R"({"TableName":"new","BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]})";
  open_target(options)->call("CreateTable", create);
  const auto before = std::filesystem::last_write_time(directory.path() / "data/FILES");
  const auto one = open_target(options);
  {
    engine::Options reading;
    reading.directory = options.data_directory;
    reading.read_only = true;
    endpoint::Embedded other(reading);
    EXPECT_EQ(one->call("ListTables", "{}"), R"({"TableNames":["new"]})");
    EXPECT_EQ(other.call("ListTables", "{}"), R"({"TableNames":["new"]})");
    EXPECT_THROW(one->call("DeleteTable", R"({"TableName":"new"})"), store::OpenError) << "the other one reads";
    EXPECT_EQ(one->call("ListTables", "{}"), R"({"TableNames":["new"]})") << "it still can";
  }
  EXPECT_EQ(std::filesystem::last_write_time(directory.path() / "data/FILES"), before);
  one->call("DeleteTable", R"({"TableName":"new"})");
  EXPECT_THROW(open_target(options), store::OpenError) << "nobody reads beside a writer";
  EXPECT_EQ(one->call("ListTables", "{}"), R"({"TableNames":[]})");
}

TEST(Target, IsMemoryWithoutADirectory) {
  const auto endpoint = open_target({});
  EXPECT_EQ(endpoint->describe(), "memory");
  EXPECT_THROW(endpoint->call("NoSuchOperation", "{}"), core::ApiError);
}

TEST(Target, IsTheUrlWithAnyCredentialsWhereNoneAreSet) {
  const ProcessEnvironment environment(Variables{});
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  const auto endpoint = open_target({.prod = false, .endpoint_url = server.url(), .data_directory = ""});
  endpoint->call("ListTables", "{ }");
  EXPECT_EQ(endpoint->describe(), server.url());
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.field("Authorization").find("AWS4-HMAC-SHA256 Credential=local/"), 0U);
  EXPECT_NE(request.field("Authorization").find("/us-east-1/dynamodb/"), std::string::npos);
  EXPECT_EQ(request.body, "{ }");
}

TEST(Target, IsTheUrlWithTheKeysThatAreSet) {
  const ProcessEnvironment environment(
      Variables{{"AWS_ACCESS_KEY_ID", "MINE"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_DEFAULT_REGION", "eu-west-3"}});
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  open_target({.prod = false, .endpoint_url = server.url(), .data_directory = ""})->call("ListTables", "{}");
  const std::string authorization = server.requests().at(0).field("Authorization");
  EXPECT_NE(authorization.find("Credential=MINE/"), std::string::npos);
  EXPECT_NE(authorization.find("/eu-west-3/dynamodb/"), std::string::npos);
}

TEST(Target, IsOfTheRegionAndTheProfileThatAreNamed) {
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials", "[work]\naws_access_key_id = WORK\naws_secret_access_key = s\n");
  const ProcessEnvironment environment(Variables{{"AWS_ACCESS_KEY_ID", "MINE"},
                                                 {"AWS_SECRET_ACCESS_KEY", "s"},
                                                 {"AWS_REGION", "eu-west-3"},
                                                 {"HOME", home.path().string()}});
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  TargetOptions options = at(server.url());
  options.region = "ap-south-1";
  options.profile = "work";
  open_target(options)->call("ListTables", "{}");
  const std::string authorization = server.requests().at(0).field("Authorization");
  EXPECT_NE(authorization.find("Credential=WORK/"), std::string::npos) << authorization;
  EXPECT_NE(authorization.find("/ap-south-1/dynamodb/"), std::string::npos) << authorization;
  options.endpoint_url = {};
  options.prod = true;
  EXPECT_EQ(open_target(options)->describe(), "AWS ap-south-1");
  options.endpoint_url = "https://dynamodb.eu-west-3.amazonaws.com";
  EXPECT_EQ(open_failure(options), "--region ap-south-1 does not go with https://dynamodb.eu-west-3.amazonaws.com");
  options = at(server.url());
  options.profile = "nobody";
  EXPECT_EQ(open_failure(options).find("there is no profile \"nobody\""), 0U) << open_failure(options);
}

TEST(Target, IsAwsInProduction) {
  const ProcessEnvironment environment(
      Variables{{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_REGION", "eu-west-3"}});
  EXPECT_EQ(open_target({.prod = true, .endpoint_url = "", .data_directory = "x"})->describe(), "AWS eu-west-3");
}

TEST(Target, OfProductionGoesToTheUrlThatIsSetInTheStyleOfTheAwsCli) {
  const ProcessEnvironment environment(
      Variables{{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_REGION", "eu-west-3"}});
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "{}"); });
  open_target({.prod = true, .endpoint_url = server.url(), .data_directory = "x"})
      ->call("DescribeTable", R"({"TableName":"t"})");
  EXPECT_EQ(server.requests().at(0).body, R"({"TableName": "t"})");
}

TEST(Target, OfProductionNeedsRegionAndCredentialsEvenWithAUrl) {
  {
    const ProcessEnvironment environment(Variables{{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    EXPECT_EQ(
        open_failure({.prod = true, .endpoint_url = "http://127.0.0.1:1", .data_directory = ""}).find("no AWS region"),
        0U);
  }
  const ProcessEnvironment environment(Variables{{"AWS_REGION", "eu-west-3"}});
  EXPECT_EQ(open_failure({.prod = true, .endpoint_url = "http://127.0.0.1:1", .data_directory = ""})
                .find("no AWS credentials"),
            0U);
}

TEST(Target, TakesTheNumberOfAttemptsFromTheEnvironment) {
  const RecordingServer server([](const auto&, auto) { return http_reply(500, "{}"); });
  {
    const ProcessEnvironment environment(Variables{{"AWS_MAX_ATTEMPTS", "2"}});
    EXPECT_THROW(
        open_target({.prod = false, .endpoint_url = server.url(), .data_directory = ""})->call("ListTables", "{}"),
        core::ApiError);
    EXPECT_EQ(server.requests().size(), 2U);
  }
  const ProcessEnvironment environment(Variables{{"AWS_MAX_ATTEMPTS", "lots"}});
  EXPECT_EQ(open_failure({.prod = false, .endpoint_url = server.url(), .data_directory = ""}),
            "AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be a number from 1 to 100, not \"lots\"");
}

TEST(Target, LetsGoOfTheDirectoryWhileNoCallIsMade) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  TargetOptions options;
  options.data_directory = (directory.path() / "data").string();
  const auto create = [](const std::string& name) {
    return R"({"TableName":")" + name + R"(","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]})";
  };
  open_target(options)->call("CreateTable", create("one"));
  const auto reader = open_target(options);
  EXPECT_EQ(reader->call("ListTables", "{}"), R"({"TableNames":["one"]})");
  open_target(options)->call("CreateTable", create("two"));
  EXPECT_EQ(reader->call("ListTables", "{}"), R"({"TableNames":["one","two"]})");

  TargetOptions of_a_prompt = options;
  of_a_prompt.waits_for_user = true;
  const auto prompt = open_target(of_a_prompt);
  for (const char* const name : {"three", "zero"}) {
    prompt->call("CreateTable", create(name));
    EXPECT_NE(reader->call("ListTables", "{}").find(name), std::string::npos);
  }
  EXPECT_EQ(prompt->describe(), options.data_directory);

  const auto writer = open_target(options);
  writer->call("CreateTable", create("four"));
  options.patience = std::chrono::milliseconds(300);
  EXPECT_THROW(open_target(options), store::OpenError) << "its engine may have work to do";
}

engine::Options held(const TemporaryDirectory& directory) {
  engine::Options options;
  options.directory = directory.path();
  return options;
}

/// A server that replies with `id` if it is asked for its identity, and with `reply` otherwise.
RecordingServer::Answer server_with_id(const std::string& id, const std::string& reply) {
  return [id, reply](const stator::testing::RecordedRequest& request, std::size_t) {
    const bool identity = request.line() == "GET /_stator/identity HTTP/1.1";
    return http_reply(200, identity ? R"({"id":")" + id + "\"}" : reply);
  };
}

TEST(Target, IsTheRunningServerThatHoldsTheDirectory) {
  const TemporaryDirectory directory;
  const RecordingServer server(server_with_id("mine", R"({"TableNames":["served"]})"));
  const endpoint::Embedded holder(held(directory));
  const ServerNotice notice(directory.path(), server.url(), "mine");
  // The local server is called without a proxy, and with the configured keys, which a server with --credentials
  // requires.
  for (const Variables& variables : {Variables{}, Variables{{"http_proxy", "http://127.0.0.1:1"}},
                                     Variables{{"AWS_ACCESS_KEY_ID", "AKIDKEY"}, {"AWS_SECRET_ACCESS_KEY", "s"}}}) {
    const ProcessEnvironment environment(variables);
    const auto endpoint = open_target({.prod = false, .endpoint_url = "", .data_directory = directory.path().string()});
    EXPECT_EQ(endpoint->describe(), server.url());
    EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":["served"]})");
    const std::string key = variables.contains("AWS_ACCESS_KEY_ID") ? "AKIDKEY" : "local";
    EXPECT_NE(server.requests().back().field("Authorization").find("Credential=" + key + "/"), std::string::npos);
  }
}

TEST(Target, AsksAddressesOfThisMachineWithoutAProxyAndNamesTheProxyElse) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, R"({"TableNames":[]})"); });
  const std::string proxy = "127.0.0.1:" + std::to_string(stator::testing::unused_port());
  const ProcessEnvironment environment(
      Variables{{"http_proxy", "http://user:secret@" + proxy}, {"AWS_MAX_ATTEMPTS", "1"}});
  EXPECT_EQ(open_target(at(server.url()))->call("ListTables", "{}"), R"({"TableNames":[]})");
  try {
    open_target(at("http://db.example:8000"))->call("ListTables", "{}");
    ADD_FAILURE() << "no failure";
  } catch (const core::ApiError& error) {
    EXPECT_EQ(error.what(), "cannot reach http://db.example:8000/ by the proxy " + proxy + ": Connection refused");
  }
}

TEST(Target, SaysThatTheProxyRefusesAndThatNothingWasDone) {
  const RecordingServer proxy([](const auto&, auto) { return http_reply(407, "", "Connection: close\r\n"); });
  const ProcessEnvironment environment(Variables{{"https_proxy", proxy.url()}});
  endpoint::ReplyNotes notes;
  std::string reply;
  try {
    open_target(at("https://db.example:8000"))->call({.operation = "PutItem", .body = "{}", .notes = &notes}, reply);
    ADD_FAILURE() << "no failure";
  } catch (const core::ApiError& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot reach https://db.example:8000/ by the proxy " + proxy.url() +
                  ": the proxy refuses to, with HTTP status 407 (it wants a user and a password: "
                  "http://USER:PASSWORD@HOST)");
  }
  EXPECT_FALSE(notes.uncertain);
  EXPECT_EQ(proxy.requests().size(), 3U);
  EXPECT_EQ(proxy.requests().front().line(), "CONNECT db.example:8000 HTTP/1.1");
}

TEST(Target, OfAwsItselfTakesItsCredentialsFromAwsWhateverAddressIsSetForOthers) {
  // For `stator cache --to aws`, whose clients have the cache's own address in AWS_ENDPOINT_URL.
  const RecordingServer proxy([](const auto&, auto) { return http_reply(403, "", "Connection: close\r\n"); });
  const RecordingServer other([](const auto&, auto) { return http_reply(200, "{}"); });
  const TemporaryDirectory directory;
  const ProcessEnvironment environment(Variables{{"https_proxy", proxy.url()},
                                                 {"AWS_ENDPOINT_URL", other.url()},
                                                 {"AWS_REGION", "eu-west-3"},
                                                 {"AWS_ROLE_ARN", "arn"},
                                                 {"AWS_WEB_IDENTITY_TOKEN_FILE", directory.file("token", "jwt")}});
  for (const char* const url : {"", "https://dynamodb.eu-west-3.amazonaws.com"}) {
    const std::string message = open_failure({.prod = true, .endpoint_url = url, .data_directory = ""});
    EXPECT_NE(message.find("cannot reach https://sts.eu-west-3.amazonaws.com"), std::string::npos) << message;
  }
  EXPECT_TRUE(other.requests().empty());
}

TEST(Target, SaysThatTheDirectoryIsHeldWhereNoServerAnswers) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  const endpoint::Embedded holder(held(directory));
  const std::string message = open_failure({.prod = false,
                                            .endpoint_url = "",
                                            .data_directory = directory.path().string(),
                                            .patience = std::chrono::milliseconds(1)});
  EXPECT_NE(message.find(directory.path().string()), std::string::npos) << message;
  EXPECT_NE(message.find("process " + std::to_string(::getpid())), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Target, WaitsForAnotherProcessToLeaveTheDirectoryAndSaysForWhom) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  auto holder = std::make_unique<endpoint::Embedded>(held(directory));
  std::vector<std::string> told;
  // The holder closes the directory as soon as somebody waits for it.
  const auto endpoint = open_target({.prod = false,
                                     .endpoint_url = "",
                                     .data_directory = directory.path().string(),
                                     .log =
                                         [&](core::LogLevel, std::string_view line) {
                                           told.emplace_back(line);
                                           holder.reset();
                                         },
                                     .patience = std::chrono::minutes(1)});
  EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":[]})");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("waiting for process " + std::to_string(::getpid()) + " (remote_test")) << told[0];
}

TEST(Target, IsProductionWhereTheAddressIsAwsWhateverTheWord) {
  const struct {
    const char* url;
    bool production;
    const char* region;
  } rows[] = {
      {"https://dynamodb.eu-west-3.amazonaws.com", true, "eu-west-3"},
      {"HTTPS://DynamoDB.EU-West-3.AmazonAWS.com:443/", true, "eu-west-3"},
      {"https://dynamodb.eu-west-3.amazonaws.com.", true, "eu-west-3"},
      {"https://dynamodb.cn-north-1.amazonaws.com.cn", true, "cn-north-1"},
      {"https://dynamodb.eusc-de-east-1.amazonaws.eu", true, "eusc-de-east-1"},
      {"https://dynamodb.us-iso-east-1.api.aws.ic.gov", true, "us-iso-east-1"},
      {"https://dynamodb-fips.us-gov-west-1.amazonaws.com", true, "us-gov-west-1"},
      {"https://123456789012.ddb.us-east-1.amazonaws.com", true, "us-east-1"},
      {"https://vpce-1a2b-3c4d.dynamodb.us-east-1.vpce.amazonaws.com", true, "us-east-1"},
      {"https://dynamodb.us-east-1.api.aws", true, "us-east-1"},
      {"https://streams.dynamodb.us-east-1.amazonaws.com", true, "us-east-1"},
      {"http://localhost:8000", false, ""},
      {"http://127.0.0.1:8000/amazonaws.com", false, ""},
      {"https://dynamodb.example-amazonaws.com", false, ""},
      {"https://dynamodb.us-east-1.amazonaws.com.example.org", false, ""},
      {"amazonaws.com", false, ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(is_production(at(row.url)), row.production) << row.url;
    EXPECT_EQ(aws::region_of_aws_url(row.url).value_or(""), row.region) << row.url;
  }
  EXPECT_TRUE(is_production({.prod = true, .endpoint_url = "http://localhost:8000", .data_directory = ""}));
  // AWS's address without the word prod: uses the real credentials and the region in the host name.
  const ProcessEnvironment environment(Variables{{"AWS_REGION", "eu-west-3"}});
  EXPECT_EQ(open_failure(at("https://dynamodb.eu-west-1.amazonaws.com")).find("no AWS credentials"), 0U);
}

TEST(Writes, AreToldFromTheRequest) {
  const struct {
    const char* operation;
    const char* body;
    bool writes;
    std::vector<std::string> tables;
  } rows[] = {
      {"GetItem", R"({"TableName":"t"})", false, {}},
      {"DescribeTimeToLive", R"({"TableName":"t"})", false, {}},
      {"Scan", R"({"TableName":"t"})", false, {}},
      {"PutItem", R"({"TableName":"t"})", true, {"t"}},
      {"DeleteTable", R"({"TableName":"arn:aws:dynamodb:eu-west-3:123456789012:table/t"})", true, {"t"}},
      {"BatchWriteItem", R"({"RequestItems":{"t":[],"u":[]}})", true, {"t", "u"}},
      {"TransactWriteItems",
       R"({"TransactItems":[{"Put":{"TableName":"t"}},{"ConditionCheck":{"TableName":"c"}},{"Update":{"TableName":"u"}},)"
       R"({"Delete":{"TableName":"t"}}]})",
       true,
       {"t", "u"}},
      {"TagResource", R"({"ResourceArn":"arn:aws:dynamodb:r:1:table/t"})", true, {"t"}},
      {"RestoreTableFromBackup", R"({"TargetTableName":"new"})", true, {"new"}},
      {"ExecuteStatement", R"({"Statement":" select * from t"})", false, {}},
      {"ExecuteStatement", R"({"Statement":"insert into \"t\" value {'pk':1}"})", true, {"t"}},
      {"ExecuteStatement", R"({"Statement":"UPDATE \"my.t\" SET a=1 WHERE pk=1"})", true, {"my.t"}},
      {"BatchExecuteStatement",
       R"({"Statements":[{"Statement":"SELECT 1"},{"Statement":"DELETE FROM t WHERE pk=1"}]})",
       true,
       {"t"}},
      {"ExecuteTransaction",
       R"-({"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM t WHERE pk=1)"}]})-",
       false,
       {}},
      {"NewOperation", "{}", true, {}},
      {"ExecuteStatement", "no JSON", true, {}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(endpoint::writes(row.operation, row.body), row.writes) << row.operation << row.body;
    if (row.writes) {
      EXPECT_EQ(endpoint::written_tables(row.operation, row.body), row.tables) << row.operation << row.body;
    }
  }
}

TEST(Discovery, FindsAServerByItsNotice) {
  const TemporaryDirectory directory;
  const RecordingServer server(server_with_id("mine", "{}"));
  const endpoint::Embedded holder(held(directory));
  EXPECT_EQ(find_running_server(directory.path()), std::nullopt);
  {
    const ServerNotice notice(directory.path(), server.url(), "mine");
    EXPECT_EQ(find_running_server(directory.path()), server.url());
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "server.json"));
}

TEST(Discovery, LeavesTheNoticeOfAnotherProcessWhereItIs) {
  const TemporaryDirectory directory;
  {
    const ServerNotice notice(directory.path(), "http://127.0.0.1:1", "mine");
    (void)directory.file("server.json", R"({"pid":1,"url":"http://127.0.0.1:2","id":"another"})");
  }
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "server.json"));
}

TEST(Discovery, PassesOverNoticesThatLeadNowhereOrToAnotherServer) {
  const RecordingServer server(server_with_id("mine", "{}"));
  const RecordingServer ill([](const auto&, auto) { return http_reply(500, R"({"id":"mine"})"); });
  const RecordingServer foreign([](const auto&, auto) { return http_reply(200, "healthy"); });
  const std::string self = std::to_string(::getpid());
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(stator::testing::unused_port());
  const auto notice = [&](const std::string& url, const std::string& id) {
    return R"({"pid":)" + self + R"(,"url":")" + url + R"(","id":")" + id + "\"}";
  };
  const TemporaryDirectory directory;
  const endpoint::Embedded holder(held(directory));
  for (const std::string& text : {
           std::string(),
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"pid":"x","url":1,"id":2})"),
           std::string(5000, ' '),
           R"({"pid":)" + self + R"(,"url":")" + server.url() + "\"}",
           notice(server.url(), ""),
           notice(server.url(), "another"),
           notice(foreign.url(), "mine"),
           notice(nowhere, "mine"),
           notice(ill.url(), "mine"),
           notice("file:///etc/passwd", "mine"),
       }) {
    (void)directory.file("server.json", text);
    EXPECT_EQ(find_running_server(directory.path(), 300), std::nullopt) << text;
  }
  (void)directory.file("server.json", notice(server.url(), "mine"));
  EXPECT_EQ(find_running_server(directory.path(), 300), server.url());
  const TemporaryDirectory copy;
  (void)copy.file("server.json", notice(server.url(), "mine"));
  (void)copy.file("LOCK", "");
  EXPECT_EQ(find_running_server(copy.path(), 300), std::nullopt) << "nobody holds it";
}

}  // namespace
}  // namespace stator::remote
