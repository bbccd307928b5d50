#include "engine/access_counts.h"

#include <cmath>
#include <map>
#include <random>

#include "engine/support.h"

namespace stator::engine {
namespace {

TEST(TopKeys, HoldEveryKeyThatComesOftenAndSayHowFarTheyMayBeOff) {
  std::mt19937 random(20261126);
  TopKeys keys;
  std::map<std::string, std::uint64_t> exact;
  constexpr std::uint64_t kAccesses = 200'000;
  for (std::uint64_t i = 0; i < kAccesses; ++i) {
    // Keys follow a Zipf distribution: the n-th is 1/n as frequent as the first, over 20 000 keys.
    const double draw = std::generate_canonical<double, 32>(random);
    const std::string key = std::to_string(static_cast<int>(std::pow(20'000.0, draw)));
    keys.note(key);
    ++exact[key];
  }
  const std::vector<TopKeys::Count> top = keys.top(2 * TopKeys::kKept);
  ASSERT_EQ(top.size(), TopKeys::kKept);
  std::map<std::string, TopKeys::Count> kept;
  for (const TopKeys::Count& each : top) kept[each.key] = each;
  for (const auto& [key, count] : exact) {
    if (count <= kAccesses / TopKeys::kKept) continue;
    EXPECT_TRUE(kept.contains(key)) << key << " came " << count << " times";
  }
  for (const auto& [key, each] : kept) {
    EXPECT_LE(exact[key], each.count) << key;
    EXPECT_LE(each.count - each.error, exact[key]) << key;
  }
  for (std::size_t i = 1; i < top.size(); ++i) EXPECT_GE(top[i - 1].count, top[i].count);
  EXPECT_EQ(keys.top(3).size(), 3U);
}

TEST(TopKeys, AreExactWhileThereAreFew) {
  TopKeys keys;
  for (int round = 0; round < 5; ++round) {
    for (int key = round; key < 10; ++key) keys.note(std::to_string(key));
  }
  for (const TopKeys::Count& each : keys.top(100)) {
    EXPECT_EQ(each.count, std::min<std::uint64_t>(5, std::stoull(each.key) + 1)) << each.key;
    EXPECT_EQ(each.error, 0U);
  }
}

std::string text_of(const std::vector<AccessCounts::Count>& counts) {
  std::string text;
  for (const AccessCounts::Count& each : counts) text += each.key_json + " " + std::to_string(each.count) + "; ";
  return text;
}

TablePtr set_insights(Engine& engine, bool enabled) {
  return engine.annotate_table("t", [enabled](Table& table) {
    table.insights.enabled = enabled;
    table.insights.mode = "ACCESSED_AND_THROTTLED_KEYS";
    table.indexes.front().insights = table.insights;
  });
}

TEST(AccessCounts, AreOfReadsWritesAndPagesWhileInsightsAreEnabled) {
  const auto engine = open();
  TablePtr table = engine->create_table(make_table("t", {make_index("byG", true, {{key_attribute("g")}, {}})}));
  EXPECT_EQ(table->accesses, nullptr);
  put(*engine, table, R"({"pk":{"S":"before"},"sk":{"S":"1"}})");
  table = set_insights(*engine, true);
  ASSERT_NE(table->accesses, nullptr);
  put(*engine, table, R"({"pk":{"S":"a"},"sk":{"S":"1"},"g":{"S":"x"}})");
  put(*engine, table, R"({"pk":{"S":"a"},"sk":{"S":"2"},"g":{"S":"x"}})");
  get(*engine, table, R"({"pk":{"S":"a"},"sk":{"S":"1"}})");
  get(*engine, table, R"({"pk":{"S":"none"},"sk":{"S":"1"}})");
  read_all(*engine, scan(table, "byG"));
  const AccessCounts::Report report = table->accesses->report(*table, nullptr, 10);
  EXPECT_EQ(report.accesses, 4U);
  EXPECT_EQ(text_of(report.partitions), R"({"pk":{"S":"a"}} 3; {"pk":{"S":"none"}} 1; )");
  EXPECT_EQ(
      text_of(report.items),
      R"({"pk":{"S":"a"},"sk":{"S":"1"}} 2; {"pk":{"S":"a"},"sk":{"S":"2"}} 1; {"pk":{"S":"none"},"sk":{"S":"1"}} 1; )");
  const Index& index = table->indexes.front();
  const AccessCounts::Report of_index = index.accesses->report(*table, &index, 10);
  EXPECT_EQ(text_of(of_index.partitions), R"({"g":{"S":"x"}} 2; )");
  EXPECT_EQ(text_of(of_index.items), "");

  // Other changes of the table do not reset the counts.
  table = engine->annotate_table("t", [](Table& changed) { changed.tags = {{"a", "b"}}; });
  EXPECT_EQ(table->accesses->report(*table, nullptr, 10).accesses, 4U);
  table = set_insights(*engine, false);
  EXPECT_EQ(table->accesses, nullptr);
}

}  // namespace
}  // namespace stator::engine
