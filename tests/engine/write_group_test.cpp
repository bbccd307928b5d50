#include "engine/write_group.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "engine/support.h"
#include "store/store.h"
#include "support/faulty_file_system.h"

/// Writes of several callers in one batch.
namespace stator::engine {
namespace {

using testing::FaultyFileSystem;

class WritesInAGroup : public ::testing::Test {
 protected:
  WritesInAGroup() {
    Options options;
    options.directory = directory_.path() / "data";
    options.sync = true;
    options.resources.file_system = files_;
    engine_ = Engine::open(options);
    Table table = make_table("things", {make_index("by-n", true, {{key_attribute("n")}, {}})});
    engine_->create_table(std::move(table));
    table_ = engine_->usable_table("things");
  }
  [[nodiscard]] static std::string wire(const std::string& pk, const std::string& n) {
    return R"({"pk":{"S":")" + pk + R"("},"sk":{"S":"s"},"n":{"S":")" + n + R"("}})";
  }
  [[nodiscard]] static std::string key(const std::string& pk) {
    return R"({"pk":{"S":")" + pk + R"("},"sk":{"S":"s"}})";
  }
  bool is_there(const std::string& pk) { return !get(*engine_, table_, key(pk)).empty(); }
  /// Whether another thread sees the item.
  bool others_see(const std::string& pk) {
    return std::async(std::launch::async, [&] { return is_there(pk); }).get();
  }

  TemporaryDirectory directory_;
  std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
};

TEST_F(WritesInAGroup, AreSeenWhenTheyAreStored) {
  put(*engine_, table_, wire("old", "1"));
  const auto group = engine_->begin_write_group();
  EXPECT_FALSE(put(*engine_, table_, wire("a", "1")).existed);
  const WriteOutcome second = put(*engine_, table_, wire("old", "2"));
  EXPECT_TRUE(second.existed);
  EXPECT_EQ(second.old_json, item(wire("old", "1")).json);
  EXPECT_TRUE(remove(*engine_, table_, key("none")).old_json.empty());
  EXPECT_EQ(group->count(), 2U) << "the third writes nothing";
  EXPECT_FALSE(others_see("a"));
  const std::uint64_t operations = files_->operations();
  group->commit();
  EXPECT_EQ(files_->operations() - operations, 2U) << "one append to the log, one sync";
  EXPECT_TRUE(is_there("a"));
  EXPECT_EQ(get(*engine_, table_, key("old")), item(wire("old", "2")).json);
  EXPECT_EQ(engine_->counts(*table_).table.items, 2U);
  EXPECT_EQ(read_all(*engine_, scan(table_, "by-n")).size(), 2U);
}

TEST_F(WritesInAGroup, WhatFailsLeavesNothingOfItself) {
  const expression::Condition absent = condition("attribute_not_exists(pk)");
  const expression::Update wrong = update("SET n = m");
  put(*engine_, table_, wire("old", "1"));
  const auto group = engine_->begin_write_group();
  EXPECT_TRUE(put(*engine_, table_, wire("old", "2"), &absent).condition_failed);
  EXPECT_FALSE(put(*engine_, table_, wire("new", "2"), &absent).condition_failed);
  EXPECT_THROW(change(*engine_, table_, key("other"), wrong), core::ApiError);
  EXPECT_THROW(put(*engine_, table_, R"({"pk":{"S":"wrong"},"sk":{"S":"s"},"n":{"N":"1"}})"), core::ApiError);
  EXPECT_EQ(group->count(), 1U);
  group->commit();
  EXPECT_EQ(read_all(*engine_, scan(table_)).size(), 2U);
  EXPECT_EQ(engine_->counts(*table_).table.items, 2U);
  EXPECT_EQ(get(*engine_, table_, key("old")), item(wire("old", "1")).json);
}

TEST_F(WritesInAGroup, NothingWaitsForWhatItHolds) {
  auto group = engine_->begin_write_group();
  put(*engine_, table_, wire("a", "1"));
  EXPECT_THROW(put(*engine_, table_, wire("a", "2")), WouldWait) << "it would have to see the first";
  EXPECT_EQ(group->count(), 1U);
  // Another thread's write of the same item waits for the commit.
  auto other = std::async(std::launch::async, [&] { return put(*engine_, table_, wire("a", "3")).old_json; });
  EXPECT_EQ(other.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  group->commit();
  EXPECT_EQ(other.get(), item(wire("a", "1")).json);
  // A thread that holds a lock does not wait for another one.
  std::promise<void> holds;
  std::promise<void> may_end;
  std::thread holder([&] {
    const auto theirs = engine_->begin_write_group();
    put(*engine_, table_, wire("b", "1"));
    holds.set_value();
    may_end.get_future().wait();
    theirs->commit();
  });
  holds.get_future().wait();
  group = engine_->begin_write_group();
  put(*engine_, table_, wire("c", "1"));
  EXPECT_THROW(put(*engine_, table_, wire("b", "2")), WouldWait);
  EXPECT_EQ(group->count(), 1U);
  may_end.set_value();
  holder.join();
  group->commit();
  EXPECT_EQ(put(*engine_, table_, wire("b", "2")).old_json, item(wire("b", "1")).json)
      << "after the commit the thread writes at once";
  EXPECT_TRUE(others_see("b"));
}

TEST_F(WritesInAGroup, TheFirstWaitsForItsLock) {
  auto theirs = engine_->begin_write_group();
  put(*engine_, table_, wire("a", "1"));
  auto other = std::async(std::launch::async, [&] {
    const auto group = engine_->begin_write_group();
    const std::string old = put(*engine_, table_, wire("a", "2")).old_json;
    group->commit();
    return old;
  });
  EXPECT_EQ(other.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  theirs->commit();
  EXPECT_EQ(other.get(), item(wire("a", "1")).json);
}

TEST_F(WritesInAGroup, AreFullAtSomeMegabytes) {
  const std::string large(390'000, 'x');
  const auto group = engine_->begin_write_group();
  int count = 0;
  for (; !group->is_full() && count < 100; ++count) {
    put(*engine_, table_,
        R"({"pk":{"S":"p)" + std::to_string(count) + R"("},"sk":{"S":"s"},"text":{"S":")" + large + R"("}})");
  }
  EXPECT_EQ(count, 11);
  group->commit();
  EXPECT_EQ(engine_->counts(*table_).table.items, 11U);
}

TEST_F(WritesInAGroup, WhatIsNotCommittedIsGone) {
  {
    const auto group = engine_->begin_write_group();
    put(*engine_, table_, wire("a", "1"));
  }
  EXPECT_FALSE(is_there("a"));
  EXPECT_EQ(engine_->counts(*table_).table.items, 0U);
  put(*engine_, table_, wire("a", "1"));
  EXPECT_TRUE(is_there("a"));
}

TEST_F(WritesInAGroup, ADiskThatFailsFailsAllOfThem) {
  put(*engine_, table_, wire("old", "1"));
  {
    const auto group = engine_->begin_write_group();
    put(*engine_, table_, wire("a", "1"));
    put(*engine_, table_, wire("old", "2"));
    files_->set_rule([](FaultyFileSystem::Operation operation, const std::string& path) {
      return operation == FaultyFileSystem::Operation::kSync ? rocksdb::IOStatus::IOError(path, "no")
                                                             : rocksdb::IOStatus::OK();
    });
    EXPECT_THROW(group->commit(), store::StoreError);
  }
  EXPECT_FALSE(is_there("a"));
  EXPECT_EQ(get(*engine_, table_, key("old")), item(wire("old", "1")).json);
  EXPECT_EQ(engine_->counts(*table_).table.items, 1U);
}

/// After a restart, the log may contain the writes that were refused.
TEST_F(WritesInAGroup, AWriteThatChangesNothingIsRefusedAsLongAsOthersAre) {
  put(*engine_, table_, wire("old", "1"));
  files_->set_rule([](FaultyFileSystem::Operation operation, const std::string& path) {
    return operation == FaultyFileSystem::Operation::kSync ? rocksdb::IOStatus::IOError(path, "no")
                                                           : rocksdb::IOStatus::OK();
  });
  EXPECT_THROW(put(*engine_, table_, wire("a", "1")), store::StoreError);
  EXPECT_THROW(put(*engine_, table_, wire("old", "2")), store::StoreError);
  EXPECT_THROW(remove(*engine_, table_, key("a")), store::StoreError);
  EXPECT_THROW(put(*engine_, table_, wire("old", "1")), store::StoreError);
  EXPECT_THROW(change(*engine_, table_, key("a"), update("REMOVE n")), store::StoreError);
  const auto group = engine_->begin_write_group();
  EXPECT_THROW(remove(*engine_, table_, key("a")), store::StoreError);
  EXPECT_FALSE(is_there("a"));
}

TEST_F(WritesInAGroup, ASnapshotIsRestoredBesideThem) {
  put(*engine_, table_, wire("a", "1"));
  engine_->save_snapshot("one");
  auto group = engine_->begin_write_group();
  put(*engine_, table_, wire("a", "2"));
  auto restored = std::async(std::launch::async, [&] { engine_->restore_snapshot("one"); });
  EXPECT_EQ(restored.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout) << "it waits for them";
  group->commit();
  group.reset();
  restored.get();
  table_ = engine_->usable_table("things");
  EXPECT_EQ(get(*engine_, table_, key("a")), item(wire("a", "1")).json);
}

TEST_F(WritesInAGroup, WhoTakesEachUnitForItselfIsNotPutTogether) {
  Options options;
  options.enforce_throughput = true;
  const auto engine = Engine::open(options);
  EXPECT_EQ(engine->begin_write_group(), nullptr);
}

/// Several threads increment counters, some in shared batches and some alone: no increment is lost, and the counts, the
/// index and the stream are right at the end and after a restart.
TEST_F(WritesInAGroup, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 60;
  constexpr int kKeys = 40;
  const expression::Update raise = update("ADD c :one", R"({":one":{"N":"1"}})");
  std::mutex mutex;
  std::vector<int> raised(kKeys);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      std::minstd_rand random(static_cast<unsigned>(number + 1));
      for (int round = 0; round < kRounds; ++round) {
        std::vector<int> done;
        std::vector<int> again;
        const auto raise_one = [&](int chosen) {
          change(*engine_, table_, key("k" + std::to_string(chosen)), raise);
          done.push_back(chosen);
        };
        {
          const auto group = engine_->begin_write_group();
          for (int i = 0; i < 8; ++i) {
            const int chosen = static_cast<int>(random() % kKeys);
            try {
              raise_one(chosen);
            } catch (const WouldWait&) {
              again.push_back(chosen);
            }
          }
          group->commit();
        }
        for (const int chosen : again) raise_one(chosen);
        const std::lock_guard<std::mutex> lock(mutex);
        for (const int chosen : done) ++raised[static_cast<std::size_t>(chosen)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto check = [&] {
    int total = 0;
    std::size_t items = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::string json = get(*engine_, table_, key("k" + std::to_string(i)));
      const int expected = raised[static_cast<std::size_t>(i)];
      total += expected;
      if (expected == 0) continue;
      ++items;
      EXPECT_NE(json.find(R"("c":{"N":")" + std::to_string(expected) + "\""), std::string::npos) << json;
    }
    EXPECT_EQ(total, kThreads * kRounds * 8);
    EXPECT_EQ(engine_->counts(*table_).table.items, items);
  };
  check();
  engine_.reset();
  Options options;
  options.directory = directory_.path() / "data";
  engine_ = Engine::open(options);
  table_ = engine_->usable_table("things");
  check();
}

}  // namespace
}  // namespace stator::engine
