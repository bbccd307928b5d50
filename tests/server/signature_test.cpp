#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "aws/profile_file.h"
#include "core/api_error.h"
#include "core/hexadecimal.h"
#include "server/signature_verifier.h"
#include "server/signing.h"

// tests/clients/signature_test.py checks the signatures of real SDKs, and a thousand mutations of them.
namespace stator::server {
namespace {

constexpr std::int64_t kSignedMs = 1'440'938'160'000;  // 2015-08-30T12:36:00Z
constexpr std::int64_t kMinuteMs = 60'000;

class FixedClock final : public core::Clock {
 public:
  explicit FixedClock(std::int64_t now_ms) : now_ms_(now_ms) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }

 private:
  std::int64_t now_ms_;
};

std::shared_ptr<const Reloadable<AccessKeys>> keys() {
  std::istringstream text(
      "[main]\n"
      "aws_access_key_id = AKIDEXAMPLE\n"
      "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"
      "[temporary]\n"
      "aws_access_key_id = ASIAEXAMPLE\n"
      "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"
      "aws_session_token = a/long+token==\n");
  return fixed_keys(parse_access_keys(text, "test"));
}

/// Returns the profile that signed `text`, or the error.
std::string judge_with(const SignatureVerifier& verifier, const std::string& text) {
  RequestHead head;
  EXPECT_EQ(parse_head(text, 16 * 1024, head), HeadStatus::kComplete) << text;
  const std::string_view body = std::string_view(text).substr(head.size_bytes);
  try {
    const std::shared_ptr<const AccessKey> first = verifier.check(head, body);
    // Checks again, with the signing key from the cache.
    EXPECT_EQ(verifier.check(head, body), first);
    return first->name;
  } catch (const core::ApiError& error) {
    return std::string(error.type.name()) + ": " + error.message;
  }
}

std::string judge(const std::string& text, std::int64_t now_ms = kSignedMs) {
  const FixedClock clock(now_ms);
  return judge_with(SignatureVerifier(keys(), clock), text);
}

constexpr std::string_view kMismatch =
    "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check "
    "your AWS Secret Access Key and signing method. Consult the service documentation for details.";

struct Row {
  std::string_view name;
  std::function<void(SignedText&)> change;
  std::string_view answer;
  std::int64_t now_ms = kSignedMs;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const std::vector<Row>& common_rows() {
  static const std::vector<Row> rows = {
      {"AsItIs", [](SignedText&) {}, "main"},
      {"AnyRegion", [](SignedText& r) { r.region = "mars-north-1"; }, "main"},
      {"NoBody", [](SignedText& r) { r.body = ""; }, "main"},
      {"LargeBody", [](SignedText& r) { r.body = std::string(100'000, 'x'); }, "main"},
      {"BlanksInValues", [](SignedText& r) { r.fields[1].second = "application/x-amz-json-1.0 ;   a=b\t c"; }, "main"},
      {"TwoFieldsOfOneName",
       [](SignedText& r) {
         r.fields.emplace_back("My-Header", "second,third");
         r.fields.emplace_back("my-header", "  first ");
         r.signed_names = "content-type;host;my-header;x-amz-date;x-amz-target";
       },
       "main"},
      {"QueryInAnyOrder", [](SignedText& r) { r.query = "b=2&a=%41+%2b&a=1&c"; }, "main"},
      {"UserAgentOfPhp", [](SignedText& r) { r.fields.emplace_back("X-Amz-User-Agent", "aws-sdk-php/3"); }, "main"},
      {"JustNotExpired", [](SignedText& r) { r.expires = "300"; }, "main", kSignedMs + 5 * kMinuteMs},
      {"JustNotInTheFuture", [](SignedText&) {}, "main", kSignedMs - 5 * kMinuteMs},
      {"PayloadHashGiven",
       [](SignedText& r) {
         r.fields.emplace_back("X-Amz-Content-Sha256", core::hexadecimal(aws::sha256(r.body)));
         r.signed_names = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target";
       },
       "main"},
      {"PayloadUnsigned",
       [](SignedText& r) {
         r.fields.emplace_back("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
         r.signed_names = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target";
       },
       kMismatch},
      {"SessionToken",
       [](SignedText& r) {
         r.key_id = "ASIAEXAMPLE";
         r.session_token = "a/long+token==";
       },
       "temporary"},
      {"WrongSessionToken",
       [](SignedText& r) {
         r.key_id = "ASIAEXAMPLE";
         r.session_token = "a/long+token=x";
       },
       "UnrecognizedClientException: The security token included in the request is invalid"},
      {"NoSessionToken", [](SignedText& r) { r.key_id = "ASIAEXAMPLE"; },
       "UnrecognizedClientException: The security token included in the request is invalid"},
      {"NeedlessSessionToken", [](SignedText& r) { r.session_token = "a"; },
       "UnrecognizedClientException: The security token included in the request is invalid"},
      {"UnknownKey", [](SignedText& r) { r.key_id = "AKIDEXAMPLF"; },
       "UnrecognizedClientException: The security token included in the request is invalid."},
      {"WrongSecret", [](SignedText& r) { r.secret.back() = 'Z'; }, kMismatch},
      {"Future", [](SignedText&) {},
       "InvalidSignatureException: Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
       "(20150830T123059Z + 5 min.)",
       kSignedMs - 5 * kMinuteMs - 1000},
      {"NoDate", [](SignedText& r) { r.stamp = "20150230T123600Z"; },
       "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '20150230T123600Z'. See "
       "http://en.wikipedia.org/wiki/ISO_8601"},
      {"HostUnsigned", [](SignedText& r) { r.signed_names = "content-type;x-amz-date;x-amz-target"; },
       "InvalidSignatureException: 'Host' must be a 'SignedHeader' in the AWS Authorization."},
      {"TargetUnsigned", [](SignedText& r) { r.signed_names = "content-type;host;x-amz-date"; },
       "InvalidSignatureException: 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."},
      {"SignedNameWithoutField", [](SignedText& r) { r.signed_names = "accept;host;x-amz-date;x-amz-target"; },
       "InvalidSignatureException: 'accept' is a 'SignedHeader' in the AWS Authorization, but the request has no such "
       "header."},
      {"SignedNamesOutOfOrder", [](SignedText& r) { r.signed_names = "host;content-type;x-amz-date;x-amz-target"; },
       kMismatch},
      {"SignedNameTwice", [](SignedText& r) { r.signed_names = "content-type;host;host;x-amz-date;x-amz-target"; },
       kMismatch},
      {"SignedNameInCapitals", [](SignedText& r) { r.signed_names = "Content-Type;host;x-amz-date;x-amz-target"; },
       kMismatch},
      {"OtherAlgorithm", [](SignedText& r) { r.algorithm = "AWS4-HMAC-SHA25"; },
       "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for "
       "now). "},
      {"ScopeTooLong", [](SignedText& r) { r.terminator = "aws4_request/x"; },
       "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
       "keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request/x'"},
      {"ScopeAllWrong",
       [](SignedText& r) {
         r.region = "?";
         r.service = "s3";
         r.terminator = "aws5_request";
         r.date = "20150831";
       },
       "InvalidSignatureException: Credential should be scoped to a valid region. Credential should be scoped "
       "to correct service: 'dynamodb'. Credential should be scoped with a valid terminator: 'aws4_request', not "
       "'aws5_request'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
       "'20150831' != '20150830', from '20150830T123600Z'. "},
  };
  return rows;
}

class SignedInHeader : public ::testing::TestWithParam<Row> {};
TEST_P(SignedInHeader, IsJudged) {
  SignedText request;
  GetParam().change(request);
  EXPECT_EQ(judge(request.with_header(), GetParam().now_ms), GetParam().answer);
}
INSTANTIATE_TEST_SUITE_P(Rows, SignedInHeader, ::testing::ValuesIn(common_rows()),
                         [](const auto& test) { return std::string(test.param.name); });

class Presigned : public ::testing::TestWithParam<Row> {};
TEST_P(Presigned, IsJudged) {
  SignedText request;
  GetParam().change(request);
  EXPECT_EQ(judge(request.presigned(), GetParam().now_ms), GetParam().answer);
}
INSTANTIATE_TEST_SUITE_P(Rows, Presigned, ::testing::ValuesIn(common_rows()),
                         [](const auto& test) { return std::string(test.param.name); });

const std::vector<Row>& expiry_rows() {
  static const std::vector<Row> rows = {
      {"Expired", [](SignedText&) {},
       "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
       "(20150830T124101Z - 5 min.)",
       kSignedMs + 301'000},
      {"JustNotExpired", [](SignedText&) {}, "main", kSignedMs + 300'000},
      {"AWeek", [](SignedText& r) { r.expires = "604800"; }, "main", kSignedMs + std::int64_t{604'800'000}},
      {"WithoutExpiry", [](SignedText& r) { r.expires = ""; },
       "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
       "(20150830T124101Z - 5 min.)",
       kSignedMs + 301'000},
      {"MoreThanAWeek", [](SignedText& r) { r.expires = "604801"; },
       "IncompleteSignatureException: X-Amz-Expires must be a number of seconds from 1 to 604800, got '604801'"},
      {"NoNumber", [](SignedText& r) { r.expires = "-5"; },
       "IncompleteSignatureException: X-Amz-Expires must be a number of seconds from 1 to 604800, got '-5'"},
  };
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Expiry, Presigned, ::testing::ValuesIn(expiry_rows()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Signature, ExpiresAfterFiveMinutes) {
  EXPECT_EQ(judge(SignedText().with_header(), kSignedMs + 301'000),
            "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
            "(20150830T124101Z - 5 min.)");
}

TEST(Signature, TakesItsTimeFromDateWithoutXAmzDate) {
  SignedText request;
  request.stamp_field = "Date";
  request.signed_names = "content-type;date;host;x-amz-target";
  EXPECT_EQ(judge(request.with_header()), "main");
  request.signed_names = "content-type;host;x-amz-target";  // the date is part of the string to sign anyway
  EXPECT_EQ(judge(request.with_header()), "main");
  std::string text = request.with_header();
  text.replace(text.find("T123600Z"), 8, "T123601Z");
  EXPECT_EQ(judge(text), kMismatch);
}

TEST(Signature, IsReadWithCommasAndBlanksBetweenItsParts) {
  for (const std::string_view separator : {",", " ", " , ", ",  "}) {
    std::string text = SignedText().with_header();
    for (std::size_t at = 0; (at = text.find(", S", at)) != std::string::npos; at += separator.size()) {
      text.replace(at, 2, separator);
    }
    EXPECT_EQ(judge(text), "main") << separator;
  }
}

struct TextChange {
  std::string_view name;
  std::string from;
  std::string to;
  std::string_view answer;
};

/// Deviations from the standard form are refused.
TEST(Signature, IsRefusedWhereItsTextIsChanged) {
  const std::string text = SignedText().with_header();
  const std::string authorization =
      text.substr(text.find("Authorization"), text.find("\r\nContent-Length") + 2 - text.find("Authorization"));
  const std::vector<TextChange> changes = {
      {"a second Authorization field", "Content-Length", authorization + "Content-Length",
       "InvalidSignatureException: Found more than one 'Authorization' header."},
      {"a part twice", "Signature=", "Signature=0, Signature=",
       "IncompleteSignatureException: Authorization header has more than one 'Signature' parameter."},
      {"a second target", "X-Amz-Date", "X-Amz-Target: DynamoDB_20120810.PutItem\r\nX-Amz-Date", kMismatch},
      {"another method", "POST / ", "PUT / ", kMismatch},
      {"another path", "POST / ", "POST /a ", kMismatch},
      {"a query", "POST / ", "POST /?a ", kMismatch},
      {"another body", "\r\n\r\n{}", "\r\n\r\n{ ", kMismatch},
  };
  for (const TextChange& change : changes) {
    std::string changed = text;
    changed.replace(changed.find(change.from), change.from.size(), change.to);
    EXPECT_EQ(judge(changed), change.answer) << change.name;
  }
  EXPECT_EQ(judge(text), "main");
}

TEST(Signature, CountsWhatDoesNotChangeWhatIsSigned) {
  const std::string text = SignedText().with_header();
  const std::vector<std::pair<std::string_view, std::string_view>> changes = {
      {"Host: localhost:8000", "hOsT:  localhost:8000  "},
      {"\r\nX-Amz-Date", "\r\nUser-Agent: x\r\nX-Amz-Date"},
      {"POST / ", "POST http://localhost:8000/ "},
      {"POST / ", "POST /./a/.. "},
  };
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    EXPECT_EQ(judge(changed), "main") << to;
  }
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
TEST(Signature, HasTheKeyAndHashesOfThePublishedExample) {
  const std::vector<std::pair<std::string_view, std::string_view>> sent = {
      {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"Host", "iam.amazonaws.com"},
      {"X-Amz-Date", "20150830T123600Z"}};
  const auto fields = aws::canonical_fields(sent);
  const std::string canonical = aws::canonical_request({.method = "GET",
                                                        .path = "/",
                                                        .query = "Action=ListUsers&Version=2010-05-08",
                                                        .fields = fields,
                                                        .signed_names = "content-type;host;x-amz-date",
                                                        .payload_hash = core::hexadecimal(aws::sha256(""))});
  EXPECT_EQ(core::hexadecimal(aws::sha256(canonical)),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  const std::string key = aws::signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
  EXPECT_EQ(core::hexadecimal(key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  const std::string scope = aws::credential_scope("20150830", "us-east-1", "iam");
  EXPECT_EQ(core::hexadecimal(aws::hmac_sha256(key, aws::string_to_sign("20150830T123600Z", scope, canonical))),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(Signature, OfAKeyThatWasReadAnewIsJudgedByTheNewOne) {
  const auto keys_with = [](const std::string& secret) {
    return std::make_shared<const AccessKeys>(std::vector<AccessKey>{
        {.name = "main", .id = "AKIDEXAMPLE", .secret = secret, .session_token = "", .rules = {}}});
  };
  const SignedText old;
  SignedText renewed;
  renewed.secret = "another";
  Reloadable<AccessKeys>::Value next;
  const auto reloadable = std::make_shared<Reloadable<AccessKeys>>(
      keys_with(old.secret), [&next](const AccessKeys& /*in_use*/) { return std::exchange(next, nullptr); });
  const FixedClock clock(kSignedMs);
  const SignatureVerifier verifier(reloadable, clock);
  EXPECT_EQ(judge_with(verifier, old.with_header()), "main");
  EXPECT_EQ(judge_with(verifier, renewed.with_header()), kMismatch);

  next = keys_with(renewed.secret);
  EXPECT_TRUE(reloadable->refresh());
  EXPECT_EQ(judge_with(verifier, old.with_header()), kMismatch);
  EXPECT_EQ(judge_with(verifier, renewed.with_header()), "main");
}

TEST(SigningKeyCache, ForgetsTheOldestFirst) {
  SigningKeyCache cache;
  const auto key = std::make_shared<const AccessKey>();
  const auto other = std::make_shared<const AccessKey>();
  for (int i = 0; i < 65; ++i) cache.keep(key, "scope" + std::to_string(i), "key" + std::to_string(i));
  EXPECT_EQ(cache.find(*key, "scope0"), "");
  EXPECT_EQ(cache.find(*key, "scope1"), "key1");
  EXPECT_EQ(cache.find(*key, "scope64"), "key64");
  EXPECT_EQ(cache.find(*other, "scope64"), "");
}

}  // namespace
}  // namespace stator::server
