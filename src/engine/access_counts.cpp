#include "engine/access_counts.h"

#include <algorithm>
#include <utility>

#include "engine/keys.h"
#include "json/writer.h"
#include "store/key_encoding.h"

namespace stator::engine {
namespace {

const core::KeySchema& schema_of(const Table& table, const Index* index) {
  return index == nullptr ? table.key_schema : index->key_schema;
}

/// Returns the encoded parts of these attributes, with which `rest` begins, and advances `rest` past them.
std::string_view take_parts(const std::vector<core::KeyAttribute>& attributes, std::string_view& rest) {
  const std::string_view all = rest;
  for (const core::KeyAttribute& attribute : attributes) store::read_part(attribute.type, rest);
  return all.substr(0, all.size() - rest.size());
}

void append_members(const std::vector<core::KeyAttribute>& attributes, std::string_view& parts, std::string& out) {
  for (const core::KeyAttribute& attribute : attributes) {
    if (out.size() > 1) out += ',';
    json::append_string(attribute.name, out);
    out += ':';
    json::append_value(store::read_part(attribute.type, parts), out);
  }
}

}  // namespace

void TopKeys::note(std::string_view key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string name(key);
  const auto known = places_.find(name);
  if (known != places_.end()) {
    ++heap_[known->second].count;
    sink(known->second);
    return;
  }
  if (heap_.size() < kKept) {
    places_.emplace(name, heap_.size());
    // No count is smaller than 1, so the new one moves up past all greater ones.
    heap_.push_back({std::move(name), 1, 0});
    for (std::size_t at = heap_.size() - 1; at > 0 && heap_[(at - 1) / 2].count > heap_[at].count; at = (at - 1) / 2) {
      swap(at, (at - 1) / 2);
    }
    return;
  }
  Count& least = heap_.front();
  places_.erase(least.key);
  places_.emplace(name, 0);
  least = {std::move(name), least.count + 1, least.count};
  sink(0);
}

void TopKeys::sink(std::size_t at) {
  while (true) {
    std::size_t least = at;
    for (const std::size_t child : {2 * at + 1, 2 * at + 2}) {
      if (child < heap_.size() && heap_[child].count < heap_[least].count) least = child;
    }
    if (least == at) return;
    swap(at, least);
    at = least;
  }
}

void TopKeys::swap(std::size_t one, std::size_t other) {
  std::swap(heap_[one], heap_[other]);
  places_[heap_[one].key] = one;
  places_[heap_[other].key] = other;
}

std::vector<TopKeys::Count> TopKeys::top(std::size_t limit) const {
  std::vector<Count> counts;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    counts = heap_;
  }
  std::ranges::sort(counts, [](const Count& one, const Count& other) {
    return one.count != other.count ? one.count > other.count : one.key < other.key;
  });
  if (counts.size() > limit) counts.resize(limit);
  return counts;
}

void AccessCounts::note(const Table& table, const Index* index, std::string_view key) {
  const core::KeySchema& schema = schema_of(table, index);
  const std::string_view parts = key_parts(key);
  std::string_view rest = parts;
  const std::string_view partition = take_parts(schema.hash, rest);
  partitions_.note(partition);
  if (!schema.range.empty()) {
    take_parts(schema.range, rest);
    items_.note(parts.substr(0, parts.size() - rest.size()));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ++accesses_;
}

AccessCounts::Report AccessCounts::report(const Table& table, const Index* index, std::size_t limit) const {
  const core::KeySchema& schema = schema_of(table, index);
  const auto describe = [&](const TopKeys& keys, bool whole) {
    std::vector<Count> counts;
    for (const TopKeys::Count& each : keys.top(limit)) {
      std::string key = "{";
      std::string_view parts = each.key;
      append_members(schema.hash, parts, key);
      if (whole) append_members(schema.range, parts, key);
      counts.push_back({key + '}', each.count, each.error});
    }
    return counts;
  };
  Report report;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    report.accesses = accesses_;
  }
  report.partitions = describe(partitions_, false);
  report.items = describe(items_, true);
  return report;
}

}  // namespace stator::engine
