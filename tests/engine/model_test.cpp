// Compares the engine with a naive model: a map of items, which finds every answer by examining all of them.

#include <algorithm>
#include <map>

#include "engine/support.h"

namespace stator::engine {
namespace {

using Attributes = std::map<std::string, std::string>;  // name -> text or digits; names that begin with "n" are numbers

std::string to_wire(const Attributes& attributes) {
  std::string wire = "{";
  for (const auto& [name, text] : attributes) {
    if (wire.size() > 1) wire.push_back(',');
    wire.append("\"").append(name).append(name[0] == 'n' ? "\":{\"N\":\"" : "\":{\"S\":\"").append(text).append("\"}");
  }
  return wire + "}";
}

Attributes from_wire(const std::string& wire) {
  const json::Item parsed(wire);
  Attributes attributes;
  for (const char* name : {"pk", "sk", "g", "nr", "h", "a", "b"}) {
    const core::AttributeValue* value = parsed.find(name);
    if (value == nullptr) continue;
    if (const auto* text = value->get_if<std::string>()) attributes[name] = *text;
    if (const auto* number = value->get_if<core::Number>()) attributes[name] = number->to_string();
  }
  return attributes;
}

std::size_t size_of(const Attributes& attributes) {
  std::size_t size = 0;
  for (const auto& [name, text] : attributes) {
    size += name.size() + (name[0] == 'n' ? core::Number::parse(text).size_bytes() : text.size());
  }
  return size;
}

Table model_table() {
  return make_table(
      "model", {make_index("lsi", false, {{key_attribute("pk")}, {key_attribute("nr", core::AttributeType::kNumber)}},
                           ProjectionType::kInclude, {"a"}),
                make_index("all", true, {{key_attribute("g")}, {key_attribute("nr", core::AttributeType::kNumber)}}),
                make_index("keys", true, {{key_attribute("h")}, {}}, ProjectionType::kKeysOnly)});
}

class Model {
 public:
  std::map<std::pair<std::string, std::string>, Attributes> items;

  /// The entries of the index, or all items if it is null.
  [[nodiscard]] std::vector<Attributes> entries(const Table& table, const Index* index) const {
    std::vector<Attributes> result;
    for (const auto& [key, attributes] : items) {
      if (index == nullptr) {
        result.push_back(attributes);
        continue;
      }
      Attributes projected;
      bool indexed = true;
      for (const auto* parts : {&index->key_schema.hash, &index->key_schema.range}) {
        for (const core::KeyAttribute& part : *parts) indexed = indexed && attributes.contains(part.name);
      }
      if (!indexed) continue;
      for (const auto& [name, text] : attributes) {
        if (index->projects(name, table.key_schema)) projected[name] = text;
      }
      result.push_back(projected);
    }
    return result;
  }
};

class ModelTest : public testing::TestWithParam<unsigned> {
 protected:
  int number(int last) { return std::uniform_int_distribution<int>(0, last)(random_); }

  Attributes random_item() {
    Attributes attributes = {{"pk", "p" + std::to_string(number(4))}, {"sk", std::to_string(number(30))}};
    if (number(2) > 0) attributes["g"] = "g" + std::to_string(number(2));
    if (number(3) > 0) attributes["nr"] = std::to_string(number(40) - 20);
    if (number(2) == 0) attributes["h"] = "h" + std::to_string(number(3));
    if (number(1) == 0) attributes["a"] = std::string(static_cast<std::size_t>(number(200)), 'a');
    if (number(1) == 0) attributes["b"] = std::string(static_cast<std::size_t>(number(200)), 'b');
    return attributes;
  }

  void change_something(Engine& engine, const TablePtr& table, Model& model) {
    Attributes attributes = random_item();
    const std::pair<std::string, std::string> key = {attributes["pk"], attributes["sk"]};
    const std::string wire_key = to_wire({{"pk", key.first}, {"sk", key.second}});
    switch (number(4)) {
      case 0:
        remove(engine, table, wire_key);
        model.items.erase(key);
        return;
      case 1: {
        Attributes& target =
            model.items.try_emplace(key, Attributes{{"pk", key.first}, {"sk", key.second}}).first->second;
        const std::string g = "g" + std::to_string(number(2));
        change(engine, table, wire_key, update("SET g = :g REMOVE nr", "{\":g\":" + s(g) + "}"));
        target["g"] = g;
        target.erase("nr");
        return;
      }
      case 2: {
        Attributes& target =
            model.items.try_emplace(key, Attributes{{"pk", key.first}, {"sk", key.second}}).first->second;
        change(engine, table, wire_key,
               update("ADD nr :one SET h = :h", "{\":one\":{\"N\":\"1\"},\":h\":" + s("h1") + "}"));
        target["nr"] = std::to_string(target.contains("nr") ? std::stoi(target["nr"]) + 1 : 1);
        target["h"] = "h1";
        return;
      }
      default:
        put(engine, table, to_wire(attributes));
        model.items[key] = attributes;
    }
  }

  /// Whether `left` is before `right` in a partition, by sort key, as the service sorts them; ties by the table's key
  /// do not matter here.
  static bool sorts_before(const Attributes& left, const Attributes& right, const core::KeyAttribute& by) {
    if (by.type == core::AttributeType::kNumber) return std::stoi(left.at(by.name)) < std::stoi(right.at(by.name));
    return left.at(by.name) < right.at(by.name);
  }

  void expect_counts(Engine& engine, const TablePtr& table, const Model& model) {
    const TableCounts counts = engine.counts(*table);
    ASSERT_EQ(counts.indexes.size(), table->indexes.size());
    for (std::size_t i = 0; i <= table->indexes.size(); ++i) {
      const Index* index = i == 0 ? nullptr : &table->indexes[i - 1];
      const Counts& counted = i == 0 ? counts.table : counts.indexes[i - 1];
      std::size_t size_bytes = 0;
      const auto entries = model.entries(*table, index);
      for (const Attributes& entry : entries) size_bytes += size_of(entry);
      ASSERT_EQ(counted.items, entries.size()) << (index == nullptr ? "table" : index->name);
      ASSERT_EQ(counted.size_bytes, size_bytes) << (index == nullptr ? "table" : index->name);
    }
  }

  /// Scans in pages of a random size, in one or more segments, and expects each entry exactly once.
  void expect_scan(Engine& engine, const TablePtr& table, const Model& model, const Index* index) {
    PageRequest request;
    request.table = table;
    request.index = index;
    request.total_segments = static_cast<std::uint32_t>(1 + number(4));
    if (number(1) == 0) request.limit = 1 + number(9);
    std::vector<Attributes> found;
    for (request.segment = 0; request.segment < request.total_segments; ++request.segment) {
      for (const std::string& json : read_all(engine, request)) found.push_back(from_wire(json));
    }
    std::vector<Attributes> expected = model.entries(*table, index);
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found, expected);
  }

  /// Queries one partition with a random predicate, direction and page size.
  void expect_query(Engine& engine, const TablePtr& table, const Model& model, const Index* index) {
    const core::KeySchema& schema = index == nullptr ? table->key_schema : index->key_schema;
    const std::string& hash_name = schema.hash[0].name;
    const std::string hash = (hash_name == "pk" ? "p" : hash_name) + std::to_string(number(3));
    PageRequest request;
    request.table = table;
    request.index = index;
    request.forward = number(1) == 0;
    if (number(2) > 0) request.limit = 1 + number(5);
    request.range.emplace();
    request.range->hash = {core::AttributeValue::string(hash)};

    std::vector<Attributes> expected;
    for (const Attributes& entry : model.entries(*table, index)) {
      if (entry.at(hash_name) == hash) expected.push_back(entry);
    }
    if (!schema.range.empty()) {
      const core::KeyAttribute& range = schema.range[0];
      narrow(*request.range, range, expected);
      std::stable_sort(expected.begin(), expected.end(), [&](const Attributes& left, const Attributes& right) {
        return sorts_before(left, right, range);
      });
    }
    std::vector<Attributes> found;
    for (const std::string& json : read_all(engine, request)) found.push_back(from_wire(json));
    if (!request.forward) std::reverse(found.begin(), found.end());
    if (!schema.range.empty()) {
      ASSERT_TRUE(std::is_sorted(found.begin(), found.end(), [&](const Attributes& left, const Attributes& right) {
        return sorts_before(left, right, schema.range[0]);
      }));
    }
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found, expected);
  }

  void narrow(expression::KeyRange& range, const core::KeyAttribute& attribute, std::vector<Attributes>& expected) {
    using expression::KeyOperator;
    if (number(3) == 0) return;
    const bool numeric = attribute.type == core::AttributeType::kNumber;
    const auto value = [numeric](int n) {
      return numeric ? core::AttributeValue::number(core::Number(n)) : core::AttributeValue::string(std::to_string(n));
    };
    const int first = numeric ? number(40) - 20 : number(30);
    int second = numeric ? number(40) - 20 : number(30);
    const auto op = static_cast<KeyOperator>(number(numeric ? 5 : 6));
    const auto less = [numeric](const std::string& left, const std::string& right) {
      return numeric ? std::stoi(left) < std::stoi(right) : left < right;
    };
    if (op == KeyOperator::kBetween && less(std::to_string(second), std::to_string(first))) second = first;
    range.range = expression::KeyPredicate{attribute.name, op, value(first), value(second)};
    const std::string low = std::to_string(first);
    const std::string high = std::to_string(second);
    std::erase_if(expected, [&](const Attributes& entry) {
      const std::string& text = entry.at(attribute.name);
      switch (op) {
        case KeyOperator::kEqual:
          return text != low;
        case KeyOperator::kLess:
          return !less(text, low);
        case KeyOperator::kLessOrEqual:
          return less(low, text);
        case KeyOperator::kGreater:
          return !less(low, text);
        case KeyOperator::kGreaterOrEqual:
          return less(text, low);
        case KeyOperator::kBetween:
          return less(text, low) || less(high, text);
        case KeyOperator::kBeginsWith:
          return !text.starts_with(low);
        default:
          return true;
      }
    });
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(ModelTest, AnswersAsTheModelDoesAndStillAfterARestart) {
  const TemporaryDirectory directory;
  auto engine = open(directory.path());
  engine->create_table(model_table());
  TablePtr table = engine->usable_table("model");
  Model model;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 60; ++i) change_something(*engine, table, model);
    if (round % 3 == 2) {
      table.reset();
      engine.reset();
      engine = open(directory.path());
      table = engine->usable_table("model");
    }
    ASSERT_NO_FATAL_FAILURE(expect_counts(*engine, table, model));
    for (const auto& [key, attributes] : model.items) {
      const std::string found = get(*engine, table, to_wire({{"pk", key.first}, {"sk", key.second}}));
      ASSERT_EQ(from_wire(found), attributes);
    }
    const std::vector<const Index*> spaces = {nullptr, &table->indexes[0], &table->indexes[1], &table->indexes[2]};
    for (const Index* index : spaces) {
      ASSERT_NO_FATAL_FAILURE(expect_scan(*engine, table, model, index));
      for (int i = 0; i < 25; ++i) ASSERT_NO_FATAL_FAILURE(expect_query(*engine, table, model, index));
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range(1U, 9U));

}  // namespace
}  // namespace stator::engine
