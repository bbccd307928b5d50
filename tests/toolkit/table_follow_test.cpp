#include "toolkit/table_follow.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "endpoint/embedded.h"
#include "support/temporary_directory.h"
#include "toolkit/moved_clock.h"
#include "toolkit/stream_reader.h"
#include "toolkit/table_copy.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
namespace {

struct Killed {};

class TableFollow : public testing::Test {
 protected:
  TableFollow() : file_(directory_.path() / "state.json", "a to b") {
    engine::Options options;
    options.clock = &clock_;
    source_ = std::make_unique<endpoint::Embedded>(options);
    create(*source_, R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})");
    create(destination_, "");
    options_.clock = &clock_;
    options_.until_caught_up = true;
    options_.sleep = [](std::chrono::milliseconds) {};
  }
  static void create(endpoint::Endpoint& endpoint, const std::string& more) {
    call(endpoint, "CreateTable",
         R"({"TableName":"items","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[)"
         R"({"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],"KeySchema":[)"
         R"({"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}])" +
             more + "}");
  }
  /// Puts, updates or deletes one of 50 items.
  void write() {
    const std::string key = R"("pk":{"S":"k)" + std::to_string(random_() % 10) + R"("},"sk":{"N":")" +
                            std::to_string(random_() % 5) + ".50\"}";
    switch (random_() % 3) {
      case 0:
        call(*source_, "PutItem",
             R"({"TableName":"items","Item":{)" + key + R"(,"v":{"N":")" + std::to_string(++version_) + "\"}}}");
        return;
      case 1:
        call(*source_, "UpdateItem",
             R"({"TableName":"items","Key":{)" + key +
                 R"(},"UpdateExpression":"ADD v :one, w :one",)"
                 R"("ExpressionAttributeValues":{":one":{"N":"1"}}})");
        return;
      default:
        call(*source_, "DeleteItem", R"({"TableName":"items","Key":{)" + key + "}}");
    }
  }
  void write_many(int times) {
    for (int i = 0; i < times; ++i) write();
  }
  TransferState begin() {
    TransferState state = begin_copy(1);
    state.follow = begin_follow(*source_, describe_table(*source_, "items"), clock_);
    return state;
  }
  void copy(TransferState& state) {
    copy_table(*source_, describe_table(*source_, "items"), destination_, describe_table(destination_, "items"), state,
               file_, [](std::uint64_t) {});
  }
  FollowProgress follow(TransferState& state, const std::function<void(const FollowProgress&)>& progress) {
    return follow_table(*source_, describe_table(*source_, "items"), destination_,
                        describe_table(destination_, "items"), state, file_, options_, progress);
  }
  [[nodiscard]] TableChecksum checksum(endpoint::Endpoint& endpoint) const {
    return checksum_of_table(endpoint, "items", 1, [](std::uint64_t) {});
  }
  std::string gap(TransferState state) {
    try {
      follow(state, [](const FollowProgress&) {});
    } catch (const StreamGap& error) {
      return error.what();
    }
    return "no gap";
  }

  TemporaryDirectory directory_;
  StateFile file_;
  MovedClock clock_;
  std::unique_ptr<endpoint::Embedded> source_;
  endpoint::Embedded destination_{engine::Options{}};
  FollowOptions options_;
  std::minstd_rand random_{1};
  int version_ = 0;
};

TEST_F(TableFollow, AppliesWhatChangedSinceTheCopyBegan) {
  write_many(300);
  TransferState state = begin();
  // Written after the copy began and before it read: these changes are in both the copy and the stream.
  write_many(100);
  copy(state);
  write_many(100);
  EXPECT_NE(checksum(*source_), checksum(destination_));
  int rounds = 0;
  const FollowProgress last = follow(state, [&](const FollowProgress& progress) {
    // The source changes meanwhile.
    if (++rounds < 20) write_many(20);
    if (progress.idle_rounds > 0) {
      EXPECT_EQ(progress.lag_seconds, 0);
    }
  });
  EXPECT_GE(last.changes, 200U);
  EXPECT_GT(checksum(*source_).items, 0U);
  EXPECT_EQ(checksum(*source_), checksum(destination_));
}

TEST_F(TableFollow, GoesOnAfterItWasKilledAtAnyMoment) {
  write_many(50);
  TransferState state = begin();
  copy(state);
  for (int kill = 0; kill < 30; ++kill) {
    write_many(15);
    // The process loses its state, in every second run before it has written the file again.
    TransferState remembered = file_.read().value();
    const TransferState older = remembered;
    EXPECT_THROW(follow(remembered, [&](const FollowProgress&) { throw Killed(); }), Killed);
    if (kill % 2 == 0) file_.write(older);
  }
  TransferState last = file_.read().value();
  follow(last, [](const FollowProgress&) {});
  EXPECT_EQ(checksum(*source_), checksum(destination_));
  EXPECT_GT(checksum(*source_).items, 0U);
}

TEST_F(TableFollow, SaysWhereChangesWereLost) {
  TransferState state = begin();
  copy(state);
  write_many(10);
  follow(state, [](const FollowProgress&) {});
  // A day without a read of the stream.
  clock_.ahead_ms = 25 * 3'600'000LL;
  EXPECT_NE(gap(state).find("25 hours ago, and changes are kept for 24"), std::string::npos) << gap(state);
  clock_.ahead_ms = 0;
  call(*source_, "UpdateTable", R"({"TableName":"items","StreamSpecification":{"StreamEnabled":false}})");
  clock_.ahead_ms = 1000;
  call(*source_, "UpdateTable",
       R"({"TableName":"items","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}})");
  EXPECT_NE(gap(state).find("not the same as when the copy began"), std::string::npos) << gap(state);
}

TEST_F(TableFollow, SaysWhereATableWentBackToAnEarlierState) {
  write_many(50);
  TransferState state = begin();
  copy(state);
  write_many(20);
  follow(state, [](const FollowProgress&) {});
  source_->engine().save_snapshot("before", store::CheckpointKind::kSettled);
  destination_.engine().save_snapshot("before", store::CheckpointKind::kSettled);
  write_many(40);
  follow(state, [](const FollowProgress&) {});
  EXPECT_EQ(gap(state), "no gap");
  const TransferState followed = state;
  const std::string of_source =
      "table items went back to an earlier state: its stream no longer has the change that was read last, and items "
      "that "
      "it lost stay in the copy unless that is dropped";
  // The source is restored between two runs, first without later changes and then with them.
  source_->engine().restore_snapshot("before");
  EXPECT_EQ(gap(followed), of_source);
  write_many(200);
  EXPECT_EQ(gap(followed), of_source);
  // The source is restored while its stream is followed.
  TransferState state2 = begin();
  int rounds = 0;
  EXPECT_THROW(follow(state2,
                      [&](const FollowProgress&) {
                        if (++rounds < 4) write_many(20);
                        if (rounds == 4) source_->engine().restore_snapshot("before");
                        clock_.ahead_ms += 2000;
                      }),
               StreamGap);
  EXPECT_LT(rounds, 12);
}

/// Answers every other GetRecords with an empty page that continues at the same place, as the service may.
class EmptyPages : public endpoint::Endpoint {
 public:
  explicit EmptyPages(endpoint::Endpoint& other) : other_(other) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    if (request.operation != "GetRecords" || ++asked_ % 2 == 0) return other_.call(request, reply);
    json::Parser parser;
    const json::Value body = parser.parse(request.body);
    reply += R"({"Records":[],"NextShardIterator":)" + std::string(simdjson::minify(body["ShardIterator"])) + "}";
  }
  [[nodiscard]] std::string describe() const override { return other_.describe(); }

 private:
  endpoint::Endpoint& other_;
  int asked_ = 0;
};

TEST_F(TableFollow, AnEmptyPageOfTheStreamIsNoEarlierState) {
  TransferState state = begin();
  copy(state);
  write_many(30);
  follow(state, [](const FollowProgress&) {});
  EmptyPages source(*source_);
  EXPECT_NO_THROW(follow_table(source, describe_table(*source_, "items"), destination_,
                               describe_table(destination_, "items"), state, file_, options_,
                               [](const FollowProgress&) {}));
}

TEST_F(TableFollow, SaysWhereTheCopyWentBackToAnEarlierState) {
  write_many(50);
  TransferState state = begin();
  copy(state);
  destination_.engine().save_snapshot("before", store::CheckpointKind::kSettled);
  write_many(40);
  follow(state, [](const FollowProgress&) {});
  EXPECT_EQ(gap(state), "no gap");
  // One of the items written last is enough: others may have expired.
  EXPECT_EQ(gap(file_.read().value()), "no gap");
  destination_.engine().restore_snapshot("before");
  EXPECT_NE(gap(state).find(", the copy, went back to an earlier state"), std::string::npos) << gap(state);
  EXPECT_NE(gap(file_.read().value()).find(", the copy, went back"), std::string::npos);
}

/// Fails the next BatchWriteItem.
class FailingOnce : public endpoint::Endpoint {
 public:
  explicit FailingOnce(endpoint::Endpoint& other) : other_(other) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    if (fails && request.operation == "BatchWriteItem") {
      fails = false;
      throw core::ApiError("ServiceUnavailable", "gone for a moment");
    }
    other_.call(request, reply);
  }
  [[nodiscard]] std::string describe() const override { return other_.describe(); }
  bool fails = false;

 private:
  endpoint::Endpoint& other_;
};

/// Items that were noted but not yet written must not be taken for items that the copy has lost.
TEST_F(TableFollow, GoesOnAfterAFaultThoughTheRoundBeforeHadNoItems) {
  const auto key = [](const char* name) { return R"("pk":{"S":")" + std::string(name) + R"("},"sk":{"N":"1"})"; };
  const auto put = [&](const char* name) {
    call(*source_, "PutItem", R"({"TableName":"items","Item":{)" + key(name) + "}}");
  };
  FailingOnce failing(destination_);
  const auto follow_failing = [&](TransferState& state) {
    follow_table(*source_, describe_table(*source_, "items"), failing, describe_table(destination_, "items"), state,
                 file_, options_, [](const FollowProgress&) {});
  };
  TransferState state = begin();
  copy(state);
  // The fault is in the very first round.
  put("a");
  failing.fails = true;
  EXPECT_ANY_THROW(follow_failing(state));
  TransferState again = file_.read().value();
  EXPECT_EQ(gap(again), "no gap");
  again = file_.read().value();
  // The fault is after a round of deletions only.
  call(*source_, "DeleteItem", R"({"TableName":"items","Key":{)" + key("a") + "}}");
  follow_failing(again);
  put("b");
  failing.fails = true;
  EXPECT_ANY_THROW(follow_failing(again));
  EXPECT_EQ(gap(file_.read().value()), "no gap");
  EXPECT_EQ(checksum(*source_), checksum(destination_));
}

TEST_F(TableFollow, AnItemThatExpiredInTheCopyIsNotLost) {
  TransferState state = begin();
  copy(state);
  call(*source_, "PutItem", R"({"TableName":"items","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"until":{"N":"1"}}})");
  follow(state, [](const FollowProgress&) {});
  call(destination_, "DeleteItem", R"({"TableName":"items","Key":{"pk":{"S":"a"},"sk":{"N":"1"}}})");
  EXPECT_NE(gap(state).find("went back"), std::string::npos);
  call(destination_, "UpdateTimeToLive",
       R"({"TableName":"items","TimeToLiveSpecification":{"AttributeName":"until","Enabled":true}})");
  EXPECT_EQ(gap(state), "no gap");
}

TEST_F(TableFollow, NeedsAStreamWithNewImages) {
  const auto fault = [](endpoint::Endpoint& endpoint) {
    try {
      begin_follow(endpoint, describe_table(endpoint, "items"), core::Clock::system());
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("no fault");
  };
  EXPECT_EQ(fault(destination_),
            R"(table items has no stream; stator api update-table '{"TableName": "items", "StreamSpecification": )"
            R"({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}' enables one)");
  call(destination_, "UpdateTable",
       R"({"TableName":"items","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})");
  EXPECT_NE(fault(destination_).find("holds KEYS_ONLY, and following it takes NEW_IMAGE"), std::string::npos);
  EXPECT_EQ(fault(*source_), "no fault");
}

}  // namespace
}  // namespace stator::toolkit
