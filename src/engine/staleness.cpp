#include "engine/staleness.h"

#include <algorithm>

namespace stator::engine {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// Returns 0 for a third of the numbers, `most_ms` for another third, and something in between for the others.
std::int64_t draw_age_ms(std::int64_t most_ms, std::uint64_t number) {
  if (most_ms == 0 || number % 3 == 0) return 0;
  if (number % 3 == 1) return most_ms;
  return static_cast<std::int64_t>(mix(number) % static_cast<std::uint64_t>(most_ms)) + 1;
}

}  // namespace

void PastViews::keep() {
  const std::lock_guard<std::mutex> lock(mutex_);
  // The time is read before the view is taken, so that the view has every write acknowledged before that time.
  const std::int64_t now_ms = clock_.now_ms();
  drop_old(now_ms);
  kept_.push_back({now_ms, store_.snapshot()});
  if (kept_.size() <= kMost) return;
  std::size_t at = 0;
  std::erase_if(kept_, [&at](const Kept&) { return at++ % 2 == 1; });
}

PastViews::View PastViews::for_read(bool global_index) {
  const std::uint64_t number = mix(mix(staleness_.seed) + reads_.fetch_add(1));
  std::int64_t age_ms = draw_age_ms(staleness_.read_ms, number);
  if (global_index) age_ms += draw_age_ms(staleness_.index_ms, mix(number));
  if (age_ms == 0) return nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::int64_t now_ms = clock_.now_ms();
  drop_old(now_ms);
  // A view is taken before each write, so the first view taken later than `age_ms` ago has the state of that time. A
  // view taken in that very millisecond may lack writes that were acknowledged in it.
  const auto view = std::ranges::upper_bound(kept_, now_ms - age_ms, {}, &Kept::time_ms);
  return view == kept_.end() ? nullptr : view->view;
}

void PastViews::forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_.clear();
}

void PastViews::drop_old(std::int64_t now_ms) {
  // If the clock was set back, the age of the views is unknown.
  if (!kept_.empty() && kept_.back().time_ms > now_ms) kept_.clear();
  const std::int64_t oldest_ms = now_ms - staleness_.read_ms - staleness_.index_ms;
  while (!kept_.empty() && kept_.front().time_ms <= oldest_ms) kept_.pop_front();
}

}  // namespace stator::engine
