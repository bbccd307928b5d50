#include "cache/store.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <mutex>
#include <unordered_map>

#include "cache/eviction.h"

namespace stator::cache {
namespace {

constexpr std::size_t kLeastShardBytes = std::size_t{4} << 20;
constexpr std::size_t kMostShards = 64;
/// The memory of an entry in addition to key and value: node, hash table slot, variant, the allocator's rounding.
constexpr std::size_t kEntryOverheadBytes = 256;
/// An entry may use at most one part in this many of its shard, so that one page cannot evict all other entries.
constexpr std::size_t kLargestPart = 4;

struct KeyRef {
  std::string_view text;
  std::uint64_t hash;
  bool operator==(const KeyRef& other) const { return hash == other.hash && text == other.text; }
};
struct KeyRefHash {
  std::size_t operator()(const KeyRef& key) const { return key.hash; }
};

struct Variant {
  std::string caller;
  Value value;
  std::int64_t expires_ms = 0;
  Mark mark;
  Store::Validity validity = Store::Validity::kUntilDropped;
  bool written_here = false;  // by a write through this cache, not by a read

  [[nodiscard]] bool is_valid() const {
    if (mark.is_in_doubt()) return false;
    return validity == Store::Validity::kWhileMarkHolds ? mark.holds() : mark.table->holds(mark.table_version);
  }
  [[nodiscard]] std::size_t size_bytes() const { return caller.size() + (value == nullptr ? 0 : value->size()); }
};

struct Entry : Evictable {
  std::string key;
  boost::container::small_vector<Variant, 1> variants;

  Variant* find(std::string_view caller) {
    for (Variant& variant : variants) {
      if (variant.caller == caller) return &variant;
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t charge() const {
    std::size_t bytes = kEntryOverheadBytes + key.size();
    for (const Variant& variant : variants) bytes += sizeof(Variant) + variant.size_bytes();
    return bytes;
  }
};

std::string flight_name(std::string_view key, std::string_view caller) {
  std::string name(key);
  name += '\0';
  name += caller;
  return name;
}

}  // namespace

EntryKey make_entry_key(std::string_view table, char kind, std::string_view rest) {
  EntryKey key;
  key.text.reserve(table.size() + rest.size() + 2);
  key.text.append(table) += '\0';
  key.text += kind;
  key.text += rest;
  key.hash = XXH3_64bits(key.text.data(), key.text.size());
  return key;
}

class Store::Shard {
 public:
  explicit Shard(std::size_t capacity) : capacity_bytes(capacity), queue_(capacity) {}
  ~Shard() { clear_locked(); }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  Found find(const EntryKey& key, std::string_view caller, std::int64_t now_ms) {
    const std::lock_guard lock(mutex);
    const auto found = entries_.find({key.text, key.hash});
    if (found == entries_.end()) return {};
    Variant* const variant = found->second->find(caller);
    if (variant == nullptr || !variant->is_valid()) return {};
    EvictionQueue::touch(*found->second);
    return {now_ms < variant->expires_ms ? Freshness::kFresh : Freshness::kExpired, variant->value};
  }

  void keep(const EntryKey& key, Variant variant) {
    const std::lock_guard lock(mutex);
    // The order of the checks matters: a running write may have dropped the entry already, and changes the version only
    // at its end. If it ends between the two checks, the second one sees the new version.
    if (variant.mark.is_in_doubt() || !variant.mark.holds()) {
      ++refused;
      return;
    }
    store_locked(key, std::move(variant), false);
  }

  void replace(const EntryKey& key, Variant variant) {
    const std::lock_guard lock(mutex);
    // The order of the checks matters, as above: if another writer ends between the two, the second one sees the new
    // version.
    const bool alone = variant.mark.own->has_one_writer() && variant.mark.holds();
    if (alone) {
      variant.written_here = true;
      store_locked(key, std::move(variant), true);
    } else {
      drop_locked(key);
    }
  }

  void drop(const EntryKey& key) {
    const std::lock_guard lock(mutex);
    drop_locked(key);
  }

  bool note_change(const EntryKey& key, const std::function<bool(const Value&)>& is_now) {
    const std::lock_guard lock(mutex);
    const auto found = entries_.find({key.text, key.hash});
    if (found == entries_.end()) return true;
    const auto left_it = [&](const Variant& variant) { return variant.written_here && is_now(variant.value); };
    const bool same = std::ranges::all_of(found->second->variants, left_it);
    if (!same) drop_locked(key);
    return !same;
  }

  void clear() {
    const std::lock_guard lock(mutex);
    clear_locked();
  }

  std::shared_ptr<Flight> join(const EntryKey& key, std::string_view caller, const Mark& mark, bool& leads) {
    const std::lock_guard lock(mutex);
    std::shared_ptr<Flight>& flight = flights_[flight_name(key.text, caller)];
    leads = flight == nullptr || !flight->mark().holds();
    if (leads) {
      flight = std::make_shared<Flight>(mark);
    } else {
      ++joined;
    }
    return flight;
  }

  void end_flight(const EntryKey& key, std::string_view caller, const Flight* flight) {
    const std::lock_guard lock(mutex);
    const auto found = flights_.find(flight_name(key.text, caller));
    if (found != flights_.end() && found->second.get() == flight) flights_.erase(found);
  }

  void add_to(Totals& totals) {
    const std::lock_guard lock(mutex);
    totals.entries += entries_.size();
    totals.size_bytes += queue_.size_bytes();
    totals.capacity_bytes += capacity_bytes;
    totals.evicted += evicted;
    totals.refused += refused;
    totals.joined += joined;
  }

 private:
  void store_locked(const EntryKey& key, Variant variant, bool only_one) {
    const auto found = entries_.find({key.text, key.hash});
    if (found == entries_.end()) {
      auto entry = std::make_unique<Entry>();
      entry->hash = key.hash;
      entry->key = key.text;
      entry->variants.push_back(std::move(variant));
      entry->size_bytes = entry->charge();
      if (entry->size_bytes > capacity_bytes / kLargestPart) return;
      Entry& added = *entry;
      entries_.emplace(KeyRef{added.key, added.hash}, std::move(entry));
      queue_.insert(added);
    } else {
      Entry& entry = *found->second;
      if (only_one) entry.variants.clear();
      if (Variant* const known = entry.find(variant.caller)) {
        *known = std::move(variant);
      } else {
        entry.variants.push_back(std::move(variant));
      }
      if (entry.charge() > capacity_bytes / kLargestPart) return drop_locked(key);
      queue_.resize(entry, entry.charge());
    }
    while (queue_.size_bytes() > capacity_bytes) {
      auto& oldest = static_cast<Entry&>(queue_.evict());
      ++evicted;
      entries_.erase({oldest.key, oldest.hash});
    }
  }

  void drop_locked(const EntryKey& key) {
    const auto found = entries_.find({key.text, key.hash});
    if (found == entries_.end()) return;
    queue_.remove(*found->second);
    entries_.erase(found);
  }

  void clear_locked() {
    for (auto& [key, entry] : entries_) queue_.remove(*entry);
    entries_.clear();
  }

 public:
  const std::size_t capacity_bytes;

 private:
  std::mutex mutex;
  std::uint64_t evicted = 0;
  std::uint64_t refused = 0;
  std::uint64_t joined = 0;
  EvictionQueue queue_;
  std::unordered_map<KeyRef, std::unique_ptr<Entry>, KeyRefHash> entries_;  // keys are views into the entries
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

Store::Store(std::size_t capacity_bytes) {
  std::size_t count = 1;
  while (count < kMostShards && capacity_bytes / (count * 2) >= kLeastShardBytes) count *= 2;
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(capacity_bytes / count));
}

Store::~Store() = default;

Store::Shard& Store::shard_of(const EntryKey& key) { return *shards_[(key.hash >> 40U) % shards_.size()]; }

Found Store::find(const EntryKey& key, std::string_view caller, std::int64_t now_ms) {
  return shard_of(key).find(key, caller, now_ms);
}

void Store::keep(const EntryKey& key, std::string_view caller, Value value, std::int64_t expires_ms, const Mark& mark,
                 Validity validity) {
  shard_of(key).keep(key, {std::string(caller), std::move(value), expires_ms, mark, validity});
}

void Store::drop(const EntryKey& key) { shard_of(key).drop(key); }

void Store::replace(const EntryKey& key, std::string_view caller, Value value, std::int64_t expires_ms,
                    const Mark& begun) {
  shard_of(key).replace(key, {std::string(caller), std::move(value), expires_ms, begun, Validity::kUntilDropped});
}

bool Store::note_change(const EntryKey& key, bool known, const Value& now) {
  return note_change(key, [&](const Value& item) {
    return known && (item == nullptr || now == nullptr ? item == now : *item == *now);
  });
}

bool Store::note_change(const EntryKey& key, const std::function<bool(const Value&)>& is_now) {
  return shard_of(key).note_change(key, is_now);
}

void Store::clear() {
  for (const auto& shard : shards_) shard->clear();
}

Store::Part Store::join(const EntryKey& key, std::string_view caller, const Mark& mark) {
  bool leads = false;
  auto flight = shard_of(key).join(key, caller, mark, leads);
  return {this, key, std::string(caller), std::move(flight), leads};
}

Store::Totals Store::totals() const {
  Totals totals;
  for (const auto& shard : shards_) shard->add_to(totals);
  return totals;
}

Store::Part::Part(Store* store, EntryKey key, std::string caller, std::shared_ptr<Flight> flight, bool leads)
    : store_(store), key_(std::move(key)), caller_(std::move(caller)), flight_(std::move(flight)), leads_(leads) {}

Store::Part::Part(Part&& other) noexcept
    : store_(other.store_),
      key_(std::move(other.key_)),
      caller_(std::move(other.caller_)),
      flight_(std::move(other.flight_)),
      leads_(other.leads_) {
  other.flight_ = nullptr;
  other.leads_ = false;
}

Store::Part::~Part() {
  if (flight_ == nullptr || !leads_) return;
  end();
  flight_->abandon();
}

void Store::Part::land(const Value& value) {
  end();
  flight_->land(value);
}

void Store::Part::fail(const core::ApiError& error) {
  end();
  flight_->fail(error);
}

void Store::Part::end() { store_->shard_of(key_).end_flight(key_, caller_, flight_.get()); }

}  // namespace stator::cache
