#include "toolkit/rds.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/api_error.h"
#include "support/recording_server.h"

// tests/remote/verify_requests.py compares whole requests with the AWS CLI's.
namespace stator::toolkit {
namespace {

using aws::Environment;
using stator::testing::http_reply;
using stator::testing::RecordingServer;

using Variables = std::map<std::string, std::string>;

const Variables kComplete{{"DB_SG_ID", "sg-1"},        {"DB_SG_RULE_ID", "sgr-2"},
                          {"DB_SG_IP", "203.0.113.7"}, {"AWS_REGION", "eu-west-3"},
                          {"AWS_ACCESS_KEY_ID", "K"},  {"AWS_SECRET_ACCESS_KEY", "S"},
                          {"HOME", "/dev/null"},       {"AWS_EC2_METADATA_DISABLED", "true"}};

Variables complete_but(const Variables& changes) {
  Variables variables = kComplete;
  for (const auto& [name, value] : changes) variables[name] = value;
  return variables;
}

std::string failure(const Variables& variables, const SecurityGroupRuleOptions& options = {}) {
  try {
    find_security_group_rule(Environment::of(variables), options);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no failure";
}

struct MissingCase {
  Variables changes;
  const char* message_start;
};

TEST(UpdateSgRule, NamesEveryMissingVariable) {
  const MissingCase rows[] = {
      {{{"DB_SG_ID", ""}, {"DB_SG_RULE_ID", ""}}, "DB_SG_ID and DB_SG_RULE_ID are not set"},
      {{{"DB_SG_ID", ""}}, "DB_SG_ID is not set"},
      {{{"DB_SG_RULE_ID", ""}}, "DB_SG_RULE_ID is not set"},
      {{{"DB_SG_ID", "sg 1"}}, "DB_SG_ID is not an id"},
      {{{"DB_SG_IP", "1.2.3"}}, "\"1.2.3\" (DB_SG_IP) is not an IP address"},
  };
  for (const MissingCase& row : rows) EXPECT_EQ(failure(complete_but(row.changes)).find(row.message_start), 0U);
}

TEST(UpdateSgRule, TakesTheAddressFromTheOptionThenTheEnvironment) {
  const Environment environment = Environment::of(kComplete);
  EXPECT_EQ(find_security_group_rule(environment, {}).cidr, "203.0.113.7/32");
  EXPECT_EQ(find_security_group_rule(environment, {}).description, "stator");
  SecurityGroupRuleOptions options;
  options.ip = "2001:db8::1";
  options.description = "me";
  EXPECT_EQ(find_security_group_rule(environment, options).cidr, "2001:db8::1/128");
  EXPECT_EQ(find_security_group_rule(environment, options).description, "me");
}

TEST(UpdateSgRule, LooksTheAddressUpAndDoubtsTheAnswer) {
  const RecordingServer server([](const auto&, std::size_t index) {
    return index == 0   ? http_reply(200, "198.51.100.9\n")
           : index == 1 ? http_reply(200, "<html>log in</html>")
                        : http_reply(503, "");
  });
  const Variables variables = complete_but({{"DB_SG_IP", ""}, {"STATOR_CHECKIP_URL", server.url()}});
  EXPECT_EQ(find_security_group_rule(Environment::of(variables), {}).cidr, "198.51.100.9/32");
  EXPECT_EQ(failure(variables), "\"<html>log in</html>\" (" + server.url() + ") is not an IP address");
  EXPECT_EQ(failure(variables),
            "our address is not known: HTTP status 503 from " + server.url() + "; give it with --ip or DB_SG_IP");
}

std::string url_of(const Variables& changes, const std::string& option) {
  const Environment environment = Environment::of(complete_but(changes));
  return modify_security_group_rules(environment, find_security_group_rule(environment, {}), option).url;
}

TEST(UpdateSgRule, ChoosesTheEndpointByOptionServiceAndRegion) {
  const Variables both{{"AWS_ENDPOINT_URL_EC2", "http://ec2:1"}, {"AWS_ENDPOINT_URL", "http://all:1/"}};
  EXPECT_EQ(url_of(both, "http://option:1"), "http://option:1/");
  EXPECT_EQ(url_of(both, ""), "http://ec2:1/");
  EXPECT_EQ(url_of({{"AWS_ENDPOINT_URL", "http://all:1/"}}, ""), "http://all:1/");
  EXPECT_EQ(url_of({}, ""), "https://ec2.eu-west-3.amazonaws.com/");
}

TEST(UpdateSgRule, TriesAgainWhereItIsThrottledAndTellsOfRefusals) {
  const RecordingServer server([](const auto&, std::size_t index) {
    if (index == 0)
      return http_reply(503, "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>");
    return http_reply(400,
                      "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>no sg-1</Message></Error>"
                      "</Errors></Response>");
  });
  const Environment environment = Environment::of(kComplete);
  const auto request =
      modify_security_group_rules(environment, find_security_group_rule(environment, {}), server.url());
  try {
    send_security_group_rule(environment, request);
    FAIL();
  } catch (const core::ApiError& error) {
    EXPECT_EQ(std::string(error.type.name()) + ": " + error.message, "InvalidGroup.NotFound: no sg-1");
  }
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(UpdateSgRule, ShowsTheRequestWithoutNeedingCredentials) {
  const Environment environment =
      Environment::of(complete_but({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}));
  std::ostringstream out;
  print_request(modify_security_group_rules(environment, find_security_group_rule(environment, {}), ""), out);
  EXPECT_EQ(out.str().find("POST https://ec2.eu-west-3.amazonaws.com/\nHost: ec2.eu-west-3.amazonaws.com\n"), 0U);
  EXPECT_NE(out.str().find("SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=203.0.113.7%2F32\n"), std::string::npos);
}

struct UrlCase {
  const char* url;
  const char* host;
  int port;
};

TEST(ConnectionUrl, HasHostAndPort) {
  const UrlCase rows[] = {{"postgresql://u:p@h:6543/d?sslmode=require", "h", 6543},
                          {"postgres://h", "h", 5432},
                          {"postgresql://u:p%40@h/d", "h", 5432},
                          {"postgresql://u@[::1]:7/d", "::1", 7},
                          {"postgresql://a:1,b:2/d", "a", 1},
                          {"host=db.example.com port=6543 dbname=d password=x", "db.example.com", 6543},
                          {"dbname=d host='h' ", "h", 5432},
                          {"host=h,i port=7,8", "h", 7}};
  for (const UrlCase& row : rows) {
    EXPECT_EQ(parse_connection_url(row.url).host, row.host) << row.url;
    EXPECT_EQ(parse_connection_url(row.url).port, row.port) << row.url;
  }
}

TEST(ConnectionUrl, IsNeverRepeatedInAMessage) {
  for (const char* url :
       {"", "mysql://u:hidden@h", "postgresql://", "postgresql://u:hidden@/d", "postgresql://u:hidden@h:x/d",
        "postgresql://u:hidden@[::1/d", "postgresql://u:hidden@%2Fvar%2Frun/d", "host=/tmp password=hidden",
        "host=h port=x password=hidden", "host='h password=hidden"}) {
    try {
      parse_connection_url(url);
      FAIL() << url;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()).find("hidden"), std::string::npos) << error.what();
    }
  }
}

TEST(WaitForPort, EndsWhenThePortAnswers) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, ""); });
  const std::string authority = server.authority();
  std::string why;
  const auto port = static_cast<std::uint16_t>(std::stoi(authority.substr(authority.find(':') + 1)));
  EXPECT_TRUE(wait_for_port({"127.0.0.1", port}, 2'000, why)) << why;
}

TEST(WaitForPort, SaysWhyItGaveUp) {
  std::string why;
  EXPECT_FALSE(wait_for_port({"127.0.0.1", stator::testing::unused_port()}, 10, why));
  EXPECT_EQ(why, "Connection refused");
}

}  // namespace
}  // namespace stator::toolkit
