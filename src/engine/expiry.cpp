#include "engine/expiry.h"

#include <algorithm>

#include "engine/damage.h"
#include "engine/keys.h"
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
  if (position_.empty() && !begin_search(now_seconds)) return JobStep::later(period_);
  if (!delete_expired(table, now_seconds)) return JobStep::end();
  return position_.empty() ? JobStep::later(period_) : JobStep::more();
}

bool Expiry::begin_search(std::int64_t now_seconds) {
  UnseenExpiry& unseen = range_.state->unseen_expiry;
  // The first search ignores the mark, which may belong to the table's former range. So does a search at an earlier
  // time than the last, which skipped as too old what may expire now.
  const bool anew = !searched_seconds_ || now_seconds < *searched_seconds_;
  if (!anew && unseen.first() > now_seconds) return false;
  const std::int64_t first = unseen.take_bound();
  looks_ahead_ = first == noted_;
  position_ = expiry_bound(range_.space, std::max(anew ? 0 : first, now_seconds - kOldestExpirySeconds));
  searched_seconds_ = now_seconds;
  return true;
}

bool Expiry::delete_expired(const TablePtr& table, std::int64_t now_seconds) {
  const std::string end = expiry_bound(range_.space, now_seconds + 1);
  std::int64_t next = now_seconds + 1;
  int rows = 0;
  std::size_t bytes = 0;
  if (position_ < end) {
    const auto cursor = store_.cursor(position_, looks_ahead_ ? space_bounds(range_.space).upper : end);
    for (cursor->seek_to_first(); cursor->valid() && cursor->key() < end; cursor->next()) {
      if (rows == kRowsOfStep || bytes >= kBytesOfStep) return true;
      Writer::Expired expired;
      const bool readable = is_readable([&] { expired = writer_.expire(table, cursor->key()); });
      if (readable && expired.outcome == Writer::Expired::Outcome::kGone) return false;
      // Moved only after the deletion, so that a row that the store refused to delete is tried again.
      position_.assign(cursor->key()).push_back('\0');
      ++rows;
      ++progress_.items_read;
      if (!readable) note_damage(*table, cursor->key());
      if (expired.outcome == Writer::Expired::Outcome::kDeleted) ++progress_.items_changed;
      bytes += expired.size_bytes;
    }
    if (looks_ahead_) next = next_seconds(*table, *cursor, now_seconds);
  }
  position_.clear();
  noted_ = next;
  range_.state->unseen_expiry.note(next);
  return true;
}

std::int64_t Expiry::next_seconds(const Table& table, const store::Cursor& cursor, std::int64_t now_seconds) {
  if (!cursor.valid()) return UnseenExpiry::kNone;
  std::int64_t seconds = now_seconds + 1;  // of a row that cannot be read
  is_readable([&] { seconds = read_expiry_key(table, cursor.key()).seconds; });
  return seconds;
}

void Expiry::note_damage(const Table& table, std::string_view row_key) {
  ++progress_.items_skipped;
  if (progress_.items_skipped > kLoggedDamages) return;
  std::string item_key(row_key);
  is_readable([&] { item_key = read_expiry_key(table, row_key).item_key; });
  log_("an item of table " + table.name + " is damaged and does not expire: key " + key_for_log(item_key));
}

}  // namespace stator::engine
