#include <gtest/gtest.h>

#include <deque>
#include <list>

#include "server/content_coding.h"
#include "server/memory_budget.h"
#include "server/reply_buffer.h"
#include "server/running_server.h"

namespace stator::server {
namespace {

constexpr std::size_t kMegabyte = 1024 * 1024;

/// The first `sent` bytes of a request whose body is `size` bytes long.
std::string promised(std::size_t size, std::size_t sent) {
  std::string text = request("TagResource", "");
  text.replace(text.find("Content-Length: 0"), 17, "Content-Length: " + std::to_string(size));
  const std::size_t whole = text.size() + size;
  text += '"';
  text.resize(std::min(sent, whole), 'b');
  if (text.size() == whole) text.back() = '"';
  return text;
}

TEST(Memory, RepliesThatNobodyReadsAreBounded) {
  Options options;
  options.max_buffered_bytes = 32 * kMegabyte;
  RunningServer server(options);
  server.endpoint.large_reply_bytes = 4 * kMegabyte;
  std::list<Client> deaf;
  int whole = 0;
  for (int i = 0; i < 60; ++i) {
    deaf.emplace_back(server.port(), 4096);
    deaf.back().send(request("Query"));
    // Each client gets the start of a reply before the next one asks.
    ASSERT_TRUE(soon([&] { return !deaf.back().silent(0); }));
    // The budget may be exceeded by one reply that is being built, with the capacity of its string.
    EXPECT_LE(server.server->buffered_bytes(), options.max_buffered_bytes + 10 * kMegabyte);
    // When memory is short, clients that have not read for two seconds are cut off. The last two were answered less
    // than two seconds ago.
    while (whole < 2 && deaf.size() > 1 && deaf.back().coming_status() == 503) {
      const auto last = std::prev(deaf.end(), 2);
      ASSERT_EQ(last->receive().status, 200);
      ++whole;
      deaf.erase(last);
    }
  }
  int refused = 0;
  EXPECT_TRUE(server.alive()) << "small requests have room of their own";
  for (Client& client : deaf) refused += client.receive().status == 503 ? 1 : 0;
  EXPECT_EQ(whole, 2);
  EXPECT_GE(refused, 20);
  EXPECT_TRUE(soon([&] { return server.ask(request("Query")).status == 200; })) << "it was read, and there is room";
}

TEST(Memory, APromisedBodyCostsWhatHasArrived) {
  Options options;
  options.max_buffered_bytes = 32 * kMegabyte;
  const RunningServer server(options);
  std::deque<Client> promising;
  for (int i = 0; i < 100; ++i) {
    promising.emplace_back(server.port());
    promising.back().send(promised(16 * kMegabyte, 20'000));
  }
  EXPECT_TRUE(server.alive());
  EXPECT_LE(server.server->buffered_bytes(), 100 * 160 * 1024U);
  EXPECT_EQ(server.ask(promised(3 * kMegabyte, 4 * kMegabyte)).status, 200) << "large ones too";
}

TEST(Memory, SmallRequestsAreAnsweredWhileLargeOnesAreRefused) {
  Options options;
  options.max_buffered_bytes = 8 * kMegabyte;
  const RunningServer server(options);
  {
    std::deque<Client> large;
    for (int i = 0; i < 20; ++i) {
      large.emplace_back(server.port());
      large.back().send(promised(2 * kMegabyte, 2 * kMegabyte));
    }
    EXPECT_TRUE(soon([&] { return std::ranges::count_if(large, [](Client& each) { return !each.silent(0); }) >= 10; }))
        << "refused";
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(server.alive());
  }
  EXPECT_TRUE(soon([&] { return server.ask(promised(2 * kMegabyte, 3 * kMegabyte)).status == 200; }));
}

TEST(Memory, ASlowReaderGetsLessTimeWhenMemoryIsShort) {
  Options options;
  options.max_buffered_bytes = 16 * kMegabyte;
  RunningServer server(options);
  server.endpoint.large_reply_bytes = 13 * kMegabyte;
  Client deaf(server.port(), 4096);
  deaf.send(request("Query"));
  // Much sooner than after the usual 30 s.
  EXPECT_TRUE(soon([&] { return server.server->buffered_bytes() > 12 * kMegabyte; }))
      << server.server->buffered_bytes();
  EXPECT_TRUE(soon([&] { return server.server->buffered_bytes() < kMegabyte; }));
}

TEST(Memory, AReaderThatTakesAByteNowAndThenIsCutOffToo) {
  Options options;
  options.write_timeout_ms = 300;
  const RunningServer server(options);
  Client dripping(server.port(), 4096);
  dripping.send(request("Query"));
  ASSERT_TRUE(soon([&] { return server.server->buffered_bytes() > kMegabyte; }));
  EXPECT_TRUE(soon([&] {
    dripping.take(200);
    return server.server->buffered_bytes() == 0;
  }));
}

TEST(Memory, IsAllGivenBack) {
  Options options;
  options.max_buffered_bytes = 16 * kMegabyte;
  RunningServer server(options);
  server.endpoint.large_reply_bytes = 3 * kMegabyte;
  {
    std::deque<Client> clients;
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back(server.port(), 4096);
      clients.back().send(i % 2 == 0 ? promised(kMegabyte, 500'000) : request("Query"));
      server.ask(request("DeleteItem"));  // memory runs out
    }
  }
  EXPECT_TRUE(soon([&] { return server.server->buffered_bytes() == 0; })) << server.server->buffered_bytes();
}

/// A list of `values` + 1 numbers of one digit.
std::string list_of_numbers(std::size_t values) {
  std::string body = "[";
  for (std::size_t i = 0; i < values; ++i) body += "0,";
  return body + "0]";
}

TEST(Memory, WhatReadingABodyTakesIsCountedToo) {
  Options options;
  options.max_buffered_bytes = 32 * kMegabyte;
  const RunningServer server(options);
  struct Row {
    const char* name;
    std::string body;
    const char* more;
    unsigned status;
  };
  const std::string numbers = list_of_numbers(2'000'000);
  const std::string text = '"' + std::string(4 * kMegabyte, 'x') + '"';
  std::string packed_numbers;
  compress(Coding::kGzip, numbers, packed_numbers);
  std::string packed_text;
  compress(Coding::kGzip, text, packed_text);
  ASSERT_LT(packed_numbers.size(), 64U * 1024);
  const char* const gzip = "Content-Encoding: gzip\r\n";
  for (const Row& row : {Row{"a long text", text, "", 200},
                         {"many numbers", numbers, "", 503},
                         {"few", list_of_numbers(50'000), "", 200},
                         {"a packed text", packed_text, gzip, 200},
                         {"packed numbers", packed_numbers, gzip, 503}}) {
    EXPECT_EQ(server.ask(request("TagResource", row.body, row.more)).status, row.status) << row.name;
  }
  EXPECT_TRUE(soon([&] { return server.server->buffered_bytes() == 0; })) << server.server->buffered_bytes();
}

TEST(Memory, OfABodyTheCopyThatItsReaderMakesIsCounted) {
  Options options;
  options.max_buffered_bytes = 8 * kMegabyte;
  const RunningServer server(options);
  for (const auto& [megabytes, status] : {std::pair(2U, 200U), {5U, 503U}}) {
    EXPECT_EQ(server.ask(request("TagResource", '"' + std::string(megabytes * kMegabyte, 'x') + '"')).status, status);
  }
}

TEST(Memory, UnpackingIsRefusedWhereItMayNotFit) {
  Options options;
  options.max_buffered_bytes = 4 * kMegabyte;
  const RunningServer server(options);
  std::string packed;
  compress(Coding::kGzip, '"' + std::string(8 * kMegabyte, 'x') + '"', packed);
  EXPECT_EQ(server.ask(request("TagResource", packed, "Content-Encoding: gzip\r\n")).status, 503);
  EXPECT_TRUE(server.alive());
}

TEST(MemoryCharge, IsGivenBackHoweverItsHolderEnds) {
  MemoryBudget budget(1'000);
  try {
    MemoryCharge charge(budget);
    EXPECT_TRUE(charge.grow_to(900, BudgetPart::kShared));
    EXPECT_FALSE(charge.grow_to(1'001, BudgetPart::kShared));
    EXPECT_TRUE(charge.grow_to(1'250, BudgetPart::kSmall));
    EXPECT_FALSE(charge.grow_to(1'251, BudgetPart::kSmall));
    EXPECT_EQ(budget.used(), 1'250U);
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(ReplyBuffer, TakesAHeadOfAnyLength) {
  for (const std::size_t size : {10U, 768U, 769U, 40'000U}) {
    ReplyBuffer replies;
    replies.append("first");
    replies.open();
    replies.bytes() += "body";
    const std::string head(size, 'h');
    replies.seal(head);
    std::string sent;
    for (const ReplyBuffer::Segment& segment : replies.segments()) {
      sent.append(replies.data() + segment.begin, segment.end - segment.begin);
    }
    EXPECT_EQ(sent, "first" + head + "body");
  }
}

TEST(ReplyBuffer, TakesBackWhatIsNotFinished) {
  ReplyBuffer replies;
  replies.append("first");
  replies.open();
  replies.bytes() += "body";
  replies.abandon();
  EXPECT_EQ(replies.size(), 5U);
  EXPECT_EQ(replies.segments().size(), 1U);
}

}  // namespace
}  // namespace stator::server
