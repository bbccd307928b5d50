#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "engine/support.h"

namespace stator::engine {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

Table indexed_table(std::string name) {
  return make_table(std::move(name), {make_index("byG", true, {{key_attribute("g")}, {}})});
}

TablePtr enable(Engine& engine, const std::string& name, std::int64_t days = 35) {
  return engine.annotate_table(name, [days](Table& table) { table.recovery_days = days; });
}

/// Restores the table's state at that time to a new table.
TablePtr restore(Engine& engine, const std::string& source, std::int64_t time_ms, const std::string& name) {
  engine.restore_to_time(*engine.find_table(source), time_ms, indexed_table(name));
  if (!wait_until([&] { return engine.find_table(name)->status == TableStatus::kActive; })) return nullptr;
  return engine.find_table(name);
}

/// Items as JSON, by key.
using Model = std::map<std::pair<std::string, std::string>, std::string>;

std::vector<std::string> sorted_items(const Model& model) {
  std::vector<std::string> items;
  for (const auto& [key, json] : model) items.push_back(json);
  std::ranges::sort(items);
  return items;
}

/// Makes random puts, updates and deletes of some hundred items, and records them in a model.
class History {
 public:
  History(Engine& engine, ManualClock& clock, unsigned seed) : engine_(engine), clock_(clock), random_(seed) {}

  void change(const std::string& table_name) {
    const TablePtr table = engine_.find_table(table_name);
    const std::string pk = "p" + std::to_string(random_() % 40);
    const std::string sk = std::to_string(random_() % 20);
    const std::string key = "{\"pk\":" + s(pk) + ",\"sk\":" + s(sk);
    if (random_() % 4 == 0) {
      remove(engine_, table, key + "}");
      model_.erase({pk, sk});
      return;
    }
    std::string wire = key + ",\"n\":{\"N\":\"" + std::to_string(random_() % 1000) + "\"}";
    if (random_() % 2 == 0) wire += ",\"g\":" + s("g" + std::to_string(random_() % 5));
    if (random_() % 3 == 0) wire += ",\"v\":" + s(std::string(random_() % 300, 'v'));
    put(engine_, table, wire + "}");
    model_[{pk, sk}] = item(wire + "}").json;
  }
  /// Records the state at the end of the current millisecond.
  void note() { states_[clock_.now_ms()] = model_; }
  [[nodiscard]] const std::map<std::int64_t, Model>& states() const { return states_; }

 private:
  Engine& engine_;
  ManualClock& clock_;
  std::mt19937 random_;
  Model model_;
  std::map<std::int64_t, Model> states_;
};

void expect_state(Engine& engine, const TablePtr& table, const Model& model) {
  std::vector<std::string> items = read_all(engine, scan(table));
  std::ranges::sort(items);
  ASSERT_EQ(items, sorted_items(model));
  const TableCounts counts = engine.counts(*table);
  EXPECT_EQ(counts.table.items, model.size());
  std::size_t bytes = 0;
  std::size_t indexed = 0;
  for (const auto& [key, json] : model) {
    const json::Item parsed(json);
    bytes += parsed.size_bytes();
    if (parsed.find("g") != nullptr) ++indexed;
  }
  EXPECT_EQ(counts.table.size_bytes, bytes);
  EXPECT_EQ(counts.indexes[0].items, indexed);
  EXPECT_EQ(read_all(engine, scan(table, "byG")).size(), indexed);
}

/// Runs on disk and in memory.
class Recovery : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] std::unique_ptr<Engine> open(std::int64_t shard_lifetime_ms = 0) {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.clock = &clock_;
    options.stream_shard_lifetime_ms = shard_lifetime_ms;
    options.stream_trim_period_ms = 5;
    return Engine::open(options);
  }
  TemporaryDirectory directory_;
  ManualClock clock_;
};
INSTANTIATE_TEST_SUITE_P(Places, Recovery, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

/// With STATOR_LONG 20 restores from 100 000 changes, otherwise a sample.
TEST_P(Recovery, IsToAnySecondWhatTheTableWasThen) {
  const bool is_long = std::getenv("STATOR_LONG") != nullptr;
  const int changes = is_long ? 100'000 : 3000;
  const int times = is_long ? 20 : 4;
  const auto engine = open(20'000);
  engine->create_table(indexed_table("tab"));
  History history(*engine, clock_, 5);
  for (int i = 0; i < 300; ++i) history.change("tab");
  enable(*engine, "tab");
  const std::int64_t begin_ms = clock_.now_ms();
  history.note();
  const int seconds = is_long ? 400 : 60;
  for (int second = 0; second < seconds; ++second) {
    for (int i = 0; i < changes / seconds; ++i) {
      if (i % 10 == 0) clock_.advance(1);
      history.change("tab");
    }
    history.note();
    clock_.advance(1000 - (clock_.now_ms() - begin_ms) % 1000);
  }
  std::mt19937 random(11);
  std::vector<std::int64_t> wanted = {begin_ms, history.states().rbegin()->first};
  while (static_cast<int>(wanted.size()) < times) {
    auto state = history.states().begin();
    std::advance(state, random() % history.states().size());
    wanted.push_back(state->first);
  }
  int number = 0;
  for (const std::int64_t time_ms : wanted) {
    const std::string name = "at" + std::to_string(number++);
    const TablePtr restored = restore(*engine, "tab", time_ms, name);
    ASSERT_NE(restored, nullptr);
    expect_state(*engine, restored, history.states().at(time_ms));
    engine->delete_table(name);
  }
}

TEST_P(Recovery, HasAWindowFromWhenItWasEnabledOrAsManyDaysBack) {
  const auto engine = open();
  engine->create_table(indexed_table("tab"));
  EXPECT_FALSE(engine->recovery_window(*engine->find_table("tab")));
  enable(*engine, "tab", 2);
  const std::int64_t enabled_ms = clock_.now_ms();
  auto window = engine->recovery_window(*engine->find_table("tab"));
  ASSERT_TRUE(window);
  EXPECT_EQ(window->earliest_ms, enabled_ms);
  EXPECT_EQ(window->latest_ms, enabled_ms);
  clock_.advance(3 * kDayMs);
  window = engine->recovery_window(*engine->find_table("tab"));
  EXPECT_EQ(window->earliest_ms, enabled_ms + kDayMs);
  EXPECT_EQ(window->latest_ms, enabled_ms + 3 * kDayMs);
  enable(*engine, "tab", 0);
  EXPECT_FALSE(engine->recovery_window(*engine->find_table("tab")));
}

/// Changes older than the recovery period are deleted; times within it stay restorable.
TEST_P(Recovery, IsTrimmedInTheBackground) {
  const auto engine = open();
  engine->create_table(indexed_table("tab"));
  enable(*engine, "tab", 1);
  History history(*engine, clock_, 7);
  for (int day = 0; day < 4; ++day) {
    for (int i = 0; i < 300; ++i) history.change("tab");
    history.note();
    clock_.advance(kDayMs / 2);
  }
  // Wait for a whole search.
  const auto trimmed = [&] {
    for (const JobInfo& job : engine->jobs()) {
      if (job.name == "trim-streams") return job.state == JobState::kWaiting;
    }
    return false;
  };
  ASSERT_TRUE(wait_until(trimmed));
  auto latest = history.states().rbegin();
  const TablePtr one = restore(*engine, "tab", latest->first, "one");
  ASSERT_NE(one, nullptr);
  expect_state(*engine, one, latest->second);
  ++latest;
  const TablePtr two = restore(*engine, "tab", latest->first, "two");
  ASSERT_NE(two, nullptr);
  expect_state(*engine, two, latest->second);
}

TEST_P(Recovery, IsNoStream) {
  const auto engine = open();
  engine->create_table(indexed_table("tab"));
  enable(*engine, "tab");
  put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  EXPECT_TRUE(engine->list_streams("").empty());
  const store::SpaceId space = engine->find_table("tab")->recovery_space;
  EXPECT_NE(space, 0U);
  EXPECT_FALSE(engine->find_stream(space));
  EXPECT_EQ(error_of([&] { (void)engine->end_of_shard(space, 0); }).type, core::ErrorCode::kResourceNotFound);
  // Beside a stream, whose records still follow its view type.
  engine->update_table(
      "tab", [](Table& table) { table.stream_view_type = "KEYS_ONLY"; }, UpdateScope::kSettings);
  clock_.advance(1);
  const std::int64_t before_ms = clock_.now_ms();
  clock_.advance(1);
  put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":"new"}})");
  const StreamInfo stream = engine->list_streams("tab").at(0);
  int records = 0;
  for (const Shard& shard : stream.shards) {
    (void)engine->read_stream(stream.space, {.shard = shard.id, .from_oldest = true},
                              [&](LogNumber, const LogRecord& record) {
                                ++records;
                                EXPECT_TRUE(record.old_image.json.empty());
                                return true;
                              });
  }
  EXPECT_EQ(records, 1);
  const TablePtr restored = restore(*engine, "tab", before_ms, "again");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(get(*engine, restored, R"({"pk":{"S":"a"},"sk":{"S":"b"}})"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
}

TEST_P(Recovery, OfADeletedTableLeavesABackupFor35Days) {
  const auto engine = open();
  engine->create_table(indexed_table("tab"));
  enable(*engine, "tab");
  put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"},"g":{"S":"x"}})");
  engine->delete_table("tab");
  EXPECT_EQ(engine->find_table("tab"), nullptr);
  ASSERT_EQ(engine->list_backups().size(), 1U);
  const BackupPtr backup = engine->list_backups().front();
  EXPECT_EQ(backup->name, "tab$DeletedTableBackup");
  EXPECT_EQ(backup->type, BackupType::kSystem);
  EXPECT_TRUE(backup->id.ends_with("-00000000"));
  EXPECT_EQ(backup->expires_ms, clock_.now_ms() + 35 * kDayMs);
  // A kill between the backup and the deletion must not leave a table that is being deleted and has no backup.
  EXPECT_EQ(backup->table.status, TableStatus::kActive) << "the deletion was written before the backup";
  engine->restore_backup(backup->id, "arn", indexed_table("tab"));
  ASSERT_TRUE(wait_until([&] { return engine->find_table("tab")->status == TableStatus::kActive; }));
  EXPECT_EQ(read_all(*engine, scan(engine->find_table("tab"), "byG")).size(), 1U);
  // Without recovery no backup is made.
  engine->delete_table("tab");
  EXPECT_EQ(engine->list_backups().size(), 1U);
  clock_.advance(35 * kDayMs);
  EXPECT_TRUE(wait_until([&] { return engine->list_backups().empty(); }));
}

/// As if the table was deleted, or its recovery disabled, after a request looked it up.
TEST_P(Recovery, OfAnEarlierVersionOfATableIsRefused) {
  const auto engine = open();
  const auto refusal = [&](const Table& source) {
    return error_of([&] { engine->restore_to_time(source, clock_.now_ms(), indexed_table("again")); }).message;
  };
  engine->create_table(indexed_table("tab"));
  enable(*engine, "tab");
  put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  TablePtr before = engine->find_table("tab");
  enable(*engine, "tab", 0);
  EXPECT_EQ(refusal(*before), "Point in time recovery is not enabled for table 'tab'");
  enable(*engine, "tab");
  EXPECT_EQ(refusal(*before), "Point in time recovery is not enabled for table 'tab'");
  before = engine->find_table("tab");
  engine->delete_table("tab");
  EXPECT_EQ(refusal(*before), "Table not found: tab");
  engine->create_table(indexed_table("tab"));
  EXPECT_EQ(refusal(*before), "Table not found: tab");
  EXPECT_EQ(engine->find_table("again"), nullptr);
}

TEST_P(Recovery, OfTablesDeletedInOneMillisecondLeavesABackupOfEach) {
  const auto engine = open();
  for (const std::string name : {"one", "two", "three"}) {
    engine->create_table(indexed_table(name));
    enable(*engine, name);
    put(*engine, engine->find_table(name), R"({"pk":{"S":"a"},"sk":{"S":")" + name + R"("}})");
  }
  for (const std::string name : {"one", "two", "three"}) engine->delete_table(name);
  const std::vector<BackupPtr> backups = engine->list_backups();
  ASSERT_EQ(backups.size(), 3U);
  for (const BackupPtr& backup : backups) {
    EXPECT_TRUE(backup->id.ends_with("-00000000"));
    EXPECT_EQ(backup->created_ms, clock_.now_ms());
    const std::string name = backup->table.name;
    engine->restore_backup(backup->id, "arn", indexed_table(name));
    ASSERT_TRUE(wait_until([&] { return engine->find_table(name)->status == TableStatus::kActive; }));
    EXPECT_EQ(read_all(*engine, scan(engine->find_table(name))),
              std::vector{item(R"({"pk":{"S":"a"},"sk":{"S":")" + name + R"("}})").json});
  }
}

class DiskRecovery : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path data() const { return directory_.path() / "data"; }
  TemporaryDirectory directory_;
  ManualClock clock_;
};

/// The engine is stopped again and again during both halves of the restore.
TEST_F(DiskRecovery, ARestoreGoesOnAfterARestart) {
  Model then;
  std::int64_t time_ms = 0;
  {
    const auto engine = engine::open(data(), &clock_);
    engine->create_table(indexed_table("tab"));
    enable(*engine, "tab");
    History history(*engine, clock_, 3);
    for (int i = 0; i < 2000; ++i) history.change("tab");
    history.note();
    time_ms = clock_.now_ms();
    then = history.states().rbegin()->second;
    clock_.advance(1);
    for (int i = 0; i < 20'000; ++i) history.change("tab");
    engine->pause_jobs();
    engine->restore_to_time(*engine->find_table("tab"), time_ms, indexed_table("again"));
  }
  int restarts = 0;
  for (bool done = false; !done; ++restarts) {
    const auto engine = engine::open(data(), &clock_);
    ASSERT_TRUE(wait_until([&] {
      done = engine->find_table("again")->status == TableStatus::kActive;
      for (const JobInfo& job : engine->jobs()) {
        if (job.table == "again" && job.progress.items_read > 2000) return true;
      }
      return done;
    }));
    engine->pause_jobs();
    done = engine->find_table("again")->status == TableStatus::kActive;
  }
  EXPECT_GT(restarts, 2);
  const auto engine = engine::open(data(), &clock_);
  expect_state(*engine, engine->find_table("again"), then);
  // The restore's checkpoint is deleted with it.
  EXPECT_TRUE(std::filesystem::is_empty(data() / "backups"));
}

TEST_F(DiskRecovery, ATableOfWhichNoBackupCanBeKeptIsNotDeleted) {
  const auto engine = engine::open(data(), &clock_);
  engine->create_table(indexed_table("tab"));
  enable(*engine, "tab");
  put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  // A file where the folder must be.
  std::ofstream(data() / "backups") << "x";
  EXPECT_THROW(engine->delete_table("tab"), store::StoreError);
  const TablePtr table = engine->usable_table("tab");
  EXPECT_EQ(table->status, TableStatus::kActive);
  put(*engine, table, R"({"pk":{"S":"a"},"sk":{"S":"c"}})");
  EXPECT_EQ(read_all(*engine, scan(table)).size(), 2U);
  EXPECT_TRUE(engine->list_backups().empty());

  std::filesystem::remove(data() / "backups");
  engine->delete_table("tab");
  EXPECT_EQ(engine->find_table("tab"), nullptr);
  ASSERT_EQ(engine->list_backups().size(), 1U);
  EXPECT_EQ(engine->list_backups().front()->counts.items, 2U);
}

TEST_F(DiskRecovery, LogsSurviveARestartAndGoWithTheirTables) {
  {
    const auto engine = engine::open(data(), &clock_);
    engine->create_table(indexed_table("tab"));
    enable(*engine, "tab", 7);
    put(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  }
  const std::int64_t time_ms = clock_.now_ms();
  clock_.advance(10);
  const auto engine = engine::open(data(), &clock_);
  EXPECT_EQ(engine->find_table("tab")->recovery_days, 7);
  remove(*engine, engine->find_table("tab"), R"({"pk":{"S":"a"},"sk":{"S":"b"}})");
  const TablePtr restored = restore(*engine, "tab", time_ms, "again");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(read_all(*engine, scan(restored)).size(), 1U);
  EXPECT_EQ(restored->recovery_days, 0) << "settings are not restored";
}

}  // namespace
}  // namespace stator::engine
