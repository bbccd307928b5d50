#include "engine/snapshots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/support.h"

namespace stator::engine {
namespace {

/// Runs on disk and in memory.
class SavedState : public testing::TestWithParam<bool> {
 protected:
  SavedState() { open(); }
  void open() {
    engine_.reset();
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.clock = &clock_;
    engine_ = Engine::open(options);
  }
  void make(const std::string& name) {
    engine_->create_table(make_table(name, {make_index("by-n", true, {{key_attribute("n")}, {}})}));
  }
  void put_item(const std::string& table, const std::string& key, const std::string& n) {
    put(*engine_, engine_->usable_table(table),
        R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"},"n":{"S":")" + n + R"("}})");
  }
  std::string n_of(const std::string& table, const std::string& key) {
    const TablePtr found = engine_->usable_table(table);
    std::string json;
    std::size_t size_bytes = 0;
    engine_->get_item(*found, key_of(*found, R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"}})"), json, size_bytes);
    return json.empty() ? "(absent)" : json;
  }
  std::uint64_t indexed(const std::string& table) {
    const TablePtr found = engine_->usable_table(table);
    PageRequest page;
    page.table = found;
    page.index = &found->indexes.front();
    return engine_->read_page(page, [](std::string_view) {}).count;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Places, SavedState, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(SavedState, BringsBackTablesItemsIndexesAndCounters) {
  make("things");
  put_item("things", "a", "1");
  put_item("things", "b", "1");
  const std::string saved = n_of("things", "a");
  engine_->save_snapshot("before");
  for (int round = 0; round < 3; ++round) {
    put_item("things", "a", "2");
    put_item("things", "c", "3");
    make("others");
    EXPECT_EQ(indexed("things"), 3U);
    engine_->restore_snapshot("before");
    EXPECT_EQ(n_of("things", "a"), saved);
    EXPECT_EQ(n_of("things", "c"), "(absent)");
    EXPECT_EQ(indexed("things"), 2U);
    EXPECT_EQ(engine_->counts(*engine_->usable_table("things")).table.items, 2U);
    EXPECT_EQ(engine_->find_table("others"), nullptr);
  }
  if (!GetParam()) return;
  put_item("things", "d", "4");
  open();
  EXPECT_NE(n_of("things", "d"), "(absent)");
  ASSERT_EQ(engine_->snapshots().list().size(), 1U) << "they outlive the process";
  engine_->restore_snapshot("before");
  EXPECT_EQ(n_of("things", "d"), "(absent)");
}

TEST_P(SavedState, IsReplacedListedAndDroppedByName) {
  make("things");
  put_item("things", "a", "1");
  engine_->save_snapshot("two");
  engine_->save_snapshot("one");
  put_item("things", "a", "2");
  engine_->save_snapshot("two");
  const std::vector<SnapshotInfo> saved = engine_->snapshots().list();
  ASSERT_EQ(saved.size(), 2U);
  EXPECT_EQ(saved[0].name, "one");
  EXPECT_EQ(saved[1].name, "two");
  EXPECT_GT(saved[0].saved_ms, 1'600'000'000'000) << "a time of this century";
  const std::string second = n_of("things", "a");
  engine_->restore_snapshot("one");
  EXPECT_NE(n_of("things", "a"), second);
  engine_->restore_snapshot("two");
  EXPECT_EQ(n_of("things", "a"), second);
  engine_->drop_snapshot("two");
  EXPECT_EQ(engine_->snapshots().list().size(), 1U);
  EXPECT_THROW(engine_->restore_snapshot("two"), core::ApiError);
  EXPECT_THROW(engine_->drop_snapshot("two"), core::ApiError);
  EXPECT_EQ(n_of("things", "a"), second) << "what was restored needs the snapshot no more";
}

TEST_P(SavedState, HasANameThatIsNoPath) {
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "../a", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_THROW(engine_->save_snapshot(name), core::ApiError) << name;
    EXPECT_THROW(engine_->restore_snapshot(name), core::ApiError) << name;
    EXPECT_THROW(engine_->drop_snapshot(name), core::ApiError) << name;
  }
  EXPECT_THROW(engine_->save_snapshot(std::string(65, 'a')), core::ApiError);
  engine_->save_snapshot(std::string(64, 'a'));
  engine_->save_snapshot("A-z_0.9");
  EXPECT_EQ(engine_->snapshots().list().size(), 2U);
}

TEST_P(SavedState, WhatIsNoSnapshotIsNeitherFoundNorInTheWay) {
  if (!GetParam()) GTEST_SKIP() << "in memory there is nothing else";
  make("things");
  engine_->save_snapshot("real");
  const std::filesystem::path folder = directory_.path() / "data" / "snapshots";
  std::ofstream(folder / "file") << "x";
  std::filesystem::create_directory(folder / "empty");
  std::filesystem::create_directory_symlink("real", folder / "link");
  EXPECT_EQ(engine_->snapshots().list().size(), 1U);
  for (const char* name : {"file", "empty", "link"}) {
    EXPECT_THROW(engine_->restore_snapshot(name), core::ApiError) << name;
    EXPECT_THROW(engine_->drop_snapshot(name), core::ApiError) << name;
    engine_->save_snapshot(name);
    engine_->restore_snapshot(name);
    engine_->drop_snapshot(name);
  }
  EXPECT_EQ(engine_->snapshots().list().size(), 1U);
  engine_->restore_snapshot("real");
}

TEST_P(SavedState, WhatAKillLeftOfOthersIsRemovedByTheNextStart) {
  if (!GetParam()) GTEST_SKIP() << "in memory a kill leaves nothing";
  make("things");
  engine_->save_snapshot("real");
  const std::filesystem::path folder = directory_.path() / "data" / "snapshots";
  for (const char* name : {".unfinished", ".settled", ".deleted-real", ".deleted-other"}) {
    std::filesystem::copy(folder / "real", folder / name, std::filesystem::copy_options::recursive);
  }
  std::filesystem::remove(folder / ".deleted-other" / "STATOR");
  std::filesystem::create_directory(folder / ".notes");
  std::filesystem::create_directory(folder / "notes");
  open();
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) left.push_back(entry.path().filename());
  std::ranges::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{".notes", "notes", "real"})) << "no more and no less than what is its own";
  engine_->drop_snapshot("real");
  EXPECT_FALSE(std::filesystem::exists(folder / "real"));
  EXPECT_FALSE(std::filesystem::exists(folder / ".deleted-real"));
}

TEST_P(SavedState, ResetGoesToTheStartOrToNothing) {
  make("things");
  put_item("things", "a", "1");
  engine_->reset();
  EXPECT_EQ(engine_->find_table("things"), nullptr);
  make("things");
  put_item("things", "seeded", "1");
  engine_->save_snapshot(Engine::kStartSnapshot);
  put_item("things", "b", "1");
  engine_->reset();
  EXPECT_NE(n_of("things", "seeded"), "(absent)");
  EXPECT_EQ(n_of("things", "b"), "(absent)");
}

TEST_P(SavedState, PausesOfJobsOutliveARestore) {
  engine_->save_snapshot("a");
  engine_->pause_jobs();
  engine_->restore_snapshot("a");
  make("things");
  engine_->annotate_table("things", [](Table& changed) { changed.ttl_attribute = "n"; });
  EXPECT_FALSE(engine_->run_due_jobs(std::chrono::milliseconds(20))) << "the job of the table's times to live";
  engine_->resume_jobs();
  EXPECT_TRUE(engine_->run_due_jobs(std::chrono::seconds(10)));
}

/// Callers on other threads see one state or the other, never a mixture.
TEST_P(SavedState, IsRestoredUnderLoadWithoutMixingStates) {
  make("things");
  put_item("things", "a", "saved");
  put_item("things", "b", "saved");
  engine_->save_snapshot("s");
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; !stop; ++round) {
        const GatePass pass(engine_->gate());
        const TablePtr table = engine_->find_table("things");
        if (table == nullptr) {
          ++wrong;
          continue;
        }
        const std::string own = "own" + std::to_string(i);
        put_item("things", own, std::to_string(round));
        if (n_of("things", own).find('"' + std::to_string(round) + '"') == std::string::npos) ++wrong;
        if (n_of("things", "a") == "(absent)") ++wrong;
      }
    });
  }
  for (int round = 0; round < 20; ++round) engine_->restore_snapshot("s");
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  engine_->restore_snapshot("s");
  EXPECT_EQ(n_of("things", "own0"), "(absent)");
  EXPECT_EQ(engine_->counts(*engine_->usable_table("things")).table.items, 2U);
}

TEST(MovedClock, DoesAtOnceWhatIsDue) {
  ManualClock clock;
  Options options;
  options.clock = &clock;
  options.expiry_period_ms = 3'600'000;
  const auto engine = Engine::open(options);
  Table table = make_table("things");
  engine->create_table(table);
  engine->annotate_table("things", [](Table& changed) { changed.ttl_attribute = "ttl"; });
  const std::int64_t expires = clock.now_ms() / 1000 + 60;
  const std::string key = R"({"pk":{"S":"a"},"sk":{"S":"s"})";
  put(*engine, engine->usable_table("things"), key + R"(,"ttl":{"N":")" + std::to_string(expires) + R"("}})");
  ASSERT_TRUE(engine->run_due_jobs(std::chrono::seconds(10)));
  EXPECT_EQ(engine->counts(*engine->usable_table("things")).table.items, 1U);
  clock.advance(59'000);
  ASSERT_TRUE(engine->run_due_jobs(std::chrono::seconds(10)));
  EXPECT_EQ(engine->counts(*engine->usable_table("things")).table.items, 1U);
  clock.advance(2'000);
  ASSERT_TRUE(engine->run_due_jobs(std::chrono::seconds(10)));
  EXPECT_EQ(engine->counts(*engine->usable_table("things")).table.items, 0U);
  engine->pause_jobs();
  EXPECT_FALSE(engine->run_due_jobs(std::chrono::milliseconds(20))) << "paused jobs do nothing";
  engine->resume_jobs();
}

}  // namespace
}  // namespace stator::engine
