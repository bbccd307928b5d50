#include "engine/backup/restore.h"

#include "core/api_error.h"
#include "engine/backup/rewind.h"
#include "engine/damage.h"
#include "engine/keys.h"
#include "engine/stored_value.h"

namespace stator::engine {
namespace {

constexpr std::size_t kChunkItems = 1024;
constexpr std::size_t kChunkBytes = 512 << 10;

/// The same key in another space.
std::string moved_key(std::string_view key, store::SpaceId space) {
  std::string moved;
  moved.reserve(key.size());
  store::append_space(space, moved);
  moved.append(key.substr(sizeof(store::SpaceId)));
  return moved;
}

}  // namespace

Restore::Restore(store::Store& store, const Backups& backups, Stripes& stripes, TableRange range, Ends ends,
                 JobRunner::Log log)
    : store_(store),
      backups_(backups),
      stripes_(stripes),
      range_(std::move(range)),
      ends_(std::move(ends)),
      log_(std::move(log)),
      progress_key_(catalog_key(CatalogRow::kBuild, range_.space)) {}

JobStep Restore::step() {
  const TablePtr table = range_.state->newest(nullptr);
  if (table == nullptr || !table->restore || !table->restore->copying) return JobStep::end();
  try {
    if (cut_ == nullptr) open(*table->restore);
    if (copy_items(*table) || undo_changes(*table)) return JobStep::more();
  } catch (const store::OpenError& error) {
    ends_.failed(error.what());
    return JobStep::end();
  } catch (const core::DamageError& error) {
    ends_.failed(error.what());
    return JobStep::end();
  } catch (const core::ApiError& error) {
    // Memory is full. Trying again would never end, as a table that is being restored cannot be deleted.
    ends_.failed(error.message);
    return JobStep::end();
  }
  cut_.reset();
  ends_.finished();
  progress_.fraction = 1.0;
  return JobStep::end();
}

void Restore::open(const RestoreOrigin& origin) {
  cut_ = backups_.open_cut(origin.cut);
  if (!store_.get(progress_key_, position_)) position_.clear();
}

bool Restore::copy_items(const Table& table) {
  if (is_undoing(table)) return false;
  KeyBounds bounds = space_bounds(table.restore->source_space);
  if (!position_.empty()) bounds.lower = moved_key(position_, table.restore->source_space) + '\0';
  store::Batch batch;
  CounterDelta copied{.space = table.space};
  std::size_t bytes = 0;
  std::size_t items = 0;
  std::string last;
  const auto cursor = cut_->cursor(bounds.lower, bounds.upper);
  for (cursor->seek_to_first(); cursor->valid() && items < kChunkItems && bytes < kChunkBytes; cursor->next()) {
    ++items;
    bytes += cursor->value().size();
    last = moved_key(cursor->key(), table.space);
    std::size_t size_bytes = 0;
    if (!is_readable([&] { size_bytes = read_value(cursor->value()).size_bytes; })) {
      note_damage(table, last);
      continue;
    }
    batch.put(last, cursor->value());
    ++copied.items;
    copied.size_bytes += static_cast<std::int64_t>(size_bytes);
  }
  if (items == 0) return false;
  batch.put(progress_key_, last);
  commit(table, copied, batch);
  position_ = std::move(last);
  progress_.items_read += items;
  progress_.items_changed += static_cast<std::uint64_t>(copied.items);
  progress_.fraction = fraction_before(position_);
  return true;
}

bool Restore::is_undoing(const Table& table) const {
  std::string records;
  store::append_space(table.restore->log_space, records);
  return table.restore->log_space != 0 && position_.starts_with(records);
}

bool Restore::undo_changes(const Table& table) {
  const RestoreOrigin& origin = *table.restore;
  if (origin.log_space == 0) return false;
  const Rewind rewind(*cut_, origin.log_space, origin.time_ms);
  const Rewind::Chunk chunk = rewind.read(table, is_undoing(table) ? std::string_view(position_) : std::string_view());
  store::Batch batch;
  CounterDelta undone{.space = table.space};
  std::string present;
  for (const auto& [key, old] : chunk.items) {
    if (store_.get(key, present)) {
      --undone.items;
      undone.size_bytes -= static_cast<std::int64_t>(read_value(present).size_bytes);
    }
    if (old) {
      ++undone.items;
      undone.size_bytes += static_cast<std::int64_t>(read_value(*old).size_bytes);
      batch.put(key, *old);
    } else {
      batch.remove(key);
    }
  }
  // An empty position means that nothing is left; after a restart that is found out again.
  if (!chunk.position.empty()) batch.put(progress_key_, chunk.position);
  commit(table, undone, batch);
  position_ = chunk.position;
  progress_.items_read += chunk.records;
  progress_.items_changed += chunk.items.size();
  return !chunk.position.empty();
}

/// Holds a counter part because DescribeTable reads the counters; there are no other writes to the table.
void Restore::commit(const Table& table, const CounterDelta& counted, store::Batch& batch) {
  const CounterPart part(stripes_, 0);
  Counters& counters = table.state->counters;
  counters.load_once(store_, table);
  Counters::PendingRow row = counters.put_row(table, part, {counted}, batch);
  store_.write_unsynced(batch);
  counters.apply(std::move(row));
}

void Restore::note_damage(const Table& table, std::string_view key) {
  ++progress_.items_skipped;
  if (progress_.items_skipped > kLoggedDamages) return;
  log_("an item of the backup is damaged and not restored to table " + table.name + ": key " + key_for_log(key));
}

}  // namespace stator::engine
