#include "engine/vector/block_scan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>

namespace stator::engine {
namespace {

using Slot = VectorBlock::Slot;

constexpr std::size_t kRanksAtOnce = 256;
/// How many numbers one thread compares in about a millisecond: fewer are not worth another thread.
constexpr std::size_t kNumbersOfThread = std::size_t{4} << 20U;

/// The number of threads that are scanning, in the whole process: concurrent searches share the cores.
std::atomic<unsigned> scanning{0};

/// Calls `visit(rank, slot)` for the slots from `begin` to before `end`.
template <class Visit>
void for_each_rank(const VectorBlock& block, const std::vector<float>& query, std::size_t begin, std::size_t end,
                   Visit visit) {
  std::array<float, kRanksAtOnce> ranks{};
  while (begin < end) {
    const std::size_t count =
        block.ranks(query.data(), static_cast<Slot>(begin), std::min(kRanksAtOnce, end - begin), ranks.data());
    for (std::size_t i = 0; i < count; ++i) visit(ranks[i], static_cast<Slot>(begin + i));
    begin += count;
  }
}

class NearestOfPart {
 public:
  NearestOfPart(std::size_t count, const AcceptsSlot& accepts) : count_(count), accepts_(accepts) {}

  void scan(const VectorBlock& block, const std::vector<float>& query, std::size_t begin, std::size_t end) {
    for_each_rank(block, query, begin, end, [&](float rank, Slot slot) {
      if (nearest_.size() == count_ && rank >= nearest_.front().first) return;
      if (block.is_obsolete(slot) || !accepts_(slot)) return;
      if (nearest_.size() == count_) {
        std::ranges::pop_heap(nearest_);
        nearest_.pop_back();
      }
      nearest_.emplace_back(rank, slot);
      std::ranges::push_heap(nearest_);
    });
  }
  [[nodiscard]] const std::vector<RankedSlot>& nearest() const { return nearest_; }

 private:
  const std::size_t count_;
  const AcceptsSlot& accepts_;
  std::vector<RankedSlot> nearest_;  // a heap with the farthest at the top
};

std::size_t parts_for(std::size_t numbers) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned busy = scanning.load(std::memory_order_relaxed);
  const unsigned free = cores > busy ? cores - busy : 1;
  return std::clamp<std::size_t>(numbers / kNumbersOfThread, 1, free);
}

/// Runs `work(part)` for each part, each in a separate thread if one can be started.
template <class Work>
void run_parts(std::size_t parts, Work work) {
  std::vector<std::exception_ptr> failures(parts);
  const auto run = [&](std::size_t part) {
    scanning.fetch_add(1, std::memory_order_relaxed);
    try {
      work(part);
    } catch (...) {
      failures[part] = std::current_exception();
    }
    scanning.fetch_sub(1, std::memory_order_relaxed);
  };
  std::vector<std::thread> threads;
  threads.reserve(parts);
  for (std::size_t part = 1; part < parts; ++part) {
    try {
      threads.emplace_back(run, part);
    } catch (const std::system_error&) {
      run(part);
    }
  }
  run(0);
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace

std::vector<RankedSlot> nearest_slots(const VectorBlock& block, const std::vector<float>& query, Slot first,
                                      std::size_t count, const AcceptsSlot& accepts) {
  const std::size_t slots = block.slots() - std::min<std::size_t>(first, block.slots());
  std::vector<NearestOfPart> found(parts_for(slots * query.size()), NearestOfPart(count, accepts));
  run_parts(found.size(), [&](std::size_t part) {
    const auto border = [&](std::size_t of) { return first + slots * of / found.size(); };
    found[part].scan(block, query, border(part), border(part + 1));
  });
  std::vector<RankedSlot> nearest;
  for (const NearestOfPart& part : found) {
    nearest.insert(nearest.end(), part.nearest().begin(), part.nearest().end());
  }
  std::ranges::sort(nearest);
  nearest.resize(std::min(nearest.size(), count));
  return nearest;
}

std::optional<std::vector<Slot>> slots_between(const VectorBlock& block, const std::vector<float>& query, float lowest,
                                               float highest, std::size_t most, const AcceptsSlot& accepts) {
  std::vector<Slot> found;
  for_each_rank(block, query, 0, block.slots(), [&](float rank, Slot slot) {
    if (rank < lowest || rank > highest || found.size() > most) return;
    if (!block.is_obsolete(slot) && accepts(slot)) found.push_back(slot);
  });
  if (found.size() > most) return std::nullopt;
  return found;
}

}  // namespace stator::engine
