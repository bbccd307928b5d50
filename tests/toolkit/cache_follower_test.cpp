#include "toolkit/cache_follower.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>

#include "cache/alias_endpoint.h"
#include "endpoint/embedded.h"

namespace stator::toolkit {
namespace {

using std::chrono::milliseconds;

class CacheFollowerTest : public testing::Test {
 protected:
  CacheFollowerTest()
      : engine(engine::Options{}), cache(std::make_unique<cache::AliasEndpoint>(engine), cache_options()) {}

  static cache::Options cache_options() {
    cache::Options options;
    options.settle_ms = 0;
    return options;
  }
  void create(const std::string& stream) {
    engine.call(
        "CreateTable",
        R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",)"
        R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
        R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}])" +
            (stream.empty() ? ""
                            : R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":")" + stream + "\"}") +
            "}");
  }
  std::string how(std::string_view operation, const std::string& body) {
    endpoint::ReplyNotes notes;
    std::string reply;
    cache.call({.operation = operation, .body = body, .notes = &notes}, reply);
    return std::string(notes.cache);
  }
  static std::string put(const std::string& value) {
    return R"({"TableName":"users","Item":{"id":{"S":"a"},"v":{"S":")" + value + R"("}}})";
  }
  std::string statistics() const {
    std::string out;
    cache.append_statistics(out);
    return out;
  }
  [[nodiscard]] bool is_followed() const { return statistics().find("\"stream\":{") != std::string::npos; }
  [[nodiscard]] bool has_seen(int records) const {
    return statistics().find("\"records\":" + std::to_string(records) + ",") != std::string::npos;
  }

  endpoint::Embedded engine;
  cache::Caching cache;
  const CacheFollower::Options quick{.pause = milliseconds(2), .table_pause = milliseconds(2)};
  const std::string get = R"({"TableName":"users","Key":{"id":{"S":"a"}}})";
  const std::string scan = R"({"TableName":"users"})";
};

TEST_F(CacheFollowerTest, WhatOthersChangeIsDropped) {
  for (const char* const view : {"NEW_AND_OLD_IMAGES", "KEYS_ONLY"}) {
    create(view);
    how("GetItem", get);
    const CacheFollower follower(engine, cache, quick);
    ASSERT_TRUE(cache::eventually([&] { return is_followed(); }));
    how("GetItem", get);
    how("Scan", scan);
    EXPECT_EQ(how("GetItem", get), "hit");
    EXPECT_EQ(how("Scan", scan), "hit");
    engine.call("PutItem", put("1"));
    EXPECT_TRUE(cache::eventually([&] { return how("GetItem", get) == "miss"; }));
    EXPECT_EQ(how("Scan", scan), "miss");
    EXPECT_EQ(how("GetItem", get), "hit");
    engine.call("DeleteItem", get);
    EXPECT_TRUE(cache::eventually([&] { return how("GetItem", get) == "miss"; }));
    cache.call("DeleteTable", R"({"TableName":"users"})");
  }
}

TEST_F(CacheFollowerTest, WhatWasWrittenThroughTheCacheStays) {
  create("NEW_IMAGE");
  how("GetItem", get);
  const CacheFollower follower(engine, cache, quick);
  ASSERT_TRUE(cache::eventually([&] { return is_followed(); }));
  // If the follower reads a change before the write has ended, the item is dropped to be safe. That is rare.
  constexpr int kAttempts = 20;
  int puts = 0;
  int deletions = 0;
  for (int i = 0; i < kAttempts; ++i) {
    how("PutItem", put("1"));
    how("Scan", scan);
    ASSERT_TRUE(cache::eventually([&] { return has_seen(2 * i + 1); }));
    if (how("GetItem", get) == "hit" && how("Scan", scan) == "hit") ++puts;
    how("DeleteItem", get);
    ASSERT_TRUE(cache::eventually([&] { return has_seen(2 * i + 2); }));
    if (how("GetItem", get) == "hit") ++deletions;
  }
  EXPECT_GT(puts, kAttempts / 2);
  EXPECT_GT(deletions, kAttempts / 2);
}

TEST_F(CacheFollowerTest, ATableWithoutStreamIsLeftAlone) {
  create("");
  how("GetItem", get);
  const CacheFollower follower(engine, cache, quick);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(is_followed());
}

TEST_F(CacheFollowerTest, WhatIsKeptStaysWhereThereIsNothingToFollow) {
  create("");
  how("GetItem", get);
  CacheFollower::Options impatient = quick;
  impatient.stream_pause = milliseconds(2);
  const CacheFollower follower(engine, cache, impatient);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(how("GetItem", get), "hit");
}

TEST_F(CacheFollowerTest, AStreamThatTakesThePlaceOfAnotherIsFollowedSoon) {
  create("NEW_IMAGE");
  how("GetItem", get);
  const CacheFollower follower(engine, cache, quick);
  ASSERT_TRUE(cache::eventually([&] { return is_followed(); }));
  const std::string off = R"({"TableName":"users","StreamSpecification":{"StreamEnabled":false}})";
  const std::string on =
      R"({"TableName":"users","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}})";
  engine.call("UpdateTable", off);
  ASSERT_TRUE(cache::eventually([&] { return !is_followed(); }));
  engine.call("UpdateTable", on);
  ASSERT_TRUE(cache::eventually([&] { return is_followed(); }));
  engine.call("DeleteTable", scan);
  ASSERT_TRUE(cache::eventually([&] { return !is_followed(); }));
  create("NEW_IMAGE");
  ASSERT_TRUE(cache::eventually([&] { return is_followed(); }));
  how("GetItem", get);
  engine.call("PutItem", put("1"));
  EXPECT_TRUE(cache::eventually([&] { return how("GetItem", get) == "miss"; }));
}

}  // namespace
}  // namespace stator::toolkit
