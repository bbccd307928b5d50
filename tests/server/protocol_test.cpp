#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

#include "server/content_coding.h"
#include "server/running_server.h"

namespace stator::server {
namespace {

std::string crc_of(std::string_view body) {
  return std::to_string(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

bool is_request_id(const std::string& id) {
  return id.size() == 52 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// A request and the service's answer to it.
struct Case {
  const char* name;
  std::string request;
  int status;
  std::string body;
  std::string content_type;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class Protocol : public testing::TestWithParam<Case> {};

constexpr const char* kAmz = "application/x-amz-json-1.0";
constexpr const char* kPlain = "application/json";
constexpr const char* kNotFound = "<UnknownOperationException/>\n";
constexpr const char* kUnknown = R"({"__type":"com.amazon.coral.service#UnknownOperationException"})";
constexpr const char* kSerialization = R"({"__type":"com.amazon.coral.service#SerializationException"})";
constexpr const char* kMissingToken = R"({"__type":"com.amazon.coral.service#MissingAuthenticationTokenException",)"
                                      R"("message":"Request is missing Authentication Token"})";
constexpr const char* kTarget = "X-Amz-Target: DynamoDB_20120810.ListTables\r\n";

std::string incomplete(std::string_view message) {
  return R"({"__type":"com.amazon.coral.service#IncompleteSignatureException","message":")" + std::string(message) +
         "\"}";
}

std::string raw(std::string_view line, std::string_view fields, std::string_view body = "") {
  return std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + std::string(body);
}

std::string typed(std::string_view content_type, std::string_view body, std::string_view more = "") {
  return raw("POST /", "Content-Type: " + std::string(content_type) + "\r\n" + std::string(more), body);
}

TEST_P(Protocol, AnswersAsTheServiceDoes) {
  const RunningServer server;
  const Reply reply = server.ask(GetParam().request);
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_EQ(reply.body, GetParam().body);
  EXPECT_EQ(reply.header("content-type"), GetParam().content_type);
  EXPECT_EQ(reply.header("x-amz-crc32"), crc_of(reply.body));
  EXPECT_TRUE(is_request_id(reply.header("x-amzn-requestid"))) << reply.header("x-amzn-requestid");
  EXPECT_EQ(reply.header("date").size(), 29U);
  EXPECT_EQ(reply.header("access-control-allow-origin"), "");
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Protocol,
    testing::Values(
        Case{"operation", request("GetItem", R"({"a":1})"), 200, R"({"Item":{"echo":{"a":1}}})", kAmz},
        Case{"streams target",
             typed(kAmz, "{}", "X-Amz-Target: DynamoDBStreams_20120810.GetItem\r\n" + std::string(kSigned)), 200,
             R"({"Item":{"echo":{}}})", kAmz},
        Case{"plain JSON is mirrored",
             typed("application/json;charset=utf-8", "{}",
                   "X-Amz-Target: DynamoDB_20120810.GetItem\r\n" + std::string(kSigned)),
             200, R"({"Item":{"echo":{}}})", kPlain},
        Case{"charset",
             typed("application/x-amz-json-1.0; charset=utf-8", "{}",
                   "X-Amz-Target: DynamoDB_20120810.GetItem\r\n" + std::string(kSigned)),
             200, R"({"Item":{"echo":{}}})", kAmz},
        Case{"empty reply", request("TagResource"), 200, "", kAmz},
        Case{"operation's error", request("PutItem"), 400,
             R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
             R"("message":"The conditional request failed"})",
             kAmz},
        Case{"any other exception", request("Scan"), 500,
             R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError",)"
             R"("message":"Internal server error"})",
             kAmz},
        Case{"memory runs out", request("DeleteItem"), 503,
             R"({"__type":"com.amazon.coral.service#ServiceUnavailable",)"
             R"("message":"The server has no memory left for this request; try again later"})",
             kAmz},
        Case{"no exception at all", request("DescribeTable"), 500,
             R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"})",
             kAmz},
        Case{"unknown operation", request("ListTable"), 400, kUnknown, kAmz},
        Case{"bad JSON", request("GetItem", "{"), 400, kSerialization, kAmz},
        Case{"no body", request("GetItem", ""), 400, kSerialization, kAmz},
        Case{"health", raw("GET /", ""), 200, "healthy: dynamodb.us-east-1.amazonaws.com ", ""},
        Case{"health by its name", raw("GET /health", ""), 200, "healthy: dynamodb.us-east-1.amazonaws.com ", ""},
        Case{"health elsewhere", raw("GET /index.htm", ""), 404, kNotFound, ""},
        Case{"POST elsewhere", raw("POST /garbage", kSigned), 404, kNotFound, ""},
        Case{"PUT", raw("PUT /", ""), 404, kNotFound, ""}, Case{"DELETE", raw("DELETE /", ""), 404, kNotFound, ""},
        Case{"OPTIONS without an origin", raw("OPTIONS /", ""), 404, kNotFound, ""},
        Case{"body without a content type", raw("POST /", "", "hi"), 404, kNotFound, ""},
        Case{"other content type", typed("whatever", "hi"), 404, kNotFound, ""},
        Case{"JSON 1.1", typed("application/x-amz-json-1.1", "hi"), 404, kNotFound, ""},
        Case{"almost a content type", typed("application/jsonasdf", "hi"), 404, kNotFound, ""},
        Case{"nothing", raw("POST /", ""), 400, kUnknown, kPlain},
        Case{"target without a dot", raw("POST /", "X-Amz-Target: whatever\r\n"), 400, kUnknown, kPlain},
        Case{"target of an old version", raw("POST /", "X-Amz-Target: DynamoDB_20111205.GetItem\r\n"), 400, kUnknown,
             kPlain},
        Case{"bad JSON goes before the target", typed(kAmz, "hi"), 400, kSerialization, kAmz},
        Case{"bad JSON goes before the signature", typed("  application/json  ;   asfd", "hi", kTarget), 400,
             kSerialization, kPlain},
        Case{"the target goes before the signature", typed(kAmz, "{}", "X-Amz-Target: DynamoDB_20120810.ListTable\r\n"),
             400, kUnknown, kAmz},
        Case{"unsigned", raw("POST /", kTarget), 400, kMissingToken, kPlain},
        Case{"half a word of signature", raw("POST /", std::string(kTarget) + "Authorization: AWS4\r\n"), 400,
             kMissingToken, kPlain},
        Case{"a query that is no signature",
             raw("POST /?X-Amz-Algorith", std::string(kTarget) + "Authorization: X\r\n"), 400, kMissingToken, kPlain},
        Case{"a query without its algorithm",
             raw("POST /?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", kTarget), 400,
             kMissingToken, kPlain},
        Case{"signed twice", raw("POST /?X-Amz-Algorithm", std::string(kTarget) + "Authorization: X\r\n"), 400,
             R"({"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Found both )"
             R"('X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."})",
             kPlain},
        Case{"empty signature", raw("POST /", std::string(kTarget) + "Authorization: AWS4-\r\n"), 400,
             incomplete("Authorization header requires 'Credential' parameter. Authorization header requires "
                        "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
                        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                        "Authorization=AWS4-"),
             kPlain},
        Case{"parts parted by a comma",
             raw("POST /", std::string(kTarget) + "Authorization: AWS4- Signature=b,Credential=a\r\nDate: a\r\n"), 400,
             incomplete("Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- "
                        "Signature=b,Credential=a"),
             kPlain},
        Case{"empty query signature", raw("POST /?X-Amz-Algorithm", kTarget), 400,
             incomplete("AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must "
                        "include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS "
                        "query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must "
                        "include 'X-Amz-Date'. Re-examine the query-string parameters."),
             kPlain},
        Case{"query without signed headers",
             raw("POST /?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", kTarget), 400,
             incomplete("AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string "
                        "parameters."),
             kPlain},
        Case{"endpoints are where the caller found us", request("DescribeEndpoints"), 200,
             R"({"Endpoints":[{"Address":"localhost","CachePeriodInMinutes":1440}]})", kAmz}));

TEST(Protocol, HeadIsAnsweredAsGetWithoutTheBody) {
  const RunningServer server;
  Client client(server.port());
  for (const auto& [path, status] : {std::pair{"/", 200}, {"/health", 200}, {"/other", 404}}) {
    client.send(raw(std::string("GET ") + path, "") + raw(std::string("HEAD ") + path, "") + request("GetItem"));
    const auto got = client.receive();
    const auto head = client.receive(true);
    EXPECT_EQ(got.status, status) << path;
    EXPECT_EQ(head.status, status) << path;
    EXPECT_EQ(head.header("content-length"), std::to_string(got.body.size())) << path;
    EXPECT_EQ(head.header("content-type"), got.header("content-type")) << path;
    EXPECT_EQ(client.receive().status, 200) << path;
  }
}

TEST(Protocol, RequestIdsDiffer) {
  const RunningServer server;
  Client client(server.port());
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    client.send(request("GetItem"));
    ids.insert(client.receive().header("x-amzn-requestid"));
  }
  EXPECT_EQ(ids.size(), 100U);
}

TEST(Protocol, TellsTheEndpointWhoAsks) {
  const RunningServer server;
  EXPECT_EQ(server.ask(request("DescribeLimits", "{}", "x-amzn-trace-id: Root=1-5759e988-bd862e3f;Sampled=1\r\n")).body,
            "Root=1-5759e988-bd862e3f;Sampled=1|1 min");
  EXPECT_EQ(server.ask(request("DescribeLimits")).body, "|1 min");
  const Reply signed_in_header = server.ask(request("ListTables"));
  EXPECT_EQ(signed_in_header.body, "tables a us-east-1 " + signed_in_header.header("x-amzn-requestid"));
  const Reply presigned = server.ask(
      raw("POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20230101%2Feu-west-3%2Fdynamodb%2F"
          "aws4_request&X-Amz-Signature=c&X-Amz-SignedHeaders=host&X-Amz-Date=d",
          "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDBStreams_20120810.ListTables\r\n", "{}"));
  EXPECT_EQ(presigned.body, "streams key eu-west-3 " + presigned.header("x-amzn-requestid"));
}

std::string compressed(Coding coding, std::string_view text) {
  std::string out;
  compress(coding, text, out);
  return out;
}

struct EncodedRequest {
  const char* name;
  std::string encoding;
  std::string body;
  int status;
};
void PrintTo(const EncodedRequest& row, std::ostream* out) { *out << row.name; }
class RequestEncoding : public testing::TestWithParam<EncodedRequest> {};

TEST_P(RequestEncoding, IsDecodedOrRefusedAsByTheService) {
  const RunningServer server;
  const Reply reply =
      server.ask(request("GetItem", GetParam().body, "Content-Encoding: " + GetParam().encoding + "\r\n"));
  EXPECT_EQ(reply.status, GetParam().status);
  if (reply.status == 200) {
    EXPECT_EQ(reply.body, R"({"Item":{"echo":{"a":"b"}}})");
  } else {
    EXPECT_EQ(server.endpoint.calls, 0);
  }
}

const std::string kSmall = R"({"a":"b"})";
INSTANTIATE_TEST_SUITE_P(
    Encodings, RequestEncoding,
    testing::Values(
        EncodedRequest{"gzip", "gzip", compressed(Coding::kGzip, kSmall), 200},
        EncodedRequest{"gzip in capitals", "GZIP", compressed(Coding::kGzip, kSmall), 200},
        EncodedRequest{"two members", "gzip",
                       compressed(Coding::kGzip, kSmall.substr(0, 4)) + compressed(Coding::kGzip, kSmall.substr(4)),
                       200},
        EncodedRequest{"deflate", "deflate", compressed(Coding::kDeflate, kSmall), 200},
        EncodedRequest{"identity", "identity", kSmall, 200}, EncodedRequest{"unknown", "garbage", kSmall, 500},
        EncodedRequest{"not gzip", "gzip", kSmall, 500}, EncodedRequest{"not deflate", "deflate", kSmall, 500},
        EncodedRequest{"empty gzip", "gzip", "", 500},
        EncodedRequest{"junk at the end", "gzip", compressed(Coding::kGzip, kSmall) + "junk", 500},
        EncodedRequest{"end missing", "gzip",
                       compressed(Coding::kGzip, kSmall).substr(0, compressed(Coding::kGzip, kSmall).size() - 1), 500},
        EncodedRequest{"bomb", "gzip", compressed(Coding::kGzip, kSmall + std::string(20 << 20, ' ')), 413}));

TEST(ReplyEncoding, LargeRepliesAreCompressedWhereAccepted) {
  RunningServer server;
  server.endpoint.large_reply_bytes = 100'000;
  const std::string expected = R"({"Items":")" + std::string(100'000, 'x') + "\"}";
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    const Reply reply =
        server.ask(request("Query", "{}", "Accept-Encoding: " + std::string(coding_name(coding)) + "\r\n"));
    EXPECT_EQ(reply.header("content-encoding"), coding_name(coding));
    EXPECT_LT(reply.body.size() * 30, expected.size());
    EXPECT_EQ(reply.header("x-amz-crc32"), crc_of(reply.body)) << "of the bytes as sent";
    std::string text;
    EXPECT_EQ(decompress(coding, reply.body, 1 << 20, text), DecompressStatus::kOk);
    EXPECT_EQ(text, expected);
  }
  EXPECT_EQ(server.ask(request("Query")).body, expected);
  const Reply small = server.ask(request("GetItem", "{}", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(small.header("content-encoding"), "");
}

// Source: the service's own choices, as the tests of ScyllaDB's Alternator recorded them.
TEST(ReplyEncoding, IsChosenAsByTheService) {
  constexpr Coding kNone = Coding::kNone;
  constexpr Coding kGzip = Coding::kGzip;
  constexpr Coding kDeflate = Coding::kDeflate;
  const std::pair<std::string_view, Coding> rows[] = {
      {"identity", kNone},
      {"", kNone},
      {"br", kNone},
      {"x-gzip", kNone},
      {"gzip, deflate", kGzip},
      {"br, identity, deflate, gzip", kDeflate},
      {"GZIP, identity", kGzip},
      {"dog, gzip ,, cat", kGzip},
      {"gzip;q=0.8, deflate;q=0.5", kGzip},
      {"br, gzip;q=0, deflate; q = 0.5 , identity;q=0", kDeflate},
      {"*", kGzip},
      {"*, deflate;q=0.5", kGzip},
      {"*, deflate", kDeflate},
      {"*, identity", kGzip},
      {"*, gzip;q=0.5", kDeflate},
      {"gzip ;q=0", kNone},
      {"identity;q=0", kNone},
      {"*;q=0", kNone},
      {"gzip;nq=0;q=1", kNone},
      {"gzip;q=1;q=0", kGzip},
      {"*;q=0.5,identity", kGzip},
      {"gzip;q=0.5,identity;q=0.8", kGzip},
      {"br;q=0.8,identity;q=0.5,*;q=0", kNone},
      {"\"gzip\"", kNone},
      {"gzip br", kNone},
      {"gzip:q=1", kNone},
      {"deflate;q=0.5, gzip;q=31", kGzip},
      {"gzip;q=31,deflate;q=51", kGzip},
      {"deflate;q=0.5, gzip;q=0.2", kDeflate},
      {"deflate;q=0.5, gzip;q=1;q=0.2", kGzip},
      {"deflate;q=0.5,gzip;q=0.", kDeflate},
      {"deflate;q=0.5,gzip;q=0.x", kGzip},
      {"deflate;q=0.5,gzip;q=0. x", kGzip},
      {"deflate;q=-0.5,gzip;q=0.2", kGzip},
      {"gzip;q= 0;q=1", kNone},
      {"gzip;q =0;q=1", kGzip},
      {"gzip; q=0;q=1", kNone},
      {"gzip;q=0, gzip;q=1, gzip;q=0", kGzip},
      {"br,identity;q=0.5,gzip;q=0.0001", kGzip},
  };
  for (const auto& [header, coding] : rows) EXPECT_EQ(choose_coding(header), coding) << header;
}

}  // namespace
}  // namespace stator::server
