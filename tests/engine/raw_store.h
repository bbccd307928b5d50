#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/support.h"
#include "engine/table_json.h"
#include "engine/time_to_live.h"
#include "store/store.h"

/// Functions that read and change a closed data directory below the engine.
namespace stator::engine {

inline std::unique_ptr<store::Store> open_raw(const std::filesystem::path& directory) {
  store::Options options;
  options.directory = directory;
  return store::Store::open(options);
}

inline Table raw_table(const store::Store& raw, std::string_view name) {
  std::string row;
  if (!raw.get(catalog_key(CatalogRow::kTable, name), row)) throw std::runtime_error("no such table");
  return table_from_json(row);
}

/// Replaces an item's stored bytes, like damage that no checksum detects.
inline void damage(const std::filesystem::path& directory, std::string_view table_name, std::string_view key,
                   std::string_view value) {
  const auto raw = open_raw(directory);
  const std::string encoded = key_of(raw_table(*raw, table_name), key).encoded;
  std::string before;
  if (!raw->get(encoded, before)) throw std::runtime_error("no such item");
  store::Batch batch;
  batch.put(encoded, value);
  raw->write(batch);
}

inline std::size_t count_keys(const store::Store& raw, const KeyBounds& bounds) {
  std::size_t count = 0;
  const auto cursor = raw.cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) ++count;
  return count;
}

/// The rows of a table's time-to-live range: the item's key and its seconds. Two rows for one item are an error.
inline std::map<std::string, std::int64_t> expiry_rows(const store::Store& raw, const Table& table) {
  std::map<std::string, std::int64_t> rows;
  const KeyBounds bounds = space_bounds(table.ttl_space);
  const auto cursor = raw.cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    const ExpiryRow row = read_expiry_key(table, cursor->key());
    EXPECT_TRUE(rows.emplace(row.item_key, row.seconds).second) << "two rows of one item";
    EXPECT_TRUE(cursor->value().empty());
  }
  return rows;
}

/// The rows that the table's items require.
inline std::map<std::string, std::int64_t> expected_expiry_rows(const store::Store& raw, const Table& table) {
  std::map<std::string, std::int64_t> rows;
  const KeyBounds bounds = space_bounds(table.space);
  const auto cursor = raw.cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    const json::Item item(read_value(cursor->value()).json);
    if (const auto seconds = expiry_seconds(item, table.ttl_attribute)) rows.emplace(cursor->key(), *seconds);
  }
  return rows;
}

inline std::optional<JobInfo> find_job(const Engine& engine, std::string_view name, std::string_view table) {
  for (JobInfo& job : engine.jobs()) {
    if (job.name == name && job.table == table) return std::move(job);
  }
  return std::nullopt;
}

}  // namespace stator::engine
