// The limits of pages, their last evaluated keys and their cost. Their contents: model_test.cpp.

#include <algorithm>
#include <set>

#include "engine/support.h"

namespace stator::engine {
namespace {

class Pages : public testing::Test {
 protected:
  Pages() {
    engine_->create_table(make_table(
        "t", {make_index("lsi", false, {{key_attribute("pk")}, {key_attribute("l")}}, ProjectionType::kKeysOnly)}));
    table_ = engine_->usable_table("t");
  }
  /// Puts items in partition "p" with sort keys 00, 01, …, each of `bytes` by DynamoDB's count.
  void fill(int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) {
      put(*engine_, table_,
          R"({"pk":{"S":"p"},"sk":{"S":")" + sk(i) + R"("},"l":{"S":")" + sk(i) + R"("},"a":{"S":")" +
              std::string(bytes - 11, 'x') + "\"}}");
    }
  }
  static std::string sk(int i) { return {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)}; }
  static std::string key(int i) { return R"({"pk":{"S":"p"},"sk":{"S":")" + sk(i) + "\"}}"; }
  PageRequest query(std::string_view index = {}) const {
    PageRequest request = scan(table_, index);
    request.range.emplace();
    request.range->hash = {core::AttributeValue::string("p")};
    return request;
  }

  std::unique_ptr<Engine> engine_ = open();
  TablePtr table_;
};

TEST_F(Pages, ALimitThatIsReachedExactlyAtTheEndStillLeavesALastEvaluatedKey) {
  fill(3, 100);
  struct Case {
    std::uint32_t limit;
    std::uint64_t count;
    std::string last;
  };
  const Case cases[] = {{1, 1, key(0)}, {2, 2, key(1)}, {3, 3, key(2)}, {4, 3, ""}};
  for (const Case& row : cases) {
    PageRequest request = query();
    request.limit = row.limit;
    Page page;
    read(*engine_, request, &page);
    EXPECT_EQ(page.count, row.count) << row.limit;
    EXPECT_EQ(page.last_evaluated_key_json, row.last) << row.limit;
  }
  PageRequest request = query();
  request.start = start_after(request, key(2));
  Page page;
  EXPECT_TRUE(read(*engine_, request, &page).empty());
  EXPECT_EQ(page.last_evaluated_key_json, "");
}

TEST_F(Pages, EndWithTheItemThatReachesOneMegabyte) {
  fill(30, 100 * 1024);  // the 11th crosses 1 MB
  for (const bool forward : {true, false}) {
    PageRequest request = query();
    request.forward = forward;
    Page page;
    EXPECT_EQ(read(*engine_, request, &page).size(), 11U);
    EXPECT_EQ(page.last_evaluated_key_json, key(forward ? 10 : 19));
    EXPECT_EQ(read_all(*engine_, request).size(), 30U);
  }
  Page page;
  EXPECT_EQ(read(*engine_, scan(table_), &page).size(), 11U);
  EXPECT_EQ(page.capacity.table_read, 0.5 * 11 * 25);
}

TEST_F(Pages, LimitAndSizeCountWhatIsReadNotWhatTheFilterPasses) {
  fill(10, 5000);
  const auto last_only = condition("sk = :v", R"({":v":{"S":"09"}})");
  PageRequest request = query();
  request.filter = &last_only;
  request.limit = 4;
  Page page;
  EXPECT_TRUE(read(*engine_, request, &page).empty());
  EXPECT_EQ(page.scanned_count, 4U);
  EXPECT_EQ(page.count, 0U);
  EXPECT_EQ(page.last_evaluated_key_json, key(3));
  EXPECT_EQ(page.capacity.table_read, 0.5 * 5) << "20 000 bytes together, not item by item";
  request.consistent_read = true;
  read(*engine_, request, &page);
  EXPECT_EQ(page.capacity.table_read, 5);
  EXPECT_EQ(read_all(*engine_, request).size(), 1U);
}

TEST_F(Pages, AnEmptyPageCostsTheLeast) {
  Page page;
  read(*engine_, query(), &page);
  EXPECT_EQ(page.capacity.total(), 0.5);
}

TEST_F(Pages, GoOnFromKeysThatAreGone) {
  fill(5, 100);
  remove(*engine_, table_, key(2));
  PageRequest request = query();
  request.start = start_after(request, key(2));
  EXPECT_EQ(read(*engine_, request).size(), 2U);
  request.forward = false;
  EXPECT_EQ(read(*engine_, request).size(), 2U);
}

TEST_F(Pages, IndexPagesCarryTheTablesKeyAndTheIndexesAndChargeTheIndex) {
  fill(5, 5000);
  PageRequest request = query("lsi");
  request.limit = 2;
  Page page;
  EXPECT_EQ(read(*engine_, request, &page)[0], R"({"pk":{"S":"p"},"sk":{"S":"00"},"l":{"S":"00"}})");
  EXPECT_EQ(page.last_evaluated_key_json, R"({"pk":{"S":"p"},"sk":{"S":"01"},"l":{"S":"01"}})");
  EXPECT_EQ(page.capacity.table_read, 0);
  ASSERT_EQ(page.capacity.indexes.size(), 1U);
  EXPECT_EQ(page.capacity.indexes[0].read, 0.5);

  request.fetch_from_table = true;
  EXPECT_EQ(read(*engine_, request, &page)[0], get(*engine_, table_, key(0)));
  EXPECT_EQ(page.capacity.table_read, 2 * 1.0) << "each fetch is 5 000 bytes, eventually consistent";
  EXPECT_EQ(page.capacity.indexes[0].read, 0.5);
  EXPECT_EQ(read_all(*engine_, request).size(), 5U);
}

TEST_F(Pages, StartPositionsAreHeldAgainstWhatTheRequestReads) {
  PageRequest request = query();
  EXPECT_TRUE(Engine::start_in_range(request));
  request.start = start_after(request, key(5));
  EXPECT_TRUE(Engine::start_in_range(request));
  request.range->range =
      expression::KeyPredicate{"sk", expression::KeyOperator::kLess, core::AttributeValue::string("04"), {}};
  EXPECT_FALSE(Engine::start_in_range(request));
  request = query();
  request.start = start_after(request, R"({"pk":{"S":"other"},"sk":{"S":"00"}})");
  EXPECT_FALSE(Engine::start_in_range(request));

  // The start position of a scan belongs to exactly one segment.
  PageRequest segments = scan(table_);
  segments.start = start_after(segments, key(5));
  segments.total_segments = 7;
  int holding = 0;
  for (segments.segment = 0; segments.segment < 7; ++segments.segment) {
    holding += Engine::start_in_range(segments) ? 1 : 0;
  }
  EXPECT_EQ(holding, 1);
}

TEST_F(Pages, SegmentsPartitionTheTableExactly) {
  for (int i = 0; i < 300; ++i) {
    put(*engine_, table_, R"({"pk":{"S":")" + std::to_string(i) + R"("},"sk":{"S":"s"}})");
  }
  for (const std::uint32_t total : {1U, 2U, 3U, 7U, 64U, 1000U}) {
    std::multiset<std::string> seen;
    PageRequest request = scan(table_);
    request.total_segments = total;
    for (request.segment = 0; request.segment < total; ++request.segment) {
      for (std::string& json : read_all(*engine_, request)) seen.insert(std::move(json));
    }
    EXPECT_EQ(seen.size(), 300U) << total;
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 300U) << total;
  }
}

TEST_F(Pages, OfAMillionSegmentsExactlyOneHoldsAnItem) {
  // Too many segments to scan: looks for each item in its hash's own segment and in both neighbours.
  constexpr std::uint32_t kTotal = 1'000'000;
  for (int i = 0; i < 300; ++i) {
    const std::string wire = R"({"pk":{"S":")" + std::to_string(i) + R"("},"sk":{"S":"s"}})";
    put(*engine_, table_, wire);
    std::string part;
    store::append_part(core::AttributeValue::string(std::to_string(i)), part);
    __extension__ using Wide = unsigned __int128;
    const auto own = static_cast<std::uint32_t>((static_cast<Wide>(store::partition_hash(part)) * kTotal) >> 64);
    PageRequest request = scan(table_);
    request.total_segments = kTotal;
    request.segment = own;
    const std::vector<std::string> found = read_all(*engine_, request);
    EXPECT_EQ(std::count(found.begin(), found.end(), wire), 1) << i;
    EXPECT_LE(found.size(), 3U) << "300 items in a million segments";
    for (const std::uint32_t other : {own - 1, own + 1}) {
      if (other >= kTotal) continue;  // before the first or after the last
      request.segment = other;
      const std::vector<std::string> beside = read_all(*engine_, request);
      EXPECT_EQ(std::count(beside.begin(), beside.end(), wire), 0) << i;
    }
  }
}

}  // namespace
}  // namespace stator::engine
