#include "remote/target.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "core/api_error.h"
#include "endpoint/embedded.h"
#include "remote/discovery.h"
#include "remote/remote.h"
#include "support/recording_server.h"
#include "support/temporary_directory.h"

namespace stator::remote {
namespace {

using stator::testing::http_reply;
using stator::testing::RecordingServer;
using stator::testing::TemporaryDirectory;

using Variables = std::map<std::string, std::string>;

/// Sets variables of this process, and puts them back; no AWS setting of the machine shows through.
class ProcessEnvironment {
 public:
  explicit ProcessEnvironment(Variables variables) {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
          "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_MAX_ATTEMPTS", "AWS_EC2_METADATA_DISABLED",
          "HOME", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}) {
      const char* const value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
    variables.emplace("HOME", "/nonexistent");
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

TEST(Target, IsTheEngineOnTheDirectoryWhichIsCreated) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  const std::string data = (directory.path() / "a/b").string();
  const auto endpoint = open_target({.prod = false, .endpoint_url = "", .data_directory = data});
  EXPECT_EQ(endpoint->describe(), data);
  EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":[]})");
  EXPECT_TRUE(std::filesystem::exists(data));
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
            "AWS_MAX_ATTEMPTS must be a number from 1 to 100, not \"lots\"");
}

TEST(Target, IsTheRunningServerThatHoldsTheDirectory) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  const RecordingServer server([](const auto&, auto) { return http_reply(200, R"({"TableNames":["served"]})"); });
  const endpoint::Embedded holder(engine::Options{.directory = directory.path()});
  const ServerNotice notice(directory.path(), server.url());
  const auto endpoint = open_target({.prod = false, .endpoint_url = "", .data_directory = directory.path().string()});
  EXPECT_EQ(endpoint->describe(), server.url());
  EXPECT_EQ(endpoint->call("ListTables", "{}"), R"({"TableNames":["served"]})");
}

TEST(Target, SaysThatTheDirectoryIsHeldWhereNoServerAnswers) {
  const ProcessEnvironment environment(Variables{});
  const TemporaryDirectory directory;
  const endpoint::Embedded holder(engine::Options{.directory = directory.path()});
  const std::string message =
      open_failure({.prod = false, .endpoint_url = "", .data_directory = directory.path().string()});
  EXPECT_NE(message.find(directory.path().string()), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Discovery, FindsAServerByItsNotice) {
  const TemporaryDirectory directory;
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "healthy"); });
  EXPECT_EQ(find_running_server(directory.path()), std::nullopt);
  {
    const ServerNotice notice(directory.path(), server.url());
    EXPECT_EQ(find_running_server(directory.path()), server.url());
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "server.json"));
}

TEST(Discovery, LeavesTheNoticeOfAnotherProcessWhereItIs) {
  const TemporaryDirectory directory;
  {
    const ServerNotice notice(directory.path(), "http://127.0.0.1:1");
    (void)directory.file("server.json", R"({"pid":1,"url":"http://127.0.0.1:2"})");
  }
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "server.json"));
}

std::int64_t pid_of_the_dead() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST(Discovery, PassesOverNoticesThatLeadNowhere) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, "healthy"); });
  const RecordingServer ill([](const auto&, auto) { return http_reply(500, ""); });
  const std::string self = std::to_string(::getpid());
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(stator::testing::unused_port());
  for (const std::string& text : {
           std::string(),
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"pid":"x","url":1})"),
           std::string(5000, ' '),
           R"({"pid":)" + std::to_string(pid_of_the_dead()) + R"(,"url":")" + server.url() + "\"}",
           R"({"pid":-1,"url":")" + server.url() + "\"}",
           R"({"pid":)" + self + R"(,"url":")" + nowhere + "\"}",
           R"({"pid":)" + self + R"(,"url":")" + ill.url() + "\"}",
           R"({"pid":)" + self + R"(,"url":"file:///etc/passwd"})",
       }) {
    const TemporaryDirectory directory;
    (void)directory.file("server.json", text);
    EXPECT_EQ(find_running_server(directory.path(), 300), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace stator::remote
