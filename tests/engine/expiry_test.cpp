#include "engine/expiry.h"

#include "engine/keys.h"
#include "engine/support.h"
#include "store/store.h"

namespace stator::engine {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;  // where ManualClock begins

/// An engine that walks all the time, and a table with indexes.
class ExpiryTest : public testing::Test {
 protected:
  void start(const std::filesystem::path& directory = {}) {
    Options options;
    options.directory = directory;
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
  /// A walk that began after everything before this call has ended: twice an item of another table, which comes last in
  /// a walk, has expired and gone.
  void wait_for_walk() {
    if (engine_->find_table("zz") == nullptr) {
      engine_->create_table(make_table("zz"));
      engine_->annotate_table("zz", [](Table& table) { table.ttl_attribute = "ttl"; });
    }
    const TablePtr marker = engine_->usable_table("zz");
    for (int walk = 0; walk < 2; ++walk) {
      put(*engine_, marker, R"({"pk":{"S":"p"},"sk":{"S":"s"})" + expires(kNow - 1) + "}");
      ASSERT_TRUE(wait_until([&] { return get(*engine_, marker, R"({"pk":{"S":"p"},"sk":{"S":"s"}})").empty(); }));
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
  // It has just expired whenever a walk sees it, and has more time again before it could be deleted.
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
  // A walk may end before the engine closes; that each of several does is beyond chance.
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

}  // namespace
}  // namespace stator::engine
