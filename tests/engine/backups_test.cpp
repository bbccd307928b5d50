#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "engine/check.h"
#include "engine/repair.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

Table indexed_table(std::string name) {
  return make_table(std::move(name), {make_index("byG", true, {{key_attribute("g")}, {}}),
                                      make_index("byL", false, {{key_attribute("pk")}, {key_attribute("l")}})});
}

std::string numbered_item(int i) {
  return "{\"pk\":" + s("p" + std::to_string(i % 97)) + ",\"sk\":" + s(std::to_string(i)) +
         ",\"g\":" + s("g" + std::to_string(i % 5)) + ",\"l\":" + s(std::to_string(i % 7)) +
         ",\"v\":" + s(std::string(200, 'v')) + "}";
}

/// The table to restore, without overrides.
Table target_of(const BackupPtr& backup, std::string name) {
  Table table;
  table.name = std::move(name);
  table.key_schema = backup->table.key_schema;
  for (const Index& index : backup->table.indexes) {
    table.indexes.push_back(
        make_index(index.name, index.global, index.key_schema, index.projection, index.non_key_attributes));
  }
  return table;
}

TablePtr restore(Engine& engine, const BackupPtr& backup, const std::string& name) {
  engine.restore_backup(backup->id, backup->id, target_of(backup, name));
  if (!wait_until([&] { return engine.find_table(name)->status == TableStatus::kActive; })) return nullptr;
  return engine.find_table(name);
}

/// Expects equal items, index entries and counts in two tables.
void expect_equal(Engine& engine, const TablePtr& one, const TablePtr& other) {
  EXPECT_EQ(read_all(engine, scan(one)), read_all(engine, scan(other)));
  const TableCounts counts = engine.counts(*one);
  const TableCounts other_counts = engine.counts(*other);
  EXPECT_EQ(counts.table.items, other_counts.table.items);
  EXPECT_EQ(counts.table.size_bytes, other_counts.table.size_bytes);
  for (std::size_t i = 0; i < one->indexes.size(); ++i) {
    EXPECT_EQ(read_all(engine, scan(one, one->indexes[i].name)), read_all(engine, scan(other, one->indexes[i].name)));
    EXPECT_EQ(counts.indexes[i].items, other_counts.indexes[i].items);
    EXPECT_EQ(counts.indexes[i].size_bytes, other_counts.indexes[i].size_bytes);
  }
}

/// Runs on disk and in memory.
class EngineBackups : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] fs::path place() const { return GetParam() ? directory_.path() / "data" : fs::path(); }
  TemporaryDirectory directory_;
};
INSTANTIATE_TEST_SUITE_P(Places, EngineBackups, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(EngineBackups, ARestoredTableIsEqualToTheByte) {
  const auto engine = open(place());
  const TablePtr table = engine->create_table(indexed_table("tab"));
  engine->create_table(make_table("other"));
  for (int i = 0; i < 3000; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
  put(*engine, engine->find_table("other"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  const BackupPtr backup = engine->create_backup("tab", "first");
  EXPECT_EQ(backup->counts.items, 3000U);
  const TablePtr restored = restore(*engine, backup, "again");
  ASSERT_NE(restored, nullptr);
  expect_equal(*engine, engine->find_table("tab"), restored);
  EXPECT_NE(restored->space, table->space);
  EXPECT_NE(restored->id, table->id);
}

/// As the clock stands still, the second backup of a name is made at the same time, and so gets the same place.
TEST_P(EngineBackups, AreThoseOfTheSnapshotThatWasRestored) {
  const ManualClock clock;
  const auto engine = open(place(), &clock);
  engine->create_table(make_table("tab"));
  const BackupPtr kept = engine->create_backup("tab", "kept");
  const BackupPtr deleted = engine->create_backup("tab", "deleted");
  engine->save_snapshot("before");
  const BackupPtr later = engine->create_backup("tab", "later");
  engine->delete_backup(deleted->id, deleted->id);
  engine->restore_snapshot("before");
  const auto ids = [&] {
    std::set<std::string> found;
    for (const BackupPtr& backup : engine->list_backups()) found.insert(backup->id);
    return found;
  };
  EXPECT_EQ(ids(), std::set<std::string>{kept->id});
  const BackupPtr again = engine->create_backup("tab", "later");
  EXPECT_EQ(ids(), (std::set<std::string>{kept->id, again->id}));
  ASSERT_NE(restore(*engine, again, "again"), nullptr);
}

/// Each transaction moves one from one item to another; a checkpoint in the middle of one would break the sum.
TEST_P(EngineBackups, ACutIsConsistentWhileWritersGoOn) {
  const auto engine = open(place());
  const TablePtr table = engine->create_table(make_table("tab"));
  constexpr int kAccounts = 16;
  const auto account = [](int i) { return "{\"pk\":" + s(std::to_string(i)) + ",\"sk\":{\"S\":\"x\"}"; };
  for (int i = 0; i < kAccounts; ++i) put(*engine, engine->find_table("tab"), account(i) + ",\"n\":{\"N\":\"100\"}}");
  std::atomic<bool> stop = false;
  const auto write = [&](int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    const expression::Update less = update("ADD n :v", R"({":v":{"N":"-1"}})");
    const expression::Update more = update("ADD n :v", R"({":v":{"N":"1"}})");
    while (!stop) {
      const int from = static_cast<int>(random() % kAccounts);
      const int to = (from + 1 + static_cast<int>(random() % (kAccounts - 1))) % kAccounts;
      std::vector<WriteAction> actions(2);
      for (WriteAction& action : actions) {
        action.kind = WriteKind::kUpdate;
        action.table = engine->find_table("tab");
      }
      actions[0].key = key_of(*table, account(from) + "}");
      actions[0].update = &less;
      actions[1].key = key_of(*table, account(to) + "}");
      actions[1].update = &more;
      engine->transact_write(actions);
    }
  };
  std::thread one(write, 1);
  std::thread two(write, 2);
  std::vector<BackupPtr> backups;
  for (int i = 0; i < 4; ++i) backups.push_back(engine->create_backup("tab", "cut"));
  stop = true;
  one.join();
  two.join();
  for (const BackupPtr& backup : backups) {
    const TablePtr restored = restore(*engine, backup, "r" + backup->id);
    ASSERT_NE(restored, nullptr);
    long sum = 0;
    for (const std::string& json : read_all(*engine, scan(restored))) {
      const json::Item item(json);
      sum += std::stol(item.find("n")->get_if<core::Number>()->to_string());
    }
    EXPECT_EQ(sum, 100L * kAccounts);
  }
}

TEST_P(EngineBackups, AnIndexThatIsBeingBuiltIsBuiltAgain) {
  Options options;
  options.directory = place();
  const auto engine = Engine::open(options);
  engine->create_table(make_table("tab"));
  for (int i = 0; i < 2000; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
  engine->pause_jobs();
  engine->update_table("tab", [](Table& table) {
    table.indexes.push_back(make_index("byG", true, {{key_attribute("g")}, {}}));
  });
  const BackupPtr backup = engine->create_backup("tab", "half");
  engine->resume_jobs();
  const TablePtr restored = restore(*engine, backup, "again");
  ASSERT_NE(restored, nullptr);
  ASSERT_TRUE(wait_until([&] { return engine->find_table("tab")->status == TableStatus::kActive; }));
  expect_equal(*engine, engine->find_table("tab"), restored);
}

class DiskBackups : public testing::Test {
 protected:
  [[nodiscard]] fs::path data() const { return directory_.path() / "data"; }
  [[nodiscard]] std::set<std::string> cuts() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(data() / "backups")) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  TemporaryDirectory directory_;
};

TEST_F(DiskBackups, AreThereAfterARestart) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(indexed_table("tab"));
    for (int i = 0; i < 500; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
    id = engine->create_backup("tab", "first")->id;
    engine->create_backup("tab", "second");
    engine->delete_backup(engine->list_backups().back()->id, "arn");
    engine->delete_table("tab");
  }
  const auto engine = open(data());
  ASSERT_EQ(engine->list_backups().size(), 1U);
  const BackupPtr backup = engine->find_backup(id);
  ASSERT_NE(backup, nullptr);
  EXPECT_EQ(backup->name, "first");
  EXPECT_EQ(backup->counts.items, 500U);
  EXPECT_EQ(backup->table.indexes.size(), 2U);
  const TablePtr restored = restore(*engine, backup, "tab");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(read_all(*engine, scan(restored)).size(), 500U);
  EXPECT_EQ(read_all(*engine, scan(restored, "byG")).size(), 500U);
}

/// The engine is stopped again and again during the restore.
TEST_F(DiskBackups, ARestoreGoesOnAfterARestart) {
  constexpr int kItems = 30'000;
  {
    const auto engine = open(data());
    engine->create_table(indexed_table("tab"));
    for (int i = 0; i < kItems; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
    const BackupPtr backup = engine->create_backup("tab", "first");
    engine->pause_jobs();
    engine->restore_backup(backup->id, "arn", target_of(backup, "again"));
  }
  int restarts = 0;
  for (bool done = false; !done; ++restarts) {
    const auto engine = open(data());
    ASSERT_TRUE(wait_until([&] {
      done = engine->find_table("again")->status == TableStatus::kActive;
      for (const JobInfo& job : engine->jobs()) {
        if (job.table == "again" && job.progress.items_read > 3000) return true;
      }
      return done;
    }));
    engine->pause_jobs();
    done = engine->find_table("again")->status == TableStatus::kActive;
    if (!done) {
      EXPECT_EQ(error_of([&] { (void)engine->usable_table("again"); }).type, core::ErrorCode::kResourceNotFound);
      EXPECT_EQ(error_of([&] { engine->delete_backup(engine->list_backups().front()->id, "arn"); }).type,
                core::ErrorCode::kBackupInUse);
    }
  }
  EXPECT_GT(restarts, 2);
  const auto engine = open(data());
  expect_equal(*engine, engine->find_table("tab"), engine->find_table("again"));
  EXPECT_EQ(engine->counts(*engine->find_table("again")).table.items, static_cast<std::uint64_t>(kItems));
}

TEST_F(DiskBackups, WhatAKillLeftIsClearedAway) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(make_table("tab"));
    id = engine->create_backup("tab", "first")->id;
    engine->create_backup("tab", "second");
  }
  // Adds a checkpoint without a catalog row and an incomplete checkpoint; both real backups must stay.
  fs::copy(data() / "backups" / id, data() / "backups" / "00000000000001-00000000", fs::copy_options::recursive);
  fs::create_directories(data() / "backups" / "00000000000002-00000000" / "store.tmp");
  const auto engine = open(data());
  EXPECT_EQ(cuts().size(), 2U);
  EXPECT_EQ(engine->list_backups().size(), 2U);
}

TEST_F(DiskBackups, ARepairTakesThemAndTheSnapshotsAlong) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(indexed_table("tab"));
    for (int i = 0; i < 500; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
    id = engine->create_backup("tab", "first")->id;
    engine->save_snapshot("before");
    engine->delete_table("tab");
  }
  const fs::path repaired = directory_.path() / "repaired";
  const RepairReport report = repair_directory(data(), repaired);
  EXPECT_FALSE(report.lost_anything());
  EXPECT_EQ(report.lines, std::vector<std::string>());
  fs::remove_all(data());
  const auto engine = open(repaired);
  const BackupPtr backup = engine->find_backup(id);
  ASSERT_NE(backup, nullptr);
  const TablePtr restored = restore(*engine, backup, "again");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(read_all(*engine, scan(restored, "byG")).size(), 500U);
  engine->restore_snapshot("before");
  EXPECT_EQ(read_all(*engine, scan(engine->usable_table("tab"))).size(), 500U);
}

TEST_F(DiskBackups, ACheckReadsThemAndTheSnapshots) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(indexed_table("tab"));
    engine->create_table(make_table("other"));
    for (int i = 0; i < 500; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
    id = engine->create_backup("tab", "first")->id;
    engine->save_snapshot("before");
    engine->delete_table("tab");
  }
  const std::string backup = "backup " + id + " of table tab";
  CheckReport report = check_directory(data());
  EXPECT_TRUE(report.is_sound()) << report.problems.at(0);
  ASSERT_EQ(report.checkpoints.size(), 2U);
  EXPECT_EQ(report.checkpoints[0].what, backup);
  ASSERT_EQ(report.checkpoints[0].tables.size(), 1U);
  EXPECT_EQ(report.checkpoints[0].tables[0].items, 500U);
  EXPECT_EQ(report.checkpoints[1].what, "snapshot before");
  EXPECT_EQ(report.checkpoints[1].tables.size(), 2U);

  std::vector<std::string> found;
  const auto check = [&] {
    report = check_directory(data());
    EXPECT_EQ(report.checkpoint_problem_count, report.problem_count) << "the directory itself is sound";
    found = report.problems;
  };
  // Damages a block of each table in a copy, as the checkpoint's file is a hard link to the store's own.
  for (const fs::path& folder : {data() / "backups" / id, data() / "snapshots" / "before"}) {
    for (const auto& entry : fs::directory_iterator(folder / "store")) {
      if (entry.path().extension() != ".sst") continue;
      fs::copy_file(entry.path(), directory_.path() / "copy", fs::copy_options::overwrite_existing);
      fs::remove(entry.path());
      fs::copy_file(directory_.path() / "copy", entry.path());
      std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary).seekp(200) << "damage";
    }
  }
  check();
  EXPECT_TRUE(std::ranges::any_of(found, [&](const std::string& line) { return line.starts_with(backup + ": "); }));
  EXPECT_TRUE(
      std::ranges::any_of(found, [](const std::string& line) { return line.starts_with("snapshot before: "); }));

  fs::remove_all(data() / "snapshots" / "before");
  fs::remove(data() / "backups" / id / "STATOR");
  check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with(backup + ": ")) << found[0];
  fs::remove_all(data() / "backups" / id);
  check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with(backup + ": ")) << found[0];
}

TEST_F(DiskBackups, ARepairNamesThoseThatAreLost) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(make_table("tab"));
    id = engine->create_backup("tab", "first")->id;
  }
  fs::remove(data() / "backups" / id / "STATOR");
  const RepairReport report = repair_directory(data(), directory_.path() / "repaired");
  EXPECT_TRUE(report.lost_anything());
  ASSERT_EQ(report.lines.size(), 1U);
  EXPECT_TRUE(report.lines[0].starts_with("backup " + id + " is lost: ")) << report.lines[0];
}

TEST_F(DiskBackups, ARepairLeavesOutATableThatIsBeingRestored) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(indexed_table("tab"));
    for (int i = 0; i < 10'000; ++i) put(*engine, engine->find_table("tab"), numbered_item(i));
    const BackupPtr backup = engine->create_backup("tab", "first");
    id = backup->id;
    engine->restore_backup(id, "arn", target_of(backup, "again"));
    ASSERT_TRUE(wait_until([&] {
      for (const JobInfo& job : engine->jobs()) {
        if (job.table == "again" && job.progress.items_read > 0) return true;
      }
      return false;
    }));
    engine->pause_jobs();
    ASSERT_TRUE(engine->find_table("again")->restore);
  }
  const fs::path repaired = directory_.path() / "repaired";
  const RepairReport report = repair_directory(data(), repaired);
  EXPECT_EQ(report.lines,
            std::vector<std::string>{"table again was being restored and is left out; restore it once more"});
  EXPECT_TRUE(report.lost_anything());
  EXPECT_TRUE(check_directory(repaired).is_sound());
  const auto engine = open(repaired);
  EXPECT_EQ(engine->find_table("again"), nullptr);
  const TablePtr restored = restore(*engine, engine->find_backup(id), "again");
  ASSERT_NE(restored, nullptr);
  expect_equal(*engine, engine->find_table("tab"), restored);
}

TEST_F(DiskBackups, AreKeptWhereTheirDirectoryCannotBeRead) {
  std::string id;
  {
    const auto engine = open(data());
    engine->create_table(make_table("tab"));
    id = engine->create_backup("tab", "first")->id;
  }
  fs::rename(data() / "backups", data() / "elsewhere");
  std::ofstream(data() / "backups") << "no directory";
  {
    Options options;
    options.directory = data();
    std::mutex mutex;  // any thread may log
    std::string told;
    options.log = [&](core::LogLevel, std::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex);
      told.append(line);
    };
    const auto engine = Engine::open(options);
    EXPECT_NE(engine->find_backup(id), nullptr);
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_NE(told.find("cannot be read"), std::string::npos) << told;
  }
  fs::remove(data() / "backups");
  fs::rename(data() / "elsewhere", data() / "backups");
  const auto engine = open(data());
  const BackupPtr backup = engine->find_backup(id);
  ASSERT_NE(backup, nullptr);
  EXPECT_NE(restore(*engine, backup, "again"), nullptr);
}

TEST_F(DiskBackups, ARestoreWhoseBackupWasTakenAwayFailsCleanly) {
  {
    const auto engine = open(data());
    engine->create_table(make_table("tab"));
    put(*engine, engine->find_table("tab"), numbered_item(1));
    const BackupPtr backup = engine->create_backup("tab", "first");
    engine->pause_jobs();
    engine->restore_backup(backup->id, "arn", target_of(backup, "again"));
  }
  fs::remove_all(data() / "backups");
  Options options;
  options.directory = data();
  std::mutex mutex;  // any thread may log
  std::string told;
  options.log = [&](core::LogLevel, std::string_view line) {
    const std::lock_guard<std::mutex> lock(mutex);
    told.append(line).append("\n");
  };
  auto engine = Engine::open(options);
  EXPECT_TRUE(wait_until([&] { return engine->find_table("again") == nullptr; }));
  EXPECT_TRUE(engine->list_backups().empty());
  engine.reset();
  EXPECT_NE(told.find("table again cannot be restored and is removed: "), std::string::npos) << told;
  EXPECT_NE(told.find("is missing"), std::string::npos) << told;
}

}  // namespace
}  // namespace stator::engine
