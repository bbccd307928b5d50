// The life of tables and indexes: states, delays, restarts, backfills.

#include <atomic>
#include <thread>

#include "engine/grouped_items.h"
#include "engine/keys.h"
#include "engine/stripes.h"
#include "engine/support.h"
#include "engine/table_json.h"
#include "engine/write_group.h"
#include "store/store.h"

namespace stator::engine {
namespace {

TEST(Tables, WithoutDelayAreSettledAtTheReplyWhichStillNamesTheTransition) {
  const auto engine = open();
  const TablePtr created = engine->create_table(make_table("t", {by_group()}));
  EXPECT_EQ(created->status, TableStatus::kCreating);
  EXPECT_EQ(created->indexes[0].status, TableStatus::kCreating);
  EXPECT_EQ(created->id.size(), 36U);
  EXPECT_TRUE(is_settled(*engine, "t"));
  EXPECT_EQ(engine->find_table("t")->id, created->id);

  const TablePtr updated = engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group("two")); });
  EXPECT_EQ(updated->status, TableStatus::kUpdating);
  EXPECT_EQ(updated->index("two")->status, TableStatus::kCreating);
  EXPECT_TRUE(is_settled(*engine, "t"));

  const TablePtr unindexed = engine->update_table("t", [](Table& table) { table.indexes.pop_back(); });
  EXPECT_EQ(unindexed->index("two")->status, TableStatus::kDeleting);
  EXPECT_EQ(engine->find_table("t")->index("two"), nullptr);

  EXPECT_EQ(engine->delete_table("t")->status, TableStatus::kDeleting);
  EXPECT_EQ(engine->find_table("t"), nullptr);
  EXPECT_TRUE(engine->list_tables("", 100).empty());
}

TEST(Tables, RefuseWhatTheServiceRefuses) {
  ManualClock clock;
  const auto engine = open({}, &clock, 1000);
  const auto nothing = [](Table&) {};
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).message, "Requested resource not found: Table: t not found");
  EXPECT_EQ(error_of([&] { engine->update_table("t", nothing); }).type, "ResourceNotFoundException");
  EXPECT_EQ(error_of([&] { (void)engine->usable_table("t"); }).message, "Requested resource not found");

  engine->create_table(make_table("t"));
  const std::string in_use = "Attempt to change a resource which is still in use: Table is being ";
  EXPECT_EQ(error_of([&] { engine->create_table(make_table("t")); }).message, in_use + "created: t");
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).message, in_use + "created: t");
  EXPECT_EQ(error_of([&] { engine->update_table("t", nothing); }).type, "ResourceInUseException");
  EXPECT_EQ(error_of([&] { (void)engine->usable_table("t"); }).type, "ResourceNotFoundException");

  clock.advance(1000);
  EXPECT_EQ(error_of([&] { engine->create_table(make_table("t")); }).message, "Table already exists: t");
  engine->update_table("t", [](Table& table) { table.deletion_protection = true; });
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).message,
            "Attempt to change a resource which is still in use: Table: t is in the process of being updated.");
  EXPECT_NO_THROW((void)engine->usable_table("t"));
  clock.advance(1000);
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).type, "ValidationException");
  engine->annotate_table("t", [](Table& table) { table.deletion_protection = false; });
  EXPECT_EQ(engine->find_table("t")->status, TableStatus::kActive) << "an annotation is no transition";
  engine->delete_table("t");
  EXPECT_EQ(error_of([&] { engine->delete_table("t"); }).message, in_use + "deleted: t");
  EXPECT_EQ(error_of([&] { (void)engine->usable_table("t"); }).type, "ResourceNotFoundException");
  EXPECT_EQ(engine->list_tables("", 10).size(), 1U);
  clock.advance(1000);
  EXPECT_EQ(engine->find_table("t"), nullptr);
}

TEST(Tables, WhatTheyWereBeforeAChangeIsKnownUntilItIsDoneOrARestart) {
  const TemporaryDirectory directory;
  ManualClock clock;
  auto engine = open(directory.path(), &clock, 1000);
  engine->create_table(make_table("t"));
  clock.advance(1000);
  EXPECT_EQ(engine->find_table("t")->before, nullptr);
  const auto set_units = [&](std::int64_t units) {
    engine->update_table("t", [units](Table& table) { table.throughput.read_units = units; });
  };
  set_units(7);
  set_units(8);
  ASSERT_NE(engine->find_table("t")->before, nullptr);
  EXPECT_EQ(engine->find_table("t")->before->throughput, make_table("t").throughput) << "not of what was never there";
  clock.advance(1000);
  EXPECT_EQ(engine->find_table("t")->before, nullptr);
  set_units(9);
  engine.reset();
  engine = open(directory.path(), &clock, 1000);
  EXPECT_EQ(engine->find_table("t")->before, nullptr);
  EXPECT_EQ(engine->find_table("t")->status, TableStatus::kUpdating);
  EXPECT_EQ(engine->find_table("t")->throughput.read_units, 9);
  clock.advance(1000);
  EXPECT_EQ(engine->find_table("t")->status, TableStatus::kActive);
}

TEST(Tables, TransitionsGoOnAfterARestart) {
  const TemporaryDirectory directory;
  ManualClock clock;
  auto engine = open(directory.path(), &clock, 1000);
  engine->create_table(make_table("a"));
  clock.advance(1000);
  put(*engine, engine->usable_table("a"), numbered(1));
  engine->delete_table("a");
  engine->create_table(make_table("b"));
  engine.reset();

  engine = open(directory.path(), &clock, 1000);
  EXPECT_EQ(engine->find_table("a")->status, TableStatus::kDeleting);
  EXPECT_EQ(engine->find_table("b")->status, TableStatus::kCreating);
  engine.reset();
  clock.advance(1000);
  engine = open(directory.path(), &clock, 1000);
  EXPECT_EQ(engine->find_table("a"), nullptr);
  EXPECT_EQ(engine->find_table("b")->status, TableStatus::kActive);
}

TEST(Tables, ATableCreatedAgainIsEmptyAndKnowsNothingOfTheOld) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  engine->create_table(make_table("t", {by_group()}));
  const TablePtr old = engine->usable_table("t");
  for (int i = 0; i < 2000; ++i) put(*engine, old, numbered(i));
  engine->delete_table("t");
  engine->create_table(make_table("t", {by_group()}));
  const TablePtr fresh = engine->usable_table("t");
  EXPECT_NE(fresh->id, old->id);
  EXPECT_NE(fresh->space, old->space);
  EXPECT_TRUE(read_all(*engine, scan(fresh)).empty());
  EXPECT_TRUE(read_all(*engine, scan(fresh, "gsi")).empty());
  EXPECT_EQ(engine->counts(*fresh).table.items, 0U);
  EXPECT_EQ(error_of([&] { put(*engine, old, numbered(1)); }).type, "ResourceNotFoundException")
      << "a write that still knows the deleted table";
  EXPECT_EQ(error_of([&] { read_all(*engine, scan(old)); }).type, "ResourceNotFoundException") << "nor may it be read";
  EXPECT_EQ(error_of([&] { get(*engine, old, numbered(1)); }).type, "ResourceNotFoundException");
}

TEST(Tables, ListsNamesInOrderAndInPages) {
  const auto engine = open();
  for (const char* name : {"b.1", "B", "a-2", "c", "a.1"}) engine->create_table(make_table(name));
  EXPECT_EQ(engine->list_tables("", 100), (std::vector<std::string>{"B", "a-2", "a.1", "b.1", "c"}));
  EXPECT_EQ(engine->list_tables("", 2), (std::vector<std::string>{"B", "a-2"}));
  EXPECT_EQ(engine->list_tables("a-2", 2), (std::vector<std::string>{"a.1", "b.1"}));
  EXPECT_EQ(engine->list_tables("bb", 2), (std::vector<std::string>{"c"}));
  EXPECT_TRUE(engine->list_tables("z", 2).empty());
}

TEST(Tables, EveryMemberSurvivesARestart) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  Table table = make_table(
      "t", {make_index("lsi", false, {{key_attribute("pk")}, {key_attribute("n", core::AttributeType::kNumber)}},
                       ProjectionType::kInclude, {"a", "b\"c"})});
  table.attribute_definitions = {key_attribute("pk"), key_attribute("n", core::AttributeType::kNumber)};
  table.billing_mode = BillingMode::kPayPerRequest;
  table.last_pay_per_request_ms = 5;
  table.throughput = {1, 2, 3, 4, 5};
  table.on_demand = {6, std::nullopt};
  table.warm = {std::nullopt, 7};
  table.indexes[0].throughput = {7, 8, 9, 10, 11};
  table.deletion_protection = true;
  table.table_class = "STANDARD_INFREQUENT_ACCESS";
  table.sse_enabled = true;
  table.sse_kms_key = "arn:x";
  table.stream_view_type = "NEW_IMAGE";
  table.ttl_attribute = "ttl";
  table.tags = {{"k", "v"}, {"k2", ""}};
  engine->create_table(table);
  const TablePtr before = engine->find_table("t");
  engine.reset();
  engine = open(directory.path());
  const TablePtr after = engine->find_table("t");
  EXPECT_EQ(after->id, before->id);
  EXPECT_EQ(after->key_schema, before->key_schema);
  EXPECT_EQ(after->attribute_definitions, before->attribute_definitions);
  EXPECT_EQ(after->billing_mode, before->billing_mode);
  EXPECT_EQ(after->last_pay_per_request_ms, 5);
  EXPECT_EQ(after->throughput, before->throughput);
  EXPECT_EQ(after->on_demand, before->on_demand);
  EXPECT_EQ(after->warm, before->warm);
  EXPECT_EQ(after->deletion_protection, true);
  EXPECT_EQ(after->table_class, before->table_class);
  EXPECT_EQ(after->sse_kms_key, "arn:x");
  EXPECT_TRUE(after->sse_enabled);
  EXPECT_EQ(after->stream_view_type, "NEW_IMAGE");
  EXPECT_NE(after->stream_label, "");
  EXPECT_EQ(after->stream_label, before->stream_label);
  EXPECT_EQ(after->stream_space, before->stream_space);
  EXPECT_EQ(after->ttl_attribute, "ttl");
  EXPECT_EQ(after->tags, before->tags);
  EXPECT_EQ(after->created_ms, before->created_ms);
  EXPECT_EQ(after->space, before->space);
  ASSERT_EQ(after->indexes.size(), 1U);
  EXPECT_EQ(after->indexes[0].name, "lsi");
  EXPECT_FALSE(after->indexes[0].global);
  EXPECT_EQ(after->indexes[0].key_schema, before->indexes[0].key_schema);
  EXPECT_EQ(after->indexes[0].projection, ProjectionType::kInclude);
  EXPECT_EQ(after->indexes[0].non_key_attributes, before->indexes[0].non_key_attributes);
  EXPECT_EQ(after->indexes[0].throughput, before->indexes[0].throughput);
  EXPECT_EQ(after->indexes[0].space, before->indexes[0].space);
}

TEST(Backfill, IndexesWhatIsThereAndSkipsWhatCannotBeAKey) {
  const auto engine = open();
  engine->create_table(make_table("t"));
  const TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 1000; ++i) put(*engine, table, numbered(i, i % 2 == 0));
  put(*engine, table, R"({"pk":{"S":"bad1"},"sk":{"S":"s"},"g":{"N":"1"}})");
  put(*engine, table, R"({"pk":{"S":"bad2"},"sk":{"S":"s"},"g":{"S":""}})");
  put(*engine, table, R"({"pk":{"S":"bad3"},"sk":{"S":"s"},"g":{"S":")" + std::string(3000, 'x') + "\"}}");
  engine->update_table("t", [](Table& changed) { changed.indexes.push_back(by_group()); });
  ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
  const TablePtr indexed = engine->usable_table("t");
  EXPECT_EQ(read_all(*engine, scan(indexed, "gsi")).size(), 500U);
  EXPECT_EQ(engine->counts(*indexed).indexes[0].items, 500U);

  // An item that is older than the index may keep a wrong value; only a write of that attribute is checked.
  EXPECT_NO_THROW(
      change(*engine, indexed, R"({"pk":{"S":"bad1"},"sk":{"S":"s"}})", update("SET z = :z", R"({":z":{"S":"z"}})")));
  change(*engine, indexed, R"({"pk":{"S":"bad1"},"sk":{"S":"s"}})", update("SET g = :g", R"({":g":{"S":"g"}})"));
  EXPECT_EQ(read_all(*engine, scan(indexed, "gsi")).size(), 501U);
}

TEST(Backfill, WritesMeanwhileAreIndexedRight) {
  for (const bool on_disk : {false, true}) {
    const TemporaryDirectory directory;
    const auto engine = open(on_disk ? directory.path() : std::filesystem::path());
    engine->create_table(make_table("t"));
    const TablePtr old_version = engine->usable_table("t");
    for (int i = 0; i < 3000; ++i) put(*engine, old_version, numbered(i, i % 3 != 0));
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    for (unsigned t = 0; t < 2; ++t) {
      writers.emplace_back([&, t] {
        std::mt19937 random(t);
        while (!stop) {
          const int i = std::uniform_int_distribution<int>(0, 3500)(random);
          // Half of the writes still use the table version without the index.
          const TablePtr table = i % 2 == 0 ? old_version : engine->usable_table("t");
          if (i % 5 == 0) {
            remove(*engine, table, numbered(i));
          } else {
            put(*engine, table, numbered(i, i % 4 != 0));
          }
        }
      });
    }
    engine->update_table("t", [](Table& table) {
      table.indexes.push_back(by_group("one"));
      table.indexes.push_back(
          make_index("two", true, {{key_attribute("g")}, {key_attribute("pk")}}, ProjectionType::kKeysOnly));
    });
    EXPECT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
    stop = true;
    for (std::thread& writer : writers) writer.join();

    const TablePtr table = engine->usable_table("t");
    std::size_t grouped = 0;
    const auto items = read_all(*engine, scan(table));
    for (const std::string& json : items) grouped += json.find(R"("g":)") != std::string::npos ? 1 : 0;
    const TableCounts counts = engine->counts(*table);
    EXPECT_EQ(counts.table.items, items.size());
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(read_all(*engine, scan(table, table->indexes[i].name)).size(), grouped);
      EXPECT_EQ(counts.indexes[i].items, grouped);
    }
  }
}

TEST(Backfill, GoesOnAfterARestartWhereItStopped) {
  // Writes the state of a stopped backfill directly to the store: the index in the catalog and, if `done` > 0, its
  // progress.
  constexpr std::size_t kItems = 1000;
  for (const std::size_t done : {std::size_t{0}, std::size_t{400}}) {
    const TemporaryDirectory directory;
    {
      const auto engine = open(directory.path());
      engine->create_table(make_table("t"));
      for (std::size_t i = 0; i < kItems; ++i) put(*engine, engine->usable_table("t"), numbered(static_cast<int>(i)));
    }
    {
      store::Options options;
      options.directory = directory.path();
      const auto raw = store::Store::open(options);
      std::string row;
      ASSERT_TRUE(raw->get(catalog_key(CatalogRow::kTable, "t"), row));
      Table table = table_from_json(row);
      table.status = TableStatus::kUpdating;
      table.indexes.push_back(by_group());
      table.indexes[0].space = 77;
      table.indexes[0].status = TableStatus::kCreating;
      table.indexes[0].backfilling = true;
      store::Batch batch;
      batch.put(catalog_key(CatalogRow::kTable, "t"), table_to_json(table));
      batch.put(catalog_key(CatalogRow::kNextSpace), "78");
      const KeyBounds bounds = space_bounds(table.space);
      const auto cursor = raw->cursor(bounds.lower, bounds.upper);
      cursor->seek_to_first();
      for (std::size_t i = 1; i < done; ++i) cursor->next();
      if (done > 0) batch.put(catalog_key(CatalogRow::kBuild, 77), cursor->key());
      raw->write(batch);
    }
    const auto engine = open(directory.path());
    ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
    const TablePtr table = engine->usable_table("t");
    EXPECT_EQ(read_all(*engine, scan(table, "gsi")).size(), kItems - done);
    EXPECT_EQ(engine->counts(*table).indexes[0].items, kItems - done);
  }
}

TEST(Backfill, SurvivesBeingStoppedAtAnyTime) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  engine->create_table(make_table("t"));
  constexpr int kItems = 3000;
  for (int i = 0; i < kItems; ++i) put(*engine, engine->usable_table("t"), numbered(i));
  engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group()); });
  for (int restart = 0; restart < 3; ++restart) {
    engine.reset();  // stops the job after the current chunk
    engine = open(directory.path());
  }
  ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
  const TablePtr table = engine->usable_table("t");
  EXPECT_EQ(read_all(*engine, scan(table, "gsi")).size(), static_cast<std::size_t>(kItems));
  EXPECT_EQ(engine->counts(*table).indexes[0].items, static_cast<std::uint64_t>(kItems));
}

TEST(Backfill, HoldsItsTableUntilItEnds) {
  const auto engine = open();
  int held = 0;
  // A backfill may end before the test asks, but hardly in each round.
  for (int round = 0; round < 20 && held == 0; ++round) {
    const std::string name = "t" + std::to_string(round);
    engine->create_table(make_table(name));
    for (int i = 0; i < 3000; ++i) put(*engine, engine->usable_table(name), numbered(i));
    engine->update_table(name, [](Table& table) { table.indexes.push_back(by_group()); });
    const core::ApiError error = error_of([&] { engine->delete_table(name); });
    if (error.type.name().empty()) continue;
    EXPECT_EQ(error.type, "ResourceInUseException") << error.message;
    ++held;
    ASSERT_TRUE(wait_until([&] { return is_settled(*engine, name); }));
    EXPECT_EQ(read_all(*engine, scan(engine->usable_table(name), "gsi")).size(), 3000U);
    EXPECT_EQ(error_of([&] { engine->delete_table(name); }).type, "");
  }
  EXPECT_EQ(held, 1);
}

/// Expects that neither rows nor catalog entries of these spaces are left.
void expect_nothing_left(const std::filesystem::path& directory, const std::vector<store::SpaceId>& spaces) {
  store::Options options;
  options.directory = directory;
  const auto raw = store::Store::open(options);
  const auto expect_empty = [&raw](std::string_view lower, std::string_view upper, const std::string& what) {
    const auto cursor = raw->cursor(lower, upper);
    cursor->seek_to_first();
    EXPECT_FALSE(cursor->valid()) << what;
  };
  ASSERT_FALSE(spaces.empty());
  for (const store::SpaceId space : spaces) {
    const KeyBounds rows = space_bounds(space);
    expect_empty(rows.lower, rows.upper, "rows of space " + std::to_string(space));
    for (const CatalogRow row : {CatalogRow::kCounters, CatalogRow::kBuild, CatalogRow::kDropped}) {
      const std::string lower = catalog_key(row, space);
      expect_empty(lower, store::prefix_end(lower), "what the catalog has of space " + std::to_string(space));
    }
  }
}

TEST(Backfill, LeavesNoProgressBehindWhenItHasEnded) {
  const TemporaryDirectory directory;
  store::SpaceId space = 0;
  {
    const auto engine = open(directory.path());
    engine->create_table(make_table("t"));
    for (int i = 0; i < 300; ++i) put(*engine, engine->usable_table("t"), numbered(i));
    engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group()); });
    ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
    space = engine->usable_table("t")->index("gsi")->space;
  }
  store::Options options;
  options.directory = directory.path();
  std::string progress;
  EXPECT_FALSE(store::Store::open(options)->get(catalog_key(CatalogRow::kBuild, space), progress));
}

TEST(Tables, ADeletionThatWasInterruptedEndsAtTheNextStart) {
  const TemporaryDirectory directory;
  std::vector<store::SpaceId> spaces;
  {
    const auto engine = open(directory.path());
    engine->create_table(make_table("t", {by_group()}));
    for (int i = 0; i < 1500; ++i) put(*engine, engine->usable_table("t"), numbered(i));
    spaces = {engine->usable_table("t")->space, engine->usable_table("t")->index("gsi")->space};
  }
  {
    // Writes the first batch of a deletion directly to the store: the table is gone, its rows are not.
    store::Options options;
    options.directory = directory.path();
    const auto raw = store::Store::open(options);
    store::Batch batch;
    batch.remove(catalog_key(CatalogRow::kTable, "t"));
    for (const store::SpaceId space : spaces) batch.put(catalog_key(CatalogRow::kDropped, space), {});
    raw->write(batch);
  }
  EXPECT_EQ(open(directory.path())->find_table("t"), nullptr);
  expect_nothing_left(directory.path(), spaces);
}

TEST(Backfill, LeavesNothingOfAnIndexThatIsDroppedMeanwhile) {
  const TemporaryDirectory directory;
  std::vector<store::SpaceId> spaces;
  {
    const auto engine = open(directory.path());
    engine->create_table(make_table("t"));
    for (int i = 0; i < 3000; ++i) put(*engine, engine->usable_table("t"), numbered(i));
    for (int round = 0; round < 5; ++round) {
      engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group()); });
      spaces.push_back(engine->usable_table("t")->index("gsi")->space);
      engine->update_table("t", [](Table& table) { table.indexes.clear(); });
      ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
      EXPECT_EQ(engine->usable_table("t")->index("gsi"), nullptr);
    }
    EXPECT_EQ(read_all(*engine, scan(engine->usable_table("t"))).size(), 3000U);
  }
  expect_nothing_left(directory.path(), spaces);
}

TEST(Backfill, EndsWithItsIndex) {
  const auto engine = open();
  engine->create_table(make_table("t"));
  for (int i = 0; i < 1000; ++i) put(*engine, engine->usable_table("t"), numbered(i));
  engine->pause_jobs();
  engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group()); });
  engine->update_table("t", [](Table& table) { table.indexes.clear(); });
  EXPECT_TRUE(is_settled(*engine, "t"));
  EXPECT_EQ(engine->usable_table("t")->index("gsi"), nullptr);
  engine->resume_jobs();
}

TEST(Tables, ADeletedTableLeavesNothingInTheStore) {
  const TemporaryDirectory directory;
  std::vector<store::SpaceId> spaces;
  {
    const auto engine = open(directory.path());
    engine->create_table(make_table("t", {by_group("one")}));
    for (int i = 0; i < 1500; ++i) put(*engine, engine->usable_table("t"), numbered(i));
    engine->update_table("t", [](Table& table) { table.indexes.push_back(by_group("two")); });
    ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
    const TablePtr table = engine->usable_table("t");
    spaces = {table->space, table->index("one")->space, table->index("two")->space};
    EXPECT_EQ(read_all(*engine, scan(table, "two")).size(), 1500U);
    engine->delete_table("t");
    EXPECT_TRUE(engine->list_tables("", 10).empty());
  }
  expect_nothing_left(directory.path(), spaces);
}

/// Writes large items, each of which takes long, to `table` until some time after `stop`; the table may be deleted
/// meanwhile.
class LargeWriters {
 public:
  LargeWriters(Engine& engine, TablePtr table) {
    for (int t = 0; t < 3; ++t) {
      threads_.emplace_back([this, &engine, table, t] {
        const std::string large(100'000, 'x');
        for (int i = 0, after = 0; after < 2; ++i) {
          if (stop_) ++after;
          const std::string key = std::to_string(t) + "-" + std::to_string(i % 20);
          const core::ApiError error = error_of([&] {
            put(engine, table,
                R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"},"g":{"S":"g"},"data":{"S":")" + large + "\"}}");
          });
          if (error.type == "ResourceNotFoundException") return;
          EXPECT_EQ(error.type, "") << error.message;
          ++written_;
        }
      });
    }
    EXPECT_TRUE(wait_until([this] { return written_ > 0; }));
  }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> written_ = 0;
  std::vector<std::thread> threads_;
};

TEST(Backfill, AnIndexMissesNoWriteThatIsUnderWayWhenItIsAdded) {
  const auto engine = open();
  for (int round = 0; round < 40; ++round) {
    engine->create_table(make_table("t"));
    LargeWriters writers(*engine, engine->usable_table("t"));
    engine->update_table("t", [](Table& table) {
      table.indexes.push_back(make_index("gsi", true, {{key_attribute("g")}, {}}, ProjectionType::kKeysOnly));
    });
    writers.stop();
    ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
    const TablePtr table = engine->usable_table("t");
    const TableCounts counts = engine->counts(*table);
    ASSERT_EQ(counts.indexes[0].items, counts.table.items) << round;
    ASSERT_EQ(read_all(*engine, scan(table, "gsi")).size(), counts.table.items) << round;
    engine->delete_table("t");
  }
}

TEST(Tables, AWriteUnderWayLeavesNothingInATableOrIndexThatGoes) {
  const TemporaryDirectory directory;
  std::vector<store::SpaceId> spaces;
  {
    const auto engine = open(directory.path());
    for (int round = 0; round < 30; ++round) {
      engine->create_table(make_table("t", {by_group()}));
      const TablePtr table = engine->usable_table("t");
      spaces.push_back(table->space);
      spaces.push_back(table->indexes[0].space);
      LargeWriters writers(*engine, table);
      if (round % 2 == 0) engine->update_table("t", [](Table& changed) { changed.indexes.clear(); });
      engine->delete_table("t");
      writers.stop();
    }
  }
  expect_nothing_left(directory.path(), spaces);
}

TEST(Counts, AreExactAfterAKill) {
  // A copy of the files of a running engine equals what a killed process leaves.
  const TemporaryDirectory directory;
  const TemporaryDirectory killed;
  const auto engine = open(directory.path());
  engine->create_table(make_table("t", {by_group()}));
  const TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 500; ++i) put(*engine, table, numbered(i, i % 2 == 0));
  for (int i = 0; i < 500; i += 5) remove(*engine, table, numbered(i));
  std::filesystem::copy(directory.path(), killed.path(), std::filesystem::copy_options::recursive);
  const auto again = open(killed.path());
  const TablePtr after = again->usable_table("t");
  const TableCounts counts = again->counts(*after);
  const TableCounts expected = engine->counts(*table);
  EXPECT_EQ(counts.table.items, 400U);
  EXPECT_EQ(counts.indexes[0].items, 200U);
  EXPECT_EQ(counts.table.size_bytes, expected.table.size_bytes);
  EXPECT_EQ(counts.indexes[0].size_bytes, expected.indexes[0].size_bytes);
  EXPECT_EQ(read_all(*again, scan(after)).size(), 400U);
}

TEST(Counts, AreExactWhateverTheNumberOfLocks) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  std::uint64_t items = 0;
  const auto expect_counts = [&](const Engine& engine, const TablePtr& table) {
    const TableCounts counts = engine.counts(*table);
    std::uint64_t size_bytes = 0;
    for (const std::string& json : read_all(engine, scan(table))) size_bytes += json::Item(json).size_bytes();
    EXPECT_EQ(counts.table.items, items) << options.lock_stripes;
    EXPECT_EQ(counts.table.size_bytes, size_bytes) << options.lock_stripes;
    EXPECT_EQ(counts.indexes.at(0).items, items) << options.lock_stripes;
  };
  constexpr std::size_t kCounts[] = {4096, 1, 100, 7, 256};
  for (const std::size_t lock_stripes : kCounts) {
    options.lock_stripes = lock_stripes;
    const auto engine = Engine::open(options);
    if (engine->find_table("t") == nullptr) engine->create_table(make_table("t", {by_group()}));
    const TablePtr table = engine->usable_table("t");
    expect_counts(*engine, table);
    // Most items of earlier rounds are deleted under another lock than they were written under.
    for (int i = 0; i < 300; ++i) remove(*engine, table, numbered(i));
    items = 0;
    expect_counts(*engine, table);
    for (int i = 0; i < 300; i += lock_stripes == 7 ? 3 : 1) {
      put(*engine, table, numbered(i, true));
      ++items;
    }
    expect_counts(*engine, table);
  }
}

TEST(Counts, AreExactWhileBatchesAreWrittenAtOnce) {
  // Batches of distinct items have different locks, but may need the same part of the counters.
  constexpr int kThreads = 4;
  constexpr int kBatches = 400;
  constexpr int kItems = 5;
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  const auto engine = Engine::open(options);
  engine->create_table(make_table("t", {by_group()}));
  const TablePtr table = engine->usable_table("t");
  std::atomic<int> running = kThreads;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int batch = 0; batch < kBatches; ++batch) {
        const int first = (thread * kBatches + batch) * kItems;
        std::vector<json::EncodedItem> items;
        for (int i = first; i < first + kItems; ++i) items.push_back(item(numbered(i)));
        engine->write_each(puts_of(table, items));
        if (batch % 4 == 3) remove(*engine, table, numbered(first));
      }
      --running;
    });
  }
  do {
    // A batch is one write, and a deletion another: sums read at one time include whole batches only.
    const TableCounts counts = engine->counts(*table);
    EXPECT_EQ(counts.table.items, counts.indexes.at(0).items);
  } while (running > 0);
  threads.clear();
  constexpr int kLeft = kThreads * kBatches * kItems - kThreads * kBatches / 4;
  EXPECT_EQ(engine->counts(*table).table.items, static_cast<std::uint64_t>(kLeft));
  EXPECT_EQ(read_all(*engine, scan(table)).size(), static_cast<std::size_t>(kLeft));
}

TEST(Counts, OfAnIndexOutliveAWriteThatBeganBeforeIt) {
  // Two items with different locks that need the same part of the counters.
  Options options;
  options.lock_stripes = 2 * Stripes::kCounterParts;
  const auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  const TablePtr table = engine->usable_table("t");
  const auto lock_of = [&](int i) {
    return store::partition_hash(key_of(*table, numbered(i)).encoded) % options.lock_stripes;
  };
  int other = 1;
  while (lock_of(other) != (lock_of(0) + Stripes::kCounterParts) % options.lock_stripes) ++other;
  auto earlier = engine->begin_write_group();
  put(*engine, table, numbered(0));
  std::jthread update(
      [&] { engine->update_table("t", [](Table& changed) { changed.indexes.push_back(by_group()); }); });
  ASSERT_TRUE(wait_until([&] { return engine->find_table("t")->index("gsi") != nullptr; }));
  std::jthread([&] { put(*engine, engine->usable_table("t"), numbered(other)); }).join();
  EXPECT_EQ(engine->counts(*engine->usable_table("t")).indexes.at(0).items, 1U);
  earlier->commit();
  update.join();
  ASSERT_TRUE(wait_until([&] { return is_settled(*engine, "t"); }));
  const TableCounts counts = engine->counts(*engine->usable_table("t"));
  EXPECT_EQ(counts.table.items, 2U);
  EXPECT_EQ(counts.indexes.at(0).items, 2U);
}

TEST(Catalog, DamageIsAnOpenErrorInOneLine) {
  const TemporaryDirectory directory;
  { open(directory.path())->create_table(make_table("t")); }
  {
    store::Options options;
    options.directory = directory.path();
    const auto raw = store::Store::open(options);
    store::Batch batch;
    batch.put(std::string_view("\0\0\0\0Tt", 6), "{\"name\":");
    raw->write(batch);
  }
  try {
    open(directory.path());
    FAIL() << "opened";
  } catch (const store::OpenError& error) {
    EXPECT_NE(std::string(error.what()).find("catalog"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace stator::engine
