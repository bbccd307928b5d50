#include "engine/backup/rewind.h"

#include <utility>
#include <vector>

#include "core/damage_error.h"
#include "engine/engine.h"
#include "engine/keys.h"
#include "engine/log/record.h"
#include "engine/log/stream.h"
#include "engine/stored_value.h"
#include "json/item.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkRecords = 1024;
constexpr std::size_t kChunkBytes = 512 << 10;

/// The key of the record's item in the table.
std::string item_key(const Table& table, const LogRecord& record) {
  const json::Item keys(record.keys.json);
  std::vector<core::AttributeValue> values;
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      const core::AttributeValue* value = keys.find(attribute.name);
      if (value == nullptr) throw core::DamageError("a record of the change log lacks a key attribute");
      values.push_back(*value);
    }
  }
  return Engine::make_key(table, std::move(values)).encoded;
}

Rewind::OldItem old_item(const LogRecord& record) {
  if (record.old_image.json.empty()) return std::nullopt;
  std::string value;
  append_value_header(record.old_image.size_bytes, value);
  value.append(record.old_image.json);
  return value;
}

}  // namespace

Rewind::Rewind(const store::Store& cut, store::SpaceId log_space, std::int64_t time_ms)
    : cut_(cut), log_space_(log_space), time_ms_(time_ms) {}

Rewind::Chunk Rewind::read(const Table& table, std::string_view position) const {
  Chunk chunk;
  chunk.position = visit(table, position, [&](const std::string& key, const LogRecord&, const OldItem& old) {
    ++chunk.records;
    chunk.items.insert_or_assign(key, old);
  });
  return chunk;
}

std::string Rewind::visit(const Table& table, std::string_view position, const Visit& visit) const {
  const KeyBounds bounds = space_bounds(log_space_);
  const auto cursor = cut_.cursor(bounds.lower, bounds.upper);
  if (position.empty()) {
    cursor->seek_to_last();
  } else {
    cursor->seek_for_prev(position);
    if (cursor->valid() && cursor->key() == position) cursor->prev();
  }
  std::string last;
  std::size_t records = 0;
  std::size_t bytes = 0;
  // Shards are read in descending order: a child shard's records of an item are later than those of its parent.
  while (cursor->valid() && records < kChunkRecords && bytes < kChunkBytes) {
    last = cursor->key();
    ++records;
    bytes += cursor->value().size();
    if (log_number_of(cursor->key()) < first_number_at(time_ms_)) {
      // A record's number is never below its time, so no earlier record of this shard is after `time_ms_`.
      cursor->seek_for_prev(last.substr(0, kShardPrefixBytes));
      continue;
    }
    const LogRecord record = read_log_record(cursor->value());
    if (record.time_ms > time_ms_) visit(item_key(table, record), record, old_item(record));
    cursor->prev();
  }
  return cursor->valid() ? last : std::string();
}

}  // namespace stator::engine
