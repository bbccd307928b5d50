#include "api/capacity.h"

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/support.h"

/// ConsumedCapacity of requests whose table changes while they run.
namespace stator::api {
namespace {

using engine::key_attribute;
using engine::make_index;
using engine::make_table;

engine::Index by(const std::string& name) { return make_index(name, true, {{key_attribute(name)}, {}}); }

const std::string kItem = R"({"pk":{"S":"p"},"sk":{"S":"s"},"a":{"S":"1"},"b":{"S":"1"},"c":{"S":"1"}})";

std::string rendered(const engine::Table& table, const engine::Capacity& capacity) {
  std::string out;
  append_capacity(table.name, capacity, CapacityDetail::kIndexes, false, out);
  return out;
}

TEST(ConsumedCapacity, NamesTheIndexesThatWereWrittenNotThoseTheRequestBeganWith) {
  const auto engine = engine::open();
  engine->create_table(make_table("t", {by("a"), by("b")}));
  const engine::TablePtr request_began_with = engine->usable_table("t");
  engine->update_table("t", [](engine::Table& table) { table.indexes.erase(table.indexes.begin()); });
  engine->update_table("t", [](engine::Table& table) { table.indexes.push_back(by("c")); });
  engine->update_table("t", [](engine::Table& table) { table.indexes.push_back(by("d")); });
  const auto outcome = engine::put(*engine, request_began_with, kItem);
  EXPECT_EQ(rendered(*request_began_with, outcome.capacity),
            R"({"TableName":"t","CapacityUnits":3.0,"Table":{"CapacityUnits":1.0},)"
            R"("GlobalSecondaryIndexes":{"b":{"CapacityUnits":1.0},"c":{"CapacityUnits":1.0}}})");
}

TEST(ConsumedCapacity, OfABatchAddsUpIndexesOfSeveralVersionsByTheirNames) {
  const auto engine = engine::open();
  engine->create_table(make_table("t", {by("a"), by("b")}));
  const engine::TablePtr first = engine->usable_table("t");
  CapacityByTable batch;
  batch.add(first->name, engine::put(*engine, first, kItem).capacity);
  engine->update_table("t", [](engine::Table& table) { table.indexes.erase(table.indexes.begin()); });
  engine->update_table("t", [](engine::Table& table) { table.indexes.push_back(by("a")); });
  ASSERT_TRUE(engine::wait_until([&] { return !engine->usable_table("t")->index("a")->backfilling; }));
  batch.add(first->name, engine::remove(*engine, first, kItem).capacity);
  std::string out;
  ObjectWriter writer(out);
  batch.write(writer, CapacityDetail::kIndexes, false);
  writer.end();
  EXPECT_EQ(out, R"({"ConsumedCapacity":[{"TableName":"t","CapacityUnits":6.0,"Table":{"CapacityUnits":2.0},)"
                 R"("GlobalSecondaryIndexes":{"a":{"CapacityUnits":2.0},"b":{"CapacityUnits":2.0}}}]})");
}

TEST(ConsumedCapacity, OfPagesNamesTheIndexThatWasRead) {
  const auto engine = engine::open();
  engine->create_table(make_table("t", {by("a"), by("b")}));
  engine::PageRequest request = engine::scan(engine->usable_table("t"), "b");
  engine::Page page;
  engine::read(*engine, request, &page);
  engine->update_table("t", [](engine::Table& table) { table.indexes.clear(); });
  const engine::TablePtr newest = engine->usable_table("t");
  EXPECT_EQ(rendered(*newest, page.capacity), R"({"TableName":"t","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},)"
                                              R"("GlobalSecondaryIndexes":{"b":{"CapacityUnits":0.5}}})");
  const core::ApiError gone = engine::error_of([&] { engine::read(*engine, request); });
  EXPECT_EQ(gone.type, "ValidationException");
  EXPECT_EQ(gone.message, "The table does not have the specified index: b");
}

}  // namespace
}  // namespace stator::api
