// Indexes that are added to tables with items.

#include <sys/syscall.h>
#include <unistd.h>

#include "engine/disk_waits.h"
#include "engine/grouped_items.h"
#include "engine/keys.h"
#include "engine/raw_store.h"
#include "engine/support.h"
#include "engine/table_json.h"
#include "store/store.h"

std::atomic<std::uint64_t> stator::engine::disk_waits = 0;

extern "C" int fdatasync(int fd) {
  ++stator::engine::disk_waits;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace stator::engine {
namespace {

TEST(Backfill, WhatIsWrittenBeforeTheBuildComesToItIsIndexedOnce) {
  Options options;
  options.jobs_paused = true;
  const auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  const TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 100; ++i) put(*engine, table, numbered(i));
  engine->update_table("t", [](Table& changed) { changed.indexes.push_back(by_group()); });
  const auto job = find_job(*engine, "build-index", "t");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->index, "gsi");
  EXPECT_EQ(job->progress.items_read, 0U);
  for (int i = 0; i < 10; ++i) put(*engine, table, numbered(i));  // changes nothing, so these are left to the build
  for (int i = 40; i < 50; ++i) {                                 // in the end the same bytes, and indexed already
    put(*engine, table, numbered(i, false));
    put(*engine, table, numbered(i));
  }
  for (int i = 10; i < 20; ++i) remove(*engine, table, numbered(i));
  for (int i = 20; i < 30; ++i) put(*engine, table, numbered(i, false));
  for (int i = 30; i < 40; ++i) {
    change(*engine, table, R"({"pk":{"S":"p)" + std::to_string(i) + R"("},"sk":{"S":"s"}})",
           update("SET g = :g", R"({":g":{"S":"other"}})"));
  }
  for (int i = 100; i < 110; ++i) put(*engine, table, numbered(i));
  EXPECT_FALSE(is_settled(*engine, "t"));
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).type, "ResourceInUseException");
  engine->resume_jobs();
  ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
  const TablePtr indexed = engine->usable_table("t");
  EXPECT_EQ(read_all(*engine, scan(indexed, "gsi")).size(), 90U);
  EXPECT_EQ(engine->counts(*indexed).indexes[0].items, 90U);
  EXPECT_EQ(engine->counts(*indexed).table.items, 100U);
  ASSERT_TRUE(wait_until([&] { return find_job(*engine, "build-index", "t")->state == JobState::kEnded; }));
  EXPECT_EQ(find_job(*engine, "build-index", "t")->progress.fraction, 1.0);
  EXPECT_EQ(find_job(*engine, "build-index", "t")->progress.items_read, 100U);
  EXPECT_EQ(find_job(*engine, "build-index", "t")->progress.items_changed, 60U) << "the rest was indexed by its write";
}

TEST(Backfill, LeavesOutADamagedItemAndSaysSo) {
  const TemporaryDirectory directory;
  {
    const auto engine = open(directory.path());
    for (const char* name : {"a", "b"}) {
      engine->create_table(make_table(name));
      for (int i = 0; i < 600; ++i) put(*engine, engine->usable_table(name), numbered(i));
    }
  }
  const std::string stored_head("\0\x30", 2);
  damage(directory.path(), "a", numbered(1), "");
  damage(directory.path(), "a", numbered(2), "\x07 of a later kind");
  damage(directory.path(), "a", numbered(3), std::string(1, '\0') + std::string(12, '\xff'));
  damage(directory.path(), "a", numbered(4), stored_head + R"({"pk":{"S":"p4"},"sk":{"S":"s"},"g":{"S":)");
  damage(directory.path(), "a", numbered(5), stored_head + R"({"pk":{"S":"p5"},"sk":{"S":"s"},"g":{"N":"one"}})");
  damage(directory.path(), "a", numbered(6), stored_head + "[]");
  damage(directory.path(), "a", numbered(7),
         stored_head + R"({"pk":{"S":"p7"},"sk":{"S":"s"},"g":{"S":"g"},"v":{"S":)");

  const auto engine = open(directory.path());
  for (const char* name : {"a", "b"}) {
    engine->update_table(name, [](Table& changed) { changed.indexes.push_back(by_group()); });
  }
  for (const char* name : {"a", "b"}) ASSERT_TRUE(wait_until([&] { return is_settled(*engine, name); })) << name;
  EXPECT_EQ(read_all(*engine, scan(engine->usable_table("a"), "gsi")).size(), 593U);
  EXPECT_EQ(engine->counts(*engine->usable_table("a")).indexes[0].items, 593U);
  EXPECT_EQ(read_all(*engine, scan(engine->usable_table("b"), "gsi")).size(), 600U);
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(wait_until([&] { return find_job(*engine, "build-index", name)->state == JobState::kEnded; }));
  }
  EXPECT_EQ(find_job(*engine, "build-index", "a")->progress.items_skipped, 7U);
  EXPECT_EQ(find_job(*engine, "build-index", "a")->failures, 0U);
  EXPECT_EQ(find_job(*engine, "build-index", "b")->progress.items_skipped, 0U);
}

TEST(Backfill, NeverWaitsForTheDisk) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  options.sync = true;
  options.jobs_paused = true;
  std::uint64_t waits_before = disk_waits;
  const auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  EXPECT_GT(disk_waits, waits_before) << "the count sees no disk waits at all";
  constexpr int kItems = 4000;
  for (int i = 0; i < kItems; i += 20) {
    std::vector<json::EncodedItem> items;
    std::vector<WriteAction> actions;
    for (int j = i; j < i + 20; ++j) items.push_back(item(numbered(j)));
    for (const json::EncodedItem& each : items) {
      WriteAction action;
      action.table = engine->usable_table("t");
      action.key = key_of(*action.table, each.json);
      action.item = &each;
      actions.push_back(std::move(action));
    }
    engine->transact_write(actions);
  }
  engine->update_table("t", [](Table& changed) { changed.indexes.push_back(by_group()); });
  waits_before = disk_waits;
  engine->resume_jobs();
  ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
  EXPECT_LE(disk_waits - waits_before, 2U) << "the index is announced as complete, durably; nothing else waits";
  EXPECT_EQ(engine->counts(*engine->usable_table("t")).indexes[0].items, static_cast<std::uint64_t>(kItems));
}

}  // namespace
}  // namespace stator::engine
