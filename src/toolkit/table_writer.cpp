#include "toolkit/table_writer.h"

#include <functional>
#include <set>

#include "toolkit/expression_words.h"

namespace stator::toolkit {
namespace {

/// What may wait for all lanes together.
constexpr std::size_t kMaxWaitingBytes = 32 * 1024 * 1024;

}  // namespace

TableWriter::TableWriter(endpoint::Endpoint& endpoint, const TableInfo& table, unsigned jobs, const Sleep& sleep)
    : table_(table) {
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

void TableWriter::put(std::string item_json) {
  std::string key = key_of_item(table_, item_json);
  // Items of one key go the same way, so that they are written in order.
  Lane& lane = *lanes_[std::hash<std::string>()(key) % lanes_.size()];
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return fault_ || waiting_bytes_ < kMaxWaitingBytes; });
  if (fault_) std::rethrow_exception(fault_);
  waiting_bytes_ += item_json.size();
  lane.waiting.push_back({std::move(key), std::move(item_json)});
  lock.unlock();
  changed_.notify_all();
}

void TableWriter::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
  for (const auto& lane : lanes_) lane->thread.join();
  if (fault_) std::rethrow_exception(fault_);
}

void TableWriter::work(Lane& lane, endpoint::Endpoint& endpoint, const std::string& table, const Sleep& sleep) {
  try {
    BatchWriter writer(endpoint, table, sleep);
    std::set<std::string> keys;
    auto account = [&, before = std::uint64_t{0}]() mutable {
      written_ += writer.written() - before;
      before = writer.written();
      if (writer.pending() == 0) keys.clear();
    };
    for (;;) {
      std::deque<Item> items;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || fault_ || finishing_ || !lane.waiting.empty(); });
        if (stopping_ || fault_) return;
        items.swap(lane.waiting);
        for (const Item& item : items) waiting_bytes_ -= item.json.size();
      }
      changed_.notify_all();
      if (items.empty()) {  // finishing
        writer.flush();
        account();
        return;
      }
      for (Item& item : items) {
        // A batch refuses two writes of one key.
        if (!keys.insert(item.key).second) {
          writer.flush();
          account();
          keys.insert(item.key);
        }
        writer.put(item.json);
        account();
      }
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!fault_) fault_ = std::current_exception();
  }
  changed_.notify_all();
}

}  // namespace stator::toolkit
