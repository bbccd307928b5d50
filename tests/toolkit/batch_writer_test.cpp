#include "toolkit/batch_writer.h"

#include <gtest/gtest.h>

#include "toolkit/scripted_endpoint.h"

namespace stator::toolkit {
namespace {

const Sleep kNoSleep = [](std::chrono::milliseconds) {};

std::string item(int number) { return R"({"pk":{"N":")" + std::to_string(number) + "\"}}"; }

TEST(BatchWriter, SendsTwentyFiveAtATime) {
  ScriptedEndpoint endpoint([](auto, auto) { return R"({"UnprocessedItems":{}})"; });
  BatchWriter writer(endpoint, "t", kNoSleep);
  for (int i = 0; i < 51; ++i) writer.put(item(i));
  EXPECT_EQ(endpoint.calls.size(), 2U);
  writer.flush();
  writer.flush();
  ASSERT_EQ(endpoint.calls.size(), 3U);
  EXPECT_EQ(endpoint.calls[2].first, "BatchWriteItem");
  EXPECT_EQ(endpoint.calls[2].second, R"({"RequestItems":{"t":[{"PutRequest":{"Item":{"pk":{"N":"50"}}}}]}})");
  EXPECT_EQ(writer.written(), 51U);
}

TEST(BatchWriter, SendsAgainWhatWasLeftUnprocessedAndOnlyThat) {
  const std::string left = R"({"t":[{"PutRequest":{"Item":{"pk":{"N":"1"}}}}]})";
  int round = 0;
  ScriptedEndpoint endpoint([&](auto, auto) {
    return ++round < 3 ? R"({"UnprocessedItems":)" + left + "}" : std::string(R"({"UnprocessedItems":{}})");
  });
  std::vector<std::chrono::milliseconds> waits;
  BatchWriter writer(endpoint, "t", [&](std::chrono::milliseconds wait) { waits.push_back(wait); });
  writer.put(item(0));
  writer.put(item(1));
  writer.flush();
  ASSERT_EQ(endpoint.calls.size(), 3U);
  EXPECT_EQ(endpoint.calls[1].second, R"({"RequestItems":)" + left + "}");
  EXPECT_EQ(endpoint.calls[2].second, endpoint.calls[1].second);
  EXPECT_EQ(writer.written(), 2U);
  EXPECT_EQ(waits.size(), 2U);
}

TEST(BatchWriter, FindsTheWriteForWhichABatchIsRefused) {
  ScriptedEndpoint endpoint([](auto, std::string_view body) {
    if (body.find(item(3)) != std::string_view::npos) throw core::ApiError(core::ErrorCode::kValidation, "too large");
    return R"({"UnprocessedItems":{}})";
  });
  std::vector<std::uint64_t> refused;
  BatchWriter writer(endpoint, "t", kNoSleep, [&](std::uint64_t tag, const OperationError& error) {
    EXPECT_EQ(error.message, "too large");
    refused.push_back(tag);
  });
  for (int i = 0; i < 10; ++i) writer.put(item(i), 100 + i);
  writer.flush();
  EXPECT_EQ(refused, std::vector<std::uint64_t>{103});
  EXPECT_EQ(writer.written(), 9U);
  EXPECT_EQ(endpoint.calls.size(), 11U);
  BatchWriter strict(endpoint, "t", kNoSleep);
  strict.put(item(3));
  strict.put(item(4));
  EXPECT_THROW(strict.flush(), OperationError);
}

TEST(BatchWriter, WaitsLongerEachTimeAndGivesUpWhenNothingMoves) {
  ScriptedEndpoint endpoint([](auto, auto) { return R"({"UnprocessedItems":{"t":[{"PutRequest":{"Item":{}}}]}})"; });
  std::vector<std::int64_t> waits;
  BatchWriter writer(endpoint, "t", [&](std::chrono::milliseconds wait) { waits.push_back(wait.count()); });
  writer.put(item(0));
  EXPECT_THROW(writer.flush(), std::runtime_error);
  ASSERT_GT(waits.size(), 8U);
  for (std::size_t i = 0; i < waits.size(); ++i) {
    EXPECT_LE(waits[i], 5'000);
    EXPECT_GE(waits[i], std::min<std::int64_t>(5'000, 50LL << (i + 1)) / 2);
  }
  EXPECT_EQ(writer.written(), 0U);
}

TEST(BatchWriter, TriesThrottledBatchesAgainAndPassesOtherErrorsOn) {
  int round = 0;
  ScriptedEndpoint endpoint([&](auto, auto) -> std::string {
    if (++round == 1) throw core::ApiError("ProvisionedThroughputExceededException", "slow down");
    if (round == 3) throw core::ApiError("ResourceNotFoundException", "Requested resource not found");
    return "{}";
  });
  BatchWriter writer(endpoint, "t", kNoSleep);
  writer.put(item(0));
  writer.flush();
  EXPECT_EQ(writer.written(), 1U);
  writer.put(item(1));
  try {
    writer.flush();
    ADD_FAILURE();
  } catch (const OperationError& error) {
    EXPECT_EQ(describe(error),
              "An error occurred (ResourceNotFoundException) when calling the BatchWriteItem operation: Requested "
              "resource not found");
  }
}

}  // namespace
}  // namespace stator::toolkit
