#include "server/request_head.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/chunked.h"

namespace stator::server {
namespace {

using namespace std::string_literals;

constexpr std::size_t kLimit = 16 * 1024;

TEST(RequestHead, NamesItsParts) {
  const std::string text =
      "POST /?a=b HTTP/1.1\r\nhOST: here:8000\r\nContent-Type:application/json \r\nContent-Length: 12\r\n"
      "Expect: 100-Continue\r\nX-Amz-Target: A.B\r\n\r\nrest";
  RequestHead head;
  ASSERT_EQ(parse_head(text, kLimit, head), HeadStatus::kComplete);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.path(), "/");
  EXPECT_EQ(head.query(), "a=b");
  EXPECT_EQ(head.host, "here:8000");
  EXPECT_EQ(head.content_type, "application/json");
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_EQ(head.amz_target, "A.B");
  EXPECT_TRUE(head.expect_continue);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(text.substr(head.size_bytes), "rest");
  EXPECT_TRUE(head.fields.starts_with("hOST") && head.fields.ends_with("A.B\r\n"));
}

TEST(RequestHead, EveryPrefixIsIncomplete) {
  const std::string text = "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
  RequestHead head;
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(parse_head(text.substr(0, i), kLimit, head), HeadStatus::kIncomplete) << i;
  }
  EXPECT_EQ(parse_head(text, kLimit, head), HeadStatus::kComplete);
}

TEST(RequestHead, WrongOnesAreNamed) {
  const std::pair<std::string, HeadStatus> rows[] = {
      {"POST / HTTP/1.1\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\n\r\n", HeadStatus::kMalformed},
      {"POST /\r\n\r\n", HeadStatus::kMalformed},
      {"POST  HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / / HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"PO(ST / HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTCPCP/1.0\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/2.0\r\n\r\n", HeadStatus::kVersionNotSupported},
      {"PRI * HTTP/2.0\r\n\r\n", HeadStatus::kVersionNotSupported},
      {"POST / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost : a\r\n\r\n", HeadStatus::kMalformed},
      // RFC 9112 3.2: exactly one valid Host.
      {"POST / HTTP/1.1\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nA: b\r\n\r\n", HeadStatus::kMalformed},
      {"POST http://a/ HTTP/1.1\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost:\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: :80\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a:b\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a b\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a/b\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: u@a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: [::1\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: [::x]:80\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a, b\r\n\r\n", HeadStatus::kMalformed},
      {"POST http://:1/ HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a:\r\n\r\n", HeadStatus::kComplete},
      {"POST / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", HeadStatus::kComplete},
      {"POST / HTTP/1.1\r\nHost: my_box.example:8000\r\n\r\n", HeadStatus::kComplete},
      {"POST http://a:1/ HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kComplete},
      {"POST / HTTP/1.0\r\n\r\n", HeadStatus::kComplete},
      {"POST / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\0b\r\n\r\n"s, HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HeadStatus::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HeadStatus::kNotImplemented},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n", HeadStatus::kExpectationFailed},
      {"\x16\x03\x01\x02", HeadStatus::kMalformed},  // the start of TLS
      {"POST / HTTP/1.1\r\nHost: a\r\nA: " + std::string(kLimit, 'a'), HeadStatus::kTooLarge},
      {"POST /" + std::string(kLimit, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", HeadStatus::kTooLarge},
  };
  for (const auto& [text, status] : rows) {
    RequestHead head;
    EXPECT_EQ(parse_head(text, kLimit, head), status) << text.substr(0, 80);
  }
}

TEST(RequestHead, ConnectionFollowsVersionAndHeader) {
  const std::pair<std::string, bool> rows[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: te, close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  for (const auto& [text, keep_alive] : rows) {
    RequestHead head;
    ASSERT_EQ(parse_head(text, kLimit, head), HeadStatus::kComplete);
    EXPECT_EQ(head.keep_alive, keep_alive) << text;
  }
}

TEST(RequestHead, GarbageNeverReadsPastItsEnd) {
  std::mt19937 random(20230320);
  const std::string alphabet = "PGET / HTP1.0\r\n\r\n:ab\0\xff-"s;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 64, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    text.shrink_to_fit();
    RequestHead head;
    parse_head(text, kLimit, head);
    EXPECT_LE(head.size_bytes, text.size());
  }
}

TEST(ChunkedDecoder, DecodesHoweverItIsCut) {
  const std::string encoded =
      "4\r\nWiki\r\n6;a=\"b\"\r\npedia \r\nE \r\nin \r\n\r\nchunks.\r\n0\r\nA: b\r\nC: d\r\n\r\nnext";
  const std::string expected = "Wikipedia in \r\n\r\nchunks.";
  for (std::size_t step = 1; step <= encoded.size(); ++step) {
    ChunkedDecoder decoder(100);
    std::string body;
    std::size_t fed = 0;
    std::size_t used = 0;
    auto status = ChunkedDecoder::Status::kIncomplete;
    while (status == ChunkedDecoder::Status::kIncomplete && fed < encoded.size()) {
      body.resize(decoder.decoded());
      body += encoded.substr(fed, step);
      fed += std::min(step, encoded.size() - fed);
      status = decoder.decode(body.data(), body.size(), used);
    }
    ASSERT_EQ(status, ChunkedDecoder::Status::kComplete) << step;
    EXPECT_EQ(body.substr(0, decoder.decoded()), expected) << step;
    EXPECT_EQ(body.substr(used) + encoded.substr(fed), "next") << step;
  }
}

TEST(ChunkedDecoder, WrongOnesAreNamed) {
  using Status = ChunkedDecoder::Status;
  const std::pair<std::string, Status> rows[] = {
      {"x\r\n", Status::kMalformed},
      {"\r\n", Status::kMalformed},
      {"1\nA\r\n", Status::kMalformed},
      {"1\r\nAB\r\n", Status::kMalformed},
      {"1\r\nA\n", Status::kMalformed},
      {"-1\r\n", Status::kMalformed},
      {"ffffffffffffffffff\r\n", Status::kTooLarge},
      {"65\r\n", Status::kTooLarge},
      {"0\r\n\n", Status::kMalformed},
      {"0\r\n\r\r\n", Status::kMalformed},
      {"0\r\n\rA: b\r\n\r\n", Status::kMalformed},
      {"1;" + std::string(10'000, 'x'), Status::kMalformed},
      {"0\r\nA: " + std::string(10'000, 'x'), Status::kMalformed},
  };
  for (const auto& [text, status] : rows) {
    ChunkedDecoder decoder(100);
    std::string body = text;
    std::size_t used = 0;
    EXPECT_EQ(decoder.decode(body.data(), body.size(), used), status) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace stator::server
