#include "store/row_cache.h"

#include <gtest/gtest.h>
#include <rocksdb/statistics.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "store/store.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

constexpr std::size_t kMegabyte = 1 << 20;

/// Returns the cached value of the key, or an empty text if there is none.
std::string found(RowCache& cache, const std::string& key) {
  RowCache::Moment moment;
  const RowCache::Found row = cache.find(key, moment);
  return row ? std::string(row.value()) : std::string();
}

/// Fills the cache like a read that finds `value` in the store.
void fill(RowCache& cache, const std::string& key, const std::string& value) {
  RowCache::Moment moment;
  if (cache.find(key, moment)) return;
  cache.put(key, value, moment);
}

TEST(RowCache, KeepsWhatWasReadUntilItIsWritten) {
  RowCache cache(kMegabyte);
  fill(cache, "a", "1");
  fill(cache, "b", "2");
  EXPECT_EQ(found(cache, "a"), "1");
  {
    const std::array<RowCache::Hash, 1> keys = {RowCache::hash("a")};
    const RowCache::Fence fence(cache, keys);
    EXPECT_EQ(found(cache, "a"), "");
    EXPECT_EQ(found(cache, "b"), "2");
  }
  EXPECT_EQ(found(cache, "a"), "");
  fill(cache, "a", "3");
  EXPECT_EQ(found(cache, "a"), "3");
}

TEST(RowCache, KeepsNothingThatWasReadBeforeOrDuringAWrite) {
  RowCache cache(kMegabyte);
  const RowCache::Hash hash = RowCache::hash("a");
  const std::array<RowCache::Hash, 1> keys = {hash};
  RowCache::Moment before;
  RowCache::Moment during;
  ASSERT_FALSE(cache.find("a", before));
  {
    const RowCache::Fence fence(cache, keys);
    ASSERT_FALSE(cache.find("a", during));
    cache.put("a", "old", before);
    cache.put("a", "old", during);
    EXPECT_EQ(found(cache, "a"), "");
  }
  cache.put("a", "old", before);
  cache.put("a", "old", during);
  EXPECT_EQ(found(cache, "a"), "");
}

TEST(RowCache, AFenceOfAllIsOneOfEachKey) {
  RowCache cache(kMegabyte);
  for (int i = 0; i < 100; ++i) fill(cache, "key" + std::to_string(i), "value");
  RowCache::Moment before;
  ASSERT_FALSE(cache.find("a", before));
  { const RowCache::Fence fence(cache); }
  cache.put("a", "old", before);
  EXPECT_EQ(found(cache, "a"), "");
  EXPECT_EQ(cache.used_bytes(), 0U);
}

TEST(RowCache, AFenceOfARangeLeavesOtherRows) {
  RowCache cache(kMegabyte);
  for (const char* key : {"a", "b", "c", "d"}) fill(cache, key, "value");
  RowCache::Moment before;
  ASSERT_FALSE(cache.find("bb", before));
  { const RowCache::Fence fence(cache, "b", "d"); }
  cache.put("bb", "old", before);
  EXPECT_EQ(found(cache, "a") + found(cache, "b") + found(cache, "bb") + found(cache, "c") + found(cache, "d"),
            "valuevalue");
  EXPECT_EQ(found(cache, "d"), "value");
}

TEST(RowCache, ARowThatWasFoundStaysReadable) {
  RowCache cache(kMegabyte);
  fill(cache, "a", "value");
  RowCache::Moment moment;
  const RowCache::Found row = cache.find("a", moment);
  ASSERT_TRUE(row);
  { const RowCache::Fence fence(cache); }
  EXPECT_EQ(row.value(), "value");
}

TEST(RowCache, TakesNoMoreThanItMayAndKeepsWhatIsAskedFor) {
  RowCache cache(kMegabyte);
  fill(cache, "asked", "for");
  for (int i = 0; i < 20'000; ++i) {
    fill(cache, "key" + std::to_string(i), std::string(static_cast<std::size_t>(i % 1000), 'x'));
    ASSERT_EQ(found(cache, "asked"), "for") << i;
  }
  EXPECT_LE(cache.used_bytes(), kMegabyte);
  EXPECT_GE(cache.used_bytes(), kMegabyte / 2);
}

TEST(RowCache, RowsThatAreTooLargeAreNotKept) {
  RowCache cache(kMegabyte);
  fill(cache, "a", std::string(RowCache::kMostRowBytes, 'x'));
  EXPECT_EQ(found(cache, "a"), "");
  RowCache none(0);
  fill(none, "a", "1");
  EXPECT_EQ(found(none, "a"), "");
}

/// Returns whether the cache knows that the row is too large; the row must not be in the cache.
bool too_large(RowCache& cache, const std::string& key) {
  RowCache::Moment moment;
  EXPECT_FALSE(cache.find(key, moment));
  return moment.too_large;
}

TEST(RowCache, KnowsWhichRowsAreTooLargeOnceItSawThem) {
  RowCache cache(kMegabyte);
  EXPECT_FALSE(too_large(cache, "a"));
  fill(cache, "a", std::string(RowCache::kMostRowBytes, 'x'));
  EXPECT_TRUE(too_large(cache, "a"));
  fill(cache, "a", "1");
  EXPECT_EQ(found(cache, "a"), "1");
  {
    const std::array<RowCache::Hash, 1> keys = {RowCache::hash("a")};
    const RowCache::Fence fence(cache, keys);
  }
  EXPECT_FALSE(too_large(cache, "a")) << "the last one was not";
  RowCache none(0);
  RowCache::Moment moment;
  EXPECT_FALSE(none.find("a", moment));
  EXPECT_TRUE(moment.fenced) << "where no row is kept, blocks are";
}

/// Returns the value in the newest state, or an empty text if there is none.
std::string read(const Store& store, const std::string& key) {
  std::string value;
  (void)store.visit(
      key, [&value](std::string_view stored) { value = stored; }, nullptr, CachePolicy::kRow);
  return value;
}

void write(Store& store, const std::string& key, const std::string& value) {
  Batch batch;
  value.empty() ? batch.remove(key) : batch.put(key, value);
  store.write(batch);
}

struct RowsOfAStore : testing::TestWithParam<bool> {
  RowsOfAStore() {
    if (GetParam()) options.directory = directory.path() / "data";
    store = Store::open(options);
  }
  TemporaryDirectory directory;
  Options options;
  std::unique_ptr<Store> store;
};

TEST_P(RowsOfAStore, AreThoseOfTheLastWrite) {
  EXPECT_EQ(read(*store, "a"), "");
  write(*store, "a", "1");
  EXPECT_EQ(read(*store, "a"), "1");
  EXPECT_EQ(read(*store, "a"), "1");
  const auto snapshot = store->snapshot();
  write(*store, "a", "2");
  EXPECT_EQ(read(*store, "a"), "2");
  std::string value;
  EXPECT_TRUE(store->get("a", value));
  EXPECT_EQ(value, "2");
  EXPECT_TRUE(store->get("a", value, snapshot.get()));
  EXPECT_EQ(value, "1");
  write(*store, "a", "");
  EXPECT_EQ(read(*store, "a"), "");
  EXPECT_FALSE(store->get("a", value));
}

TEST_P(RowsOfAStore, AreGoneWithTheirRange) {
  for (const int count : {10, 2000}) {  // deleted one by one, and by a range tombstone
    Batch batch;
    for (int i = 0; i < count; ++i) batch.put("r" + std::to_string(i), "value");
    store->write(batch);
    EXPECT_EQ(read(*store, "r7"), "value");
    store->delete_range("r", "s");
    EXPECT_EQ(read(*store, "r7"), "");
  }
}

TEST_P(RowsOfAStore, AreThoseOfTheCheckpointAfterARestore) {
  const std::filesystem::path checkpoint = directory.path() / "checkpoint";
  write(*store, "a", "1");
  store->checkpoint(checkpoint);
  write(*store, "a", "2");
  EXPECT_EQ(read(*store, "a"), "2");
  store->restore(checkpoint);
  EXPECT_EQ(read(*store, "a"), "1");
}

/// One thread increments counters while others read them: no read may return less than its thread has seen before, nor
/// less than was written before the read started.
TEST_P(RowsOfAStore, NeverGoBack) {
  constexpr std::size_t kKeys = 4;
  constexpr int kWrites = 20'000;
  std::array<std::atomic<int>, kKeys> written{};
  std::atomic<bool> ends{false};
  std::atomic<int> faults{0};
  const auto key_of = [](std::size_t i) { return "counter" + std::to_string(i); };
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      std::array<int, kKeys> seen{};
      for (std::size_t i = 0; !ends.load(std::memory_order_relaxed); i = (i + 1) % kKeys) {
        const int least = std::max(seen.at(i), written.at(i).load(std::memory_order_acquire));
        const std::string value = read(*store, key_of(i));
        seen.at(i) = value.empty() ? 0 : std::stoi(value);
        if (seen.at(i) < least) faults.fetch_add(1);
      }
    });
  }
  for (int i = 1; i <= kWrites; ++i) {
    const std::size_t key = static_cast<std::size_t>(i) % kKeys;
    write(*store, key_of(key), std::to_string(i));
    written.at(key).store(i, std::memory_order_release);
  }
  ends = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults.load(), 0);
}

/// Which blocks reads of a table's rows put into the block cache.
TEST(BlocksOfAStore, AreKeptWhileThereIsRoomAndThenWhereTheRowIsNot) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  const std::string small(100, 'x');
  const std::string large(2 * RowCache::kMostRowBytes, 'x');
  constexpr int kRows = 50;
  constexpr int kFill = 4000;
  options.resources.block_cache_bytes = 8 << 20;
  {
    const auto store = Store::open(options);
    for (int i = 0; i < kFill; ++i) write(*store, "fill" + std::to_string(i), large);
    for (int i = 0; i < kRows; ++i) {
      write(*store, "small" + std::to_string(i), small);
      write(*store, "large" + std::to_string(i), large);
    }
  }
  options.resources.statistics = rocksdb::CreateDBStatistics();
  const auto store = Store::open(options);
  const auto blocks_kept_by = [&](const std::string& kind, CachePolicy policy) {
    EXPECT_TRUE(options.resources.statistics->Reset().ok());
    for (int i = 0; i < kRows; ++i) {
      EXPECT_TRUE(store->visit(
          kind + std::to_string(i), [](std::string_view) {}, nullptr, policy));
    }
    return options.resources.statistics->getTickerCount(rocksdb::BLOCK_CACHE_DATA_ADD);
  };
  EXPECT_GT(blocks_kept_by("fill", CachePolicy::kNothing), 20U) << "there is room";
  for (int i = 0; i < kFill; ++i) {
    EXPECT_TRUE(store->visit(
        "fill" + std::to_string(i), [](std::string_view) {}, nullptr, CachePolicy::kNothing));
  }
  EXPECT_EQ(blocks_kept_by("small", CachePolicy::kNothing), 0U);
  EXPECT_EQ(blocks_kept_by("small", CachePolicy::kRow), 0U) << "the rows are";
  EXPECT_EQ(blocks_kept_by("large", CachePolicy::kRow), 0U) << "nobody knows yet that they are large";
  EXPECT_GT(blocks_kept_by("large", CachePolicy::kRow), 20U);
  EXPECT_EQ(blocks_kept_by("large", CachePolicy::kRow), 0U) << "they are there";
}

INSTANTIATE_TEST_SUITE_P(RowCache, RowsOfAStore, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "OnDisk" : "InMemory"; });

}  // namespace
}  // namespace stator::store
