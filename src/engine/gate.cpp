#include "engine/gate.h"

#include "store/store.h"

namespace stator::engine {

void Gate::enter() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  while (true) {
    if ((state & kClosed) != 0) {
      state_.wait(state, std::memory_order_relaxed);
      state = state_.load(std::memory_order_relaxed);
    } else if (state_.compare_exchange_weak(state, (state + 1) | kUsed, std::memory_order_acquire)) {
      break;
    }
  }
  if (failure_.empty()) return;
  leave();
  throw store::StoreError(failure_);
}

bool Gate::try_enter() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if ((state & kClosed) != 0) return false;
  } while (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire));
  if (failure_.empty()) return true;
  leave();
  return false;
}

Gate::Closed::Closed(Gate& gate) : gate_(gate), one_at_a_time_(gate.closing_) {
  std::uint32_t state = gate_.state_.fetch_or(kClosed, std::memory_order_acquire) | kClosed;
  while ((state & ~kUsed) != kClosed) {
    gate_.state_.wait(state, std::memory_order_acquire);
    state = gate_.state_.load(std::memory_order_acquire);
  }
}

Gate::Closed::~Closed() {
  gate_.state_.store(0, std::memory_order_release);
  gate_.state_.notify_all();
}

}  // namespace stator::engine
