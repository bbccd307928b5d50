#include "engine/expiry.h"

#include <algorithm>

#include "engine/damage.h"
#include "engine/state.h"
#include "engine/time_to_live.h"

namespace stator::engine {
namespace {

constexpr int kRowsOfStep = 64;
constexpr std::size_t kBytesOfStep = 256 << 10;

}  // namespace

Expiry::Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, TableRange range,
               std::chrono::milliseconds period, JobRunner::Log log)
    : store_(store), writer_(writer), clock_(clock), range_(std::move(range)), period_(period), log_(std::move(log)) {}

JobStep Expiry::step() {
  const TablePtr table = range_.state->newest(nullptr);
  if (table == nullptr || table->status == TableStatus::kDeleting || table->ttl_space != range_.space) {
    return JobStep::end();
  }
  const std::int64_t now_seconds = clock_.now_ms() / 1000;
  if (position_.empty()) begin_search(now_seconds);
  if (!delete_expired(table, now_seconds)) return JobStep::end();
  return position_.empty() ? JobStep::later(period_) : JobStep::more();
}

void Expiry::begin_search(std::int64_t now_seconds) {
  std::int64_t first = range_.state->unseen_expiry.take();
  // The first search ignores the mark, which may be of the table's former range.
  if (!searched_) first = 0;
  searched_ = true;
  position_ = expiry_bound(range_.space, std::max(first, now_seconds - kOldestExpirySeconds));
}

bool Expiry::delete_expired(const TablePtr& table, std::int64_t now_seconds) {
  const std::string end = expiry_bound(range_.space, now_seconds + 1);
  int rows = 0;
  std::size_t bytes = 0;
  if (position_ < end) {
    const auto cursor = store_.cursor(position_, end);
    for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
      if (rows == kRowsOfStep || bytes >= kBytesOfStep) return true;
      Writer::Expired expired;
      const bool readable = is_readable([&] { expired = writer_.expire(table, cursor->key()); });
      if (readable && expired.outcome == Writer::Expired::Outcome::kGone) return false;
      // Only after the deletion: a row that the store refused to delete is tried again.
      position_.assign(cursor->key()).push_back('\0');
      ++rows;
      ++progress_.items_read;
      if (!readable) note_damage(*table, cursor->key());
      if (expired.outcome == Writer::Expired::Outcome::kDeleted) ++progress_.items_changed;
      bytes += expired.size_bytes;
    }
  }
  position_.clear();
  range_.state->unseen_expiry.note(now_seconds + 1);
  return true;
}

void Expiry::note_damage(const Table& table, std::string_view row_key) {
  ++progress_.items_skipped;
  if (progress_.items_skipped > kLoggedDamages) return;
  std::string item_key(row_key);
  is_readable([&] { item_key = read_expiry_key(table, row_key).item_key; });
  log_("an item of table " + table.name + " is damaged and does not expire: key " + key_for_log(item_key));
}

}  // namespace stator::engine
