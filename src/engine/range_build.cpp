#include "engine/range_build.h"

#include <span>

#include "engine/damage.h"
#include "engine/index_entry.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/time_to_live.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkItems = 512;
constexpr std::size_t kChunkBytes = 512 << 10;
/// The most that is written under locks at once, as writes to the locked items wait meanwhile.
constexpr std::size_t kLockedItems = 16;
constexpr std::size_t kLockedBytes = 64 << 10;

}  // namespace

RangeBuild::RangeBuild(store::Store& store, Stripes& stripes, TableRange range, std::function<void()> finished,
                       JobRunner::Log log)
    : store_(store),
      stripes_(stripes),
      range_(std::move(range)),
      finished_(std::move(finished)),
      log_(std::move(log)),
      progress_key_(catalog_key(CatalogRow::kBuild, range_.space)) {}

JobStep RangeBuild::step() {
  TablePtr table = range_.state->newest(nullptr);
  const Target target = table == nullptr ? Target() : target_in(*table);
  if (!target) return JobStep::end();
  if (!resumed_ && !store_.get(progress_key_, after_)) after_.clear();
  resumed_ = true;

  Chunk chunk = read_chunk(*table, target);
  for (std::size_t first = 0; first < chunk.rows.size();) {
    const std::size_t written = write_rows(table, chunk, first);
    if (written == 0) return JobStep::end();
    first += written;
  }
  for (const std::string& key : chunk.damaged_keys) note_damage(table->name, key);
  progress_.items_read += chunk.items_read;
  if (chunk.at_end) {
    finished_();
    progress_.fraction = 1.0;
    return JobStep::end();
  }
  after_ = chunk.last_key;
  progress_.fraction = fraction_before(after_);
  return note_progress(table) ? JobStep::more() : JobStep::end();
}

bool RangeBuild::note_progress(const TablePtr& table) {
  // Written under one of the stripes: a thread that drops the range waits for each stripe before it removes rows.
  const std::lock_guard<std::mutex> lock(stripes_[0]);
  const TablePtr newest = range_.state->newest(table);
  if (newest == nullptr || !target_in(*newest)) return false;
  store::Batch batch;
  batch.put(progress_key_, after_);
  store_.write_unsynced(batch);
  return true;
}

RangeBuild::Target RangeBuild::target_in(const Table& table) const {
  if (table.ttl_space == range_.space) return {nullptr, table.ttl_building};
  for (const Index& index : table.indexes) {
    if (index.space == range_.space && index.backfilling) return {&index, false};
  }
  return {};
}

RangeBuild::Chunk RangeBuild::read_chunk(const Table& table, const Target& target) {
  KeyBounds bounds = space_bounds(table.space);
  if (!after_.empty()) bounds.lower = after_ + '\0';
  Chunk chunk;
  std::size_t bytes = 0;
  const auto cursor = store_.cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    if (chunk.items_read == kChunkItems || bytes >= kChunkBytes) break;
    ++chunk.items_read;
    bytes += cursor->value().size();
    chunk.last_key = cursor->key();
    Row row;
    row.item_key = cursor->key();
    row.item_value = cursor->value();
    bool due = false;
    if (!is_readable([&] { due = make_row(table, target, row); })) chunk.damaged_keys.push_back(row.item_key);
    if (due) chunk.rows.push_back(std::move(row));
  }
  chunk.at_end = !cursor->valid();
  return chunk;
}

bool RangeBuild::make_row(const Table& table, const Target& target, Row& row) {
  if (row.item_key.size() <= kKeyHeadBytes) throw core::DamageError("an item's key is too short");
  return target.time_to_live ? make_expiry_row(table, row) : make_index_row(table, *target.index, row);
}

bool RangeBuild::make_index_row(const Table& table, const Index& index, Row& row) {
  const StoredValue value = read_value(row.item_value);
  const json::Item item(value.json);
  // An entry may contain the whole item, so all of it must be readable.
  item.locate_all();
  auto entry = make_index_entry(table, index, item, value.json, value.size_bytes, key_parts(row.item_key));
  if (!entry) return false;
  row.value = entry->head();
  row.value.append(entry->json());
  row.key = std::move(entry->key);
  row.size_bytes = entry->size_bytes;
  return true;
}

bool RangeBuild::make_expiry_row(const Table& table, Row& row) {
  const auto seconds = expiry_seconds(json::Item(read_value(row.item_value).json), table.ttl_attribute);
  if (!seconds) return false;
  row.key = expiry_key(table.ttl_space, *seconds, row.item_key);
  row.expiry_seconds = *seconds;
  return true;
}

std::size_t RangeBuild::write_rows(TablePtr& table, Chunk& chunk, std::size_t first) {
  std::span<const Row> rows = std::span(chunk.rows).subspan(first);
  std::vector<std::size_t> stripes;
  std::size_t bytes = 0;
  for (const Row& row : rows) {
    if (stripes.size() == kLockedItems || bytes >= kLockedBytes) break;
    bytes += row.item_value.size();
    stripes.push_back(stripes_.of(row.item_key));
  }
  rows = rows.first(stripes.size());
  const StripesLock lock(stripes_, std::move(stripes));
  // Only under the locks is it certain which version of the table is in effect.
  const TablePtr newest = range_.state->newest(table);
  if (newest == nullptr) return 0;
  table = newest;
  const Target target = target_in(*table);
  if (!target) return 0;
  std::vector<const Row*> due_rows;
  for (const Row& row : rows) {
    bool due = false;
    if (!is_readable([&] { due = is_due(row); })) chunk.damaged_keys.push_back(row.item_key);
    if (due) due_rows.push_back(&row);
  }
  if (!due_rows.empty()) commit(*table, target, due_rows);
  return rows.size();
}

void RangeBuild::commit(const Table& table, const Target& target, const std::vector<const Row*>& rows) {
  store::Batch batch;
  for (const Row* row : rows) batch.put(row->key, row->value);
  if (target.time_to_live) {
    store_.write_unsynced(batch);
    for (const Row* row : rows) range_.state->unseen_expiry.note(row->expiry_seconds);
  } else {
    std::vector<CounterDelta> deltas;
    for (const Row* row : rows) deltas.push_back({range_.space, 1, static_cast<std::int64_t>(row->size_bytes)});
    Counters& counters = range_.state->counters;
    counters.load_once(store_, table);
    const CounterPart part(stripes_, stripes_.of(rows.front()->item_key));
    Counters::PendingRow row = counters.put_row(table, part, deltas, batch);
    store_.write_unsynced(batch);
    counters.apply(std::move(row));
  }
  progress_.items_changed += rows.size();
}

bool RangeBuild::is_due(const Row& row) {
  bool unchanged = false;
  const auto compare = [&](std::string_view value) { unchanged = value == row.item_value; };
  if (!store_.visit(row.item_key, compare)) return false;
  // An item that was changed and changed back to the same bytes already has its row.
  return unchanged && !store_.visit(row.key, [](std::string_view) {});
}

void RangeBuild::note_damage(const std::string& table_name, const std::string& item_key) {
  ++progress_.items_skipped;
  if (progress_.items_skipped > kLoggedDamages) return;
  log_("an item of table " + table_name + " is damaged and left out of what is being built from it: key " +
       key_for_log(item_key));
}

}  // namespace stator::engine
