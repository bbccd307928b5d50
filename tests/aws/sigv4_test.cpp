#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aws/digest.h"
#include "core/hexadecimal.h"

// AWS's published examples; tests/remote/verify_requests.py checks whole requests against botocore.
namespace stator::aws {
namespace {

const Credentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", std::nullopt};
constexpr std::int64_t kExampleMs = 1'440'938'160'000;  // 2015-08-30T12:36:00Z

std::string value_of(const http::Request& request, const std::string& name) {
  for (const auto& field : request.fields) {
    if (field.first == name) return field.second;
  }
  return "";
}

struct Vector {
  const char* name;
  const char* method;
  const char* signature;
};

class SigV4 : public ::testing::TestWithParam<Vector> {};

TEST_P(SigV4, AgreesWithThePublishedExample) {
  http::Request request;
  request.method = GetParam().method;
  request.url = "https://example.amazonaws.com/";
  sign(request, {"us-east-1", "service"}, kExample, kExampleMs);
  EXPECT_EQ(value_of(request, "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(value_of(request, "Authorization"),
            std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                        "SignedHeaders=host;x-amz-date, Signature=") +
                GetParam().signature);
}

INSTANTIATE_TEST_SUITE_P(Suite, SigV4,
                         ::testing::Values(Vector{"GetVanilla", "GET",
                                                  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
                                           Vector{"PostVanilla", "POST",
                                                  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"}),
                         [](const auto& test) { return test.param.name; });

TEST(SigV4Fields, LeavesUserAgentAndAcceptEncodingUnsigned) {
  http::Request request;
  request.method = "POST";
  request.url = "http://localhost:8000/";
  request.fields = {{"Accept-Encoding", "identity"}, {"Content-Type", "a"}, {"User-Agent", "b"}, {"X-Amz-Target", "c"}};
  sign(request, {"us-east-1", "dynamodb"}, kExample, kExampleMs);
  EXPECT_NE(value_of(request, "Authorization").find("SignedHeaders=content-type;host;x-amz-date;x-amz-target,"),
            std::string::npos);
}

TEST(SigV4Fields, NeverHoldTheSecret) {
  http::Request request;
  request.url = "https://example.amazonaws.com/";
  sign(request, {"us-east-1", "service"}, kExample, kExampleMs);
  for (const auto& [name, value] : request.fields) EXPECT_EQ(value.find(kExample.secret_access_key), std::string::npos);
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(core::hexadecimal(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(core::hexadecimal(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace stator::aws
