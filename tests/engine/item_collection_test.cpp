// The estimated size of item collections.

#include <rocksdb/statistics.h>

#include "engine/support.h"

namespace stator::engine {
namespace {

std::string wide(const std::string& partition, int i, std::size_t bytes) {
  return R"({"pk":{"S":")" + partition + R"("},"sk":{"S":")" + std::to_string(i) + R"("},"l":{"S":")" +
         std::to_string(i % 7) + R"("},"data":{"S":")" + std::string(bytes, static_cast<char>('a' + i % 26)) + "\"}}";
}

Table with_local_index() {
  return make_table("t", {make_index("local", false, {{key_attribute("pk")}, {key_attribute("l")}}),
                          make_index("global", true, {{key_attribute("l")}, {}})});
}

/// The exact size, summed over items and index entries.
double exact_size(const Engine& engine, const TablePtr& table, const std::string& partition) {
  double size_bytes = 0;
  for (const char* index : {"", "local"}) {
    for (const std::string& json : read_all(engine, scan(table, index))) {
      if (json.starts_with(R"({"pk":{"S":")" + partition + "\"")) {
        size_bytes += static_cast<double>(json::Item(json).size_bytes());
      }
    }
  }
  return size_bytes;
}

TEST(ItemCollection, ItsSizeIsEstimatedFromItsShareOfTheTable) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  engine->create_table(with_local_index());
  TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 2400; ++i) put(*engine, table, wide(i % 4 == 0 ? "small" : "large", i, 1000));
  engine.reset();  // writes table files
  engine = open(directory.path());
  table = engine->usable_table("t");
  for (const char* partition : {"small", "large"}) {
    const double exact = exact_size(*engine, table, partition);
    const Key key = key_of(*table, wide(partition, 0, 1));
    const auto estimate = static_cast<double>(engine->item_collection_size_bytes(*table, key));
    EXPECT_GT(estimate, exact * 0.7) << partition;
    EXPECT_LT(estimate, exact * 1.3) << partition;
  }
  const Key none = key_of(*table, wide("none", 0, 1));
  EXPECT_LT(engine->item_collection_size_bytes(*table, none), 200'000U);
}

TEST(ItemCollection, ItsSizeIsNeverMoreThanThatOfItsTable) {
  const auto engine = open();
  engine->create_table(with_local_index());
  const TablePtr table = engine->usable_table("t");
  const Key key = key_of(*table, wide("p", 0, 1));
  EXPECT_EQ(engine->item_collection_size_bytes(*table, key), 0U);
  for (int i = 0; i < 50; ++i) {
    put(*engine, table, wide("p", i, 100));
    const TableCounts counts = engine->counts(*table);
    EXPECT_LE(engine->item_collection_size_bytes(*table, key),
              counts.table.size_bytes + counts.indexes.at(0).size_bytes);
  }
}

TEST(ItemCollection, TheEstimateReadsNoItems) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  engine->create_table(with_local_index());
  for (int i = 0; i < 5000; ++i) put(*engine, engine->usable_table("t"), wide("p", i, 500));
  engine.reset();
  const std::shared_ptr<rocksdb::Statistics> statistics = rocksdb::CreateDBStatistics();
  Options options;
  options.directory = directory.path();
  options.resources.statistics = statistics;
  engine = Engine::open(options);
  const TablePtr table = engine->usable_table("t");
  (void)engine->counts(*table);
  const Key key = key_of(*table, wide("p", 0, 1));
  const auto blocks_since_reset = [&] {
    return statistics->getTickerCount(rocksdb::BLOCK_CACHE_HIT) + statistics->getTickerCount(rocksdb::BLOCK_CACHE_MISS);
  };
  ASSERT_TRUE(statistics->Reset().ok());
  EXPECT_GT(engine->item_collection_size_bytes(*table, key), 4'000'000U);
  EXPECT_LT(blocks_since_reset(), 32U) << "a few blocks of the files' own indexes";
  ASSERT_TRUE(statistics->Reset().ok());
  EXPECT_EQ(read_all(*engine, scan(table, "local")).size(), 5000U);
  EXPECT_GT(blocks_since_reset(), 200U) << "what a walk reads";
}

}  // namespace
}  // namespace stator::engine
