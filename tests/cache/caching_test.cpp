#include "cache/caching.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "cache/alias_endpoint.h"
#include "cache/probed_endpoint.h"
#include "core/api_error.h"
#include "json/reader.h"
#include "support/manual_clock.h"

namespace stator::cache {
namespace {

struct Told {
  std::string how;    // "hit", "miss", …
  std::string reply;  // or the error's type
  bool operator==(const Told&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Told& told) { return out << told.how << " " << told.reply; }

class CachingTest : public ::testing::Test {
 protected:
  CachingTest() {
    auto probe = std::make_unique<ProbedEndpoint>();
    upstream = probe.get();
    upstream->ask(
        "CreateTable",
        R"({"TableName":"orders","BillingMode":"PAY_PER_REQUEST",)"
        R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},)"
        R"({"AttributeName":"c","AttributeType":"S"}],)"
        R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],)"
        R"("LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
        R"({"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],)"
        R"("GlobalSecondaryIndexes":[{"IndexName":"by-c","KeySchema":[{"AttributeName":"c","KeyType":"HASH"}],)"
        R"("Projection":{"ProjectionType":"ALL"}}]})");
    upstream->ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",)"
                                 R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
                                 R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
    options.clock = &clock;
    pending = std::move(probe);
  }
  /// Creates the cache at the first call, with the `options` of that time.
  Caching& cache() {
    if (cache_ == nullptr) cache_ = std::make_unique<Caching>(std::move(pending), options);
    return *cache_;
  }
  Told ask(std::string_view operation, std::string_view body, std::string_view caller = "key") {
    endpoint::ReplyNotes notes;
    Told told;
    try {
      cache().call({.operation = operation, .body = body, .access_key_id = caller, .notes = &notes}, told.reply);
    } catch (const core::ApiError& error) {
      told.reply = std::string(error.type.name());
    }
    told.how = notes.cache;
    return told;
  }
  /// Asks as a thread would that must not wait.
  Told ask_at_once(std::string_view operation, std::string_view body) {
    endpoint::ReplyNotes notes;
    Told told;
    const bool answered =
        cache().try_call({.operation = operation, .body = body, .access_key_id = "key", .notes = &notes}, told.reply);
    told.how = answered ? std::string(notes.cache) : "would wait";
    return told;
  }
  static std::string put(const std::string& id, const std::string& value) {
    return R"({"TableName":"users","Item":{"id":{"S":")" + id + R"("},"v":{"S":")" + value + R"("}}})";
  }
  static std::string get(const std::string& id, const std::string& more = "") {
    return R"({"TableName":"users","Key":{"id":{"S":")" + id + R"("}})" + more + "}";
  }
  static std::string user(const std::string& id, const std::string& value) {
    return R"({"Item":{"id":{"S":")" + id + R"("},"v":{"S":")" + value + R"("}}})";
  }
  /// Moves the clock past the time after a write in which eventually consistent reads are not kept.
  void settle() { clock.advance(options.settle_ms + 1); }
  std::string statistics() {
    std::string out;
    cache().append_statistics(out);
    return out;
  }

  testing::ManualClock clock;
  Options options;
  std::unique_ptr<ProbedEndpoint> pending;
  ProbedEndpoint* upstream;

 private:
  std::unique_ptr<Caching> cache_;
};

TEST_F(CachingTest, AReadIsAskedForOnceAndThenAnsweredFromHere) {
  upstream->ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "1")}));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(ask_at_once("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(upstream->calls("GetItem"), 1);
}

TEST_F(CachingTest, WhatIsNotThereIsRememberedToo) {
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", "{}"}));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", "{}"}));
  ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(upstream->calls("GetItem"), 1);
}

TEST_F(CachingTest, EntriesEndWithTheirTimeToLive) {
  options.lifetimes.set("users/GetItem=10");
  upstream->ask("PutItem", put("a", "1"));
  ask("GetItem", get("a"));
  upstream->ask("PutItem", put("a", "2"));
  clock.advance(9'999);
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  clock.advance(1);
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, KeysOfTheSameValueAreOneEntry) {
  upstream->ask("PutItem", R"({"TableName":"orders","Item":{"pk":{"S":"é"},"n":{"N":"1"}}})");
  ask("GetItem", R"({"TableName":"orders","Key":{"pk":{"S":"é"},"n":{"N":"1.0"}}})");
  for (const char* const same : {R"({"TableName":"orders","Key":{"n":{"N":"1"},"pk":{"S":"é"}}})",
                                 R"( { "Key" : {"n":{"N":"10e-1"},"pk":{"S":"\u00e9"}}, "TableName":"orders" })",
                                 R"({"TableName":"orders","Key":{"pk":{"S":"é"},"n":{"N":"+1.000"}},)"
                                 R"("ConsistentRead":false,"ReturnConsumedCapacity":"NONE"})"}) {
    EXPECT_EQ(ask("GetItem", same).how, "hit") << same;
  }
}

TEST_F(CachingTest, AHitConsumesNothing) {
  ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ReturnConsumedCapacity":"TOTAL")")).reply,
            R"({"Item":{"id":{"S":"a"},"v":{"S":"1"}},"ConsumedCapacity":{"TableName":"users","CapacityUnits":0.0}})");
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ReturnConsumedCapacity":"INDEXES")")).reply,
            R"({"Item":{"id":{"S":"a"},"v":{"S":"1"}},"ConsumedCapacity":{"TableName":"users","CapacityUnits":0.0,)"
            R"("Table":{"CapacityUnits":0.0}}})");
  EXPECT_EQ(ask("GetItem", get("b", R"(,"ReturnConsumedCapacity":"TOTAL")")).reply,
            R"({"ConsumedCapacity":{"TableName":"users","CapacityUnits":0.5}})");
}

TEST_F(CachingTest, AWriteIsReadBackWithoutAskingWhoeverReads) {
  ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(
      ask("UpdateItem", get("a", R"(,"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":{"S":"2"}})"))
          .reply,
      "{}");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "2")}));
  ask("DeleteItem", get("a"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", "{}"}));
  EXPECT_EQ(upstream->calls("GetItem"), 0);
  EXPECT_EQ(upstream->ask("GetItem", get("a")), "{}");
}

TEST_F(CachingTest, AnUpdateAnswersAsItWasAsked) {
  ask("PutItem", put("a", "1"));
  const std::string update = R"(,"UpdateExpression":"SET w = :w","ExpressionAttributeValues":{":w":{"S":"x"}})";
  const std::pair<const char*, const char*> rows[] = {
      {"", "{}"},
      {R"(,"ReturnValues":"NONE")", "{}"},
      {R"(,"ReturnValues":"UPDATED_NEW")", R"({"Attributes":{"w":{"S":"x"}}})"},
      {R"(,"ReturnValues":"ALL_NEW")", R"({"Attributes":{"id":{"S":"a"},"v":{"S":"1"},"w":{"S":"x"}}})"},
      {R"(,"ReturnConsumedCapacity":"TOTAL")", R"({"ConsumedCapacity":{"TableName":"users","CapacityUnits":1.0}})"},
  };
  for (const auto& [more, reply] : rows) {
    EXPECT_EQ(ask("UpdateItem", get("a", update + more)).reply, reply) << more;
    EXPECT_EQ(ask("GetItem", get("a")).reply, R"({"Item":{"id":{"S":"a"},"v":{"S":"1"},"w":{"S":"x"}}})") << more;
  }
}

TEST_F(CachingTest, AWholeItemAnswersEveryProjection) {
  upstream->ask("PutItem", put("a", "1"));
  const std::string names = R"(,"ProjectionExpression":"#v","ExpressionAttributeNames":{"#v":"v"})";
  EXPECT_EQ(ask("GetItem", get("a", names)), (Told{"miss", R"({"Item":{"v":{"S":"1"}}})"}));
  EXPECT_EQ(upstream->last_body("GetItem"), get("a"));
  EXPECT_EQ(ask("GetItem", get("a", R"(,"AttributesToGet":["id"])")), (Told{"hit", R"({"Item":{"id":{"S":"a"}}})"}));
  EXPECT_EQ(ask("GetItem", get("a", names + R"(,"ReturnConsumedCapacity":"TOTAL")")).reply,
            R"({"Item":{"v":{"S":"1"}},"ConsumedCapacity":{"TableName":"users","CapacityUnits":0.0}})");
  EXPECT_EQ(ask("GetItem", get("b", names + R"(,"ReturnConsumedCapacity":"TOTAL")")).reply,
            R"({"ConsumedCapacity":{"TableName":"users","CapacityUnits":0.5}})");
}

/// Returns items with a number that the service would refuse.
class GenerousEndpoint : public AliasEndpoint {
 public:
  using AliasEndpoint::AliasEndpoint;
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    AliasEndpoint::call(request, reply);
    const bool whole = request.body.find("ProjectionExpression") == std::string_view::npos;
    if (request.operation == "GetItem" && whole) reply.insert(reply.size() - 2, R"(,"large":{"N":"1e999"})");
  }
};

TEST_F(CachingTest, AnItemThatTheServiceWouldRefuseIsReadAsItWasAskedFor) {
  upstream->ask("PutItem", put("a", "1"));
  Caching generous(std::make_unique<GenerousEndpoint>(*upstream), options);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(generous.call("GetItem", get("a", R"(,"ProjectionExpression":"v")")), R"({"Item":{"v":{"S":"1"}}})");
    EXPECT_EQ(generous.call("GetItem", get("a")), R"({"Item":{"id":{"S":"a"},"v":{"S":"1"},"large":{"N":"1e999"}}})");
  }
}

TEST_F(CachingTest, ConsistentReadsPassAndRefresh) {
  upstream->ask("PutItem", put("a", "1"));
  ask("GetItem", get("a"));
  upstream->ask("PutItem", put("a", "2"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ConsistentRead":true)")), (Told{"pass", user("a", "2")}));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "2")}));
  upstream->ask("PutItem", put("a", "3"));
  EXPECT_EQ(ask("TransactGetItems", R"({"TransactItems":[{"Get":)" + get("a") + "}]}").how, "pass");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "3")}));
}

TEST_F(CachingTest, WhatFailsIsNotRemembered) {
  EXPECT_EQ(ask("GetItem", R"({"TableName":"nowhere","Key":{"id":{"S":"a"}}})"),
            (Told{"pass", "ResourceNotFoundException"}));
  EXPECT_EQ(ask("GetItem", R"({"TableName":"users","Key":{"id":{"N":"1"}}})").reply, "ValidationException");
  EXPECT_EQ(ask("GetItem", R"({"TableName":"users","Key":{"id":{"N":"1"}}})").reply, "ValidationException");
  upstream->before = [](const endpoint::Request& request) {
    if (request.operation == "GetItem") throw core::ApiError("InternalServerError", "not now");
  };
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", "InternalServerError"}));
  upstream->before = nullptr;
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", "{}"}));
}

TEST_F(CachingTest, AConditionThatFailsChangesNothing) {
  ask("PutItem", put("a", "1"));
  const std::string conditional = put("a", "2").substr(0, put("a", "2").size() - 1);
  EXPECT_EQ(ask("PutItem", conditional + R"x(,"ConditionExpression":"attribute_not_exists(id)"})x").reply,
            "ConditionalCheckFailedException");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(ask("PutItem", put("b", "1").substr(0, put("b", "1").size() - 1) +
                               R"x(,"ConditionExpression":"attribute_exists(id)"})x")
                .reply,
            "ConditionalCheckFailedException");
  EXPECT_EQ(ask("GetItem", get("b")), (Told{"miss", "{}"}));
}

TEST_F(CachingTest, AWriteOfUnknownOutcomeKeepsNothingUntilItIsCertain) {
  ask("PutItem", put("a", "1"));
  upstream->after = [](const endpoint::Request& request) {
    if (request.operation == "PutItem") throw core::ApiError("ServiceUnavailable", "cut");
  };
  EXPECT_EQ(ask("PutItem", put("a", "2")).reply, "ServiceUnavailable");
  upstream->after = nullptr;
  // The write may still take effect later, whatever reads return.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ConsistentRead":true)")).how, "pass");
  EXPECT_EQ(ask("GetItem", get("a")).how, "miss");
  clock.advance(options.doubt_ms);
  EXPECT_EQ(ask("GetItem", get("a")).how, "miss");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "2")}));
}

TEST_F(CachingTest, AWriteBehindOneInDoubtMayBeUndoneByIt) {
  upstream->before = [](const endpoint::Request& request) {
    if (request.operation == "PutItem") throw core::ApiError("ServiceUnavailable", "cut");
  };
  ask("PutItem", put("a", "late"));
  upstream->before = nullptr;
  ask("PutItem", put("a", "1"));
  upstream->ask("PutItem", put("a", "late"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "late")}));
}

TEST_F(CachingTest, ARefusalBehindAnUnansweredAttemptIsOfUnknownOutcome) {
  ask("PutItem", put("a", "1"));
  upstream->after = [](const endpoint::Request& request) {
    if (request.operation != "PutItem") return;
    request.notes->uncertain = true;
    throw core::ApiError("ConditionalCheckFailedException", "The conditional request failed");
  };
  EXPECT_EQ(ask("PutItem", put("a", "2")).reply, "ConditionalCheckFailedException");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, ASuccessBehindAnUnansweredAttemptMayBeUndoneByIt) {
  const std::string update = R"(,"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":{"S":"2"}})";
  const std::pair<const char*, std::string> writes[] = {
      {"PutItem", put("a", "2")},
      {"UpdateItem", get("a", update)},
      {"DeleteItem", get("a")},
      {"BatchWriteItem", R"({"RequestItems":{"users":[{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}})"},
      {"ExecuteStatement", R"({"Statement":"DELETE FROM users WHERE id = 'a'"})"}};
  for (const auto& [operation, body] : writes) {
    ask("PutItem", put("a", "1"));
    upstream->after = [](const endpoint::Request& request) { request.notes->uncertain = true; };
    ask(operation, body);
    upstream->after = nullptr;
    settle();
    upstream->ask("PutItem", put("a", "late"));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "late")})) << operation;
    clock.advance(options.doubt_ms);
  }
}

TEST_F(CachingTest, AReadThatBeganBeforeAWriteIsNotKept) {
  upstream->ask("PutItem", put("a", "1"));
  // The write overtakes the read: the upstream has answered with the old item before the write.
  upstream->after = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem") return;
    upstream->after = nullptr;
    ask("UpdateItem", get("a", R"(,"UpdateExpression":"SET v = :v","ReturnValues":"UPDATED_OLD",)"
                               R"("ExpressionAttributeValues":{":v":{"S":"2"}})"));
  };
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "1")}));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
  settle();
  EXPECT_EQ(ask("GetItem", get("a")).how, "miss");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "2")}));
}

TEST_F(CachingTest, ItemsThatSettleAreReadAndNotKept) {
  const std::string update = R"(,"UpdateExpression":"SET v = :v","ReturnValues":"UPDATED_NEW",)"
                             R"("ExpressionAttributeValues":{":v":{"S":"1"}})";
  ask("UpdateItem", get("a", update));
  EXPECT_EQ(ask("GetItem", get("a")).how, "miss");
  EXPECT_EQ(ask("GetItem", get("a")).how, "miss");
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ConsistentRead":true)")).how, "pass");
  EXPECT_EQ(ask("GetItem", get("a")).how, "hit");
}

TEST_F(CachingTest, WritesThatOverlapLeaveNothing) {
  bool nested = false;
  upstream->after = [&](const endpoint::Request& request) {
    if (request.operation != "PutItem" || nested) return;
    nested = true;
    ask("PutItem", put("a", "2"));
  };
  ask("PutItem", put("a", "1"));
  // The cache cannot know which write was the last.
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, ManyWhoMissTheSameAskOnce) {
  upstream->ask("PutItem", put("a", "1"));
  cache();  // created before there are threads
  constexpr int kReaders = 8;
  std::atomic<int> begun{0};
  upstream->before = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem") return;
    while (begun.load() < kReaders) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  std::vector<std::future<Told>> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(std::async(std::launch::async, [&] {
      begun.fetch_add(1);
      return ask("GetItem", get("a"));
    }));
  }
  for (auto& reader : readers) EXPECT_EQ(reader.get().reply, user("a", "1"));
  EXPECT_EQ(upstream->calls("GetItem"), 1);
}

TEST_F(CachingTest, WhoWaitsForAReadThatFailsIsToldSo) {
  std::latch asked(1);
  upstream->before = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem") return;
    asked.count_down();
    EXPECT_TRUE(eventually([&] {
      std::string statistics;
      cache().append_statistics(statistics);
      return statistics.find(R"("joined":1,)") != std::string::npos;
    }));
    throw core::ApiError("ProvisionedThroughputExceededException", "slow down");
  };
  ask("PutItem", put("b", "1"));  // learns the schema
  auto first = std::async(std::launch::async, [&] { return ask("GetItem", get("a")); });
  asked.wait();
  auto second = std::async(std::launch::async, [&] { return ask("GetItem", get("a")); });
  EXPECT_EQ(first.get().reply, "ProvisionedThroughputExceededException");
  EXPECT_EQ(second.get().reply, "ProvisionedThroughputExceededException");
  EXPECT_EQ(upstream->calls("GetItem"), 1);
}

TEST_F(CachingTest, WhoWaitsForABatchThatFailsIsToldSo) {
  const std::string batch = R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}]}}})";
  std::latch asked(1);
  upstream->before = [&](const endpoint::Request& request) {
    if (request.operation != "BatchGetItem" && request.operation != "GetItem") return;
    asked.count_down();
    EXPECT_TRUE(eventually([&] { return statistics().find(R"("joined":3,)") != std::string::npos; }));
    throw core::ApiError("ServiceUnavailable", "no answer");
  };
  ask("PutItem", put("c", "1"));  // learns the schema
  auto first = std::async(std::launch::async, [&] { return ask("BatchGetItem", batch); });
  asked.wait();
  auto second = std::async(std::launch::async, [&] { return ask("BatchGetItem", batch); });
  auto third = std::async(std::launch::async, [&] { return ask("GetItem", get("b")); });
  for (auto* const told : {&first, &second, &third}) EXPECT_EQ(told->get().reply, "ServiceUnavailable");
  EXPECT_EQ(upstream->calls("BatchGetItem") + upstream->calls("GetItem"), 1);
}

TEST_F(CachingTest, WhatOneMayNotReadIsNoErrorOfOthersWhoWaitForTheSameItem) {
  upstream->ask("PutItem", put("a", "1"));
  std::latch asked(1);
  upstream->before = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem") return;
    asked.count_down();
    EXPECT_TRUE(eventually([&] { return statistics().find(R"("joined":1,)") != std::string::npos; }));
    // Like a policy that allows only the attribute v.
    if (request.body.find(R"("ProjectionExpression":"v")") != std::string_view::npos) return;
    throw core::ApiError(core::ErrorCode::kAccessDenied, "no");
  };
  ask("PutItem", put("b", "1"));  // learns the schema
  auto first = std::async(std::launch::async, [&] { return ask("GetItem", get("a")); });
  asked.wait();
  auto second =
      std::async(std::launch::async, [&] { return ask("GetItem", get("a", R"(,"ProjectionExpression":"v")")); });
  EXPECT_EQ(first.get().reply, "AccessDeniedException");
  EXPECT_EQ(second.get().reply, R"({"Item":{"v":{"S":"1"}}})");
}

TEST_F(CachingTest, WhoComesAfterAWriteDoesNotWaitForAnOlderRead) {
  upstream->ask("PutItem", put("a", "1"));
  std::latch asked(1);
  std::latch written(1);
  std::atomic<bool> first_call{true};
  upstream->after = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem" || !first_call.exchange(false)) return;
    asked.count_down();
    written.wait();
  };
  auto old = std::async(std::launch::async, [&] { return ask("GetItem", get("a")); });
  asked.wait();
  ask("UpdateItem", get("a", R"(,"UpdateExpression":"SET v = :v","ReturnValues":"UPDATED_OLD",)"
                             R"("ExpressionAttributeValues":{":v":{"S":"2"}})"));
  settle();
  EXPECT_EQ(ask("GetItem", get("a")).reply, user("a", "2"));
  written.count_down();
  EXPECT_EQ(old.get().reply, user("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "2")}));
}

TEST_F(CachingTest, ABatchAsksOnlyForWhatIsMissing) {
  for (const char* const id : {"a", "b", "c"}) upstream->ask("PutItem", put(id, "1"));
  ask("GetItem", get("a"));
  const std::string batch = R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}},{"id":{"S":"x"}}],)"
                            R"("ProjectionExpression":"id"}},"ReturnConsumedCapacity":"TOTAL"})";
  EXPECT_EQ(ask("BatchGetItem", batch),
            (Told{"miss", R"({"Responses":{"users":[{"id":{"S":"a"}},{"id":{"S":"b"}}]},"UnprocessedKeys":{},)"
                          R"("ConsumedCapacity":[{"TableName":"users","CapacityUnits":1.0}]})"}));
  EXPECT_EQ(upstream->last_body("BatchGetItem"),
            R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"b"}},{"id":{"S":"x"}}]}},)"
            R"("ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(ask("BatchGetItem", batch),
            (Told{"hit", R"({"Responses":{"users":[{"id":{"S":"a"}},{"id":{"S":"b"}}]},"UnprocessedKeys":{},)"
                         R"("ConsumedCapacity":[{"TableName":"users","CapacityUnits":0.0}]})"}));
  EXPECT_EQ(ask_at_once("BatchGetItem", batch).how, "hit");
  EXPECT_EQ(ask("GetItem", get("b")), (Told{"hit", user("b", "1")}));
  EXPECT_EQ(upstream->calls("BatchGetItem"), 1);
}

TEST_F(CachingTest, WhatABatchReadLeavesIsHandedOnWithWhatWasAskedOfIt) {
  // 17 items of 399 KB and their reply exceed 16 MB: the engine leaves the rest unprocessed.
  std::string keys;
  for (int i = 0; i < 45; ++i) {
    const std::string id = "big" + std::to_string(i);
    upstream->ask("PutItem", put(id, std::string(399 * 1024, 'x')));
    keys += (i == 0 ? "" : ",") + (R"({"id":{"S":")" + id + R"("}})");
  }
  const std::string reply =
      ask("BatchGetItem", R"({"RequestItems":{"users":{"Keys":[)" + keys + R"(],"ProjectionExpression":"id"}}})").reply;
  json::Parser parser;
  const json::Value root = parser.parse(reply);
  const std::size_t read = root.at_pointer("/Responses/users").get_array().size();
  EXPECT_GT(read, 0U);
  EXPECT_LT(read, 45U);
  EXPECT_EQ(root.at_pointer("/UnprocessedKeys/users/Keys").get_array().size(), 45 - read);
  EXPECT_EQ(std::string_view(root.at_pointer("/UnprocessedKeys/users/ProjectionExpression")), "id");
}

TEST_F(CachingTest, ABatchOfWritesLeavesItsItems) {
  ask("BatchWriteItem", R"({"RequestItems":{"users":[{"PutRequest":{"Item":{"id":{"S":"a"},"v":{"S":"1"}}}},)"
                        R"({"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]}})");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")}));
  EXPECT_EQ(ask("GetItem", get("b")), (Told{"hit", "{}"}));
}

TEST_F(CachingTest, ATransactionDropsItsItems) {
  ask("PutItem", put("a", "1"));
  ask("PutItem", put("b", "1"));
  ask("PutItem", put("c", "1"));
  ask("TransactWriteItems", R"({"TransactItems":[{"Put":)" + put("a", "2") + R"(},{"Delete":)" + get("b") + "}]}");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
  EXPECT_EQ(ask("GetItem", get("b")), (Told{"miss", "{}"}));
  EXPECT_EQ(ask("GetItem", get("c")), (Told{"hit", user("c", "1")}));
}

TEST_F(CachingTest, AStatementThatWritesDropsItsTable) {
  ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("ExecuteStatement", R"({"Statement":"SELECT * FROM users WHERE id = 'a'"})").how, "pass");
  EXPECT_EQ(ask("GetItem", get("a")).how, "hit");
  EXPECT_EQ(ask("ExecuteStatement", R"({"Statement":"UPDATE nowhere SET v = '2' WHERE id = 'a'"})").reply,
            "ResourceNotFoundException");
  EXPECT_EQ(ask("GetItem", get("a")).how, "hit");
  EXPECT_EQ(ask("ExecuteStatement", R"({"Statement":"UPDATE users SET v = '2' WHERE id = 'a'"})").reply,
            R"({"Items":[]})");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, ATableMadeAnewIsReadAnew) {
  ask("PutItem", put("a", "1"));
  ask("DeleteTable", R"({"TableName":"users"})");
  EXPECT_EQ(ask("GetItem", get("a")).reply, "ResourceNotFoundException");
  ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",)"
                     R"("AttributeDefinitions":[{"AttributeName":"name","AttributeType":"S"}],)"
                     R"("KeySchema":[{"AttributeName":"name","KeyType":"HASH"}]})");
  settle();
  const std::string read = R"({"TableName":"users","Key":{"name":{"S":"a"}}})";
  EXPECT_EQ(ask("GetItem", read), (Told{"miss", "{}"}));
  EXPECT_EQ(ask("GetItem", read), (Told{"hit", "{}"}));
}

TEST_F(CachingTest, ATableThatOthersDeletedIsForgotten) {
  upstream->ask("PutItem", put("a", "1"));
  for (const char* const operation : {"PutItem", "DescribeTable"}) {
    ask("GetItem", get("a"));
    EXPECT_EQ(ask("GetItem", get("a")).how, "hit");
    upstream->ask("DeleteTable", R"({"TableName":"users"})");
    EXPECT_EQ(ask("GetItem", get("a")).how, "hit") << "nobody has seen it yet";
    const std::string body = operation == std::string_view("PutItem") ? put("b", "1") : R"({"TableName":"users"})";
    EXPECT_EQ(ask(operation, body).reply, "ResourceNotFoundException");
    EXPECT_EQ(ask("GetItem", get("a")).reply, "ResourceNotFoundException") << operation;
    upstream->ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",)"
                                 R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
                                 R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
    upstream->ask("PutItem", put("a", "2"));
    clock.advance(1'000);
    EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
  }
}

TEST_F(CachingTest, ATableThatOthersMadeAnewWithAnotherKeyIsLearntAnew) {
  upstream->ask("PutItem", put("a", "1"));
  ask("GetItem", get("a"));
  ask("Scan", R"({"TableName":"users"})");
  upstream->ask("DeleteTable", R"({"TableName":"users"})");
  upstream->ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",)"
                               R"("AttributeDefinitions":[{"AttributeName":"key","AttributeType":"S"}],)"
                               R"("KeySchema":[{"AttributeName":"key","KeyType":"HASH"}]})");
  const std::string of_new = R"({"TableName":"users","Key":{"key":{"S":"a"}}})";
  EXPECT_EQ(ask("GetItem", of_new).how, "pass");
  EXPECT_EQ(upstream->calls("DescribeTable"), 1) << "a key that does not fit may be the caller's fault";
  clock.advance(1'000);
  EXPECT_EQ(ask("GetItem", of_new).how, "pass");
  EXPECT_EQ(ask("GetItem", of_new), (Told{"miss", "{}"}));
  EXPECT_EQ(ask("GetItem", of_new), (Told{"hit", "{}"}));
  EXPECT_EQ(upstream->calls("DescribeTable"), 2);
  EXPECT_EQ(ask("Scan", R"({"TableName":"users"})").how, "miss") << "the old table's";
}

TEST_F(CachingTest, WhoNeedsATableThatIsBeingLearntWaitsAndAsksNotItself) {
  std::latch asked{1};
  std::latch answered{1};
  upstream->before = [&](const endpoint::Request& request) {
    if (request.operation != "DescribeTable" || request.body.find("users") == std::string_view::npos) return;
    asked.count_down();
    answered.wait();
    clock.advance(5'000);
    throw core::ApiError("ServiceUnavailable", "out");
  };
  std::vector<std::future<Told>> readers;
  readers.push_back(std::async(std::launch::async, [&] { return ask("GetItem", get("a")); }));
  asked.wait();
  for (int i = 0; i < 4; ++i) {
    readers.push_back(std::async(std::launch::async, [&] { return ask("GetItem", get("a")); }));
  }
  EXPECT_EQ(ask("Scan", R"({"TableName":"orders"})").how, "miss") << "another table's questions do not wait";
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  answered.count_down();
  for (auto& reader : readers) EXPECT_EQ(reader.get(), (Told{"pass", "{}"}));
  EXPECT_EQ(upstream->calls("DescribeTable"), 2) << "one a table";
}

TEST_F(CachingTest, AKeyThatDoesNotFitMakesNothingOfItsTableUnknown) {
  upstream->ask("PutItem", put("a", "1"));
  ask("GetItem", get("a"));
  clock.advance(2'000);
  upstream->before = [](const endpoint::Request&) { throw core::ApiError("ServiceUnavailable", "out"); };
  const std::string faulty = R"({"TableName":"users","Key":{"key":{"S":"a"}}})";
  for (const auto& [operation, body] : std::initializer_list<std::pair<const char*, std::string>>{
           {"GetItem", faulty},
           {"BatchGetItem", R"({"RequestItems":{"users":{"Keys":[{"key":{"S":"a"}}]}}})"},
       }) {
    clock.advance(2'000);
    ask(operation, body);
    EXPECT_EQ(ask("GetItem", get("a")), (Told{"hit", user("a", "1")})) << operation;
  }
  upstream->before = nullptr;
}

TEST_F(CachingTest, WhoeverWaitsForWhatAStaleEntryCanAnswerDoesNotAskAfterTheFirstHasAskedInVain) {
  options.stale_if_error_ms = 60'000;
  options.stale_patience_ms = 1'000;
  options.lifetimes.set("10");
  ask("GetItem", get("a"));
  clock.advance(20'000);
  std::atomic<int> asked = 0;
  upstream->before = [&](const endpoint::Request& request) {
    ++asked;
    std::this_thread::sleep_until(request.deadline);
    throw core::ApiError("ServiceUnavailable", "no answer in time");
  };
  std::vector<std::future<Told>> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(std::async(std::launch::async, [&] { return ask("GetItem", get("a")); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (auto& reader : readers) EXPECT_EQ(reader.get(), (Told{"stale", "{}"}));
  EXPECT_EQ(asked.load(), 1);
}

TEST_F(CachingTest, QueriesAreKeptByTheirWholeRequest) {
  for (const char* const n : {"1", "2"}) {
    upstream->ask("PutItem", std::string(R"({"TableName":"orders","Item":{"pk":{"S":"p"},"c":{"S":"x"},"n":{"N":")") +
                                 n + R"("}}})");
  }
  const std::string query = R"({"TableName":"orders","KeyConditionExpression":"pk = :p AND n > :n",)"
                            R"("ExpressionAttributeValues":{":p":{"S":"p"},":n":{"N":"1"}}})";
  const std::string reply = R"({"Items":[{"pk":{"S":"p"},"c":{"S":"x"},"n":{"N":"2"}}],"Count":1,"ScannedCount":1})";
  EXPECT_EQ(ask("Query", query), (Told{"miss", reply}));
  EXPECT_EQ(ask("Query", R"({"ReturnConsumedCapacity":"NONE","ConsistentRead":false,)"
                         R"("ExpressionAttributeValues":{":n":{"N":"1.0"},":p":{"S":"p"}},"TableName":"orders",)"
                         R"("KeyConditionExpression":"pk = :p AND n > :n","Limit":null})"),
            (Told{"hit", reply}));
  EXPECT_EQ(ask_at_once("Query", query), (Told{"hit", reply}));
  EXPECT_EQ(ask("Query", query.substr(0, query.size() - 1) + R"(,"ReturnConsumedCapacity":"INDEXES"})").reply,
            reply.substr(0, reply.size() - 1) +
                R"(,"ConsumedCapacity":{"TableName":"orders","CapacityUnits":0.0,"Table":{"CapacityUnits":0.0}}})");
  EXPECT_EQ(ask("Query", query.substr(0, query.size() - 1) + R"(,"Limit":1})").how, "miss");
  EXPECT_EQ(ask("Query", query.substr(0, query.size() - 1) + R"(,"ConsistentRead":true})").how, "pass");
  // A request with an unknown member is passed through: the member may mean anything.
  EXPECT_EQ(ask("Query", query.substr(0, query.size() - 1) + R"(,"Sometime":"later"})").how, "pass");
  EXPECT_EQ(ask("Scan", R"({"TableName":"orders"})").how, "miss");
  EXPECT_EQ(ask("Scan", R"({"TableName":"orders"})").how, "hit");
}

TEST_F(CachingTest, AReplyIsKeptWithoutWhatItConsumed) {
  const std::string query = R"({"TableName":"orders","IndexName":"by-c","KeyConditionExpression":"c = :c",)"
                            R"("ExpressionAttributeValues":{":c":{"S":"x"}},"ReturnConsumedCapacity":"INDEXES"})";
  EXPECT_EQ(ask("Query", query).reply,
            R"({"Items":[],"Count":0,"ScannedCount":0,"ConsumedCapacity":{"TableName":"orders","CapacityUnits":0.5,)"
            R"("Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"by-c":{"CapacityUnits":0.5}}}})");
  EXPECT_EQ(ask("Query", query).reply,
            R"({"Items":[],"Count":0,"ScannedCount":0,"ConsumedCapacity":{"TableName":"orders","CapacityUnits":0.0,)"
            R"("Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"by-c":{"CapacityUnits":0.0}}}})");
}

TEST_F(CachingTest, AWriteDropsTheQueriesItMayConcern) {
  const auto query = [](const std::string& index, const std::string& attribute, const std::string& value) {
    return R"({"TableName":"orders",)" + (index.empty() ? "" : R"("IndexName":")" + index + "\",") +
           R"("KeyConditionExpression":")" + attribute + R"( = :v","ExpressionAttributeValues":{":v":{"S":")" + value +
           R"("}}})";
  };
  const std::string of_p = query("", "pk", "p");
  const std::string of_q = query("", "pk", "q");
  const std::string local = query("local", "pk", "q");
  const std::string global = query("by-c", "c", "x");
  const std::string scan = R"({"TableName":"orders"})";
  const auto fill = [&] {
    settle();
    for (const auto& each : {of_p, of_q, local, global}) ask("Query", each);
    ask("Scan", scan);
  };
  const auto expect = [&](const std::string& p, const std::string& others) {
    EXPECT_EQ(ask("Query", of_p).how, p);
    EXPECT_EQ(ask("Query", of_q).how, "hit");
    EXPECT_EQ(ask("Query", local).how, "hit");
    EXPECT_EQ(ask("Query", global).how, others);
    EXPECT_EQ(ask("Scan", scan).how, others);
  };
  fill();
  expect("hit", "hit");
  ask("PutItem", R"({"TableName":"orders","Item":{"pk":{"S":"p"},"n":{"N":"1"}}})");
  expect("miss", "miss");
  fill();
  expect("hit", "hit");
  // A write that fails has changed nothing.
  ask("PutItem", R"({"TableName":"orders","Item":{"pk":{"S":"p"},"n":{"N":"1"}},)"
                 R"x("ConditionExpression":"attribute_not_exists(pk)"})x");
  expect("hit", "hit");
  ask("PutItem", put("a", "1"));
  expect("hit", "hit");
}

TEST_F(CachingTest, CallersAreKeptApart) {
  ask("GetItem", get("a"), "alice");
  upstream->ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a"), "bob"), (Told{"miss", user("a", "1")}));
  EXPECT_EQ(ask("GetItem", get("a"), "alice"), (Told{"hit", "{}"}));
  // A write concerns all callers, but the item that it leaves in the cache is kept for its own caller only.
  ask("PutItem", put("a", "2"), "bob");
  EXPECT_EQ(ask("GetItem", get("a"), "bob"), (Told{"hit", user("a", "2")}));
  EXPECT_EQ(ask("GetItem", get("a"), "alice"), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, TrustedCallersShare) {
  options.trust_callers = true;
  ask("GetItem", get("a"), "alice");
  EXPECT_EQ(ask("GetItem", get("a"), "bob").how, "hit");
}

TEST_F(CachingTest, StaleEntriesAnswerForAnUpstreamThatFailsWhereThatIsAskedFor) {
  options.stale_if_error_ms = 60'000;
  options.lifetimes.set("10");
  upstream->ask("PutItem", put("a", "1"));
  const std::string batch = R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}}]}}})";
  const std::string scan = R"({"TableName":"users"})";
  ask("GetItem", get("a"));
  ask("Scan", scan);
  clock.advance(20'000);
  core::ErrorCode fault = core::ErrorCode::kProvisionedThroughputExceeded;
  upstream->before = [&](const endpoint::Request&) { throw core::ApiError(fault, "no"); };
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"stale", user("a", "1")}));
  EXPECT_EQ(ask("BatchGetItem", batch).how, "stale");
  EXPECT_EQ(ask("Scan", scan).how, "stale");
  EXPECT_EQ(ask("GetItem", get("b")).reply, "ProvisionedThroughputExceededException");
  fault = core::ErrorCode::kAccessDenied;
  EXPECT_EQ(ask("GetItem", get("a")).reply, "AccessDeniedException");
  fault = core::ErrorCode::kInternalServerError;
  clock.advance(50'000);
  EXPECT_EQ(ask("GetItem", get("a")).reply, "InternalServerError");
}

/// Counts must never decrease: who computes rates takes a decrease for a restart, and counts everything again.
TEST_F(CachingTest, AReadIsCountedOnceWhenItHasEnded) {
  options.stale_if_error_ms = 60'000;
  options.lifetimes.set("10");
  const std::string scan = R"({"TableName":"users"})";
  ask("GetItem", get("a"));
  ask("Scan", scan);
  clock.advance(20'000);
  std::string meanwhile;
  upstream->before = [&](const endpoint::Request&) {
    meanwhile = statistics();
    throw core::ApiError("ServiceUnavailable", "out");
  };
  const auto counts = [](const std::string& text, const std::string& operation) {
    const std::size_t at = text.find('"' + operation + "\":{");
    return text.substr(at, text.find(R"(,"pass")", at) - at);
  };
  EXPECT_EQ(ask("GetItem", get("a")).how, "stale");
  EXPECT_EQ(counts(meanwhile, "GetItem"), R"("GetItem":{"hit":0,"miss":1,"stale":0)");
  EXPECT_EQ(counts(statistics(), "GetItem"), R"("GetItem":{"hit":0,"miss":1,"stale":1)");
  EXPECT_EQ(ask("GetItem", get("b")).reply, "ServiceUnavailable");
  EXPECT_EQ(counts(statistics(), "GetItem"), R"("GetItem":{"hit":0,"miss":2,"stale":1)") << "also where it failed";
  EXPECT_EQ(ask("Scan", scan).how, "stale");
  EXPECT_EQ(counts(meanwhile, "Scan"), R"("Scan":{"hit":0,"miss":1,"stale":0)");
  EXPECT_EQ(counts(statistics(), "Scan"), R"("Scan":{"hit":0,"miss":1,"stale":1)");
}

TEST_F(CachingTest, AnUpstreamHasLittleTimeForWhatAStaleEntryCanAnswer) {
  options.stale_if_error_ms = 60'000;
  options.lifetimes.set("10");
  const std::string scan = R"({"TableName":"users"})";
  const std::string batch = R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}]}}})";
  ask("GetItem", get("a"));
  ask("Scan", scan);
  clock.advance(20'000);
  bool is_hurried = false;
  upstream->before = [&](const endpoint::Request& request) {
    is_hurried = request.deadline < std::chrono::steady_clock::now() + std::chrono::seconds(2);
    throw core::ApiError("ServiceUnavailable", "no answer in time");
  };
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"stale", "{}"}));
  EXPECT_TRUE(is_hurried);
  EXPECT_EQ(ask("Scan", scan).how, "stale");
  EXPECT_TRUE(is_hurried);
  EXPECT_EQ(ask("GetItem", get("b")).reply, "ServiceUnavailable");
  EXPECT_FALSE(is_hurried) << "nothing else can answer it";
  EXPECT_EQ(ask("BatchGetItem", batch).reply, "ServiceUnavailable");
  EXPECT_FALSE(is_hurried) << "nor all of this";
}

TEST_F(CachingTest, AWrittenItemIsNeverAnsweredStale) {
  options.stale_if_error_ms = 60'000;
  options.lifetimes.set("10");
  ask("PutItem", put("a", "1"));
  upstream->after = [](const endpoint::Request& request) {
    if (request.operation == "PutItem") throw core::ApiError("ServiceUnavailable", "cut");
  };
  ask("PutItem", put("a", "2"));
  upstream->before = [](const endpoint::Request&) { throw core::ApiError("ServiceUnavailable", "out"); };
  EXPECT_EQ(ask("GetItem", get("a")).reply, "ServiceUnavailable");
}

TEST_F(CachingTest, EntriesStayWithinTheirBound) {
  options.capacity_bytes = std::size_t{1} << 20;
  for (int i = 0; i < 500; ++i) ask("PutItem", put(std::to_string(i), std::string(10'000, 'x')));
  json::Parser parser;
  const std::string text = statistics();
  const json::Value root = parser.parse(text);
  EXPECT_LE(root["bytes"].get_int64().value(), std::int64_t{1} << 20);
  EXPECT_GT(root["bytes"].get_int64().value(), std::int64_t{1} << 19);
  EXPECT_GT(root["evicted"].get_int64().value(), 300);
  EXPECT_EQ(ask("GetItem", get("499")).how, "hit");
}

TEST_F(CachingTest, NothingIsKeptWhereTheTimeToLiveIsZero) {
  options.lifetimes.set("users=0");
  ask("PutItem", put("a", "1"));
  EXPECT_EQ(ask("GetItem", get("a")).how, "pass");
  EXPECT_EQ(ask("Scan", R"({"TableName":"users"})").how, "pass");
  EXPECT_EQ(ask("BatchGetItem", R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}}]}}})").how, "pass");
}

TEST_F(CachingTest, RequestsThatNameATableByArnPass) {
  upstream->ask("PutItem", put("a", "1"));
  ask("GetItem", get("a"));
  const std::string arn = R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/users",)";
  EXPECT_EQ(ask("GetItem", arn + R"("Key":{"id":{"S":"a"}}})"), (Told{"pass", user("a", "1")}));
  ask("PutItem", arn + R"("Item":{"id":{"S":"a"},"v":{"S":"2"}}})");
  EXPECT_EQ(ask("GetItem", get("a")), (Told{"miss", user("a", "2")}));
}

TEST_F(CachingTest, CountsByTableAndOperation) {
  ask("GetItem", get("a"));
  ask("GetItem", get("a"));
  ask("GetItem", get("a", R"(,"ConsistentRead":true)"));
  ask("Scan", R"({"TableName":"users"})");
  json::Parser parser;
  const std::string text = statistics();
  const json::Value table = parser.parse(text).at_pointer("/tables/0");
  EXPECT_EQ(simdjson::minify(table),
            R"({"table":"users","GetItem":{"hit":1,"miss":1,"stale":0,"pass":1,"ttl_ms":300000},)"
            R"("Query":{"hit":0,"miss":0,"stale":0,"pass":0,"ttl_ms":300000},)"
            R"("Scan":{"hit":0,"miss":1,"stale":0,"pass":0,"ttl_ms":300000}})");
}

TEST_F(CachingTest, EachReadCountsOnce) {
  options.stale_if_error_ms = 60'000;
  options.lifetimes.set("10");
  const auto batch = [](const std::string& more) {
    return R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}])" + more + "}}}";
  };
  ask("GetItem", get("a"));
  EXPECT_EQ(ask("BatchGetItem", batch("")).how, "miss");
  EXPECT_EQ(ask("BatchGetItem", batch("")).how, "hit");
  EXPECT_EQ(ask("BatchGetItem", batch(R"(,"ConsistentRead":true)")).how, "pass");
  // The cache does not understand either request.
  EXPECT_EQ(ask("BatchGetItem", batch(R"(,"ProjectionExpression":"#a")")).how, "pass");
  EXPECT_EQ(ask("GetItem", get("a", R"(,"ProjectionExpression":"#a")")).how, "pass");
  ask("Query", R"({"TableName":"users","KeyConditionExpression":"nothing"})");
  ask("Scan", R"({"TableName":"users","ConsistentRead":true})");
  clock.advance(20'000);
  upstream->before = [](const endpoint::Request&) { throw core::ApiError("ServiceUnavailable", "out"); };
  EXPECT_EQ(ask("GetItem", get("a")).how, "stale");
  EXPECT_EQ(ask("BatchGetItem", batch("")).how, "stale");
  EXPECT_EQ(ask("GetItem", get("c")).how, "miss");
  json::Parser parser;
  const std::string text = statistics();
  EXPECT_EQ(simdjson::minify(parser.parse(text).at_pointer("/tables/0")),
            R"({"table":"users","GetItem":{"hit":3,"miss":3,"stale":3,"pass":5,"ttl_ms":10000},)"
            R"("Query":{"hit":0,"miss":0,"stale":0,"pass":1,"ttl_ms":10000},)"
            R"("Scan":{"hit":0,"miss":0,"stale":0,"pass":1,"ttl_ms":10000}})");
}

TEST(Lifetimes, TheMostParticularSettingCounts) {
  Lifetimes lifetimes;
  EXPECT_EQ(lifetimes.of("t", ReadKind::kItem), 300'000);
  for (const char* const text : {"60", "Query=5", "t=7", "t/Scan=0.5", "BatchGetItem=8"}) lifetimes.set(text);
  EXPECT_EQ(lifetimes.of("other", ReadKind::kScan), 60'000);
  EXPECT_EQ(lifetimes.of("other", ReadKind::kQuery), 5'000);
  EXPECT_EQ(lifetimes.of("other", ReadKind::kItem), 8'000);
  EXPECT_EQ(lifetimes.of("t", ReadKind::kItem), 7'000);
  EXPECT_EQ(lifetimes.of("t", ReadKind::kScan), 500);
  for (const char* const text : {"", "x", "t=", "=5", "t/PutItem=5", "/Query=5", "t=-1", "t=1e99", "5s"}) {
    EXPECT_THROW(lifetimes.set(text), std::invalid_argument) << text;
  }
}

TEST_F(CachingTest, WhatReadingALargeReplyTookIsGivenBack) {
  std::string numbers = R"({"N":"1"})";
  for (int i = 0; i < 120'000; ++i) numbers += R"(,{"N":"1"})";
  // On its own thread, because the engine keeps one parser for each thread.
  std::thread([&] {
    upstream->ask("PutItem", R"({"TableName":"users","Item":{"id":{"S":"a"},"v":{"L":[)" + numbers + "]}}}");
  }).join();
  ask("GetItem", get("b"));
  const auto in_use = [] {
    const struct mallinfo2 heap = ::mallinfo2();  // all 0 with a sanitizer's allocator
    return heap.uordblks + heap.hblkhd;
  };
  const std::size_t before = in_use();
  EXPECT_GT(ask("GetItem", get("a")).reply.size(), numbers.size());
  cache().clear();
  EXPECT_LT(in_use(), before + (std::size_t{8} << 20));
}

}  // namespace
}  // namespace stator::cache
