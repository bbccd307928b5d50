// Single writes: outcomes, conditions, refusals, index maintenance, capacity.

#include "engine/support.h"

namespace stator::engine {
namespace {

class Items : public testing::Test {
 protected:
  Items() {
    engine_->create_table(make_table(
        "t", {make_index("lsi1", false, {{key_attribute("pk")}, {key_attribute("l")}}, ProjectionType::kKeysOnly),
              make_index("gsi1", true, {{key_attribute("g")}, {key_attribute("n", core::AttributeType::kNumber)}},
                         ProjectionType::kInclude, {"a"}),
              make_index("gsi2", true, {{key_attribute("g")}, {}})}));
    table_ = engine_->usable_table("t");
  }
  std::vector<std::string> in(std::string_view index) { return read_all(*engine_, scan(table_, index)); }

  std::unique_ptr<Engine> engine_ = open();
  TablePtr table_;
};

constexpr const char* kKey = R"({"pk":{"S":"p"},"sk":{"S":"s"}})";

TEST_F(Items, PutGetDelete) {
  const std::string first = R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})";
  const std::string second = R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"22"}})";
  EXPECT_EQ(get(*engine_, table_, kKey), "");

  WriteOutcome outcome = put(*engine_, table_, first);
  EXPECT_FALSE(outcome.existed);
  EXPECT_EQ(outcome.old_json, "");
  EXPECT_EQ(outcome.new_size_bytes, 8U);
  EXPECT_EQ(get(*engine_, table_, kKey), first);

  outcome = put(*engine_, table_, second);
  EXPECT_TRUE(outcome.existed);
  EXPECT_EQ(outcome.old_json, first);
  EXPECT_EQ(outcome.old_size_bytes, 8U);
  EXPECT_EQ(get(*engine_, table_, kKey), second);

  outcome = remove(*engine_, table_, kKey);
  EXPECT_TRUE(outcome.existed);
  EXPECT_EQ(outcome.old_json, second);
  EXPECT_EQ(get(*engine_, table_, kKey), "");

  outcome = remove(*engine_, table_, kKey);
  EXPECT_FALSE(outcome.existed);
  EXPECT_EQ(outcome.capacity.table_write, 1);
}

TEST_F(Items, AnUpdateOfAMissingItemCreatesItFromItsKey) {
  WriteOutcome outcome = change(*engine_, table_, kKey, update("SET a = :v", "{\":v\":" + s("1") + "}"));
  EXPECT_FALSE(outcome.existed);
  EXPECT_EQ(outcome.new_json, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})");
  outcome = change(*engine_, table_, kKey, update("REMOVE a"));
  EXPECT_EQ(outcome.old_json, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})");
  EXPECT_EQ(outcome.new_json, kKey);

  WriteAction bare;
  bare.kind = WriteKind::kUpdate;
  bare.table = table_;
  bare.key = key_of(*table_, R"({"pk":{"S":"p"},"sk":{"S":"bare"}})");
  engine_->write(bare);
  EXPECT_EQ(get(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":"bare"}})"), R"({"pk":{"S":"p"},"sk":{"S":"bare"}})");
}

TEST_F(Items, AFailedConditionChangesNothingAndShowsTheItemWhenAsked) {
  const auto is_new = condition("attribute_not_exists(pk)");
  put(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})", &is_new);
  WriteOutcome outcome = put(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"2"}})", &is_new);
  EXPECT_TRUE(outcome.condition_failed);
  EXPECT_EQ(outcome.old_json, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})");
  EXPECT_EQ(get(*engine_, table_, kKey), R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"}})");

  const auto is_there = condition("attribute_exists(pk)");
  outcome = put(*engine_, table_, R"({"pk":{"S":"q"},"sk":{"S":"s"}})", &is_there);
  EXPECT_TRUE(outcome.condition_failed);
  EXPECT_EQ(outcome.old_json, "");
  EXPECT_TRUE(remove(*engine_, table_, R"({"pk":{"S":"q"},"sk":{"S":"s"}})", &is_there).condition_failed);
  outcome = remove(*engine_, table_, kKey, &is_new);
  EXPECT_TRUE(outcome.condition_failed);
  EXPECT_EQ(outcome.old_json, "") << "nobody asked for it";
}

TEST_F(Items, WritingWhatIsThereAlreadyIsChargedAndStoresNothing) {
  constexpr std::string_view kItem = R"({"pk":{"S":"p"},"sk":{"S":"s"},"g":{"S":"g1"},"n":{"N":"1"}})";
  WriteOutcome outcome = put(*engine_, table_, kItem);
  const double index_write = outcome.capacity.indexes.at(0).write;
  EXPECT_GT(index_write, 0);
  const TableCounts counts = engine_->counts(*table_);
  // Another JSON text of the same item.
  outcome = put(*engine_, table_, R"({"pk":{"S":"p"}, "sk":{"S":"s"}, "g":{"S":"\u0067\u0031"}, "n":{"N":"1.0"}})");
  EXPECT_TRUE(outcome.existed);
  EXPECT_EQ(outcome.old_json, kItem);
  EXPECT_EQ(outcome.capacity.table_write, 1);
  EXPECT_TRUE(outcome.capacity.indexes.empty());
  outcome = change(*engine_, table_, kKey, update("SET n = n"));
  EXPECT_EQ(outcome.old_json, kItem);
  EXPECT_EQ(outcome.new_json, kItem);
  EXPECT_EQ(outcome.capacity.table_write, 1);
  EXPECT_EQ(get(*engine_, table_, kKey), kItem);
  EXPECT_EQ(engine_->counts(*table_).table.size_bytes, counts.table.size_bytes);
  EXPECT_EQ(in("gsi1").size(), 1U);
}

TEST_F(Items, IndexesFollowTheItem) {
  EXPECT_EQ(in("gsi2").size(), 0U);
  put(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"},"b":{"S":"x"},"g":{"S":"g1"}})");
  EXPECT_EQ(in("gsi1").size(), 0U) << "an item without the index's sort key is not in it";
  EXPECT_EQ(in("lsi1").size(), 0U);
  EXPECT_EQ(in("gsi2"),
            std::vector<std::string>{R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"},"b":{"S":"x"},"g":{"S":"g1"}})"});

  change(*engine_, table_, kKey, update("SET n = :n, l = :l", R"({":n":{"N":"1.50"},":l":{"S":"l"}})"));
  EXPECT_EQ(in("gsi1"), std::vector<std::string>{
                            R"({"pk":{"S":"p"},"sk":{"S":"s"},"g":{"S":"g1"},"n":{"N":"1.5"},"a":{"S":"1"}})"});
  EXPECT_EQ(in("lsi1"), std::vector<std::string>{R"({"pk":{"S":"p"},"sk":{"S":"s"},"l":{"S":"l"}})"});

  change(*engine_, table_, kKey, update("SET g = :g", R"({":g":{"S":"g2"}})"));
  ASSERT_EQ(in("gsi1").size(), 1U) << "a moved key leaves its old place";
  EXPECT_NE(in("gsi1")[0].find("g2"), std::string::npos);

  change(*engine_, table_, kKey, update("REMOVE n, l"));
  EXPECT_EQ(in("gsi1").size(), 0U);
  EXPECT_EQ(in("lsi1").size(), 0U);
  EXPECT_EQ(in("gsi2").size(), 1U);

  remove(*engine_, table_, kKey);
  EXPECT_EQ(in("gsi2").size(), 0U);
  const TableCounts counts = engine_->counts(*table_);
  EXPECT_EQ(counts.table.items, 0U);
  EXPECT_EQ(counts.table.size_bytes, 0U);
  for (const Counts& index : counts.indexes) {
    EXPECT_EQ(index.items, 0U);
    EXPECT_EQ(index.size_bytes, 0U);
  }
}

TEST_F(Items, IndexKeysOfWrongTypeEmptyOrTooLongAreRefused) {
  const std::string long_hash(2049, 'x');
  const std::string long_range(1025, 'x');
  struct Case {
    std::string attribute;
    std::string put_message;
    std::string update_message;
  };
  const std::string mismatch = "One or more parameter values were invalid: Type mismatch for Index Key ";
  const std::string empty = "The AttributeValue for a key attribute cannot contain an empty string value.";
  const std::string too_long = "One or more parameter values were invalid: Size limit exceeded for Index Key ";
  const Case cases[] = {
      {R"("g":{"N":"1"})", mismatch + "g Expected: S Actual: N IndexName: gsi1",
       mismatch + "g Expected: S Actual: N IndexName: gsi1"},
      {R"("n":{"S":"1"})", mismatch + "n Expected: N Actual: S IndexName: gsi1",
       mismatch + "n Expected: N Actual: S IndexName: gsi1"},
      {R"("l":{"M":{}})", mismatch + "l Expected: S Actual: M IndexName: lsi1",
       mismatch + "l Expected: S Actual: M IndexName: lsi1"},
      {R"("g":{"S":""})",
       "One or more parameter values are not valid. A value specified for a secondary index key is not supported. " +
           empty + " IndexName: gsi1, IndexKey: g",
       "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
       "a value that is not supported. " +
           empty},
      {R"("g":{"S":")" + long_hash + "\"}", too_long + "g Actual Size: 2049 bytes Max Size: 2048 bytes IndexName: gsi1",
       too_long + "g Actual Size: 2049 bytes Max Size: 2048 bytes IndexName: gsi1"},
      {R"("l":{"S":")" + long_range + "\"}",
       too_long + "l Actual Size: 1025 bytes Max Size: 1024 bytes IndexName: lsi1",
       too_long + "l Actual Size: 1025 bytes Max Size: 1024 bytes IndexName: lsi1"},
  };
  for (const Case& row : cases) {
    core::ApiError error =
        error_of([&] { put(*engine_, table_, R"({"pk":{"S":"p"},"sk":{"S":"s"},)" + row.attribute + "}"); });
    EXPECT_EQ(error.type, "ValidationException");
    EXPECT_EQ(error.message, row.put_message);
    const std::string name = row.attribute.substr(1, 1);
    const std::string value = row.attribute.substr(4);
    error =
        error_of([&] { change(*engine_, table_, kKey, update("SET " + name + " = :v", "{\":v\":" + value + "}")); });
    EXPECT_EQ(error.message, row.update_message);
    EXPECT_EQ(get(*engine_, table_, kKey), "");
  }
}

TEST_F(Items, ItemsOver400KilobytesAreRefused) {
  const auto wire = [](std::size_t bytes) {
    return R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":")" + std::string(bytes - 7, 'x') + "\"}}";
  };
  EXPECT_EQ(error_of([&] { put(*engine_, table_, wire(400 * 1024)); }).message, "");
  EXPECT_EQ(error_of([&] { put(*engine_, table_, wire(400 * 1024 + 1)); }).message,
            "Item size has exceeded the maximum allowed size");
  EXPECT_EQ(error_of([&] { change(*engine_, table_, kKey, update("SET b = :v", R"({":v":{"S":""}})")); }).message,
            "Item size to update has exceeded the maximum allowed size");
}

TEST_F(Items, WritesChargeTheTableForTheLargerOfOldAndNew) {
  const auto wire = [](std::size_t bytes) {
    return R"({"pk":{"S":"p"},"sk":{"S":"s"},"z":{"S":")" + std::string(bytes - 7, 'x') + "\"}}";
  };
  EXPECT_EQ(put(*engine_, table_, wire(1024)).capacity.total(), 1);
  EXPECT_EQ(put(*engine_, table_, wire(1025)).capacity.total(), 2);
  EXPECT_EQ(put(*engine_, table_, wire(3000)).capacity.total(), 3);
  EXPECT_EQ(put(*engine_, table_, wire(10)).capacity.total(), 3);
  EXPECT_EQ(remove(*engine_, table_, kKey).capacity.total(), 1);
}

TEST_F(Items, WritesChargeIndexesForWhatChanged) {
  const auto gsi1_units = [](const WriteOutcome& outcome) {
    for (const Capacity::ForIndex& entry : outcome.capacity.indexes) {
      if (entry.index->name == "gsi1") return entry.write;
    }
    return 0.0;
  };
  const auto set = [&](std::string_view text, std::string_view values) {
    return gsi1_units(change(*engine_, table_, kKey, update(text, values)));
  };
  const std::string big(1500, 'x');
  struct Step {
    std::string what;
    std::string text;
    std::string values;
    double units;
  };
  const Step steps[] = {
      {"not in the index", "SET b = :v", R"({":v":{"S":"x"}})", 0},
      {"entry added", "SET g = :g, n = :n", R"({":g":{"S":"g1"},":n":{"N":"1"}})", 1},
      {"unprojected attribute changed", "SET b = :v", R"({":v":{"S":"y"}})", 0},
      {"projected attribute grows", "SET a = :v", R"({":v":{"S":")" + big + "\"}}", 2},
      {"projected attribute unchanged", "SET a = :v", R"({":v":{"S":")" + big + "\"}}", 0},
      {"key moves: delete and put", "SET n = :n", R"({":n":{"N":"2"}})", 4},
      {"projected attribute shrinks", "SET a = :v", R"({":v":{"S":"s"}})", 2},
      {"entry removed", "REMOVE g", "", 1},
      {"still not in the index", "SET a = :v", R"({":v":{"S":"t"}})", 0},
  };
  for (const Step& step : steps) EXPECT_EQ(set(step.text, step.values), step.units) << step.what;
}

TEST_F(Items, GlobalIndexesMayHaveSeveralHashAndRangeAttributes) {
  engine_->create_table(
      make_table("m", {make_index("many", true,
                                  {{key_attribute("h1"), key_attribute("h2", core::AttributeType::kNumber)},
                                   {key_attribute("r1"), key_attribute("r2", core::AttributeType::kNumber)}})}));
  const TablePtr table = engine_->usable_table("m");
  for (int i = 0; i < 6; ++i) {
    put(*engine_, table,
        R"({"pk":{"S":"p"},"sk":{"S":")" + std::to_string(i) + R"("},"h1":{"S":"a"},"h2":{"N":"1"},"r1":{"S":")" +
            (i < 3 ? "x" : "y") + R"("},"r2":{"N":")" + std::to_string(10 - i) + "\"}}");
  }
  PageRequest request = scan(table, "many");
  request.range.emplace();
  request.range->hash = {core::AttributeValue::string("a"), core::AttributeValue::number(core::Number(1))};
  EXPECT_EQ(read_all(*engine_, request).size(), 6U);
  request.range->range_equal = {core::AttributeValue::string("y")};
  EXPECT_EQ(read_all(*engine_, request).size(), 3U);
  request.range->range = expression::KeyPredicate{
      "r2", expression::KeyOperator::kGreater, core::AttributeValue::number(core::Number(5)), {}};
  request.limit = 1;
  const auto items = read_all(*engine_, request);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_NE(items[0].find(R"("r2":{"N":"6"})"), std::string::npos);
  EXPECT_NE(items[1].find(R"("r2":{"N":"7"})"), std::string::npos);
}

}  // namespace
}  // namespace stator::engine
