#include "engine/metering.h"

#include "engine/support.h"

/// Token buckets of tables, indexes and partitions, on a clock that stands still between moves.
namespace stator::engine {
namespace {

std::string item_json(const std::string& partition, const std::string& sort, std::size_t kilobytes = 0) {
  std::string json = R"({"pk":)" + s(partition) + R"(,"sk":)" + s(sort) + R"(,"g":)" + s("g");
  if (kilobytes > 0) json += R"(,"b":)" + s(std::string(kilobytes * 1024, 'x'));
  return json + "}";
}
std::string key_json(const std::string& partition, const std::string& sort) {
  return R"({"pk":)" + s(partition) + R"(,"sk":)" + s(sort) + "}";
}

class MeteringTest : public testing::Test {
 protected:
  MeteringTest() {
    Options options;
    options.clock = &clock;
    options.enforce_throughput = true;
    engine = Engine::open(options);
  }
  TablePtr provisioned(std::int64_t read_units, std::int64_t write_units, std::vector<Index> indexes = {}) {
    Table table = make_table("t", std::move(indexes));
    table.throughput.read_units = read_units;
    table.throughput.write_units = write_units;
    return engine->create_table(std::move(table));
  }
  TablePtr on_demand(std::vector<Index> indexes = {}) {
    Table table = make_table("t", std::move(indexes));
    table.billing_mode = BillingMode::kPayPerRequest;
    return engine->create_table(std::move(table));
  }
  /// Returns the limit for which the request was refused; "" if it succeeded.
  template <class Work>
  static std::string refusal(Work work) {
    try {
      work();
      return "";
    } catch (const ThroughputExceeded& exceeded) {
      const char* const limits[] = {"provisioned", "key range", "maximum", "account"};
      return std::string(exceeded.write ? "write " : "read ") + limits[static_cast<std::size_t>(exceeded.limit)] +
             (exceeded.on_demand ? " on demand of " : " of ") + exceeded.table +
             (exceeded.index.empty() ? "" : "/" + exceeded.index);
    }
  }
  std::string put_one(const TablePtr& table, const std::string& partition, std::size_t kilobytes = 0) {
    return refusal([&] { put(*engine, table, item_json(partition, "a", kilobytes)); });
  }
  std::string get_one(const TablePtr& table, const std::string& partition, bool consistent = true) {
    return refusal([&] {
      std::string json;
      std::size_t size_bytes = 0;
      engine->get_item(*table, key_of(*table, key_json(partition, "a")), json, size_bytes, consistent);
    });
  }
  /// Returns how often in a row `work` succeeds before it is refused; at most `most`.
  template <class Work>
  static int count(int most, Work work) {
    int done = 0;
    while (done < most && work().empty()) ++done;
    return done;
  }

  ManualClock clock;
  std::unique_ptr<Engine> engine;
};

TEST_F(MeteringTest, UnitsOfASecondAndThoseOfFiveMinutesThatWereNotUsed) {
  const TablePtr table = provisioned(4, 3);
  EXPECT_EQ(count(100, [&] { return put_one(table, "p"); }), 3) << "a new table has its first second";
  EXPECT_EQ(put_one(table, "p"), "write provisioned of t");
  clock.advance(1000);
  EXPECT_EQ(count(100, [&] { return put_one(table, "p"); }), 3);
  clock.advance(10'000);
  EXPECT_EQ(count(100, [&] { return put_one(table, "p"); }), 30);
  clock.advance(3'600'000);
  EXPECT_EQ(count(2000, [&] { return put_one(table, "p"); }), 900) << "300 seconds' units at most";
  // Reads have their own units.
  EXPECT_EQ(count(5000, [&] { return get_one(table, "p"); }), 1200);
  EXPECT_EQ(get_one(table, "p"), "read provisioned of t");
  clock.advance(1000);
  EXPECT_EQ(count(100, [&] { return get_one(table, "p", false); }), 8) << "half a unit each";
}

TEST_F(MeteringTest, WhatGoesBeyondIsPaidForByWaiting) {
  const TablePtr table = provisioned(1, 1);
  EXPECT_EQ(put_one(table, "p", 9), "") << "one unit is there, ten are taken";
  for (int second = 1; second <= 9; ++second) {
    clock.advance(1000);
    EXPECT_NE(put_one(table, "p"), "") << second;
  }
  clock.advance(1000);
  EXPECT_EQ(put_one(table, "p"), "");
}

TEST_F(MeteringTest, ARefusedWriteIsNotDone) {
  const TablePtr table = provisioned(100, 1);
  EXPECT_EQ(put_one(table, "p"), "");
  EXPECT_NE(put_one(table, "q"), "");
  EXPECT_EQ(get(*engine, table, key_json("q", "a")), "");
  EXPECT_EQ(engine->counts(*table).table.items, 1U);
}

TEST_F(MeteringTest, AConditionThatDoesNotHoldIsPaidFor) {
  const TablePtr table = provisioned(1, 5);
  put_one(table, "p", 2);  // 3 units
  const expression::Condition never = condition("attribute_not_exists(pk)");
  EXPECT_EQ(refusal([&] { EXPECT_TRUE(put(*engine, table, item_json("p", "a"), &never).condition_failed); }), "");
  EXPECT_NE(put_one(table, "p"), "");
}

TEST_F(MeteringTest, AnIndexWithoutUnitsHoldsUpWritesToItsTable) {
  Index index = make_index("by-g", true, {{key_attribute("g")}, {}});
  index.throughput.read_units = 1;
  index.throughput.write_units = 2;
  const TablePtr table = provisioned(100, 100, {index});
  EXPECT_EQ(put_one(table, "1"), "");
  EXPECT_EQ(put_one(table, "2"), "");
  EXPECT_EQ(put_one(table, "3"), "write provisioned of t/by-g");
  EXPECT_EQ(get(*engine, table, key_json("3", "a")), "");
  // A write that does not change the index uses none of its units.
  EXPECT_EQ(put_one(table, "2"), "");
  EXPECT_EQ(refusal([&] { read(*engine, scan(table, "by-g")); }), "");
  EXPECT_EQ(refusal([&] { read(*engine, scan(table, "by-g")); }), "");
  EXPECT_EQ(refusal([&] { read(*engine, scan(table, "by-g")); }), "read provisioned of t/by-g");
  EXPECT_EQ(refusal([&] { read(*engine, scan(table)); }), "");
}

TEST_F(MeteringTest, LocalIndexesTakeTheTablesUnits) {
  const TablePtr table =
      provisioned(100, 4, {make_index("local", false, {{key_attribute("pk")}, {key_attribute("g")}})});
  EXPECT_EQ(count(10, [&, n = 0]() mutable { return put_one(table, std::to_string(n++)); }), 2);
}

TEST_F(MeteringTest, APartitionHasItsOwnLimit) {
  const TablePtr table = on_demand();
  EXPECT_EQ(count(5000, [&] { return put_one(table, "hot", 99); }), 10) << "100 units each, of 1 000";
  EXPECT_EQ(put_one(table, "hot"), "write key range on demand of t");
  // Most of 50 other partition keys are in other partitions.
  int others = 0;
  for (int i = 0; i < 50; ++i) others += put_one(table, std::to_string(i)).empty() ? 1 : 0;
  EXPECT_GT(others, 20);
  EXPECT_LT(others, 50);
  EXPECT_EQ(get_one(table, "hot"), "") << "reads have their own";
  clock.advance(1000);
  EXPECT_EQ(put_one(table, "hot"), "");
}

TEST_F(MeteringTest, ATableOnDemandGrowsToTwiceItsPeakInHalfAnHour) {
  const TablePtr table = on_demand();
  // Items of 400 units, in all partitions.
  std::vector<json::EncodedItem> items;
  for (int i = 0; i < 50; ++i) items.push_back(item(item_json(std::to_string(i), "a", 399)));
  std::vector<WriteAction> actions(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    actions[i].table = table;
    actions[i].key = key_of(*table, items[i].json);
    actions[i].item = &items[i];
  }
  std::size_t next = 0;
  const auto units_of_a_second = [&] {
    return 400 * count(100, [&] {
             std::string refused;
             for (std::size_t tries = 0; tries < actions.size(); ++tries) {
               refused = refusal([&] { engine->write(actions[++next % actions.size()]); });
               if (refused.empty()) break;
             }
             return refused;
           });
  };
  EXPECT_EQ(units_of_a_second(), 4000);
  for (int second = 0; second < 120; ++second) {
    clock.advance(1000);
    units_of_a_second();
  }
  clock.advance(60'000);
  EXPECT_EQ(units_of_a_second(), 4000) << "not yet";
  clock.advance(32 * 60'000);
  EXPECT_NEAR(units_of_a_second(), 8000, 400);
}

TEST_F(MeteringTest, AMaximumOnDemandHolds) {
  Table wanted = make_table("t");
  wanted.billing_mode = BillingMode::kPayPerRequest;
  wanted.on_demand.write_units = 5;
  const TablePtr table = engine->create_table(std::move(wanted));
  EXPECT_EQ(count(100, [&] { return put_one(table, "p"); }), 5);
  EXPECT_EQ(put_one(table, "p"), "write maximum on demand of t");
  clock.advance(3'600'000);
  EXPECT_EQ(count(100, [&] { return put_one(table, "p"); }), 5);
  EXPECT_EQ(count(100, [&] { return get_one(table, "p"); }), 100);
}

TEST_F(MeteringTest, ATransactionIsDoneAsAWholeOrNotAtAll) {
  const TablePtr table = provisioned(100, 1);
  std::vector<json::EncodedItem> items = {item(item_json("a", "a")), item(item_json("b", "a"))};
  std::vector<WriteAction> actions(2);
  for (std::size_t i = 0; i < 2; ++i) {
    actions[i].table = table;
    actions[i].key = key_of(*table, items[i].json);
    actions[i].item = &items[i];
  }
  EXPECT_FALSE(engine->transact_write(actions).cancelled()) << "one unit is there, four are taken";
  clock.advance(2000);
  const TransactionOutcome refused = engine->transact_write(actions);
  ASSERT_TRUE(refused.cancelled());
  for (const CancellationReason& reason : refused.reasons) {
    EXPECT_EQ(reason.code, CancellationCode::kThroughputExceeded);
    ASSERT_TRUE(reason.exceeded);
    EXPECT_EQ(reason.exceeded->table, "t");
  }
  clock.advance(2000);
  EXPECT_FALSE(engine->transact_write(actions).cancelled());
}

TEST_F(MeteringTest, ATableThatComesAfterAnotherOfItsNameBeginsAnew) {
  const TablePtr table = provisioned(1, 2);
  EXPECT_EQ(count(10, [&] { return put_one(table, "p"); }), 2);
  engine->delete_table("t");
  ASSERT_TRUE(wait_until([&] { return engine->find_table("t") == nullptr; }));
  const TablePtr next = provisioned(1, 2);
  EXPECT_EQ(count(10, [&] { return put_one(next, "p"); }), 2);
}

TEST_F(MeteringTest, WithoutItNothingIsRefused) {
  const auto free = Engine::open({});
  Table wanted = make_table("t");
  wanted.throughput.read_units = wanted.throughput.write_units = 1;
  const TablePtr table = free->create_table(std::move(wanted));
  for (int i = 0; i < 500; ++i) put(*free, table, item_json("p", "a", 1));
}

}  // namespace
}  // namespace stator::engine
