#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "engine/disk_waits.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

class Transactions : public testing::Test {
 protected:
  Transactions() {
    engine_->create_table(make_table("t", {make_index("gsi", true, {{key_attribute("g")}, {}})}));
    table_ = engine_->usable_table("t");
  }
  [[nodiscard]] WriteAction action(WriteKind kind, std::string_view key) const {
    WriteAction result;
    result.kind = kind;
    result.table = table_;
    result.key = key_of(*table_, key);
    result.want_old_on_failure = true;
    return result;
  }
  static std::string account(int i) { return R"({"pk":{"S":"a)" + std::to_string(i) + R"("},"sk":{"S":"s"}})"; }

  std::unique_ptr<Engine> engine_ = open();
  TablePtr table_;
};

TEST_F(Transactions, AllHappenTogetherAndCostDouble) {
  const auto put_item = item(R"({"pk":{"S":"a0"},"sk":{"S":"s"},"g":{"S":"g"}})");
  const auto set = update("SET g = :g", R"({":g":{"S":"g"}})");
  const auto missing = condition("attribute_not_exists(pk)");
  std::array<WriteAction, 3> actions = {action(WriteKind::kPut, account(0)), action(WriteKind::kUpdate, account(1)),
                                        action(WriteKind::kConditionCheck, account(2))};
  actions[0].item = &put_item;
  actions[1].update = &set;
  actions[2].condition = &missing;
  const auto outcomes = engine_->transact_write(actions).outcomes;
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0].capacity.table_write, 2);
  EXPECT_EQ(outcomes[0].capacity.indexes.at(0).write, 1) << "indexes are written once";
  EXPECT_EQ(outcomes[2].capacity.total(), 2);
  EXPECT_EQ(read_all(*engine_, scan(table_, "gsi")).size(), 2U);
  EXPECT_EQ(get(*engine_, table_, account(2)), "") << "a check writes nothing";
  EXPECT_EQ(engine_->counts(*table_).table.items, 2U);

  const std::array<Engine::ReadAction, 2> reads = {Engine::ReadAction{table_, key_of(*table_, account(0))},
                                                   Engine::ReadAction{table_, key_of(*table_, account(9))}};
  const auto found = engine_->transact_get(reads);
  EXPECT_EQ(found[0].json, put_item.json);
  EXPECT_EQ(found[0].size_bytes, put_item.size_bytes);
  EXPECT_EQ(found[1].json, "");
}

TEST_F(Transactions, SeparateWritesAreDecidedForThemselvesAndChargedOnce) {
  put(*engine_, table_, R"({"pk":{"S":"a1"},"sk":{"S":"s"},"g":{"S":"g"}})");
  put(*engine_, table_, R"({"pk":{"S":"a2"},"sk":{"S":"s"},"v":{"S":"x"}})");
  const auto put_item = item(R"({"pk":{"S":"a0"},"sk":{"S":"s"},"g":{"S":"g"}})");
  const auto missing = condition("attribute_not_exists(pk)");
  std::array<WriteAction, 4> actions = {action(WriteKind::kPut, account(0)), action(WriteKind::kDelete, account(1)),
                                        action(WriteKind::kDelete, account(2)), action(WriteKind::kDelete, account(3))};
  actions[0].item = &put_item;
  actions[2].condition = &missing;
  const auto outcomes = engine_->write_each(actions);
  ASSERT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(outcomes[0].outcome.capacity.table_write, 1);
  EXPECT_TRUE(outcomes[1].outcome.existed);
  EXPECT_TRUE(outcomes[2].outcome.condition_failed);
  EXPECT_EQ(outcomes[2].outcome.old_json, get(*engine_, table_, account(2)));
  EXPECT_FALSE(outcomes[3].outcome.existed);
  EXPECT_EQ(get(*engine_, table_, account(0)), put_item.json);
  EXPECT_EQ(get(*engine_, table_, account(1)), "");
  const TableCounts counts = engine_->counts(*table_);
  EXPECT_EQ(counts.table.items, 2U);
  EXPECT_EQ(counts.indexes.at(0).items, 1U);
  EXPECT_EQ(read_all(*engine_, scan(table_, "gsi")).size(), 1U);
}

TEST_F(Transactions, SeparateWritesOfWhichOneIsRefusedWriteNothing) {
  const auto put_item = item(R"({"pk":{"S":"a0"},"sk":{"S":"s"}})");
  const auto bad_item = item(R"({"pk":{"S":"a1"},"sk":{"S":"s"},"g":{"N":"1"}})");
  std::array<WriteAction, 2> actions = {action(WriteKind::kPut, account(0)), action(WriteKind::kPut, account(1))};
  actions[0].item = &put_item;
  actions[1].item = &bad_item;
  EXPECT_THROW(engine_->write_each(actions), core::ApiError);
  EXPECT_EQ(get(*engine_, table_, account(0)), "");
  EXPECT_EQ(engine_->counts(*table_).table.items, 0U);
}

TEST_F(Transactions, SeparateWritesWaitForTheDiskOnce) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  options.sync = true;
  const auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  const TablePtr table = engine->usable_table("t");
  std::vector<json::EncodedItem> items;
  for (int i = 0; i < 25; ++i) items.push_back(item(account(i)));
  const std::vector<WriteAction> actions = puts_of(table, items);
  const std::uint64_t before = disk_waits;
  engine->write_each(actions);
  EXPECT_EQ(disk_waits, before + 1);
  EXPECT_EQ(engine->counts(*table).table.items, 25U);
}

/// A batch is counted in one part of the counters, the deletions of its items in others.
TEST_F(Transactions, CountsAreOfOneMoment) {
  constexpr std::uint64_t kItems = 8;
  std::vector<json::EncodedItem> items;
  for (std::uint64_t i = 0; i < kItems; ++i) items.push_back(item(account(static_cast<int>(i))));
  std::vector<WriteAction> puts;
  for (std::size_t i = 0; i < items.size(); ++i) {
    puts.push_back(action(WriteKind::kPut, account(static_cast<int>(i))));
    puts.back().item = &items[i];
  }
  std::atomic<bool> ended{false};
  std::thread writer([&] {
    for (int round = 0; round < 2'000; ++round) {
      engine_->write_each(puts);
      for (std::uint64_t i = 0; i < kItems; ++i) {
        const WriteAction one = action(WriteKind::kDelete, account(static_cast<int>(i)));
        engine_->write_each({&one, 1});
      }
    }
    ended = true;
  });
  std::uint64_t most = 0;
  while (!ended) most = std::max(most, engine_->counts(*table_).table.items);
  writer.join();
  EXPECT_LE(most, kItems) << "below zero, if it is very many";
  EXPECT_EQ(engine_->counts(*table_).table.items, 0U);
  EXPECT_EQ(engine_->counts(*table_).table.size_bytes, 0U);
}

TEST_F(Transactions, OneRefusalCancelsAllAndEveryReasonIsGiven) {
  put(*engine_, table_, R"({"pk":{"S":"a1"},"sk":{"S":"s"},"v":{"S":"x"}})");
  const auto put_item = item(R"({"pk":{"S":"a0"},"sk":{"S":"s"}})");
  const auto bad_item = item(R"({"pk":{"S":"a3"},"sk":{"S":"s"},"g":{"N":"1"}})");
  const auto missing = condition("attribute_not_exists(pk)");
  std::array<WriteAction, 4> actions = {action(WriteKind::kPut, account(0)), action(WriteKind::kDelete, account(1)),
                                        action(WriteKind::kConditionCheck, account(2)),
                                        action(WriteKind::kPut, account(3))};
  actions[0].item = &put_item;
  actions[1].condition = &missing;
  actions[2].condition = &missing;
  actions[3].item = &bad_item;
  const TransactionOutcome outcome = engine_->transact_write(actions);
  EXPECT_TRUE(outcome.cancelled());
  EXPECT_TRUE(outcome.outcomes.empty());
  ASSERT_EQ(outcome.reasons.size(), 4U);
  EXPECT_EQ(outcome.reasons[0].code, CancellationCode::kNone);
  EXPECT_EQ(outcome.reasons[1].code, CancellationCode::kConditionalCheckFailed);
  EXPECT_EQ(outcome.reasons[1].item_json, R"({"pk":{"S":"a1"},"sk":{"S":"s"},"v":{"S":"x"}})");
  EXPECT_EQ(outcome.reasons[2].code, CancellationCode::kNone);
  EXPECT_EQ(outcome.reasons[3].code, CancellationCode::kValidationError);
  EXPECT_EQ(outcome.reasons[3].message,
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N "
            "IndexName: gsi");
  EXPECT_EQ(get(*engine_, table_, account(0)), "");
  EXPECT_NE(get(*engine_, table_, account(1)), "");
}

TEST_F(Transactions, EmptyIndexKeysAndRepeatedItemsAreRefusedBeforehand) {
  const auto empty_key = item(R"({"pk":{"S":"a0"},"sk":{"S":"s"},"g":{"S":""}})");
  std::array<WriteAction, 1> one = {action(WriteKind::kPut, account(0))};
  one[0].item = &empty_key;
  EXPECT_EQ(error_of([&] { engine_->transact_write(one); }).type, "ValidationException");

  const std::array<WriteAction, 2> twice = {action(WriteKind::kDelete, account(0)),
                                            action(WriteKind::kUpdate, account(0))};
  EXPECT_EQ(error_of([&] { engine_->transact_write(twice); }).message,
            "Transaction request cannot include multiple operations on one item");
}

TEST_F(Transactions, EveryItemIsCountedAlsoWhereSeveralShareALockStripe) {
  // 100 items and 256 stripes: some share a stripe and with it a row of counters.
  constexpr int kItems = 100;
  std::vector<json::EncodedItem> items;
  for (int i = 0; i < kItems; ++i) {
    items.push_back(item(R"({"pk":{"S":"a)" + std::to_string(i) + R"("},"sk":{"S":"s"},"g":{"S":"g"}})"));
  }
  std::vector<WriteAction> actions;
  for (int i = 0; i < kItems; ++i) {
    actions.push_back(action(WriteKind::kPut, account(i)));
    actions.back().item = &items[static_cast<std::size_t>(i)];
  }
  engine_->transact_write(actions);
  EXPECT_EQ(engine_->counts(*table_).table.items, 100U);
  EXPECT_EQ(engine_->counts(*table_).indexes.at(0).items, 100U);
  for (int i = 0; i < kItems; ++i) {
    actions[static_cast<std::size_t>(i)] = action(WriteKind::kDelete, account(i));
  }
  engine_->transact_write(actions);
  EXPECT_EQ(engine_->counts(*table_).table.items, 0U);
  EXPECT_EQ(engine_->counts(*table_).table.size_bytes, 0U);
  EXPECT_EQ(engine_->counts(*table_).indexes.at(0).size_bytes, 0U);
}

TEST_F(Transactions, TransfersUnderContentionNeitherMakeNorLoseMoney) {
  constexpr int kAccounts = 5;
  constexpr std::int64_t kStart = 100;
  for (int i = 0; i < kAccounts; ++i) {
    put(*engine_, table_, R"({"pk":{"S":"a)" + std::to_string(i) + R"("},"sk":{"S":"s"},"m":{"N":"100"}})");
  }
  const auto total = [&] {
    std::vector<Engine::ReadAction> reads;
    for (int i = 0; i < kAccounts; ++i) reads.push_back({table_, key_of(*table_, account(i))});
    std::int64_t sum = 0;
    for (const Engine::ReadOutcome& outcome : engine_->transact_get(reads)) {
      std::int64_t money = 0;
      const json::Item parsed(outcome.json);
      EXPECT_TRUE(parsed.find("m")->get_if<core::Number>()->to_int64(money));
      EXPECT_GE(money, 0);
      sum += money;
    }
    return sum;
  };
  std::atomic<bool> stop = false;
  std::atomic<int> transferred = 0;
  std::atomic<int> reads = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int n = 0; n < 300 || reads < 100; ++n) {
        const int from = std::uniform_int_distribution<int>(0, kAccounts - 1)(random);
        const int to = (from + std::uniform_int_distribution<int>(1, kAccounts - 1)(random)) % kAccounts;
        const std::string amount = R"({":x":{"N":")" + std::to_string(1 + n % 40) + "\"}}";
        const auto take = update("SET m = m - :x", amount);
        const auto give = update("SET m = m + :x", amount);
        const auto enough = condition("m >= :x", amount);
        std::array<WriteAction, 2> actions = {action(WriteKind::kUpdate, account(from)),
                                              action(WriteKind::kUpdate, account(to))};
        actions[0].update = &take;
        actions[0].condition = &enough;
        actions[1].update = &give;
        if (!engine_->transact_write(actions).cancelled()) ++transferred;
      }
    });
  }
  std::thread reader([&] {
    // Wrong totals count as reads too: the transfers continue until there were enough reads.
    for (; !stop; ++reads) EXPECT_EQ(total(), kAccounts * kStart);
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  reader.join();
  EXPECT_GT(transferred, 0);
  EXPECT_EQ(total(), kAccounts * kStart);
}

TEST_F(Transactions, ConcurrentUpdatesOfOneItemAreNotLost) {
  const auto add = update("ADD n :one", R"({":one":{"N":"1"}})");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) change(*engine_, table_, account(0), add);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(get(*engine_, table_, account(0)).find(R"("n":{"N":"1000"})"), std::string::npos);
}

}  // namespace
}  // namespace stator::engine
