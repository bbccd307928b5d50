#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/support.h"

/// Items with an attribute by which a global index groups them, for tests that add and drop indexes.
namespace stator::engine {

inline Index by_group(std::string name = "gsi") {
  return make_index(std::move(name), true, {{key_attribute("g")}, {}});
}

inline std::string numbered(int i, bool grouped = true) {
  return R"({"pk":{"S":"p)" + std::to_string(i) + R"("},"sk":{"S":"s"})" + (grouped ? R"(,"g":{"S":"g"})" : "") + "}";
}

/// Whether the table and all its indexes are ACTIVE.
inline bool is_settled(const Engine& engine, std::string_view name) {
  const TablePtr table = engine.find_table(name);
  if (table == nullptr || table->status != TableStatus::kActive) return false;
  return std::ranges::all_of(table->indexes, [](const Index& index) { return index.status == TableStatus::kActive; });
}

}  // namespace stator::engine
