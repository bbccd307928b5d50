#include "engine/write_group.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace stator::engine {
namespace {

thread_local WriteGroup* current = nullptr;

/// A batch of this size is full: larger ones gain nothing.
constexpr std::size_t kFullBytes = 4 << 20;

/// Reserves room for one more element, so that adding it cannot fail.
template <class T>
void make_room(std::vector<T>& list) {
  if (list.size() == list.capacity()) list.reserve(2 * list.size() + 4);
}

}  // namespace

WriteGroup::WriteGroup(std::unique_ptr<GatePass> pass, Writer& writer) : pass_(std::move(pass)), writer_(writer) {
  assert(current == nullptr);
  current = this;
}

WriteGroup::~WriteGroup() { end(); }

void WriteGroup::end() {
  if (current == this) current = nullptr;
  parts_.clear();
  held_.clear();
}

bool WriteGroup::is_full() const { return batch_.size_bytes() >= kFullBytes; }

WriteGroup* WriteGroup::of_this_thread() { return current; }

void WriteGroup::check_may_wait() {
  if (current != nullptr) throw WouldWait{.alone = true};
}

bool WriteGroup::holds(std::size_t stripe) const {
  return std::ranges::find(held_, stripe, &Held::stripe) != held_.end();
}

WriteOutcome WriteGroup::add(const WriteAction& action) {
  // This write would have to see what the earlier write of the same item stores.
  if (std::ranges::find(parts_, action.key.encoded, &Part::key) != parts_.end()) throw WouldWait{};
  make_room(parts_);
  make_room(held_);
  Writer::Decision decision;
  decision.stripe = writer_.stripes_.of(action.key.encoded);
  std::unique_lock<std::mutex> lock;
  if (!holds(decision.stripe)) {
    lock = std::unique_lock(writer_.stripes_[decision.stripe], std::defer_lock);
    // A thread that holds no lock may wait for one.
    if (held_.empty()) lock.lock();
    if (!lock.owns_lock() && !lock.try_lock()) throw WouldWait{};
  }
  if (auto fault = writer_.decide(action, decision)) throw std::move(*fault);
  if (decision.outcome.condition_failed || !decision.writes) {
    if (!decision.outcome.condition_failed) Writer::finish_outcome(action, decision);
    return std::move(decision.outcome);
  }
  Part part{.key = action.key.encoded, .table = decision.change.table, .new_expiry = {}, .log_numbers = {}};
  batch_.begin_part();
  try {
    writer_.append(decision, batch_);
    Writer::finish_outcome(action, decision);
    part.new_expiry = decision.new_expiry;
    part.log_numbers = std::move(decision.delivery_numbers);
    part.log_numbers.push_back(std::move(decision.log_number));
    part.log_numbers.push_back(std::move(decision.recovery_number));
    Writer::add_counters(decision, rows_);
  } catch (...) {
    batch_.drop_part();
    throw;
  }
  parts_.push_back(std::move(part));
  if (lock.owns_lock()) held_.push_back({decision.stripe, std::move(lock)});
  return std::move(decision.outcome);
}

void WriteGroup::commit() {
  struct End {
    WriteGroup& writes;
    ~End() { writes.end(); }
  } const at_end{*this};
  if (parts_.empty()) return;
  const std::optional<CounterPart> counter_part = writer_.put_rows(rows_, batch_);
  writer_.store(rows_, batch_, parts_.size());
  for (const Part& part : parts_) Writer::note_expiry(*part.table, part.new_expiry);
}

}  // namespace stator::engine
