#include "aws/config.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "aws/credential_process.h"
#include "aws/metadata.h"
#include "support/recording_server.h"
#include "support/temporary_directory.h"

namespace stator::aws {
namespace {

using stator::testing::http_reply;
using stator::testing::RecordedRequest;
using stator::testing::RecordingServer;

using Variables = std::map<std::string, std::string>;

constexpr const char* kOffMetadata = "AWS_EC2_METADATA_DISABLED";

struct Case {
  const char* name;
  Variables variables;
  const char* credentials_file;
  const char* config_file;
  /// "KEY/SECRET/TOKEN", or the error message, in which HOME stands for the home directory.
  const char* expected;
};

Environment prepare(const Case& row, const TemporaryDirectory& home) {
  if (row.credentials_file != nullptr) (void)home.file(".aws/credentials", row.credentials_file);
  if (row.config_file != nullptr) (void)home.file(".aws/config", row.config_file);
  Variables variables = row.variables;
  variables["HOME"] = home.path().string();
  variables[kOffMetadata] = "true";
  for (auto& [name, value] : variables) {
    if (value.starts_with("HOME/")) value.replace(0, 4, home.path().string());
  }
  return Environment::of(variables);
}

std::string outcome(const Environment& environment, const std::string& home) {
  try {
    const auto found = find_credentials(environment)->get();
    return found->access_key_id + "/" + found->secret_access_key + "/" + found->session_token;
  } catch (const ConfigurationError& error) {
    std::string text = error.what();
    for (std::size_t at = 0; !home.empty() && (at = text.find(home, at)) != std::string::npos;)
      text.replace(at, home.size(), "HOME");
    return text;
  }
}

class CredentialSourceTable : public ::testing::TestWithParam<Case> {};

TEST_P(CredentialSourceTable, IsHonoured) {
  const TemporaryDirectory home;
  EXPECT_EQ(outcome(prepare(GetParam(), home), home.path().string()), GetParam().expected);
}

constexpr const char* kPlain =
    "[default]\naws_access_key_id = DK\naws_secret_access_key=DS\n[other]\naws_access_key_id=OK\n"
    "aws_secret_access_key=OS\naws_session_token=OT\n";
constexpr const char* kPrintKeys =
    R"([default]
credential_process = sh -c "echo '{\"Version\": 1, \"AccessKeyId\": \"PK\", \"SecretAccessKey\": \"PS\"}'"
)";

INSTANTIATE_TEST_SUITE_P(
    Table, CredentialSourceTable,
    ::testing::Values(
        Case{"Environment", {{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "S"}}, nullptr, nullptr, "K/S/"},
        Case{"EnvironmentWithToken",
             {{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_SESSION_TOKEN", "T"}},
             nullptr,
             nullptr,
             "K/S/T"},
        Case{"EnvironmentBeforeFiles",
             {{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "S"}},
             kPlain,
             nullptr,
             "K/S/"},
        Case{"HalfAnEnvironment",
             {{"AWS_ACCESS_KEY_ID", "K"}},
             kPlain,
             nullptr,
             "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"},
        Case{"OtherHalf",
             {{"AWS_SECRET_ACCESS_KEY", "K"}},
             kPlain,
             nullptr,
             "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"},
        Case{"DefaultProfile", {}, kPlain, nullptr, "DK/DS/"},
        Case{"NamedProfile", {{"AWS_PROFILE", "other"}}, kPlain, nullptr, "OK/OS/OT"},
        Case{"NamedByDefaultProfile", {{"AWS_DEFAULT_PROFILE", "other"}}, kPlain, nullptr, "OK/OS/OT"},
        Case{"MissingProfile",
             {{"AWS_PROFILE", "none"}},
             kPlain,
             nullptr,
             "there is no profile \"none\" in HOME/.aws/credentials or HOME/.aws/config"},
        Case{"ConfigFile",
             {{"AWS_PROFILE", "x y"}},
             nullptr,
             "# comment\n[profile \"x y\"]\nAWS_ACCESS_KEY_ID = K\naws_secret_access_key = S=/+\ns3 =\n  a = b\n",
             "K/S=/+/"},
        Case{"CredentialsFileBeforeConfigFile",
             {},
             kPlain,
             "[default]\naws_access_key_id=CK\naws_secret_access_key=CS\n",
             "DK/DS/"},
        Case{"OtherPlaces",
             {{"AWS_SHARED_CREDENTIALS_FILE", "HOME/keys"}},
             kPlain,
             nullptr,
             "no AWS credentials found. Looked at: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (not set); "
             "AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (not set); profile \"default\" in HOME/keys (no such file) "
             "and "
             "HOME/.aws/config (no such file); container metadata (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, "
             "AWS_CONTAINER_CREDENTIALS_FULL_URI: not set); instance metadata (switched off by "
             "AWS_EC2_METADATA_DISABLED)"},
        Case{"HalfAProfile",
             {},
             "[default]\naws_access_key_id=K\n",
             nullptr,
             "profile \"default\" in HOME/.aws/credentials: aws_secret_access_key is missing"},
        Case{
            "BrokenFile", {}, "[default]\nMY SECRET LINE\n", nullptr, "HOME/.aws/credentials:2: expected name = value"},
        Case{"NoSection",
             {},
             "aws_access_key_id=K\n",
             nullptr,
             "HOME/.aws/credentials:1: expected a section like [default] before the first setting"},
        Case{"OpenSection", {}, "[default\n", nullptr, "HOME/.aws/credentials:1: a section's name must end with ]"},
        Case{"Process", {}, nullptr, kPrintKeys, "PK/PS/"},
        Case{"ProcessFails",
             {},
             nullptr,
             "[default]\ncredential_process = sh -c 'exit 3'\n",
             "profile \"default\": credential_process: sh ended with status 3"},
        Case{"ProcessMissing",
             {},
             nullptr,
             "[default]\ncredential_process = /nowhere/keys\n",
             "profile \"default\": credential_process: cannot run /nowhere/keys: No such file or directory"},
        Case{"ProcessPrintsNonsense",
             {},
             nullptr,
             "[default]\ncredential_process = echo SECRET\n",
             "profile \"default\": credential_process: echo did not print JSON"},
        Case{"ProcessOfAnotherVersion",
             {},
             nullptr,
             "[default]\ncredential_process = echo {\\\"Version\\\":2}\n",
             "profile \"default\": credential_process: echo must print a JSON object with \"Version\": 1"},
        Case{"ProcessWithoutKey",
             {},
             nullptr,
             "[default]\ncredential_process = echo {\\\"Version\\\":1}\n",
             "profile \"default\": credential_process: echo did not give an AccessKeyId"},
        Case{"ProcessOpenQuote",
             {},
             nullptr,
             "[default]\ncredential_process = echo 'x\n",
             "credential_process: a quote is not closed"},
        Case{"SingleSignOnWithoutRole",
             {{"AWS_PROFILE", "dev"}},
             nullptr,
             "[profile dev]\nsso_start_url = https://x\n",
             "profile \"dev\": its single sign-on lacks sso_account_id and sso_role_name"},
        Case{"SingleSignOnWithoutRegion",
             {{"AWS_PROFILE", "dev"}},
             nullptr,
             "[profile dev]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_start_url = "
             "u\n",
             "profile \"dev\": its single sign-on lacks sso_region"},
        Case{"SingleSignOnWithoutSession",
             {{"AWS_PROFILE", "dev"}},
             nullptr,
             "[profile dev]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n",
             "profile \"dev\": there is no section [sso-session s] in HOME/.aws/config"},
        Case{"SingleSignOnBeforeTheLogin",
             {{"AWS_PROFILE", "dev"}},
             nullptr,
             "[profile dev]\nsso_start_url = u\nsso_region = eu-west-3\nsso_account_id = 1\nsso_role_name = r\n",
             "profile \"dev\": there is no token for its single sign-on: run `aws sso login --profile dev`"},
        Case{"LoginByTheConsole",
             {{"AWS_PROFILE", "dev"}},
             nullptr,
             "[profile dev]\nlogin_session = arn:aws:iam::1:user/a\n",
             "profile \"dev\" was made by `aws login`, which is not supported directly: run `eval \"$(aws configure "
             "export-credentials --profile dev --format env)\"`, or give a profile the line `credential_process = aws "
             "configure export-credentials --profile dev`"},
        Case{"Mfa",
             {},
             nullptr,
             "[default]\nrole_arn = a\nsource_profile = b\nmfa_serial = m\n",
             "profile \"default\" asks for an MFA code, which is not supported: get keys with `aws sts assume-role` "
             "and put "
             "them into the environment, or set credential_process"},
        Case{"RoleWithoutSource",
             {},
             nullptr,
             "[default]\nrole_arn = a\n",
             "profile \"default\": role_arn needs a source_profile, a credential_source (Environment, EcsContainer or "
             "Ec2InstanceMetadata) or a web_identity_token_file"},
        Case{"RoleOfMissingProfile",
             {},
             nullptr,
             "[default]\nrole_arn = a\nsource_profile = b\n",
             "profile \"default\": its source_profile \"b\" is in neither file"},
        Case{"RolesInACircle",
             {},
             nullptr,
             "[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = a\nsource_profile = default\n",
             "profile \"b\": its source_profile \"default\" leads back to itself"},
        Case{"WebIdentityWithoutFile",
             {{"AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token"}, {"AWS_ROLE_ARN", "arn"}},
             nullptr,
             nullptr,
             "AWS_WEB_IDENTITY_TOKEN_FILE: cannot read the web identity token in HOME/token"},
        Case{"WebIdentityBehindAProfileWithoutKeys",
             {{"AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token"}, {"AWS_ROLE_ARN", "arn"}, {"AWS_PROFILE", "p"}},
             nullptr,
             "[profile p]\nregion = eu-west-3\n",
             "AWS_WEB_IDENTITY_TOKEN_FILE: cannot read the web identity token in HOME/token"},
        Case{"WebIdentityBeforeTheKeysOfAProfile",
             {{"AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token"}, {"AWS_ROLE_ARN", "arn"}, {"AWS_PROFILE", "other"}},
             kPlain,
             nullptr,
             "AWS_WEB_IDENTITY_TOKEN_FILE: cannot read the web identity token in HOME/token"},
        Case{"RoleOfTheProfileBeforeWebIdentity",
             {{"AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token"}, {"AWS_ROLE_ARN", "arn"}},
             nullptr,
             "[default]\nrole_arn = a\nsource_profile = b\n",
             "profile \"default\": its source_profile \"b\" is in neither file"},
        Case{"ContainerUriOfAnotherMachine",
             {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/x"}},
             nullptr,
             nullptr,
             "AWS_CONTAINER_CREDENTIALS_FULL_URI must use https, or name this machine"}),
    [](const auto& test) { return test.param.name; });

struct RegionCase {
  const char* name;
  Variables variables;
  const char* config_file;
  const char* expected;  // the region, or the error message
};

class RegionTable : public ::testing::TestWithParam<RegionCase> {};

TEST_P(RegionTable, IsHonoured) {
  const RegionCase& row = GetParam();
  const TemporaryDirectory home;
  const Environment environment = prepare({row.name, row.variables, nullptr, row.config_file, ""}, home);
  std::string found;
  try {
    found = require_region(environment);
  } catch (const ConfigurationError& error) {
    found = error.what();
    const std::size_t at = found.find(home.path().string());
    if (at != std::string::npos) found.replace(at, home.path().string().size(), "HOME");
  }
  EXPECT_EQ(found, row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RegionTable,
    ::testing::Values(
        RegionCase{"Region", {{"AWS_REGION", "eu-west-3"}, {"AWS_DEFAULT_REGION", "x"}}, nullptr, "eu-west-3"},
        RegionCase{
            "DefaultRegion", {{"AWS_DEFAULT_REGION", "eu-west-3"}}, "[default]\nregion=us-west-2\n", "eu-west-3"},
        RegionCase{"Profile", {}, "[default]\nregion = us-west-2\n", "us-west-2"},
        RegionCase{"NamedProfile",
                   {{"AWS_PROFILE", "p"}},
                   "[default]\nregion=a\n[profile p]\nregion=ca-central-1\n",
                   "ca-central-1"},
        RegionCase{"Missing",
                   {},
                   nullptr,
                   "no AWS region: set AWS_REGION (or AWS_DEFAULT_REGION), or \"region\" for profile \"default\" in "
                   "HOME/.aws/config"},
        RegionCase{"NotARegion",
                   {{"AWS_REGION", "evil.com/x"}},
                   nullptr,
                   "\"evil.com/x\" (AWS_REGION) is not the name of an AWS region"}),
    [](const auto& test) { return test.param.name; });

TEST(Region, ComesFromTheInstanceLast) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    return http_reply(200, request.line().starts_with("PUT") ? "TOKEN" : "eu-north-1");
  });
  const TemporaryDirectory home;
  EXPECT_EQ(require_region(
                Environment::of({{"HOME", home.path().string()}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}})),
            "eu-north-1");
}

TEST(ChosenProfile, OutweighsTheKeysAndTheProfileOfTheEnvironment) {
  const TemporaryDirectory home;
  const Case row{"",
                 {{"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_PROFILE", "default"}},
                 kPlain,
                 "[profile other]\nregion = eu-west-1\n",
                 ""};
  const Environment environment = prepare(row, home);
  EXPECT_EQ(outcome(environment.with("", ""), ""), "K/S/");
  EXPECT_EQ(outcome(environment.with("", "other"), ""), "OK/OS/OT");
  EXPECT_EQ(find_region(environment.with("", "other"), false), "eu-west-1");
  EXPECT_EQ(find_region(environment.with("us-west-2", "other"), false), "us-west-2");
  EXPECT_EQ(outcome(environment.with("", "none"), home.path().string()),
            "there is no profile \"none\" in HOME/.aws/credentials or HOME/.aws/config");
}

TEST(ServiceUrl, FollowsPartitionFipsAndDualstack) {
  const struct {
    const char* service;
    const char* region;
    const char* plain;
    const char* fips;
    const char* dualstack;
    const char* both;
  } rows[] = {
      {"dynamodb", "eu-west-3", "dynamodb.eu-west-3.amazonaws.com", "dynamodb-fips.eu-west-3.amazonaws.com",
       "dynamodb.eu-west-3.api.aws", "dynamodb-fips.eu-west-3.api.aws"},
      {"dynamodb", "us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com", "dynamodb.us-gov-west-1.amazonaws.com",
       "dynamodb.us-gov-west-1.api.aws", "dynamodb-fips.us-gov-west-1.api.aws"},
      {"streams.dynamodb", "us-east-1", "streams.dynamodb.us-east-1.amazonaws.com",
       "streams.dynamodb-fips.us-east-1.amazonaws.com", "streams-dynamodb.us-east-1.api.aws",
       "streams-dynamodb-fips.us-east-1.api.aws"},
      {"streams.dynamodb", "us-iso-east-1", "streams.dynamodb.us-iso-east-1.c2s.ic.gov",
       "streams.dynamodb-fips.us-iso-east-1.c2s.ic.gov", "streams-dynamodb.us-iso-east-1.api.aws.ic.gov",
       "streams-dynamodb-fips.us-iso-east-1.api.aws.ic.gov"},
      {"dynamodb", "eusc-de-east-1", "dynamodb.eusc-de-east-1.amazonaws.eu",
       "dynamodb-fips.eusc-de-east-1.amazonaws.eu", "dynamodb.eusc-de-east-1.api.amazonwebservices.eu",
       "dynamodb-fips.eusc-de-east-1.api.amazonwebservices.eu"},
      {"ec2", "cn-north-1", "ec2.cn-north-1.amazonaws.com.cn", "ec2-fips.cn-north-1.amazonaws.com.cn",
       "ec2.cn-north-1.api.amazonwebservices.com.cn", "ec2-fips.cn-north-1.api.amazonwebservices.com.cn"},
      {"s3", "us-gov-west-1", "s3.us-gov-west-1.amazonaws.com", "s3-fips.us-gov-west-1.amazonaws.com",
       "s3.dualstack.us-gov-west-1.amazonaws.com", "s3-fips.dualstack.us-gov-west-1.amazonaws.com"},
  };
  const Environment plain = Environment::of({});
  const Environment fips = Environment::of({{"AWS_USE_FIPS_ENDPOINT", "true"}});
  const Environment dualstack = Environment::of({{"AWS_USE_DUALSTACK_ENDPOINT", "True"}});
  const Environment both = Environment::of({{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_USE_DUALSTACK_ENDPOINT", "true"}});
  const std::string scheme = "https://";
  for (const auto& row : rows) {
    EXPECT_EQ(service_url(plain, row.service, row.region), scheme + row.plain);
    EXPECT_EQ(service_url(fips, row.service, row.region), scheme + row.fips);
    EXPECT_EQ(service_url(dualstack, row.service, row.region), scheme + row.dualstack);
    EXPECT_EQ(service_url(both, row.service, row.region), scheme + row.both);
  }
}

TEST(Settings, OfTheProfileCountWhereTheVariableIsNotSet) {
  const TemporaryDirectory home;
  (void)home.file(
      ".aws/config",
      "[default]\nuse_fips_endpoint = true\nmax_attempts = 7\n[profile dual]\nuse_dualstack_endpoint = TRUE\n"
      "use_fips_endpoint =\nignore_configured_endpoint_urls = true\nendpoint_url = http://ignored\n");
  const auto environment = [&](Variables variables) {
    variables["HOME"] = home.path().string();
    return Environment::of(variables);
  };
  EXPECT_EQ(service_url(environment({}), "dynamodb", "eu-west-3"), "https://dynamodb-fips.eu-west-3.amazonaws.com");
  EXPECT_EQ(service_url(environment({{"AWS_USE_FIPS_ENDPOINT", "false"}}), "dynamodb", "eu-west-3"),
            "https://dynamodb.eu-west-3.amazonaws.com");
  const Environment dual = environment({{"AWS_PROFILE", "dual"}});
  EXPECT_EQ(service_url(dual, "dynamodb", "eu-west-3"), "https://dynamodb.eu-west-3.api.aws");
  EXPECT_EQ(profile_endpoint_url(dual, "dynamodb"), std::nullopt);
  EXPECT_EQ(configured(environment({}), "AWS_MAX_ATTEMPTS", "max_attempts"), "7");
  EXPECT_EQ(configured(environment({{"AWS_MAX_ATTEMPTS", "2"}}), "AWS_MAX_ATTEMPTS", "max_attempts"), "2");
  EXPECT_EQ(configured(dual, "AWS_MAX_ATTEMPTS", "max_attempts"), std::nullopt);
}

TEST(InstanceMetadata, IsAskedWithATokenOfVersionTwo) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.line() == "PUT /latest/api/token HTTP/1.1") return http_reply(200, "TOKEN");
    if (request.line() == "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1") return http_reply(200, "role\n");
    return http_reply(200, R"({"Code":"Success","AccessKeyId":"IK","SecretAccessKey":"IS","Token":"IT",
                               "Expiration":"2099-01-01T00:00:00Z"})");
  });
  const TemporaryDirectory home;
  const Environment environment =
      Environment::of({{"HOME", home.path().string()}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}});
  const auto found = find_credentials(environment)->get();
  EXPECT_EQ(found->access_key_id + found->secret_access_key + found->session_token, "IKISIT");
  EXPECT_EQ(found->expires_ms, 4'070'908'800'000);
  const auto requests = server.requests();
  EXPECT_EQ(requests.at(0).field("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(requests.at(1).field("x-aws-ec2-metadata-token"), "TOKEN");
  EXPECT_EQ(requests.at(2).line(), "GET /latest/meta-data/iam/security-credentials/role HTTP/1.1");
}

TEST(InstanceMetadata, OfVersionOneIsAskedWithoutAToken) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.line().starts_with("PUT")) return http_reply(405, "");
    if (request.line().find("credentials/ ") != std::string::npos) return http_reply(200, "role");
    return http_reply(200, R"({"AccessKeyId":"IK","SecretAccessKey":"IS"})");
  });
  const TemporaryDirectory home;
  std::string why;
  InstanceMetadata metadata(Environment::of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}}));
  const auto found = metadata.credentials(why);
  ASSERT_TRUE(found) << why;
  EXPECT_EQ(server.requests().at(1).field("x-aws-ec2-metadata-token"), "");
}

TEST(InstanceMetadata, IsAskedWithoutATokenWhereNoneComes) {
  // The reply to a request for a token does not reach a container beyond the instance's hop limit: the connection is
  // cut.
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.line().starts_with("PUT")) return std::string();
    if (request.line().find("credentials/ ") != std::string::npos) return http_reply(200, "role");
    return http_reply(200, R"({"AccessKeyId":"IK","SecretAccessKey":"IS"})");
  });
  const TemporaryDirectory home;
  std::string why;
  Variables variables = {{"HOME", home.path().string()}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}};
  const auto found = InstanceMetadata(Environment::of(variables)).credentials(why);
  ASSERT_TRUE(found) << why;
  EXPECT_EQ(found->access_key_id, "IK");
  variables["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  EXPECT_FALSE(InstanceMetadata(Environment::of(variables)).credentials(why));
  EXPECT_EQ(why, "no token, and version 1 is switched off by AWS_EC2_METADATA_V1_DISABLED or the profile");
}

TEST(InstanceMetadata, IsAskedWhereTheProfileSays) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    return http_reply(200, request.line().starts_with("PUT") ? "TOKEN" : "eu-north-1");
  });
  const TemporaryDirectory home;
  (void)home.file(".aws/config", "[default]\nec2_metadata_service_endpoint = " + server.url() + "/\n");
  EXPECT_EQ(InstanceMetadata(Environment::of({{"HOME", home.path().string()}})).region(), "eu-north-1");
}

TEST(InstanceMetadata, SaysWhyThereAreNoCredentials) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    return request.line().starts_with("PUT") ? http_reply(200, "TOKEN") : http_reply(404, "");
  });
  std::string why;
  EXPECT_FALSE(
      InstanceMetadata(Environment::of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}})).credentials(why));
  EXPECT_EQ(why, "the instance has no role");
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(stator::testing::unused_port());
  EXPECT_FALSE(InstanceMetadata(Environment::of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", nowhere}})).credentials(why));
  EXPECT_EQ(why, "no answer from " + nowhere);
}

TEST(ContainerMetadata, IsAskedWithTheTokenOfTheFile) {
  const RecordingServer server([](const auto&, std::size_t index) {
    return index == 0
               ? http_reply(500, "")
               : http_reply(
                     200,
                     R"({"AccessKeyId":"CK","SecretAccessKey":"CS","Token":"CT","Expiration":"2099-01-01T00:00:00Z"})");
  });
  const TemporaryDirectory home;
  const Environment environment =
      Environment::of({{"HOME", home.path().string()},
                       {"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/v2/keys"},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", home.file("token", "FILE TOKEN\n")}});
  EXPECT_EQ(outcome(environment, ""), "CK/CS/CT");
  EXPECT_EQ(server.requests().at(1).line(), "GET /v2/keys HTTP/1.1");
  EXPECT_EQ(server.requests().at(1).field("Authorization"), "FILE TOKEN");
}

constexpr const char* kStsReply =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>RK</AccessKeyId><SecretAccessKey>R/S=</"
    "SecretAccessKey>"
    "<SessionToken>RT</SessionToken><Expiration>2099-01-01T00:00:00.000Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

TEST(Roles, AreAssumedWithTheSourceProfilesKeys) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, kStsReply); });
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials", "[base]\naws_access_key_id=BK\naws_secret_access_key=BS\n");
  (void)home.file(
      ".aws/config",
      "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = base\nregion = eu-west-3\n"
      "external_id = e x\nrole_session_name = me\n");
  EXPECT_EQ(
      outcome(Environment::of(
                  {{"HOME", home.path().string()}, {"AWS_PROFILE", "admin"}, {"AWS_ENDPOINT_URL_STS", server.url()}}),
              ""),
      "RK/R/S=/RT");
  const RecordedRequest request = server.requests().at(0);
  EXPECT_EQ(
      request.body,
      "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa&RoleSessionName=me&"
      "ExternalId=e+x");
  EXPECT_NE(request.field("Authorization").find("Credential=BK/"), std::string::npos);
  EXPECT_NE(request.field("Authorization").find("/eu-west-3/sts/aws4_request"), std::string::npos);
}

TEST(Roles, AreAssumedWithTheKeysOfASourceThatHasARoleItself) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, kStsReply); });
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials", "[base]\naws_access_key_id=BK\naws_secret_access_key=BS\n");
  (void)home.file(".aws/config",
                  "[default]\nrole_arn = r\nsource_profile = base\n"
                  "[profile base]\nrole_arn = other\ncredential_source = Environment\n");
  EXPECT_EQ(outcome(Environment::of({{"HOME", home.path().string()}, {"AWS_ENDPOINT_URL_STS", server.url()}}), ""),
            "RK/R/S=/RT");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_NE(server.requests().at(0).field("Authorization").find("Credential=BK/"), std::string::npos);
}

TEST(Roles, ThatAreRefusedAreToldInOneLine) {
  const RecordingServer server([](const auto&, auto) {
    return http_reply(
        403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>");
  });
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials", "[default]\nrole_arn = r\ncredential_source = Environment\n");
  EXPECT_EQ(
      outcome(Environment::of(
                  {{"HOME", home.path().string()}, {"AWS_PROFILE", "default"}, {"AWS_ENDPOINT_URL_STS", server.url()}}),
              ""),
      "profile \"default\": credential_source is Environment, but AWS_ACCESS_KEY_ID is not set");
  (void)home.file(".aws/credentials",
                  "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id=K\naws_secret_access_key=S\n");
  EXPECT_EQ(outcome(Environment::of({{"HOME", home.path().string()}, {"AWS_ENDPOINT_URL_STS", server.url()}}), ""),
            "profile \"default\": STS refused r: AccessDenied: not you");
}

constexpr const char* kFirstKeys =
    "[default]\naws_access_key_id = K1\naws_secret_access_key = S\naws_session_token = T1\n";
constexpr const char* kNextKeys =
    "[default]\naws_access_key_id = K2\naws_secret_access_key = S\naws_session_token = T2\n";

TEST(PlainKeys, WithATokenAreReadAgainWhenTheyHaveExpired) {
  const TemporaryDirectory home;
  const Environment environment = Environment::of({{"HOME", home.path().string()}});
  for (const char* const file : {".aws/credentials", ".aws/config"}) {
    const std::string path = home.file(file, kFirstKeys);
    const auto keys = find_credentials(environment);
    (void)home.file(file, kNextKeys);
    EXPECT_EQ(keys->get()->access_key_id, "K1") << file;
    EXPECT_TRUE(keys->expire(*keys->get()));
    EXPECT_EQ(keys->get()->access_key_id, "K2") << file;
    (void)home.file(file, "");
    EXPECT_TRUE(keys->expire(*keys->get()));
    EXPECT_THROW(keys->get(), ConfigurationError) << file;
    std::filesystem::remove(path);
  }
  // Credentials of other kinds do not expire.
  (void)home.file(".aws/credentials", kPlain);
  const auto keys = find_credentials(environment);
  EXPECT_FALSE(keys->expire(*keys->get()));
}

TEST(Roles, AreAssumedAgainWithNewKeysOfASourceWhoseKeysHaveExpired) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.field("Authorization").find("Credential=K2/") != std::string::npos) return http_reply(200, kStsReply);
    return http_reply(403,
                      "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>");
  });
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials", kFirstKeys);
  (void)home.file(".aws/config", "[profile admin]\nrole_arn = r\nsource_profile = default\n");
  const Environment environment = Environment::of(
      {{"HOME", home.path().string()}, {"AWS_PROFILE", "admin"}, {"AWS_ENDPOINT_URL_STS", server.url()}});
  EXPECT_EQ(outcome(environment, ""), "profile \"admin\": STS refused r: ExpiredToken: old");
  EXPECT_EQ(server.requests().size(), 2U);
  (void)home.file(".aws/credentials", kNextKeys);
  EXPECT_EQ(outcome(environment, ""), "RK/R/S=/RT");
}

TEST(Roles, OfAWebIdentityAreAssumedUnsigned) {
  const RecordingServer server([](const auto&, auto) { return http_reply(200, kStsReply); });
  const TemporaryDirectory home;
  EXPECT_EQ(outcome(Environment::of({{"HOME", home.path().string()},
                                     {"AWS_WEB_IDENTITY_TOKEN_FILE", home.file("token", "jwt\n")},
                                     {"AWS_ROLE_ARN", "arn"},
                                     {"AWS_ENDPOINT_URL_STS", server.url()}}),
                    ""),
            "RK/R/S=/RT");
  EXPECT_EQ(
      server.requests().at(0).body,
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=jwt&RoleArn=arn&RoleSessionName=stator");
  EXPECT_EQ(server.requests().at(0).field("Authorization"), "");
}

/// SHA-1 of "work" and of "https://x.example/start": the AWS CLI's names of the files.
constexpr const char* kSessionToken = ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json";
constexpr const char* kUrlToken = ".aws/sso/cache/80c7f57c51e0449101de09ef74138a588ea0d4a6.json";
constexpr const char* kSsoConfig =
    "[profile dev]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Data Reader\n"
    "aws_access_key_id = not\naws_secret_access_key = these\n"
    "[sso-session work]\nsso_start_url = https://x.example/start\nsso_region = eu-west-3\n"
    "[profile old]\nsso_start_url = https://x.example/start\nsso_region = eu-west-3\nsso_account_id = 1\n"
    "sso_role_name = r\n";

/// Answers like the portal and the token service, which know `token` only.
RecordingServer::Answer sign_on_service(const std::string& token) {
  return [token](const RecordedRequest& request, auto) {
    if (request.line().starts_with("POST /token")) {
      return http_reply(200, R"({"accessToken":"new","expiresIn":3600,"refreshToken":"next","tokenType":"Bearer"})");
    }
    if (request.field("x-amz-sso_bearer_token") != token)
      return http_reply(401, R"({"message":"Session token not found"})");
    return http_reply(200, R"({"roleCredentials":{"accessKeyId":"SK","secretAccessKey":"SS","sessionToken":"ST",)"
                           R"("expiration":4070908800000}})");
  };
}

class SingleSignOnTest : public ::testing::Test {
 protected:
  /// Deletes the cached credentials, as `aws sso logout` does.
  void forget() const { std::filesystem::remove_all(home.path() / ".aws/cli"); }
  std::string ask(const RecordingServer& server, const std::string& profile) {
    (void)home.file(".aws/config", kSsoConfig);
    return outcome(Environment::of({{"HOME", home.path().string()},
                                    {"AWS_PROFILE", profile},
                                    {"AWS_ENDPOINT_URL_SSO", server.url() + "/"},
                                    {"AWS_ENDPOINT_URL_SSO_OIDC", server.url()}}),
                   "");
  }
  const TemporaryDirectory home;
};

TEST_F(SingleSignOnTest, KeepsTheCredentialsWhereTheAwsCliDoes) {
  // SHA-1 of {"accountId":"123456789012","roleName":"Data Reader","sessionName":"work"}, and of
  // {"accountId":"1","roleName":"r","startUrl":"https://x.example/start"}.
  constexpr const char* kOfSession = ".aws/cli/cache/0e33190ae6d1bd46b67ee41eacb365a0ca1a6629.json";
  constexpr const char* kOfUrl = ".aws/cli/cache/9a2dbbf2c74e7ba634503c5e54c6bbf3fa7b746d.json";
  const RecordingServer server(sign_on_service("T"));
  (void)home.file(kSessionToken, R"({"accessToken":"T","expiresAt":"2099-01-01T00:00:00Z"})");
  EXPECT_EQ(ask(server, "dev"), "SK/SS/ST");
  EXPECT_EQ(ask(server, "dev"), "SK/SS/ST");
  EXPECT_EQ(server.requests().size(), 1U);
  std::ifstream in(home.path() / kOfSession);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(in), {}}),
            R"({"ProviderType":"sso","Credentials":{"AccessKeyId":"SK","SecretAccessKey":"SS","SessionToken":"ST",)"
            R"("Expiration":"2099-01-01T00:00:00Z","AccountId":"123456789012"}})");
  EXPECT_EQ(std::filesystem::status(home.path() / kOfSession).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // Credentials that the AWS CLI cached are used without a token; those that expire soon or cannot be read are skipped.
  (void)home.file(kOfUrl, R"({"ProviderType": "sso", "Credentials": {"AccessKeyId": "A", "SecretAccessKey": "B", )"
                          R"("SessionToken": "C", "Expiration": "2099-01-01T00:00:00Z"}})");
  EXPECT_EQ(ask(server, "old"), "A/B/C");
  (void)home.file(kUrlToken, R"({"accessToken":"T","expiresAt":"2099-01-01T00:00:00UTC"})");
  for (const char* const text :
       {"", "{", "[]", R"({"Credentials":{"AccessKeyId":"A","SecretAccessKey":"B"}})",
        R"({"Credentials":{"AccessKeyId":"A","SecretAccessKey":"B","Expiration":"2020-01-01T00:00:00Z"}})"}) {
    (void)home.file(kOfUrl, text);
    EXPECT_EQ(ask(server, "old"), "SK/SS/ST") << text;
  }
}

TEST_F(SingleSignOnTest, TakesTheTokenOfTheSessionOrTheUrl) {
  (void)home.file(kSessionToken, R"({"accessToken":"T","expiresAt":"2099-01-01T00:00:00Z"})");
  (void)home.file(kUrlToken, R"({"accessToken":"U","expiresAt":"2099-01-01T00:00:00UTC"})");
  const RecordingServer of_session(sign_on_service("T"));
  EXPECT_EQ(ask(of_session, "dev"), "SK/SS/ST");
  EXPECT_EQ(of_session.requests().at(0).line(),
            "GET /federation/credentials?role_name=Data%20Reader&account_id=123456789012 HTTP/1.1");
  const RecordingServer of_url(sign_on_service("U"));
  EXPECT_EQ(ask(of_url, "old"), "SK/SS/ST");
  forget();
  EXPECT_EQ(
      ask(of_session, "old"),
      "profile \"old\": the token for its single sign-on is refused (Session token not found): run `aws sso login "
      "--profile old`");
  const RecordingServer forbids([](const auto&, auto) { return http_reply(403, R"({"message":"No access"})"); });
  EXPECT_EQ(ask(forbids, "old"), "profile \"old\": single sign-on refused role r of account 1: No access");
}

TEST_F(SingleSignOnTest, RenewsATokenThatEndsAndWritesItBack) {
  const std::string file = home.file(
      kSessionToken, R"({"startUrl":"https://x.example/start","accessToken":"old","expiresAt":"2020-01-01T00:00:00Z",)"
                     R"("clientId":"c","clientSecret":"cs","refreshToken":"r",)"
                     R"("registrationExpiresAt":"2099-01-01T00:00:00Z"})");
  const RecordingServer server(sign_on_service("new"));
  EXPECT_EQ(ask(server, "dev"), "SK/SS/ST");
  EXPECT_EQ(server.requests().at(0).body,
            R"({"clientId":"c","clientSecret":"cs","grantType":"refresh_token","refreshToken":"r"})");
  std::ifstream in(file);
  const std::string written{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(written.find(R"(Z","refreshToken")"), std::string::npos) << written;
  for (const char* const part : {R"("accessToken":"new")", R"("refreshToken":"next")", R"("clientSecret":"cs")",
                                 R"("startUrl":"https://x.example/start")"}) {
    EXPECT_NE(written.find(part), std::string::npos) << written;
  }
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // The renewed token is valid for an hour, and is used without another renewal.
  forget();
  EXPECT_EQ(ask(server, "dev"), "SK/SS/ST");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(SingleSignOnTest, AsksForALoginWhereATokenHasEnded) {
  const std::string ended = "the token for its single sign-on has expired: run `aws sso login --profile ";
  const RecordingServer server([](const auto&, auto) { return http_reply(400, R"({"error":"invalid_grant"})"); });
  (void)home.file(kUrlToken, R"({"accessToken":"U","expiresAt":"2020-01-01T00:00:00Z"})");
  EXPECT_EQ(ask(server, "old"), "profile \"old\": " + ended + "old`");
  (void)home.file(kSessionToken,
                  R"({"accessToken":"old","expiresAt":"2020-01-01T00:00:00Z","clientId":"c",)"
                  R"("clientSecret":"cs","refreshToken":"r","registrationExpiresAt":"2099-01-01T00:00:00Z"})");
  EXPECT_EQ(ask(server, "dev"), "profile \"dev\": " + ended + "dev`");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(SingleSignOnTest, AsksForALoginWhereATokenCannotBeRead) {
  const RecordingServer server([](const auto&, auto) { return http_reply(500, ""); });
  for (const char* const text :
       {"", "[]", "null", "\"token\"", "{", R"({"accessToken":"U"})", R"({"accessToken":7})"}) {
    (void)home.file(kUrlToken, text);
    EXPECT_EQ(ask(server, "old"),
              "profile \"old\": the token for its single sign-on cannot be read: run `aws sso login --profile old`")
        << text;
  }
  EXPECT_TRUE(server.requests().empty());
}

class SetClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now; }
  std::int64_t now = 1'000'000'000;
};

TEST(Roles, AreAssumedByTheTimeOfAServiceThatRefusesThatOfThisMachine) {
  const RecordingServer server([](const RecordedRequest& request, auto) {
    if (request.field("X-Amz-Date") == "20230320T100000Z") return http_reply(200, kStsReply);
    return http_reply(403,
                      "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message>"
                      "</Error></ErrorResponse>",
                      "Date: Mon, 20 Mar 2023 10:00:00 GMT\r\n");
  });
  const TemporaryDirectory home;
  (void)home.file(".aws/credentials",
                  "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id=K\naws_secret_access_key=S\n");
  const SetClock clock;
  Environment environment = Environment::of({{"HOME", home.path().string()}, {"AWS_ENDPOINT_URL_STS", server.url()}});
  environment.clock = &clock;
  EXPECT_EQ(outcome(environment, ""), "RK/R/S=/RT");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(RefreshingCredentials, AreFetchedAnewFiveMinutesBeforeTheyExpire) {
  SetClock clock;
  int fetched = 0;
  RefreshingCredentials provider(
      [&] {
        return Credentials{std::to_string(++fetched), "s", "t", clock.now + 3'600'000};
      },
      clock);
  EXPECT_EQ(provider.get()->access_key_id, "1");
  clock.now += 3'300'000 - 1;
  EXPECT_EQ(provider.get()->access_key_id, "1");
  clock.now += 1;
  EXPECT_EQ(provider.get()->access_key_id, "2");
}

TEST(RefreshingCredentials, AreUsedToTheirEndWhereNoNewOnesCanBeHad) {
  SetClock clock;
  bool works = true;
  RefreshingCredentials provider(
      [&] {
        if (!works) throw ConfigurationError("gone");
        return Credentials{"k", "s", "t", clock.now + 3'600'000};
      },
      clock);
  provider.get();
  works = false;
  clock.now += 3'500'000;
  EXPECT_EQ(provider.get()->access_key_id, "k");
  clock.now += 200'000;
  EXPECT_THROW(provider.get(), ConfigurationError);
}

TEST(RefreshingCredentials, AreTriedAgainAfterAPauseNotAtEachRequest) {
  SetClock clock;
  int fetched = 0;
  bool works = true;
  std::int64_t lifetime_ms = 3'600'000;
  RefreshingCredentials provider(
      [&] {
        ++fetched;
        if (!works) throw ConfigurationError("gone");
        return Credentials{"k", "s", "t", clock.now + lifetime_ms};
      },
      clock);
  const auto asked = [&] {
    const int before = fetched;
    for (int i = 0; i < 5; ++i) provider.get();
    return fetched - before;
  };
  EXPECT_EQ(asked(), 1);
  works = false;
  clock.now += 3'400'000;
  EXPECT_EQ(asked(), 1);
  clock.now += 10'000;
  EXPECT_EQ(asked(), 1);
  // If the new credentials expire soon, or have expired, they are still used: there are no others.
  works = true;
  lifetime_ms = 60'000;
  clock.now += 10'000;
  EXPECT_EQ(asked(), 1);
  lifetime_ms = -60'000;
  clock.now += 60'000;
  EXPECT_EQ(asked(), 1);
}

TEST(RefreshingCredentials, AreUsedByOthersWhileOneCallerFetchesNewOnes) {
  SetClock clock;
  std::atomic<int> fetched = 0;
  std::promise<void> may_end;
  RefreshingCredentials provider(
      [&, ended = may_end.get_future().share()] {
        if (++fetched > 1) ended.wait();
        return Credentials{std::to_string(fetched.load()), "s", "t", clock.now + 3'600'000};
      },
      clock);
  provider.get();
  clock.now += 3'400'000;
  std::thread fetching([&] { EXPECT_EQ(provider.get()->access_key_id, "2"); });
  while (fetched < 2) std::this_thread::yield();
  EXPECT_EQ(provider.get()->access_key_id, "1");
  may_end.set_value();
  fetching.join();
  EXPECT_EQ(provider.get()->access_key_id, "2");
}

TEST(RefreshingCredentials, ThatAreRefusedAreFetchedOnceForAllWhoUsedThem) {
  const SetClock clock;
  int fetched = 0;
  RefreshingCredentials provider([&] { return Credentials{std::to_string(++fetched), "s", "t", std::nullopt}; }, clock);
  const auto used = provider.get();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(provider.expire(*used));
    EXPECT_EQ(provider.get()->access_key_id, "2");
  }
}

TEST(RefreshingCredentials, RefusedWhileOthersWaitForThemAreFetchedAnew) {
  const SetClock clock;
  std::atomic<int> fetched = 0;
  RefreshingCredentials provider(
      [&] {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        return Credentials{std::to_string(++fetched), "s", "t", std::nullopt};
      },
      clock);
  std::atomic<int> missing = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < 500; ++call) {
        const auto used = provider.get();
        if (used == nullptr) ++missing;
        if (used != nullptr) provider.expire(*used);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(missing, 0);
}

TEST(SplitCommand, FollowsTheShell) {
  EXPECT_EQ(split_command(R"(a  'b c' "d \"e\" \x" f\ g '' )"),
            (std::vector<std::string>{"a", "b c", R"(d "e" \x)", "f g", ""}));
}

TEST(Iso8601, IsReadWithFractionsAndOffsets) {
  EXPECT_EQ(parse_iso8601_ms("2023-03-20T10:00:00Z"), 1'679'306'400'000);
  EXPECT_EQ(parse_iso8601_ms("2023-03-20T10:00:00.123Z"), 1'679'306'400'000);
  EXPECT_EQ(parse_iso8601_ms("2023-03-20T12:00:00+02:00"), 1'679'306'400'000);
  for (const char* text : {"", "soon", "2023-03-20", "2023-03-20T10:00:00x"})
    EXPECT_FALSE(parse_iso8601_ms(text)) << text;
}

TEST(ProfileEndpointUrl, IsTheServicesElseTheProfilesOwn) {
  const TemporaryDirectory home;
  (void)home.file(".aws/config",
                  "[default]\nendpoint_url = http://one\n"
                  "[profile two]\nservices = local\nendpoint_url = http://two\n"
                  "[profile three]\nservices = none\nendpoint_url = http://three\n"
                  "[profile four]\nregion = eu-west-3\n"
                  "[services local]\ns3 =\n  endpoint_url = http://s3\ndynamodb =\n  endpoint_url = http://dynamodb\n");
  const auto url = [&](Variables variables) {
    variables["HOME"] = home.path().string();
    return profile_endpoint_url(Environment::of(variables), "dynamodb").value_or("none");
  };
  EXPECT_EQ(url({}), "http://one");
  EXPECT_EQ(url({{"AWS_PROFILE", "two"}}), "http://dynamodb");
  EXPECT_EQ(url({{"AWS_PROFILE", "three"}}), "http://three");
  EXPECT_EQ(url({{"AWS_PROFILE", "four"}}), "none");
  EXPECT_EQ(url({{"AWS_PROFILE", "absent"}}), "none");
  EXPECT_EQ(url({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}), "none");
}

}  // namespace
}  // namespace stator::aws
