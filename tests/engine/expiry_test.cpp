#include "engine/expiry.h"

#include <rocksdb/statistics.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "engine/catalog.h"
#include "engine/disk_waits.h"
#include "engine/keys.h"
#include "engine/raw_store.h"
#include "engine/support.h"
#include "engine/writer.h"
#include "json/writer.h"
#include "store/store.h"

namespace stator::engine {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;  // the start of ManualClock

TEST(ExpirySeconds, AreTheFirstWholeSecondOfANumber) {
  struct Row {
    const char* value;
    std::optional<std::int64_t> seconds;
  };
  const std::array<Row, 14> rows = {{{R"({"N":"1700000000"})", 1'700'000'000},
                                     {R"({"N":"1699999999.5"})", 1'700'000'000},
                                     {R"({"N":"0.001"})", 1},
                                     {R"({"N":"9223372036854775807"})", 9'223'372'036'854'775'807},
                                     {R"({"N":"9223372036854775808"})", std::nullopt},
                                     {R"({"N":"9223372036854775807.5"})", std::nullopt},
                                     {R"({"N":"1E125"})", std::nullopt},
                                     {R"({"N":"0"})", std::nullopt},
                                     {R"({"N":"-1"})", std::nullopt},
                                     {R"({"N":"-0.5"})", std::nullopt},
                                     {R"({"S":"1700000000"})", std::nullopt},
                                     {R"({"NS":["1700000000"]})", std::nullopt},
                                     {R"({"L":[{"N":"1700000000"}]})", std::nullopt},
                                     {R"({"NULL":true})", std::nullopt}}};
  for (const Row& row : rows) {
    const json::EncodedItem encoded = item(std::string(R"({"ttl":)") + row.value + "}");
    EXPECT_EQ(expiry_seconds(json::Item(encoded.json), "ttl"), row.seconds) << row.value;
    EXPECT_EQ(expiry_seconds(json::Item(encoded.json), "other"), std::nullopt);
  }
}

/// An engine that searches for expired items all the time, and a table with indexes.
class ExpiryTest : public testing::Test {
 protected:
  void start(const std::filesystem::path& directory = {}, bool paused = false) {
    Options options;
    options.directory = directory;
    options.jobs_paused = paused;
    options.clock = &clock_;
    options.expiry_period_ms = 1;
    engine_ = Engine::open(options);
  }
  void create_table() {
    table_ = engine_->create_table(
        make_table("t", {make_index("local", false, {{key_attribute("pk")}, {key_attribute("l")}}),
                         make_index("global", true, {{key_attribute("g")}, {}})}));
  }
  void expire_by(std::string attribute) {
    table_ = engine_->annotate_table("t", [&](Table& table) { table.ttl_attribute = std::move(attribute); });
  }
  void put_item(const std::string& sort_key, const std::string& attributes) {
    put(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":")" + sort_key + R"("})" + attributes + "}");
  }
  static std::string expires(std::int64_t seconds) { return R"(,"ttl":{"N":")" + std::to_string(seconds) + R"("})"; }
  std::string get_item(const std::string& sort_key) {
    return get(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":")" + sort_key + R"("}})");
  }
  std::uint64_t count() { return engine_->counts(*table_).table.items; }
  /// Waits until a search of the table has ended that began after this call: until an expired item was deleted, twice.
  /// Without a time-to-live attribute, waits until no search runs.
  void wait_for_walk() {
    const std::string attribute = engine_->find_table("t")->ttl_attribute;
    if (attribute.empty()) {
      ASSERT_TRUE(wait_until([this] {
        return std::ranges::all_of(engine_->jobs(), [](const JobInfo& job) { return job.state == JobState::kEnded; });
      }));
      return;
    }
    std::string marker = ",";
    json::append_string(attribute, marker);
    marker += R"(:{"N":")" + std::to_string(kNow - 1) + "\"}";
    for (int walk = 0; walk < 2; ++walk) {
      put_item("~marker", marker);
      ASSERT_TRUE(wait_until([this] { return get_item("~marker").empty(); }));
    }
  }

  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
};

TEST_F(ExpiryTest, DeletesWhatHasExpiredAndNothingElse) {
  start();
  create_table();
  put_item("past", expires(kNow - 60));
  put_item("now", expires(kNow));
  put_item("fraction", R"(,"ttl":{"N":"1699999999.5"})");
  put_item("future", expires(kNow + 60));
  put_item("five years", expires(kNow - kOldestExpirySeconds));
  put_item("older", expires(kNow - kOldestExpirySeconds - 1));
  put_item("zero", expires(0));
  put_item("negative", expires(-1));
  put_item("milliseconds", expires((kNow - 60) * 1000));
  put_item("text", R"(,"ttl":{"S":"1699999000"})");
  put_item("list", R"(,"ttl":{"L":[{"N":"1699999000"}]})");
  put_item("nested", R"(,"m":{"M":{"ttl":{"N":"1699999000"}}})");
  put_item("none", "");
  expire_by("ttl");
  wait_for_walk();
  for (const char* gone : {"past", "now", "fraction", "five years"}) EXPECT_EQ(get_item(gone), "") << gone;
  for (const char* kept : {"future", "older", "zero", "negative", "milliseconds", "text", "list", "nested", "none"}) {
    EXPECT_NE(get_item(kept), "") << kept;
  }
  EXPECT_EQ(count(), 9U);
}

TEST_F(ExpiryTest, NothingExpiresWithoutAnAttribute) {
  start();
  create_table();
  put_item("past", expires(kNow - 60));
  wait_for_walk();
  EXPECT_NE(get_item("past"), "");
  expire_by("ttl");
  ASSERT_TRUE(wait_until([this] { return get_item("past").empty(); }));
  expire_by("");
  wait_for_walk();
  put_item("past", expires(kNow - 60));
  wait_for_walk();
  EXPECT_NE(get_item("past"), "");
}

TEST_F(ExpiryTest, TheAttributeIsTheOneSetLast) {
  start();
  create_table();
  expire_by("ttl");
  expire_by("a b\"c");
  wait_for_walk();
  put_item("other", expires(kNow - 60));
  put_item("named", R"(,"a b\"c":{"N":"1699999000"})");
  wait_for_walk();
  EXPECT_EQ(get_item("named"), "");
  EXPECT_NE(get_item("other"), "");
}

TEST_F(ExpiryTest, ExpiresWhenItsTimeComes) {
  start();
  create_table();
  expire_by("ttl");
  put_item("later", expires(kNow + 60));
  wait_for_walk();
  EXPECT_NE(get_item("later"), "");
  clock_.advance(60'000);
  ASSERT_TRUE(wait_until([this] { return get_item("later").empty(); }));
}

TEST_F(ExpiryTest, TakesIndexEntriesAndCountsWithIt) {
  start();
  create_table();
  constexpr int kItems = 2000;
  for (int i = 0; i < kItems; ++i) {
    put_item(std::to_string(i), R"(,"l":{"S":"x"},"g":{"S":"y"})" + expires(i % 2 == 0 ? kNow - 60 : kNow + 60));
  }
  expire_by("ttl");
  ASSERT_TRUE(wait_until([this] { return count() == kItems / 2; }));
  const TableCounts counts = engine_->counts(*table_);
  EXPECT_EQ(counts.indexes.at(0).items, kItems / 2);
  EXPECT_EQ(counts.indexes.at(1).items, kItems / 2);
  for (const char* index : {"", "local", "global"}) {
    EXPECT_EQ(read_all(*engine_, scan(table_, index)).size(), kItems / 2) << index;
  }
  std::uint64_t size_bytes = 0;
  for (int i = 1; i < kItems; i += 2) size_bytes += json::Item(get_item(std::to_string(i))).size_bytes();
  EXPECT_EQ(counts.table.size_bytes, size_bytes);
}

TEST_F(ExpiryTest, AnItemGivenMoreTimeStays) {
  start();
  create_table();
  expire_by("ttl");
  // When a search sees the item it has just expired, but it gets more time before it can be deleted.
  for (int i = 0; i < 1000; ++i) {
    put_item("x", R"(,"n":{"N":"1"})" + expires(kNow - 1));
    put_item("x", R"(,"n":{"N":"2"})" + expires(kNow + 60));
    for (int look = 0; look < 20; ++look) ASSERT_NE(get_item("x"), "") << i;
  }
}

TEST_F(ExpiryTest, GoesOnAfterARestart) {
  const TemporaryDirectory directory;
  start(directory.path());
  create_table();
  expire_by("ttl");
  put_item("later", expires(kNow + 60));
  engine_.reset();
  clock_.advance(60'000);
  start(directory.path());
  table_ = engine_->find_table("t");
  ASSERT_TRUE(wait_until([this] { return get_item("later").empty(); }));
}

TEST_F(ExpiryTest, StopsWithoutEndingItsWalkWhenTheEngineCloses) {
  // A search may end before the engine closes, but hardly in each of several rounds.
  bool stopped = false;
  for (int round = 0; round < 10 && !stopped; ++round) {
    const TemporaryDirectory directory;
    start(directory.path());
    create_table();
    for (int i = 0; i < 5000; ++i) put_item(std::to_string(i), expires(kNow - 60));
    expire_by("ttl");
    const store::SpaceId space = table_->space;
    ASSERT_TRUE(wait_until([this] { return count() < 5000; })) << "the walk has begun";
    engine_.reset();
    store::Options options;
    options.directory = directory.path();
    const auto raw = store::Store::open(options);
    const KeyBounds rows = space_bounds(space);
    const auto left = raw->cursor(rows.lower, rows.upper);
    left->seek_to_first();
    stopped = left->valid();
  }
  EXPECT_TRUE(stopped);
}

TEST_F(ExpiryTest, ATableDeletedDuringTheWalkIsNoTrouble) {
  start();
  for (int round = 0; round < 5; ++round) {
    create_table();
    expire_by("ttl");
    for (int i = 0; i < 300; ++i) put_item(std::to_string(i), expires(kNow - 60));
    engine_->delete_table("t");
    ASSERT_TRUE(wait_until([this] { return engine_->find_table("t") == nullptr; }));
  }
}

TEST_F(ExpiryTest, ReadsOnlyWhatHasExpired) {
  start();
  create_table();
  expire_by("ttl");
  for (int i = 0; i < 1000; ++i) put_item("future" + std::to_string(i), expires(kNow + 60 + i));
  for (int i = 0; i < 100; ++i) put_item("older" + std::to_string(i), expires(kNow - kOldestExpirySeconds - 60 - i));
  for (int i = 0; i < 100; ++i) put_item("never" + std::to_string(i), "");
  for (int i = 0; i < 10; ++i) put_item("past" + std::to_string(i), expires(kNow - i));
  ASSERT_TRUE(wait_until([this] { return count() == 1200; }));
  clock_.advance(70'000);  // eleven of the first thousand expire
  ASSERT_TRUE(wait_until([this] { return count() == 1189; }));
  ASSERT_TRUE(wait_until([this] { return find_job(*engine_, "expire-items", "t")->progress.items_changed == 21; }));
  const auto job = find_job(*engine_, "expire-items", "t");
  EXPECT_EQ(job->progress.items_read, 21U);
  EXPECT_EQ(job->progress.items_changed, 21U);
}

TEST_F(ExpiryTest, ReadsNothingUntilTheNextItemExpires) {
  const std::shared_ptr<rocksdb::Statistics> statistics = rocksdb::CreateDBStatistics();
  Options options;
  options.clock = &clock_;
  options.expiry_period_ms = 3'600'000;
  options.resources.statistics = statistics;
  engine_ = Engine::open(options);
  create_table();
  expire_by("ttl");
  ASSERT_TRUE(wait_until([this] { return !engine_->find_table("t")->ttl_building; }));
  /// Returns the number of cursors that these searches open.
  const auto cursors = [&](int searches) {
    const std::uint64_t before = statistics->getTickerCount(rocksdb::NO_ITERATOR_CREATED);
    for (int i = 0; i < searches; ++i) EXPECT_TRUE(engine_->run_due_jobs(std::chrono::seconds(10)));
    return statistics->getTickerCount(rocksdb::NO_ITERATOR_CREATED) - before;
  };
  const auto at = [&](std::int64_t seconds, int searches = 1) {
    clock_.set((kNow + seconds) * 1000);
    return cursors(searches);
  };
  (void)at(1, 3);
  EXPECT_EQ(at(1'000'000, 10), 0U) << "without an item";

  put_item("a", expires(kNow + 2'000'000));
  put_item("b", expires(kNow + 3'000'000));
  EXPECT_EQ(at(1'999'999, 10), 0U) << "before the first is due";
  EXPECT_EQ(at(2'000'000), 1U);
  EXPECT_EQ(count(), 1U);
  (void)at(2'000'001, 3);
  EXPECT_EQ(at(2'999'999, 10), 0U) << "before the second is due";

  put_item("earlier", expires(kNow + 2'999'998));
  (void)at(2'999'999);
  EXPECT_EQ(get_item("earlier"), "");
  put_item("soon", expires(kNow + 2'999'999 + 10));
  (void)at(2'999'999, 3);
  EXPECT_NE(get_item("soon"), "");
  (void)at(2'999'999 + 10);
  EXPECT_EQ(count(), 0U) << "both are due";
}

TEST_F(ExpiryTest, AClockThatGoesBackBringsBackWhatWasTooOldOrDue) {
  Options options;
  options.clock = &clock_;
  options.expiry_period_ms = 3'600'000;
  engine_ = Engine::open(options);
  create_table();
  expire_by("ttl");
  put_item("soon", expires(kNow + 60));
  const auto search_at = [&](std::int64_t seconds) {
    clock_.set((kNow + seconds) * 1000);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(engine_->run_due_jobs(std::chrono::seconds(10)));
  };
  search_at(0);
  search_at(2 * kOldestExpirySeconds);
  EXPECT_NE(get_item("soon"), "") << "older than five years";
  search_at(59);
  EXPECT_NE(get_item("soon"), "");
  put_item("sooner", expires(kNow + 59));
  put_item("again", expires(kNow + 70));
  search_at(59);
  EXPECT_EQ(get_item("sooner"), "");
  search_at(60);
  EXPECT_EQ(get_item("soon"), "");
  search_at(30);
  search_at(69);
  EXPECT_NE(get_item("again"), "");
  search_at(70);
  EXPECT_EQ(get_item("again"), "");
}

TEST_F(ExpiryTest, IsExactWhileItemsOfAnyTimeAreWrittenAndTheClockMoves) {
  // Rewrites items that a search has passed or looked ahead to, with earlier and later times.
  start();
  create_table();
  expire_by("ttl");
  std::map<std::string, std::int64_t> times;
  std::mt19937 random(7);
  std::int64_t now = kNow;
  for (int round = 0; round < 300; ++round) {
    for (int i = static_cast<int>(random() % 3); i > 0; --i) {
      const std::string name = std::to_string(random() % 12);
      const auto seconds = now + static_cast<std::int64_t>(random() % 40) - 4;
      put_item(name, expires(seconds));
      times[name] = seconds;
    }
    if (random() % 2 == 0) now += static_cast<std::int64_t>(random() % 12) - 2;
    clock_.set(now * 1000);
    ASSERT_TRUE(engine_->run_due_jobs(std::chrono::seconds(10)));
    std::erase_if(times, [&](const auto& entry) { return entry.second <= now; });
    ASSERT_EQ(count(), times.size()) << round;
  }
}

/// An update that can name the attribute, which is a reserved word.
expression::Update update_ttl(std::string_view text, std::string_view values) {
  json::Parser names_parser;
  json::Parser values_parser;
  const json::Object names = names_parser.parse(std::string_view(R"({"#ttl":"ttl"})")).get_object();
  const json::Object values_object = values_parser.parse(values).get_object();
  expression::Bindings bound(&names, values_object.size() == 0 ? nullptr : &values_object);
  return expression::bind_update(text, bound);
}

TEST_F(ExpiryTest, TheRangeIsWhatTheItemsSay) {
  const TemporaryDirectory directory;
  const TemporaryDirectory killed;
  start(directory.path(), true);
  create_table();
  expire_by("ttl");
  const std::string key = R"({"pk":{"S":"p"},"sk":{"S":")";
  for (int i = 0; i < 40; ++i) put_item(std::to_string(i), i % 4 == 0 ? "" : expires(kNow + i));
  for (int i = 0; i < 10; ++i) put_item(std::to_string(i), expires(kNow + 100 + i));
  for (int i = 5; i < 15; ++i) put_item(std::to_string(i), R"(,"ttl":{"S":"text"})");
  for (int i = 10; i < 20; ++i) remove(*engine_, table_, key + std::to_string(i) + R"("}})");
  const expression::Update later = update_ttl("SET #ttl = if_not_exists(#ttl, :t) + :t", R"({":t":{"N":"1000"}})");
  const expression::Update none = update_ttl("REMOVE #ttl", "{}");
  for (int i = 20; i < 25; ++i) change(*engine_, table_, key + std::to_string(i) + R"("}})", later);
  for (int i = 25; i < 30; ++i) change(*engine_, table_, key + std::to_string(i) + R"("}})", none);
  change(*engine_, table_, key + R"(new"}})", later);

  const json::EncodedItem another = item(key + R"(transacted"},"ttl":{"N":"5"}})");
  std::vector<WriteAction> actions(3);
  for (WriteAction& action : actions) action.table = table_;
  actions[0].item = &another;
  actions[0].key = key_of(*table_, another.json);
  actions[1].kind = WriteKind::kDelete;
  actions[1].key = key_of(*table_, key + R"(31"}})");
  actions[2].kind = WriteKind::kUpdate;
  actions[2].update = &later;
  actions[2].key = key_of(*table_, key + R"(33"}})");
  engine_->transact_write(actions);
  const expression::Condition fails = condition("attribute_not_exists(pk)");
  EXPECT_TRUE(put(*engine_, table_, key + R"(34"},"ttl":{"N":"7"}})", &fails).condition_failed);
  actions[1].kind = WriteKind::kConditionCheck;
  actions[1].key = key_of(*table_, key + R"(35"}})");
  actions[1].condition = &fails;
  EXPECT_TRUE(engine_->transact_write(actions).cancelled());

  // A copy of the files of a running engine equals what a killed process leaves.
  std::filesystem::copy(directory.path(), killed.path(), std::filesystem::copy_options::recursive);
  const auto raw = open_raw(killed.path());
  const Table table = raw_table(*raw, "t");
  EXPECT_FALSE(table.ttl_building);
  const auto rows = expiry_rows(*raw, table);
  EXPECT_EQ(rows, expected_expiry_rows(*raw, table));
  EXPECT_GT(rows.size(), 15U);
}

TEST_F(ExpiryTest, ADirectoryWithoutTheRangeGetsIt) {
  // The row of a table as written by a version without time-to-live ranges.
  const TemporaryDirectory directory;
  start(directory.path());
  create_table();
  for (int i = 0; i < 2000; ++i) put_item(std::to_string(i), i % 2 == 0 ? expires(kNow + 60 + i) : "");
  for (int i = 0; i < 20; ++i) put_item("past" + std::to_string(i), expires(kNow - 60));
  engine_.reset();
  {
    const auto raw = open_raw(directory.path());
    std::string row;
    ASSERT_TRUE(raw->get(catalog_key(CatalogRow::kTable, "t"), row));
    ASSERT_EQ(row.find("ttl_space"), std::string::npos);
    const std::string_view disabled = R"("ttl_attribute":"")";
    row.replace(row.find(disabled), disabled.size(), R"("ttl_attribute":"ttl")");
    store::Batch batch;
    batch.put(catalog_key(CatalogRow::kTable, "t"), row);
    raw->write(batch);
  }
  start(directory.path());
  table_ = engine_->find_table("t");
  EXPECT_NE(table_->ttl_space, 0U);
  ASSERT_TRUE(wait_until([this] { return count() == 2000; }));
  ASSERT_TRUE(wait_until([this] { return !engine_->find_table("t")->ttl_building; }));
  engine_.reset();
  const auto raw = open_raw(directory.path());
  const Table table = raw_table(*raw, "t");
  EXPECT_EQ(expiry_rows(*raw, table).size(), 1000U);
  EXPECT_EQ(expiry_rows(*raw, table), expected_expiry_rows(*raw, table));
}

TEST_F(ExpiryTest, TheBuildGoesOnAfterARestartWhereItStopped) {
  const TemporaryDirectory directory;
  constexpr std::size_t kItems = 1000;
  constexpr std::size_t kDone = 400;
  start(directory.path());
  create_table();
  for (std::size_t i = 0; i < kItems; ++i) put_item(std::to_string(i), expires(kNow + 60));
  engine_.reset();
  {
    const auto raw = open_raw(directory.path());
    Table table = raw_table(*raw, "t");
    table.ttl_attribute = "ttl";
    table.ttl_space = 77;
    table.ttl_building = true;
    const KeyBounds bounds = space_bounds(table.space);
    const auto cursor = raw->cursor(bounds.lower, bounds.upper);
    cursor->seek_to_first();
    for (std::size_t i = 1; i < kDone; ++i) cursor->next();
    store::Batch batch;
    batch.put(catalog_key(CatalogRow::kTable, "t"), table_to_json(table));
    batch.put(catalog_key(CatalogRow::kNextSpace), "78");
    batch.put(catalog_key(CatalogRow::kBuild, 77), cursor->key());
    raw->write(batch);
  }
  start(directory.path());
  ASSERT_TRUE(wait_until([this] { return !engine_->find_table("t")->ttl_building; }));
  engine_.reset();
  const auto raw = open_raw(directory.path());
  EXPECT_EQ(expiry_rows(*raw, raw_table(*raw, "t")).size(), kItems - kDone);
  EXPECT_EQ(count_keys(*raw, {catalog_key(CatalogRow::kBuild), store::prefix_end(catalog_key(CatalogRow::kBuild))}),
            0U);
}

TEST_F(ExpiryTest, AKillDuringTheBuildLosesNoRow) {
  const TemporaryDirectory directory;
  start(directory.path(), true);
  create_table();
  constexpr int kItems = 4000;
  for (int i = 0; i < kItems; ++i) put_item(std::to_string(i), i % 3 == 0 ? expires(kNow + 60 + i) : "");
  expire_by("ttl");
  int unfinished = 0;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 20; ++i) put_item(std::to_string(i * 7 + round), expires(kNow + 5000 + round));
    const TemporaryDirectory killed;
    std::filesystem::copy(directory.path(), killed.path(), std::filesystem::copy_options::recursive);
    engine_->resume_jobs();
    engine_->pause_jobs();  // most often after a step
    {
      Options options;
      options.directory = killed.path();
      options.clock = &clock_;
      options.jobs_paused = true;
      const auto again = Engine::open(options);
      if (again->find_table("t")->ttl_building) ++unfinished;
      again->resume_jobs();
      ASSERT_TRUE(wait_until([&] { return !again->find_table("t")->ttl_building; }));
    }
    const auto raw = open_raw(killed.path());
    const Table table = raw_table(*raw, "t");
    EXPECT_EQ(expiry_rows(*raw, table), expected_expiry_rows(*raw, table)) << round;
  }
  EXPECT_GT(unfinished, 0) << "every copy was made after the build: the test would prove nothing";
}

TEST_F(ExpiryTest, ARowThatIsOvertakenDeletesNothing) {
  // The search has read the row; before it deletes the item, a write changes it.
  const auto store = store::Store::open({});
  Stripes stripes(16);
  const auto ignore = [](const TableRange&) {};
  ChangeLog change_log(*store, clock_, {}, [] {});
  Catalog catalog(*store, stripes, change_log, clock_, 0, 0, false, {.build = ignore, .expire = ignore});
  Writer writer(*store, stripes, clock_);
  Table described = make_table("t");
  described.ttl_attribute = "ttl";
  catalog.create(described);
  const TablePtr table = catalog.find("t");
  const auto put_with = [&](std::int64_t seconds) {
    const json::EncodedItem encoded = item(R"({"pk":{"S":"p"},"sk":{"S":"s"})" + expires(seconds) + "}");
    WriteAction action;
    action.table = table;
    action.item = &encoded;
    action.key = key_of(*table, encoded.json);
    writer.write(action);
    return expiry_key(table->ttl_space, seconds, action.key.encoded);
  };
  using Outcome = Writer::Expired::Outcome;
  const std::string early = put_with(kNow - 60);
  const std::string late = put_with(kNow + 60);
  EXPECT_EQ(writer.expire(table, early).outcome, Outcome::kStale);
  EXPECT_EQ(expiry_rows(*store, *table).size(), 1U);
  EXPECT_EQ(count_keys(*store, space_bounds(table->space)), 1U) << "the item stays";
  EXPECT_EQ(writer.expire(table, late).outcome, Outcome::kDeleted);
  EXPECT_TRUE(expiry_rows(*store, *table).empty());
  EXPECT_EQ(count_keys(*store, space_bounds(table->space)), 0U);
  EXPECT_EQ(writer.expire(table, late).outcome, Outcome::kStale) << "there is no such item";

  const std::string last = put_with(kNow - 60);
  catalog.annotate("t", [](Table& changed) { changed.ttl_attribute = "other"; });
  EXPECT_EQ(writer.expire(table, last).outcome, Outcome::kGone);
  catalog.remove("t");
  EXPECT_EQ(writer.expire(table, last).outcome, Outcome::kGone);
}

TEST_F(ExpiryTest, ADamagedItemIsPassedOver) {
  const TemporaryDirectory directory;
  start(directory.path(), true);
  for (const char* name : {"a", "b"}) {
    engine_->create_table(make_table(name));
    engine_->annotate_table(name, [](Table& table) { table.ttl_attribute = "ttl"; });
    table_ = engine_->find_table(name);
    for (int i = 0; i < 10; ++i) put_item(std::to_string(i), expires(kNow - 60 - i));
  }
  engine_.reset();
  damage(directory.path(), "a", R"({"pk":{"S":"p"},"sk":{"S":"5"}})", "damaged");
  damage(directory.path(), "a", R"({"pk":{"S":"p"},"sk":{"S":"7"}})", "");
  start(directory.path());
  for (const char* name : {"b", "a"}) {
    table_ = engine_->find_table(name);
    ASSERT_TRUE(wait_until([&] { return count() == (name == std::string_view("a") ? 2 : 0); })) << name;
  }
  ASSERT_TRUE(wait_until([this] { return find_job(*engine_, "expire-items", "a")->progress.items_changed == 8; }));
  const auto job = find_job(*engine_, "expire-items", "a");
  EXPECT_EQ(job->progress.items_skipped, 2U);
  EXPECT_EQ(job->failures, 0U);
  EXPECT_EQ(find_job(*engine_, "expire-items", "b")->progress.items_skipped, 0U);
}

TEST_F(ExpiryTest, ChangesOfTheAttributeWhileItemsAreWrittenLeaveTheRightRange) {
  const TemporaryDirectory directory;
  start(directory.path());
  create_table();
  const TablePtr first_version = table_;
  for (int i = 0; i < 1500; ++i) put_item(std::to_string(i), expires(kNow + 60 + i) + R"(,"other":{"N":"1900000000"})");
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (unsigned t = 0; t < 2; ++t) {
    writers.emplace_back([&, t] {
      std::mt19937 random(t);
      while (!stop) {
        const int i = std::uniform_int_distribution<int>(0, 1600)(random);
        const std::string key = R"({"pk":{"S":"p"},"sk":{"S":")" + std::to_string(i) + R"("})";
        // Half of the writes still use the table version without the attribute.
        const TablePtr table = i % 2 == 0 ? first_version : engine_->usable_table("t");
        if (i % 5 == 0) {
          remove(*engine_, table, key + "}");
        } else {
          put(*engine_, table, key + expires(kNow + 1000 + static_cast<int>(random() % 1000)) + "}");
        }
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    for (const char* attribute : {"ttl", "other", "", "ttl"}) {
      expire_by(attribute);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  EXPECT_TRUE(wait_until([this] { return !engine_->find_table("t")->ttl_building; }));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  engine_.reset();
  const auto raw = open_raw(directory.path());
  const Table table = raw_table(*raw, "t");
  const auto rows = expiry_rows(*raw, table);
  EXPECT_EQ(rows, expected_expiry_rows(*raw, table));
  EXPECT_GT(rows.size(), 1000U);
  // Nothing is left of the table's earlier ranges.
  KeyBounds others = space_bounds(table.indexes.back().space + 1);
  others.upper = space_bounds(table.ttl_space).lower;
  EXPECT_EQ(count_keys(*raw, others), 0U);
  for (const CatalogRow row : {CatalogRow::kBuild, CatalogRow::kDropped}) {
    EXPECT_EQ(count_keys(*raw, {catalog_key(row), store::prefix_end(catalog_key(row))}), 0U);
  }
}

TEST_F(ExpiryTest, TheRangeGoesWithTheTable) {
  const TemporaryDirectory directory;
  start(directory.path(), true);
  create_table();
  for (int i = 0; i < 50; ++i) put_item(std::to_string(i), expires(kNow + 60));
  expire_by("ttl");
  engine_->resume_jobs();
  ASSERT_TRUE(wait_until([this] { return !engine_->find_table("t")->ttl_building; }));
  const store::SpaceId space = engine_->find_table("t")->ttl_space;
  engine_->delete_table("t");
  ASSERT_TRUE(wait_until([this] { return find_job(*engine_, "expire-items", "t")->state == JobState::kEnded; }));
  engine_.reset();
  const auto raw = open_raw(directory.path());
  EXPECT_EQ(count_keys(*raw, space_bounds(space)), 0U);
}

TEST_F(ExpiryTest, NeverWaitsForTheDisk) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  options.clock = &clock_;
  options.expiry_period_ms = 1;
  options.jobs_paused = true;
  options.sync = true;
  engine_ = Engine::open(options);
  create_table();
  expire_by("ttl");
  for (int i = 0; i < 100; ++i) put_item(std::to_string(i), R"(,"l":{"S":"x"},"g":{"S":"y"})" + expires(kNow - 60));
  const std::uint64_t waits_before = disk_waits;
  engine_->resume_jobs();
  ASSERT_TRUE(wait_until([this] { return count() == 0; }));
  EXPECT_EQ(disk_waits, waits_before);
}

TEST_F(ExpiryTest, OnlyTablesWithAnAttributeHaveAJob) {
  start();
  create_table();
  put_item("past", expires(kNow - 60));
  EXPECT_TRUE(engine_->jobs().empty());
  EXPECT_EQ(table_->ttl_space, 0U);
  expire_by("ttl");
  ASSERT_TRUE(wait_until([this] { return get_item("past").empty(); }));
  expire_by("");
  ASSERT_TRUE(wait_until([this] { return find_job(*engine_, "expire-items", "t")->state == JobState::kEnded; }));
}

}  // namespace
}  // namespace stator::engine
