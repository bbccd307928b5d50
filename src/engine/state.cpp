#include "engine/state.h"

#include <algorithm>

#include "engine/damage.h"
#include "engine/keys.h"
#include "engine/stored_value.h"

namespace stator::engine {
namespace {

bool has_space(const Table& table, store::SpaceId space) {
  if (table.space == space) return true;
  for (const Index& index : table.indexes) {
    if (index.space == space) return true;
  }
  return false;
}

}  // namespace

void Counters::change(Row& row, const CounterDelta& delta) {
  for (Cell& cell : row) {
    if (cell.space != delta.space) continue;
    cell.items += static_cast<std::uint64_t>(delta.items);
    cell.size_bytes += static_cast<std::uint64_t>(delta.size_bytes);
    return;
  }
  row.push_back({delta.space, static_cast<std::uint64_t>(delta.items), static_cast<std::uint64_t>(delta.size_bytes)});
}

Counters::Row Counters::read_row(std::string_view stored) {
  Row row;
  while (!stored.empty()) {
    Cell cell;
    cell.space = static_cast<store::SpaceId>(read_varint(stored));
    cell.items = read_varint(stored);
    cell.size_bytes = read_varint(stored);
    row.push_back(cell);
  }
  return row;
}

void Counters::load_once(const store::Store& store, const Table& table) {
  loaded_.call([&] {
    try {
      load(store, table);
    } catch (const core::DamageError& error) {
      throw_damage_in(table, nullptr, error);
    }
  });
}

void Counters::load(const store::Store& store, const Table& table) {
  const std::string lower = catalog_key(CatalogRow::kCounters, table.space);
  const auto cursor = store.cursor(lower, store::prefix_end(lower));
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    if (key.size() != lower.size() + 1) throw core::DamageError("the key of a counters row has another length");
    rows_[static_cast<unsigned char>(key.back())] = read_row(cursor->value());
  }
}

Counters::PendingRow Counters::put_row(const Table& table, const CounterPart& part,
                                       const std::vector<CounterDelta>& deltas, store::Batch& batch) const {
  Row row = rows_[part.number()];
  for (const CounterDelta& delta : deltas) change(row, delta);
  // Forget dropped indexes, but only with the newest version of the table: an earlier one lacks new indexes, which
  // another write may already have counted here.
  if (table.state->is_newest(table)) {
    std::erase_if(row, [&table](const Cell& cell) { return !has_space(table, cell.space); });
  }
  std::string key = catalog_key(CatalogRow::kCounters, table.space);
  key.push_back(static_cast<char>(part.number()));
  std::string value;
  for (const Cell& cell : row) {
    append_varint(cell.space, value);
    append_varint(cell.items, value);
    append_varint(cell.size_bytes, value);
  }
  batch.put(key, value);
  return {part.number(), std::move(row)};
}

TableCounts Counters::sum(const Table& table, Stripes& stripes) const {
  TableCounts counts;
  counts.indexes.resize(table.indexes.size());
  // One part may have counted what another has subtracted, so parts read at different moments could add up to less than
  // zero.
  const CounterPartsLock lock(stripes);
  for (const Row& row : rows_) {
    for (const Cell& cell : row) {
      Counts* target = cell.space == table.space ? &counts.table : nullptr;
      for (std::size_t i = 0; i < table.indexes.size() && target == nullptr; ++i) {
        if (table.indexes[i].space == cell.space) target = &counts.indexes[i];
      }
      if (target == nullptr) continue;
      target->items += cell.items;
      target->size_bytes += cell.size_bytes;
    }
  }
  return counts;
}

TableCounts RecentCounts::get(const Table& table, Stripes& stripes) {
  constexpr std::chrono::seconds kAge{1};
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now >= until_) {
    const TableCounts counts = counters_.sum(table, stripes);
    spaces_.assign(1, {table.space, counts.table});
    for (std::size_t i = 0; i < table.indexes.size(); ++i) {
      spaces_.emplace_back(table.indexes[i].space, counts.indexes[i]);
    }
    until_ = now + kAge;
  }
  const auto of = [this](store::SpaceId space) {
    const auto found = std::ranges::find(spaces_, space, &std::pair<store::SpaceId, Counts>::first);
    return found == spaces_.end() ? Counts() : found->second;
  };
  TableCounts counts;
  counts.table = of(table.space);
  for (const Index& index : table.indexes) counts.indexes.push_back(of(index.space));
  return counts;
}

}  // namespace stator::engine
