#include "toolkit/table_writer.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>

#include "toolkit/expression_words.h"

namespace stator::toolkit {
namespace {

/// The most bytes that may wait in all lanes together.
constexpr std::size_t kMaxWaitingBytes = 32 * 1024 * 1024;
constexpr std::size_t kMaxWaitingOfALane = 100;
constexpr std::chrono::milliseconds kBetweenChecks{50};

}  // namespace

TableWriter::TableWriter(endpoint::Endpoint& endpoint, const TableInfo& table, unsigned jobs, const Sleep& sleep,
                         OnRefused on_refused)
    : table_(table), sleep_(sleep), on_refused_(std::move(on_refused)) {
  for (unsigned i = 0; i < jobs; ++i) lanes_.push_back(std::make_unique<Lane>());
  for (const auto& lane : lanes_) {
    lane->thread = std::jthread([this, &lane = *lane, &endpoint, sleep] { work(lane, endpoint, table_.name, sleep); });
  }
}

TableWriter::~TableWriter() { stop(); }

void TableWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void TableWriter::put(std::string item_json, std::uint64_t tag) {
  std::string key = key_of_item(table_, item_json);
  add({std::move(key), std::move(item_json), tag});
}

void TableWriter::erase(std::string key_json, std::uint64_t tag) { add({std::move(key_json), {}, tag}); }

void TableWriter::add(Write write) {
  // Writes of one key go to the same lane, so that they are written in order.
  Lane& lane = *lanes_[std::hash<std::string>()(write.key) % lanes_.size()];
  std::unique_lock lock(mutex_);
  wait(lock, [this] {
    return fault_ || (waiting_bytes_ < kMaxWaitingBytes && waiting_ < kMaxWaitingOfALane * lanes_.size());
  });
  if (fault_) std::rethrow_exception(fault_);
  ++waiting_;
  waiting_bytes_ += write.bytes();
  lane.waiting.push_back(std::move(write));
  lock.unlock();
  changed_.notify_all();
}

void TableWriter::drain() {
  std::unique_lock lock(mutex_);
  draining_ = true;
  changed_.notify_all();
  wait(lock, [this] {
    return fault_ || std::ranges::all_of(lanes_, [](const auto& lane) { return !lane->busy && lane->waiting.empty(); });
  });
  draining_ = false;
  if (fault_) std::rethrow_exception(fault_);
}

void TableWriter::wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) {
  while (!holds()) {
    changed_.wait_for(lock, kBetweenChecks);
    lock.unlock();
    sleep_(std::chrono::milliseconds(0));
    lock.lock();
  }
}

void TableWriter::finish() {
  try {
    drain();
  } catch (...) {
    stop();
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
  for (const auto& lane : lanes_) lane->thread.join();
  if (fault_) std::rethrow_exception(fault_);
}

void TableWriter::work(Lane& lane, endpoint::Endpoint& endpoint, const std::string& table, const Sleep& sleep) {
  BatchWriter writer(endpoint, table, sleep, on_refused_);
  std::set<std::string> keys;
  auto account = [&, before = std::uint64_t{0}]() mutable {
    written_ += writer.written() - before;
    before = writer.written();
    if (writer.pending() == 0) keys.clear();
  };
  try {
    for (;;) {
      std::deque<Write> writes;
      bool last = false;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
          return stopping_ || fault_ || finishing_ || !lane.waiting.empty() || (draining_ && lane.busy);
        });
        if (stopping_ || fault_) return;
        writes.swap(lane.waiting);
        for (const Write& write : writes) waiting_bytes_ -= write.bytes();
        waiting_ -= writes.size();
        lane.busy = true;
        last = finishing_;
      }
      changed_.notify_all();
      if (writes.empty()) {
        writer.flush();
        account();
        const std::lock_guard lock(mutex_);
        lane.busy = false;
        if (last) return;
      }
      changed_.notify_all();
      for (Write& write : writes) {
        if (stopping_) return;
        // A batch may not have two writes with the same key.
        if (!keys.insert(write.key).second) {
          writer.flush();
          account();
          keys.insert(write.key);
        }
        if (write.json.empty()) {
          writer.erase(write.key, write.tag);
        } else {
          writer.put(write.json, write.tag);
        }
        account();
      }
    }
  } catch (...) {
    account();
    const std::lock_guard lock(mutex_);
    if (!fault_) fault_ = std::current_exception();
  }
  changed_.notify_all();
}

}  // namespace stator::toolkit
