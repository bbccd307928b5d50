#include "engine/reader.h"

#include <algorithm>
#include <array>

#include "core/api_error.h"
#include "core/limits.h"
#include "engine/access_counts.h"
#include "engine/damage.h"
#include "engine/keys.h"
#include "engine/metering.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

void append_key_member(const json::Item& item, const std::string& name, std::string& out) {
  if (out.size() > 1) out.push_back(',');
  json::append_string(name, out);
  out.push_back(':');
  item.append_attribute(name, out);
}

/// The LastEvaluatedKey: the table's key attributes, then the other key attributes of the index.
std::string last_key_json(const Table& table, const Index* index, std::string_view item_json) {
  const json::Item item(item_json);
  std::string out = "{";
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) append_key_member(item, attribute.name, out);
  }
  if (index != nullptr) {
    for (const auto* attributes : {&index->key_schema.hash, &index->key_schema.range}) {
      for (const core::KeyAttribute& attribute : *attributes) {
        if (table.key_schema.find(attribute.name) == nullptr) append_key_member(item, attribute.name, out);
      }
    }
  }
  out.push_back('}');
  return out;
}

/// Narrows the bounds to what follows the start position, whose item need not exist.
void apply_start(const PageRequest& request, KeyBounds& bounds) {
  if (!request.start) return;
  const std::string& start = request.start->encoded;
  if (request.forward) {
    if (start >= bounds.lower) bounds.lower = start + '\0';
  } else if (bounds.upper.empty() || start < bounds.upper) {
    bounds.upper = start;
  }
}

bool is_empty(const KeyBounds& bounds) { return !bounds.upper.empty() && bounds.lower >= bounds.upper; }

/// Throws if the table or index is gone. To be called after a cursor was opened: as rows are deleted after the deletion
/// is published, the cursor then sees all rows.
void check_still_there(const PageRequest& request) {
  if (request.table->state == nullptr) return;
  const TablePtr newest = request.table->state->newest(request.table);
  if (newest == request.table) return;
  if (newest == nullptr) core::throw_resource_not_found("Requested resource not found");
  if (request.index == nullptr) return;
  const auto same_space = [&request](const Index& index) { return index.space == request.index->space; };
  if (std::ranges::none_of(newest->indexes, same_space)) {
    core::throw_validation("The table does not have the specified index: " + request.index->name);
  }
}

/// The bytes that a scan has read in each partition. Each partition that it has reached costs at least the smallest
/// read.
class ScannedPartitions {
 public:
  ScannedPartitions(const KeyBounds& bounds, std::size_t partitions)
      : partitions_(partitions), first_(partition_of(bounds.lower)), last_(first_) {
    if (bounds.upper.size() < kKeyHeadBytes) {
      end_ = partitions - 1;
    } else {
      // The bound itself belongs to the next segment, and may be the first hash of a partition.
      const std::uint64_t bound = hash_of(bounds.upper);
      end_ = bound == 0 ? 0 : partition_of(bound - 1);
    }
  }

  void add(std::string_view key, std::size_t bytes) {
    last_ = partition_of(key);
    bytes_[last_] += bytes;
  }
  /// To be called if nothing is left to read.
  void finish() { last_ = std::max(last_, end_); }

  [[nodiscard]] double read_units(bool consistent) const {
    double units = 0;
    for (std::size_t at = first_; at <= last_; ++at) units += engine::read_units(bytes_[at], consistent);
    return units;
  }

 private:
  [[nodiscard]] std::size_t partition_of(std::uint64_t hash) const { return engine::partition_of(hash, partitions_); }
  [[nodiscard]] std::size_t partition_of(std::string_view key) const { return partition_of(hash_of(key)); }

  std::size_t partitions_;
  std::size_t first_;
  std::size_t last_;
  std::size_t end_ = 0;
  std::array<std::size_t, kOnDemandPartitions> bytes_{};
};

/// Reads one page with a cursor over the table or index.
class PageWalk {
 public:
  PageWalk(const store::Store& store, const PageRequest& request, const ItemSink& sink, const store::Snapshot* view)
      : store_(store),
        request_(request),
        sink_(sink),
        view_(view),
        accesses_(request.index != nullptr ? request.index->accesses.get() : request.table->accesses.get()) {}

  Page read();

 private:
  void walk(const KeyBounds& bounds);
  /// Adds an entry to the page; false when the page is full.
  bool take(std::string_view key, std::string_view stored);
  StoredValue fetch(std::string_view entry_key);
  void charge(double walk_units);

  const store::Store& store_;
  const PageRequest& request_;
  const ItemSink& sink_;
  const store::Snapshot* view_;   // null: the present
  AccessCounts* const accesses_;  // null: accesses are not counted
  /// With fetch_from_table: fetched items must be the versions from which their index entries were made.
  std::unique_ptr<store::Snapshot> snapshot_;
  std::string fetched_;
  std::size_t walked_bytes_ = 0;
  std::optional<ScannedPartitions> partitions_;  // set for scans of on-demand tables
  double fetch_units_ = 0;
  Page page_;
};

Page PageWalk::read() {
  KeyBounds bounds = page_bounds(request_);
  apply_start(request_, bounds);
  if (!request_.range && request_.table->billing_mode == BillingMode::kPayPerRequest) {
    partitions_.emplace(bounds, kOnDemandPartitions);
  }
  try {
    if (!is_empty(bounds)) walk(bounds);
  } catch (const core::DamageError& error) {
    throw_damage_in(*request_.table, request_.index, error);
  }
  if (partitions_ && page_.last_evaluated_key_json.empty()) partitions_->finish();
  charge(partitions_ ? partitions_->read_units(request_.consistent_read)
                     : read_units(walked_bytes_, request_.consistent_read));
  return std::move(page_);
}

void PageWalk::walk(const KeyBounds& bounds) {
  if (request_.fetch_from_table && view_ == nullptr) {
    snapshot_ = store_.snapshot();
    view_ = snapshot_.get();
  }
  const auto cursor = store_.cursor(bounds.lower, bounds.upper, view_);
  request_.forward ? cursor->seek_to_first() : cursor->seek_to_last();
  check_still_there(request_);
  for (; cursor->valid(); request_.forward ? cursor->next() : cursor->prev()) {
    try {
      if (!take(cursor->key(), cursor->value())) return;
    } catch (const core::DamageError& error) {
      throw_damage_at(cursor->key(), error);
    }
  }
}

bool PageWalk::take(std::string_view key, std::string_view stored) {
  const StoredValue entry = read_value(stored);
  walked_bytes_ += entry.size_bytes;
  if (accesses_ != nullptr) accesses_->note(*request_.table, request_.index, key);
  if (partitions_) partitions_->add(key, entry.size_bytes);
  ++page_.scanned_count;
  const std::string_view json = request_.fetch_from_table ? fetch(key).json : entry.json;
  if (request_.filter == nullptr || request_.filter->matches(json::Item(json))) {
    ++page_.count;
    sink_(json);
  }
  // The item that crosses the limit is still part of the page.
  const bool page_is_full =
      (request_.limit && page_.scanned_count >= *request_.limit) || walked_bytes_ >= core::kMaxPageSizeBytes;
  if (page_is_full) page_.last_evaluated_key_json = last_key_json(*request_.table, request_.index, entry.json);
  return !page_is_full;
}

/// Returns the whole item, valid until the next call.
StoredValue PageWalk::fetch(std::string_view entry_key) {
  if (!store_.get(table_key_of(*request_.table, *request_.index, entry_key), fetched_, view_)) {
    throw core::DamageError("an index entry has no item");
  }
  const StoredValue item = read_value(fetched_);
  fetch_units_ += read_units(item.size_bytes, request_.consistent_read);
  return item;
}

void PageWalk::charge(double walk_units) {
  if (request_.index == nullptr) {
    page_.capacity.table_read = walk_units;
  } else {
    page_.capacity.table_read = fetch_units_;
    page_.capacity.indexes.push_back({IndexPtr(request_.table, request_.index), walk_units, 0});
  }
}

}  // namespace

Page read_page(const store::Store& store, const PageRequest& request, const ItemSink& sink,
               const store::Snapshot* view) {
  return PageWalk(store, request, sink, view).read();
}

}  // namespace stator::engine
