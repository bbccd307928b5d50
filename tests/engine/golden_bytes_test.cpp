// The stored bytes of a table: the engine must write exactly these, and must read catalog rows written by commit
// f86490c. Keys and hashes were computed from docs/format.md independently. If a test here fails, data directories of
// earlier versions can no longer be read.

#include <set>

#include "engine/support.h"
#include "engine/table_json.h"
#include "json/reader.h"
#include "store/store.h"

namespace stator::engine {
namespace {

std::string bytes(std::string_view hex) {
  std::string result;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    result.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return result;
}

constexpr std::string_view kItem =
    R"({"pk":{"S":"alice"},"sk":{"N":"42"},"l":{"S":"x"},"g":{"S":"blue"},"a":{"L":[{"N":"1.5"},{"BOOL":true}]}})";
constexpr const char* kTableKey = "000000010d598671b87dab6c616c6963650002832b00";

Table indexed_table() {
  Table table = make_table(
      "t", {make_index("local", false, {{key_attribute("pk")}, {key_attribute("l")}}, ProjectionType::kKeysOnly),
            make_index("global", true, {{key_attribute("g")}, {}})});
  table.key_schema.range[0].type = core::AttributeType::kNumber;
  return table;
}

TEST(GoldenBytes, AnItemItsIndexEntriesAndCounters) {
  const TemporaryDirectory directory;
  {
    const auto engine = open(directory.path());
    engine->create_table(indexed_table());
    put(*engine, engine->usable_table("t"), kItem);
  }
  struct Row {
    const char* what;
    std::string key;
    std::string value;
  };
  const Row rows[] = {
      {"the item", bytes(kTableKey), bytes("001c") + std::string(kItem)},
      {"the local index's entry", bytes("000000020d598671b87dab6c616c696365007800616c6963650002832b00"),
       bytes("000d") + R"({"pk":{"S":"alice"},"sk":{"N":"42"},"l":{"S":"x"}})"},
      {"the global index's entry", bytes("00000003ef1d538c7b486de4626c756500616c6963650002832b00"),
       bytes("001c") + std::string(kItem)},
      {"the next space", bytes("0000000053"), "4"},
  };
  store::Options options;
  options.directory = directory.path();
  const auto raw = store::Store::open(options);
  for (const Row& row : rows) {
    std::string value;
    EXPECT_TRUE(raw->get(row.key, value)) << row.what;
    EXPECT_EQ(value, row.value) << row.what;
  }
  // All counters are in one part: space, items and bytes of the table and of each index, in any order.
  const std::string lower = bytes("000000004300000001");
  const auto cursor = raw->cursor(lower, store::prefix_end(lower));
  cursor->seek_to_first();
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key().size(), lower.size() + 1);
  const std::string counters(cursor->value());
  cursor->next();
  EXPECT_FALSE(cursor->valid());
  std::set<std::string> cells;
  for (std::size_t i = 0; i < counters.size(); i += 3) cells.insert(counters.substr(i, 3));
  EXPECT_EQ(cells, (std::set<std::string>{bytes("01011c"), bytes("02010d"), bytes("03011c")}));
}

TEST(GoldenBytes, ALargeItemsSizeIsAVarint) {
  const TemporaryDirectory directory;
  const std::string wire = R"({"pk":{"S":"alice"},"sk":{"N":"42"},"a":{"S":")" + std::string(300, 'x') + "\"}}";
  {
    const auto engine = open(directory.path());
    engine->create_table(indexed_table());
    put(*engine, engine->usable_table("t"), wire);
  }
  store::Options options;
  options.directory = directory.path();
  const auto raw = store::Store::open(options);
  std::string value;
  ASSERT_TRUE(raw->get(bytes(kTableKey), value));
  EXPECT_EQ(value, bytes("00b802") + wire);  // 312 = 0x38 + 2 * 128
}

constexpr std::string_view kTableRow =
    R"({"name":"t","id":"0b5a3c1e-9d52-4c0a-8f0e-3f4a5b6c7d8e",)"
    R"("key_schema":{"hash":[{"name":"pk","type":"S"}],"range":[{"name":"sk","type":"B"}]},)"
    R"("attribute_definitions":[{"name":"pk","type":"S"},{"name":"sk","type":"B"},{"name":"n","type":"N"}],)"
    R"("billing_mode":1,"last_pay_per_request_ms":5,)"
    R"("throughput":{"read":1,"write":2,"last_increase_ms":3,"last_decrease_ms":4,"decreases_today":6},)"
    R"("on_demand":{"read":7},"warm":{"write":8},"indexes":[)"
    R"({"name":"local","global":false,"key_schema":{"hash":[{"name":"pk","type":"S"}],"range":[{"name":"n","type":"N"}]},)"
    R"("projection":2,"non_key_attributes":["a","b\"c"],)"
    R"("throughput":{"read":0,"write":0,"last_increase_ms":0,"last_decrease_ms":0,"decreases_today":0},)"
    R"("on_demand":{},"warm":{},"space":8,"status":2,"status_until_ms":0,"backfilling":false},)"
    R"({"name":"global","global":true,"key_schema":{"hash":[{"name":"n","type":"N"}],"range":[]},)"
    R"("projection":1,"non_key_attributes":[],)"
    R"("throughput":{"read":9,"write":10,"last_increase_ms":11,"last_decrease_ms":12,"decreases_today":13},)"
    R"("on_demand":{"read":14},"warm":{"read":15,"write":16},"space":9,"status":0,"status_until_ms":17,"backfilling":true}],)"
    R"("deletion_protection":true,"table_class":"STANDARD_INFREQUENT_ACCESS","sse_kms_key":"arn:x","sse_enabled":true,)"
    R"("stream_view_type":"NEW_IMAGE","stream_label":"2023","ttl_attribute":"ttl",)"
    R"("tags":[{"key":"k","value":"v"},{"key":"k2","value":""}],)"
    R"("created_ms":1700000000000,"status":1,"status_until_ms":1700000001000,"space":7})";

TEST(GoldenBytes, TheCatalogsRowOfATable) {
  const Table table = table_from_json(kTableRow);
  EXPECT_EQ(table.name, "t");
  EXPECT_EQ(table.id, "0b5a3c1e-9d52-4c0a-8f0e-3f4a5b6c7d8e");
  const core::KeySchema schema = {{key_attribute("pk")}, {key_attribute("sk", core::AttributeType::kBinary)}};
  EXPECT_EQ(table.key_schema, schema);
  EXPECT_EQ(table.attribute_definitions,
            (std::vector<core::KeyAttribute>{key_attribute("pk"), key_attribute("sk", core::AttributeType::kBinary),
                                             key_attribute("n", core::AttributeType::kNumber)}));
  EXPECT_EQ(table.billing_mode, BillingMode::kPayPerRequest);
  EXPECT_EQ(table.last_pay_per_request_ms, 5);
  EXPECT_EQ(table.throughput, (Throughput{1, 2, 3, 4, 6}));
  EXPECT_EQ(table.on_demand, (ThroughputLimits{7, std::nullopt}));
  EXPECT_EQ(table.warm, (ThroughputLimits{std::nullopt, 8}));
  EXPECT_TRUE(table.deletion_protection);
  EXPECT_EQ(table.table_class, "STANDARD_INFREQUENT_ACCESS");
  EXPECT_EQ(table.sse_kms_key, "arn:x");
  EXPECT_TRUE(table.sse_enabled);
  EXPECT_EQ(table.stream_view_type, "NEW_IMAGE");
  EXPECT_EQ(table.stream_label, "2023");
  EXPECT_EQ(table.ttl_attribute, "ttl");
  EXPECT_EQ(table.tags, (std::vector<std::pair<std::string, std::string>>{{"k", "v"}, {"k2", ""}}));
  EXPECT_EQ(table.created_ms, 1'700'000'000'000);
  EXPECT_EQ(table.status, TableStatus::kUpdating);
  EXPECT_EQ(table.status_until_ms, 1'700'000'001'000);
  EXPECT_EQ(table.space, 7U);
}

TEST(GoldenBytes, TheCatalogsRowOfATablesIndexes) {
  const Table table = table_from_json(kTableRow);
  ASSERT_EQ(table.indexes.size(), 2U);
  const Index& local = table.indexes[0];
  EXPECT_EQ(local.name, "local");
  EXPECT_FALSE(local.global);
  const core::KeySchema local_schema = {{key_attribute("pk")}, {key_attribute("n", core::AttributeType::kNumber)}};
  EXPECT_EQ(local.key_schema, local_schema);
  EXPECT_EQ(local.projection, ProjectionType::kInclude);
  EXPECT_EQ(local.non_key_attributes, (std::vector<std::string>{"a", "b\"c"}));
  EXPECT_EQ(local.space, 8U);
  EXPECT_EQ(local.status, TableStatus::kActive);
  EXPECT_FALSE(local.backfilling);
  const Index& global = table.indexes[1];
  EXPECT_EQ(global.name, "global");
  EXPECT_TRUE(global.global);
  const core::KeySchema global_schema = {{key_attribute("n", core::AttributeType::kNumber)}, {}};
  EXPECT_EQ(global.key_schema, global_schema);
  EXPECT_EQ(global.projection, ProjectionType::kKeysOnly);
  EXPECT_EQ(global.throughput, (Throughput{9, 10, 11, 12, 13}));
  EXPECT_EQ(global.on_demand, (ThroughputLimits{14, std::nullopt}));
  EXPECT_EQ(global.warm, (ThroughputLimits{15, 16}));
  EXPECT_EQ(global.space, 9U);
  EXPECT_EQ(global.status, TableStatus::kCreating);
  EXPECT_EQ(global.status_until_ms, 17);
  EXPECT_TRUE(global.backfilling);
}

/// Returns whether `actual` has all members of `expected`, and perhaps more.
bool holds(const json::Value& expected, const json::Value& actual) {
  json::Object members;
  if (expected.get(members) == simdjson::SUCCESS) {
    json::Object others;
    if (actual.get(others) != simdjson::SUCCESS) return false;
    for (const auto& [name, value] : members) {
      json::Value other;
      if (!json::find_member(others, name, other) || !holds(value, other)) return false;
    }
    return true;
  }
  json::Array elements;
  if (expected.get(elements) == simdjson::SUCCESS) {
    json::Array others;
    if (actual.get(others) != simdjson::SUCCESS || others.size() != elements.size()) return false;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (!holds(elements.at(i), others.at(i))) return false;
    }
    return true;
  }
  return simdjson::minify(expected) == simdjson::minify(actual);
}

TEST(GoldenBytes, ARowOfTheCatalogIsWrittenWithAllThatItHad) {
  // A later version may add members; existing members keep their names and meanings, so that an earlier version can
  // read them.
  json::Parser golden;
  json::Parser written;
  const std::string text = table_to_json(table_from_json(kTableRow));
  EXPECT_TRUE(holds(golden.parse(kTableRow), written.parse(text))) << text;
  EXPECT_FALSE(holds(golden.parse(kTableRow), written.parse(R"({"name":"t"})")));
}

}  // namespace
}  // namespace stator::engine
