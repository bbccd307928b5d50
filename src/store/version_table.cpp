#include "store/version_table.h"

#include <malloc.h>
#include <rocksdb/slice.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>

#include "store/memtable_memory.h"

namespace stator::store {
namespace {

using rocksdb::MemTableRep;
using rocksdb::Slice;

constexpr std::size_t kTagBytes = 8;
constexpr int kMaxHeight = 12;
/// One key in this many is also in the next level of the list.
constexpr std::uint32_t kBranching = 4;
constexpr std::size_t kFirstSlots = 256;
/// Cache lines of an entry that a walk prefetches; the processor's prefetcher handles the rest of a long entry.
constexpr std::size_t kLinesAhead = 4;
constexpr std::size_t kLineBytes = 64;
/// Keys lie beside each other in chunks, separate from entries, so that the nodes a walk visits are close together.
constexpr std::size_t kLeastKeyChunkBytes = 1 << 10;
constexpr std::size_t kMostKeyChunkBytes = 16 << 10;
constexpr std::size_t kKeyChunksOfMemtable = 256;
/// New keys are inserted into the list this many at a time.
constexpr std::size_t kPlacedTogether = 16;

std::uint64_t big_endian_word(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return __builtin_bswap64(word);
}

/// The first 16 bytes of a key, which are compared first; shorter keys are padded with zeros.
struct Prefix {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  explicit Prefix(const Slice& key) {
    std::array<char, 16> bytes{};
    std::memcpy(bytes.data(), key.data(), std::min(key.size(), bytes.size()));
    first = big_endian_word(bytes.data());
    second = big_endian_word(bytes.data() + 8);
  }
};

/// An entry in the format of RocksDB's memtables: the length of key and tag (varint), the key, the tag (sequence number
/// and type, little endian; greater for newer versions), the length of the value, the value.
struct EntryView {
  Slice key;
  std::uint64_t tag;

  explicit EntryView(const char* entry) {
    std::uint32_t length = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*entry++);
      length |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    assert(length >= kTagBytes);
    key = Slice(entry, length - kTagBytes);
    tag = tag_at(entry + key.size());
  }
  static std::uint64_t tag_at(const char* bytes) {
    std::uint64_t tag = 0;
    std::memcpy(&tag, bytes, sizeof tag);
    if constexpr (std::endian::native == std::endian::big) tag = __builtin_bswap64(tag);
    return tag;
  }
};

/// One version of a key. The entry follows it in memory.
struct Version {
  std::atomic<Version*> newer{nullptr};
  Version* older = nullptr;
  /// An older version further away, so that an old version of a key with many is found in a logarithmic number of steps
  /// (Myers, "An applicative random-access stack", 1983).
  Version* jump = nullptr;
  std::size_t depth = 0;  // number of older versions

  [[nodiscard]] char* entry() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* entry() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::uint64_t tag() const { return EntryView(entry()).tag; }
  static Version* of(void* entry) { return static_cast<Version*>(entry) - 1; }
};

/// A key and its node in the list. The links for the levels above the lowest follow it in memory.
struct Key {
  explicit Key(const Slice& of_entry) : prefix(of_entry), name(of_entry) {}

  Prefix prefix;
  std::atomic<Version*> newest{nullptr};
  Version* oldest = nullptr;
  std::atomic<Key*> previous{nullptr};
  Slice name;
  std::atomic<Key*> links[1];

  [[nodiscard]] Key* next(int level) const { return links[level].load(std::memory_order_acquire); }
};

/// Negative if `key` comes before `other`.
int compare(const Slice& key, const Prefix& prefix, const Key& other) {
  if (prefix.first != other.prefix.first) return prefix.first < other.prefix.first ? -1 : 1;
  if (prefix.second != other.prefix.second) return prefix.second < other.prefix.second ? -1 : 1;
  return key.compare(other.name);
}

/// The newest version whose tag is at most `tag`, or null.
Version* version_at(const Key& key, std::uint64_t tag) {
  if (key.oldest->tag() > tag) return nullptr;
  Version* version = key.newest.load(std::memory_order_acquire);
  while (version->tag() > tag) {
    version = version->jump != nullptr && version->jump->tag() > tag ? version->jump : version->older;
  }
  return version;
}

class VersionTable final : public MemTableRep {
 public:
  /// `skip_list`: RocksDB's own, used only for its iterator storage.
  VersionTable(rocksdb::Allocator* allocator, std::unique_ptr<MemTableRep> skip_list, std::size_t memtable_bytes)
      : MemTableRep(allocator),
        skip_list_(std::move(skip_list)),
        memory_(memtable_bytes),
        key_chunk_bytes_(std::clamp(memtable_bytes / kKeyChunksOfMemtable, kLeastKeyChunkBytes, kMostKeyChunkBytes) /
                         kLineBytes * kLineBytes),
        head_(make_key(Slice(), kMaxHeight)) {
    slots_.store(make_slots(kFirstSlots), std::memory_order_relaxed);
  }

  rocksdb::KeyHandle Allocate(const std::size_t length, char** entry) override {
    auto* const version = new (memory_.allocate(sizeof(Version) + length, alignof(Version))) Version;
    *entry = version->entry();
    return *entry;
  }

  void Insert(rocksdb::KeyHandle handle) override {
    Version* const version = Version::of(handle);
    const Slice name = EntryView(version->entry()).key;
    const std::uint64_t hash = hash_of(name);
    if (Key* const key = find(name, hash)) {
      add_version(*key, version);
    } else {
      add_key(name, hash, version);
    }
  }

  bool Contains(const char* entry) const override {
    const EntryView wanted(entry);
    const Key* const key = find(wanted.key, hash_of(wanted.key));
    if (key == nullptr) return false;
    const Version* const version = version_at(*key, wanted.tag);
    return version != nullptr && version->tag() == wanted.tag;
  }

  // RocksDB's headers do not declare the class that holds the key: only the base class can read it. It passes the key
  // to the iterator below.
  void Get(const rocksdb::LookupKey& key, void* argument,
           bool (*callback)(void* argument, const char* entry)) override {
    thread_local VersionsOfKey iterator;
    iterator.begin(*this);
    iterator_of_get() = &iterator;
    MemTableRep::Get(key, argument, callback);
    iterator_of_get() = nullptr;
  }
  MemTableRep::Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override {
    // The base class' Get does not delete the iterator.
    if (iterator_of_get() != nullptr) return iterator_of_get();
    return GetIterator(arena);
  }

  // Arenas are not declared either, so this takes an iterator of RocksDB's own, ends it, and reuses its storage.
  MemTableRep::Iterator* GetIterator(rocksdb::Arena* arena) override {
    if (arena == nullptr) return new Walk(*this);
    MemTableRep::Iterator* const storage = skip_list_->GetIterator(arena);
    storage->~Iterator();
    return new (static_cast<void*>(storage)) Walk(*this);
  }
  static bool iterators_fit(MemTableRep& skip_list) {
    const std::unique_ptr<MemTableRep::Iterator> iterator(skip_list.GetIterator(nullptr));
    return ::malloc_usable_size(iterator.get()) >= sizeof(Walk);
  }

  std::uint64_t ApproximateNumEntries(const Slice& begin, const Slice& end) override {
    place_waiting();
    const std::uint64_t before = estimate_keys_before(user_key(begin));
    const std::uint64_t until = estimate_keys_before(user_key(end));
    const std::uint64_t keys = keys_.load(std::memory_order_relaxed);
    if (until <= before || keys == 0) return 0;
    return (until - before) * versions_.load(std::memory_order_relaxed) / keys;
  }

  std::size_t ApproximateMemoryUsage() override { return memory_.used_bytes(); }

 private:
  struct Slot {
    std::uint64_t hash = 0;  // valid if `key` is set
    std::atomic<Key*> key{nullptr};
  };
  /// Open addressing, at most half full. Smaller tables stay in memory until the end, as readers may still use them.
  struct Slots {
    Slot* slots;
    std::size_t mask;
  };
  struct NewKey {
    Key* key;
    int height;
  };
  /// A new key's neighbours at each level; at the ends, the head and null.
  struct Place {
    std::array<Key*, kMaxHeight> before;
    std::array<Key*, kMaxHeight> after;
  };

  /// All entries, in order.
  class Walk final : public MemTableRep::Iterator {
   public:
    explicit Walk(VersionTable& table) : table_(&table) {}

    bool Valid() const override { return version_ != nullptr; }
    const char* key() const override { return version_->entry(); }
    void Next() override {
      version_ = version_->older;
      if (version_ != nullptr) return;
      to_newest_of(key_->next(0));
      const Key* const ahead = key_ == nullptr ? nullptr : key_->next(0);
      if (ahead != nullptr) fetch(ahead->newest.load(std::memory_order_acquire), ahead->next(0));
    }
    void Prev() override {
      version_ = version_->newer.load(std::memory_order_acquire);
      if (version_ != nullptr) return;
      to_oldest_of(key_->previous.load(std::memory_order_acquire));
      const Key* const ahead = key_ == nullptr ? nullptr : key_->previous.load(std::memory_order_acquire);
      if (ahead != nullptr) fetch(ahead->oldest, ahead->previous.load(std::memory_order_acquire));
    }
    void Seek(const Slice& internal_key, const char* /*entry*/) override {
      table_->place_waiting();
      const Slice name = user_key(internal_key);
      Key* const found = table_->first_from(name);
      to_newest_of(found);
      if (found == nullptr || found->name != name) return;
      version_ = version_at(*found, tag_of(internal_key));
      if (version_ == nullptr) to_newest_of(found->next(0));
    }
    void SeekForPrev(const Slice& internal_key, const char* /*entry*/) override {
      table_->place_waiting();
      const Slice name = user_key(internal_key);
      Key* const found = table_->first_from(name);
      if (found != nullptr && found->name == name) {
        const std::uint64_t tag = tag_of(internal_key);
        Version* const older = tag == 0 ? nullptr : version_at(*found, tag - 1);
        key_ = found;
        version_ = older == nullptr ? found->oldest : older->newer.load(std::memory_order_acquire);
        if (version_ != nullptr) return;
      }
      to_oldest_of(table_->last_before(name));
    }
    void SeekToFirst() override {
      table_->place_waiting();
      to_newest_of(table_->head_->next(0));
    }
    void SeekToLast() override {
      table_->place_waiting();
      to_oldest_of(table_->last());
    }

   private:
    /// Prefetches what the walk visits next. Keys and versions are scattered in memory, so each step of a long walk
    /// would wait twice: a version is prefetched one step ahead, its key two.
    static void fetch(const Version* version, const Key* after) {
      const char* const bytes = reinterpret_cast<const char*>(version);
      for (std::size_t line = 0; line < kLinesAhead; ++line) __builtin_prefetch(bytes + line * kLineBytes);
      __builtin_prefetch(after);
    }
    void to_newest_of(Key* key) {
      key_ = key;
      version_ = key == nullptr ? nullptr : key->newest.load(std::memory_order_acquire);
    }
    void to_oldest_of(Key* key) {
      key_ = key;
      version_ = key == nullptr ? nullptr : key->oldest;
    }

    VersionTable* table_;
    Key* key_ = nullptr;
    Version* version_ = nullptr;
  };

  /// The versions of the key that is looked up, starting with the wanted one.
  class VersionsOfKey final : public MemTableRep::Iterator {
   public:
    void begin(const VersionTable& table) {
      table_ = &table;
      version_ = nullptr;
    }
    bool Valid() const override { return version_ != nullptr; }
    const char* key() const override { return version_->entry(); }
    void Next() override { version_ = version_->older; }
    void Seek(const Slice& internal_key, const char* /*entry*/) override {
      const Slice name = user_key(internal_key);
      const Key* const found = table_->find(name, hash_of(name));
      version_ = found == nullptr ? nullptr : version_at(*found, tag_of(internal_key));
    }
    void Prev() override { assert(false); }
    void SeekForPrev(const Slice& /*internal_key*/, const char* /*entry*/) override { assert(false); }
    void SeekToFirst() override { assert(false); }
    void SeekToLast() override { assert(false); }

   private:
    const VersionTable* table_ = nullptr;
    const Version* version_ = nullptr;
  };

  static MemTableRep::Iterator*& iterator_of_get() {
    thread_local MemTableRep::Iterator* iterator = nullptr;
    return iterator;
  }

  static Slice user_key(const Slice& internal_key) { return {internal_key.data(), internal_key.size() - kTagBytes}; }
  static std::uint64_t tag_of(const Slice& internal_key) {
    return EntryView::tag_at(internal_key.data() + internal_key.size() - kTagBytes);
  }
  static std::uint64_t hash_of(const Slice& name) { return XXH3_64bits(name.data(), name.size()); }

  Slots* make_slots(std::size_t count) {
    auto* const slots = reinterpret_cast<Slot*>(memory_.allocate(count * sizeof(Slot), alignof(Slot)));
    std::uninitialized_value_construct_n(slots, count);
    return new (memory_.allocate(sizeof(Slots), alignof(Slots))) Slots{slots, count - 1};
  }

  Key* make_key(const Slice& name, int height) {
    const std::size_t bytes = sizeof(Key) + static_cast<std::size_t>(height - 1) * sizeof(std::atomic<Key*>);
    if (bytes > key_chunk_.size()) key_chunk_ = {memory_.allocate(key_chunk_bytes_, kLineBytes), key_chunk_bytes_};
    auto* const key = new (key_chunk_.data()) Key(name);
    // Chunks and keys are multiples of a cache line; most keys take one line.
    key_chunk_ = key_chunk_.subspan((bytes + kLineBytes - 1) / kLineBytes * kLineBytes);
    for (int level = 0; level < height; ++level) new (&key->links[level]) std::atomic<Key*>(nullptr);
    return key;
  }

  /// Returns null if there is no such key.
  Key* find(const Slice& name, std::uint64_t hash) const {
    const Slots& slots = *slots_.load(std::memory_order_acquire);
    for (std::size_t at = hash & slots.mask;; at = (at + 1) & slots.mask) {
      Key* const key = slots.slots[at].key.load(std::memory_order_acquire);
      if (key == nullptr) return nullptr;
      if (slots.slots[at].hash == hash && key->name == name) return key;
    }
  }

  /// The last key before `name` (or the head), and the first key not before it (or null).
  std::pair<Key*, Key*> around(const Slice& name) const {
    const Prefix prefix(name);
    Key* at = head_;
    Key* not_before = nullptr;
    for (int level = height_.load(std::memory_order_relaxed) - 1;; --level) {
      Key* next = at->next(level);
      // The key that ended the walk on the level above need not be compared again.
      while (next != not_before && next != nullptr && compare(name, prefix, *next) > 0) {
        at = next;
        next = at->next(level);
      }
      not_before = next;
      if (level == 0) return {at, next};
    }
  }

  Key* first_from(const Slice& name) const { return around(name).second; }

  Key* last_before(const Slice& name) const {
    Key* const before = around(name).first;
    return before == head_ ? nullptr : before;
  }

  Key* last() const {
    Key* at = head_;
    for (int level = height_.load(std::memory_order_relaxed) - 1; level >= 0; --level) {
      while (Key* const next = at->next(level)) at = next;
    }
    return at == head_ ? nullptr : at;
  }

  std::uint64_t estimate_keys_before(const Slice& name) const {
    const Prefix prefix(name);
    const Key* at = head_;
    std::uint64_t count = 0;
    for (int level = height_.load(std::memory_order_relaxed) - 1; level >= 0; --level) {
      count *= kBranching;
      for (const Key* next = at->next(level); next != nullptr && compare(name, prefix, *next) > 0;
           next = at->next(level)) {
        at = next;
        ++count;
      }
    }
    return count;
  }

  void add_version(Key& key, Version* version) {
    Version* const before = key.newest.load(std::memory_order_relaxed);
    assert(version->tag() > before->tag());
    version->older = before;
    version->depth = before->depth + 1;
    Version* const far = before->jump;
    const bool jumps_are_even =
        far != nullptr && far->jump != nullptr && before->depth - far->depth == far->depth - far->jump->depth;
    version->jump = jumps_are_even ? far->jump : before;
    key.newest.store(version, std::memory_order_release);
    before->newer.store(version, std::memory_order_release);
    add_one(versions_);
  }

  void add_key(const Slice& name, std::uint64_t hash, Version* version) {
    Slots* slots = slots_.load(std::memory_order_relaxed);
    if ((keys_.load(std::memory_order_relaxed) + 1) * 2 > slots->mask) slots = enlarge(slots);
    const int height = random_height();
    Key* const key = make_key(name, height);
    key->oldest = version;
    key->newest.store(version, std::memory_order_relaxed);
    put(*slots, hash, key);
    add_one(versions_);
    add_one(keys_);
    const std::lock_guard lock(placing_);
    const std::size_t waiting = waiting_count_.load(std::memory_order_relaxed);
    waiting_[waiting] = {key, height};
    waiting_count_.store(waiting + 1, std::memory_order_release);
    if (waiting + 1 == kPlacedTogether) place();
  }

  /// Inserts the waiting keys. After this a walk finds everything it may see: a snapshot has no keys newer than itself.
  void place_waiting() {
    if (waiting_count_.load(std::memory_order_acquire) == 0) return;
    const std::lock_guard lock(placing_);
    place();
  }

  /// Called with `placing_` locked.
  void place() {
    const std::span<const NewKey> keys(waiting_.data(), waiting_count_.load(std::memory_order_relaxed));
    for (const NewKey& added : keys) {
      if (added.height > height_.load(std::memory_order_relaxed)) {
        height_.store(added.height, std::memory_order_relaxed);
      }
    }
    std::array<Place, kPlacedTogether> places;
    find_places(keys, places);
    for (std::size_t i = 0; i < keys.size(); ++i) link(keys[i], places[i]);
    waiting_count_.store(0, std::memory_order_release);
  }

  /// Goes down the list for all keys in turns: while one step waits for memory, the prefetches of the others proceed.
  void find_places(std::span<const NewKey> keys, std::array<Place, kPlacedTogether>& places) const {
    struct Descent {
      std::size_t key;
      Key* at;
      Key* next;
      int level;
    };
    std::array<Descent, kPlacedTogether> descents;
    std::size_t under_way = 0;
    const int top = height_.load(std::memory_order_relaxed) - 1;
    for (; under_way < keys.size(); ++under_way) descents[under_way] = {under_way, head_, head_->next(top), top};
    while (under_way > 0) {
      for (std::size_t i = 0; i < under_way;) {
        Descent& descent = descents[i];
        const Key& key = *keys[descent.key].key;
        if (descent.next != nullptr && compare(key.name, key.prefix, *descent.next) > 0) {
          descent.at = descent.next;
        } else {
          Place& place = places[descent.key];
          Key* const not_before = descent.next;
          // The key that ended the walk on the level above need not be compared again.
          do {
            place.before[static_cast<std::size_t>(descent.level)] = descent.at;
            place.after[static_cast<std::size_t>(descent.level)] = not_before;
            --descent.level;
          } while (descent.level >= 0 && descent.at->next(descent.level) == not_before);
        }
        if (descent.level < 0) {
          descent = descents[--under_way];
          continue;
        }
        descent.next = descent.at->next(descent.level);
        if (descent.next != nullptr) {
          __builtin_prefetch(descent.next);
          __builtin_prefetch(&descent.next->links[descent.level]);
        }
        ++i;
      }
    }
  }

  void link(const NewKey& added, const Place& place) {
    Key* const key = added.key;
    for (int level = 0; level < added.height; ++level) {
      const auto at_level = static_cast<std::size_t>(level);
      Key* before = place.before[at_level];
      Key* after = before->next(level);
      // Other keys of this group may have been inserted in between.
      while (after != place.after[at_level] && compare(key->name, key->prefix, *after) > 0) {
        before = after;
        after = before->next(level);
      }
      if (level == 0) key->previous.store(before == head_ ? nullptr : before, std::memory_order_relaxed);
      key->links[level].store(after, std::memory_order_relaxed);
      before->links[level].store(key, std::memory_order_release);
    }
    // A reader that walks back meanwhile skips the new key, which is newer than what it reads.
    if (Key* const after = key->next(0)) after->previous.store(key, std::memory_order_release);
  }

  static void put(Slots& slots, std::uint64_t hash, Key* key) {
    std::size_t at = hash & slots.mask;
    while (slots.slots[at].key.load(std::memory_order_relaxed) != nullptr) at = (at + 1) & slots.mask;
    slots.slots[at].hash = hash;
    slots.slots[at].key.store(key, std::memory_order_release);
  }

  Slots* enlarge(Slots* before) {
    Slots* const larger = make_slots((before->mask + 1) * 2);
    for (std::size_t i = 0; i <= before->mask; ++i) {
      const Slot& slot = before->slots[i];
      if (Key* const key = slot.key.load(std::memory_order_relaxed)) put(*larger, slot.hash, key);
    }
    slots_.store(larger, std::memory_order_release);
    return larger;
  }

  int random_height() {
    std::uint64_t random = random_.load(std::memory_order_relaxed);
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    random_.store(random, std::memory_order_relaxed);
    int height = 1;
    for (std::uint64_t rest = random >> 8; height < kMaxHeight && rest % kBranching == 0; rest /= kBranching) ++height;
    return height;
  }

  /// Not an atomic increment, since only one thread writes at a time.
  static void add_one(std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::unique_ptr<MemTableRep> skip_list_;
  MemtableMemory memory_;
  const std::size_t key_chunk_bytes_;
  std::span<char> key_chunk_;
  Key* const head_;
  std::atomic<int> height_{1};
  std::atomic<Slots*> slots_{nullptr};
  std::atomic<std::uint64_t> keys_{0};
  std::atomic<std::uint64_t> versions_{0};
  std::atomic<std::uint64_t> random_{0x9e3779b97f4a7c15U};
  /// New keys that are in the hash table but not yet in the list; guarded by `placing_`, as are changes of the list.
  std::mutex placing_;
  std::array<NewKey, kPlacedTogether> waiting_{};
  std::atomic<std::size_t> waiting_count_{0};
};

class VersionTableFactory final : public rocksdb::MemTableRepFactory {
 public:
  explicit VersionTableFactory(std::size_t memtable_bytes) : memtable_bytes_(memtable_bytes) {}
  const char* Name() const override { return "stator::store::VersionTable"; }
  using MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator& comparator, rocksdb::Allocator* allocator,
                                 const rocksdb::SliceTransform* transform, rocksdb::Logger* logger) override {
    std::unique_ptr<MemTableRep> skip_list(
        rocksdb::SkipListFactory().CreateMemTableRep(comparator, allocator, transform, logger));
    // Another version of RocksDB may have smaller iterators; then its own memtable is used, which is slower.
    if (!VersionTable::iterators_fit(*skip_list)) return skip_list.release();
    return new VersionTable(allocator, std::move(skip_list), memtable_bytes_);
  }

 private:
  const std::size_t memtable_bytes_;
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> version_table_factory(std::size_t memtable_bytes) {
  return std::make_shared<VersionTableFactory>(memtable_bytes);
}

}  // namespace stator::store
