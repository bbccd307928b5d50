#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/api_error.h"
#include "core/manual_clock.h"
#include "engine/engine.h"
#include "expression/expression.h"
#include "json/item.h"
#include "json/reader.h"
#include "support/temporary_directory.h"

/// Shared helpers of the engine's tests: tables, items as wire JSON, conditions and updates as expressions.
namespace stator::engine {

/// A manual clock that starts at a fixed time.
class ManualClock : public core::ManualClock {
 public:
  ManualClock() : core::ManualClock(1'700'000'000'000) {}
};

inline core::KeyAttribute key_attribute(std::string name, core::AttributeType type = core::AttributeType::kString) {
  return {std::move(name), type};
}

inline Index make_index(std::string name, bool global, core::KeySchema schema,
                        ProjectionType projection = ProjectionType::kAll,
                        std::vector<std::string> non_key_attributes = {}) {
  Index index;
  index.name = std::move(name);
  index.global = global;
  index.key_schema = std::move(schema);
  index.projection = projection;
  index.non_key_attributes = std::move(non_key_attributes);
  return index;
}

/// A table with the keys pk (S) and sk (S) and the given indexes.
inline Table make_table(std::string name, std::vector<Index> indexes = {}) {
  Table table;
  table.name = std::move(name);
  table.key_schema = {{key_attribute("pk")}, {key_attribute("sk")}};
  table.indexes = std::move(indexes);
  return table;
}

inline json::EncodedItem item(std::string_view wire) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(wire).get(object) != simdjson::SUCCESS) throw std::runtime_error("not an object");
  return json::normalise_item(object);
}

/// A request's names and values, from wire JSON; must outlive the programs that are bound with it.
inline expression::Bindings bindings(std::string_view values) {
  json::Parser parser;
  json::Object object;
  if (values.empty()) return {};
  if (parser.parse(values).get(object) != simdjson::SUCCESS) throw std::runtime_error("not an object");
  return {nullptr, &object};
}
inline expression::Condition condition(std::string_view text, std::string_view values = {}) {
  expression::Bindings bound = bindings(values);
  return expression::bind_condition(text, expression::ConditionKind::kCondition, bound);
}
inline expression::Update update(std::string_view text, std::string_view values = {}) {
  expression::Bindings bound = bindings(values);
  return expression::bind_update(text, bound);
}

inline std::vector<core::AttributeValue> key_values(const core::KeySchema& schema, const json::Item& from) {
  std::vector<core::AttributeValue> values;
  for (const auto* attributes : {&schema.hash, &schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      const core::AttributeValue* value = from.find(attribute.name);
      if (value == nullptr) throw std::runtime_error("no " + attribute.name);
      values.push_back(*value);
    }
  }
  return values;
}

/// The key of an item, or of an object that holds only the key.
inline Key key_of(const Table& table, std::string_view item_json) {
  return Engine::make_key(table, key_values(table.key_schema, json::Item(item_json)));
}

inline WriteOutcome put(Engine& engine, const TablePtr& table, std::string_view wire,
                        const expression::Condition* when = nullptr) {
  const json::EncodedItem encoded = item(wire);
  WriteAction action;
  action.kind = WriteKind::kPut;
  action.table = table;
  action.key = key_of(*table, encoded.json);
  action.item = &encoded;
  action.condition = when;
  action.want_old = true;
  action.want_old_on_failure = true;
  return engine.write(action);
}

/// A put of each item; the actions refer to `items`.
inline std::vector<WriteAction> puts_of(const TablePtr& table, const std::vector<json::EncodedItem>& items) {
  std::vector<WriteAction> actions;
  for (const json::EncodedItem& one : items) {
    WriteAction& action = actions.emplace_back();
    action.table = table;
    action.key = key_of(*table, one.json);
    action.item = &one;
  }
  return actions;
}

inline WriteOutcome remove(Engine& engine, const TablePtr& table, std::string_view key,
                           const expression::Condition* when = nullptr) {
  WriteAction action;
  action.kind = WriteKind::kDelete;
  action.table = table;
  action.key = key_of(*table, key);
  action.condition = when;
  action.want_old = true;
  return engine.write(action);
}

inline WriteOutcome change(Engine& engine, const TablePtr& table, std::string_view key,
                           const expression::Update& program, const expression::Condition* when = nullptr) {
  WriteAction action;
  action.kind = WriteKind::kUpdate;
  action.table = table;
  action.key = key_of(*table, key);
  action.update = &program;
  action.condition = when;
  action.want_old = true;
  action.want_new = true;
  return engine.write(action);
}

/// Returns the item's JSON, or "".
inline std::string get(const Engine& engine, const TablePtr& table, std::string_view key) {
  std::string json;
  std::size_t size_bytes = 0;
  engine.get_item(*table, key_of(*table, key), json, size_bytes);
  return json;
}

/// Reads one page; returns its items in order.
inline std::vector<std::string> read(const Engine& engine, const PageRequest& request, Page* page = nullptr) {
  std::vector<std::string> items;
  const Page read = engine.read_page(request, [&items](std::string_view json) { items.emplace_back(json); });
  if (page != nullptr) *page = read;
  return items;
}

/// Returns the start position after a page, computed from the JSON of the last evaluated key, as the API does.
inline StartPosition start_after(const PageRequest& request, std::string_view last_evaluated_key) {
  const json::Item last(last_evaluated_key);
  const Key key = Engine::make_key(*request.table, key_values(request.table->key_schema, last));
  if (request.index == nullptr) return Engine::make_start(*request.table, nullptr, {}, key);
  const auto values = key_values(request.index->key_schema, last);
  return Engine::make_start(*request.table, request.index, values, key);
}

/// Reads all pages.
inline std::vector<std::string> read_all(const Engine& engine, PageRequest request) {
  std::vector<std::string> items;
  for (;;) {
    Page page;
    for (std::string& json : read(engine, request, &page)) items.push_back(std::move(json));
    if (page.last_evaluated_key_json.empty()) return items;
    request.start = start_after(request, page.last_evaluated_key_json);
  }
}

inline PageRequest scan(const TablePtr& table, std::string_view index = {}) {
  PageRequest request;
  request.table = table;
  if (!index.empty()) request.index = table->index(index);
  return request;
}

inline std::string s(std::string_view text) { return std::string("{\"S\":\"").append(text).append("\"}"); }

template <class Work>
core::ApiError error_of(Work work) {
  try {
    work();
  } catch (const core::ApiError& error) {
    return error;
  }
  return {"", ""};
}

inline std::unique_ptr<Engine> open(const std::filesystem::path& directory = {}, const core::Clock* clock = nullptr,
                                    std::int64_t transition_delay_ms = 0) {
  Options options;
  options.directory = directory;
  options.transition_delay_ms = transition_delay_ms;
  if (clock != nullptr) options.clock = clock;
  return Engine::open(options);
}

/// Waits for a background job of the engine; returns false if it takes longer than any machine should need.
template <class Condition>
bool wait_until(Condition done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace stator::engine
