#include "store/row_cache.h"

#include <sys/mman.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <thread>

namespace stator::store {
namespace {

/// Rows of a set; this many rows of 256 bytes use up its memory.
constexpr std::size_t kWays = 16;
constexpr std::size_t kSetBytes = 4096;
/// The C library's overhead for an allocation.
constexpr std::size_t kAllocationBytes = 16;
constexpr unsigned kSpins = 64;

}  // namespace

struct RowCache::Row {
  std::atomic<std::uint32_t> holders;  // the cache, and each Found
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
  Hash hash;
  // The key and the value follow in memory.

  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::string_view key() const { return {bytes(), key_bytes}; }
  [[nodiscard]] std::string_view value() const { return {bytes() + key_bytes, value_bytes}; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes(key_bytes, value_bytes); }
  static std::size_t size_bytes(std::size_t key_bytes, std::size_t value_bytes) {
    return sizeof(Row) + key_bytes + value_bytes + kAllocationBytes;
  }

  static Row* make(std::string_view key, Hash hash, std::string_view value) noexcept {
    void* const memory = ::operator new(sizeof(Row) + key.size() + value.size(), std::nothrow);
    if (memory == nullptr) return nullptr;
    Row* const row =
        new (memory) Row{1, static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size()), hash};
    char* const bytes = reinterpret_cast<char*>(row + 1);
    std::memcpy(bytes, key.data(), key.size());
    std::memcpy(bytes + key.size(), value.data(), value.size());
    return row;
  }
  static void release(Row* row) {
    if (row->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    row->~Row();
    ::operator delete(row);
  }
};

/// All zeros is the initial state, so that sets that were never used take no memory. Members are guarded by `lock`
/// unless stated otherwise.
struct alignas(64) RowCache::Set {
  std::uint32_t lock;    // 0 or 1; accessed as an atomic
  std::uint32_t fences;  // number of fences ever begun
  std::uint32_t writes;  // number of fences that have not ended
  std::uint16_t asked;   // a bit for each row that was found since the hand passed it
  std::uint8_t hand;     // where to look next for a row to evict
  std::uint32_t used_bytes;
  std::uint16_t too_large;               // a bit (`large_bit`) for keys whose last value was too large
  std::array<std::uint8_t, kWays> tags;  // the low byte of each hash; the high bits choose the set
  std::array<Row*, kWays> rows;          // null: free

  static std::uint8_t tag(Hash hash) { return static_cast<std::uint8_t>(hash); }
  static std::uint16_t large_bit(Hash hash) { return static_cast<std::uint16_t>(1U << (hash >> 8U) % 16); }

  /// Calls `visit` with each place that has a row of this hash until it returns true; returns whether it did.
  template <class Visit>
  bool visit_rows(Hash hash, const Visit& visit) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    for (std::size_t first = 0; first < kWays; first += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, &tags[first], sizeof(word));
      // Afterwards, bytes that were zero have their highest bit set; some bytes after them may have it too.
      word ^= kOnes * tag(hash);
      for (std::uint64_t equal = (word - kOnes) & ~word & (kOnes << 7U); equal != 0; equal &= equal - 1) {
        const std::size_t way = first + static_cast<std::size_t>(std::countr_zero(equal)) / 8;
        if (rows[way] != nullptr && rows[way]->hash == hash && visit(way)) return true;
      }
    }
    return false;
  }

  void remove(std::size_t way) {
    used_bytes -= static_cast<std::uint32_t>(rows[way]->size_bytes());
    Row::release(rows[way]);
    rows[way] = nullptr;
    asked = static_cast<std::uint16_t>(asked & ~(1U << way));
  }

  void remove_hash(Hash hash) {
    if (used_bytes == 0) return;
    visit_rows(hash, [this](std::size_t way) {
      remove(way);
      return false;
    });
  }

  void remove_range(std::string_view lower, std::string_view upper) {
    if (used_bytes == 0) return;
    for (std::size_t way = 0; way < kWays; ++way) {
      if (rows[way] == nullptr || rows[way]->key() < lower) continue;
      if (upper.empty() || rows[way]->key() < upper) remove(way);
    }
  }

  /// Evicts rows until `bytes` more fit; returns a free place.
  std::size_t make_room(std::size_t bytes) {
    while (true) {
      if (used_bytes + bytes <= kSetBytes) {
        const auto free = std::ranges::find(rows, nullptr);
        if (free != rows.end()) return static_cast<std::size_t>(free - rows.begin());
      }
      const std::size_t way = hand;
      hand = static_cast<std::uint8_t>((hand + 1) % kWays);
      if (rows[way] == nullptr) continue;
      const auto bit = static_cast<std::uint16_t>(1U << way);
      if ((asked & bit) == 0) {
        remove(way);
      } else {
        asked = static_cast<std::uint16_t>(asked & ~bit);
      }
    }
  }
};

namespace {

class Lock {
 public:
  explicit Lock(std::uint32_t& word) : word_(word) {
    for (unsigned spin = 0; word_.exchange(1, std::memory_order_acquire) != 0; ++spin) {
      // The thread that holds the lock may be waiting for a processor.
      if (spin >= kSpins) std::this_thread::yield();
    }
  }
  ~Lock() { word_.store(0, std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic_ref<std::uint32_t> word_;
};

}  // namespace

RowCache::Found::~Found() {
  if (row_ != nullptr) Row::release(row_);
}

std::string_view RowCache::Found::value() const { return row_->value(); }

RowCache::RowCache(std::size_t capacity_bytes) {
  const std::size_t sets = capacity_bytes / (kSetBytes + sizeof(Set));
  if (sets == 0) return;
  void* const memory =
      ::mmap(nullptr, sets * sizeof(Set), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  sets_ = {static_cast<Set*>(memory), sets};
}

RowCache::~RowCache() {
  // Reading a set that was never written to takes no memory.
  for (Set& set : sets_) set.remove_range({}, {});
  if (keeps_rows()) ::munmap(sets_.data(), sets_.size_bytes());
}

RowCache::Hash RowCache::hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

RowCache::Set& RowCache::set_of(Hash hash) const {
  __extension__ using Wide = unsigned __int128;
  return sets_[static_cast<std::size_t>((static_cast<Wide>(hash) * sets_.size()) >> 64U)];
}

RowCache::Found RowCache::find(std::string_view key, Moment& moment) {
  if (!keeps_rows()) return {};
  const Hash hash = RowCache::hash(key);
  Set& set = set_of(hash);
  const Lock lock(set.lock);
  Row* found = nullptr;
  if (set.used_bytes > 0) {
    set.visit_rows(hash, [&](std::size_t way) {
      if (set.rows[way]->key() != key) return false;
      found = set.rows[way];
      set.asked = static_cast<std::uint16_t>(set.asked | (1U << way));
      return true;
    });
  }
  if (found != nullptr) {
    found->holders.fetch_add(1, std::memory_order_relaxed);
    return Found(found);
  }
  moment = {hash, set.fences, set.writes > 0, (set.too_large & Set::large_bit(hash)) != 0};
  return {};
}

void RowCache::put(std::string_view key, std::string_view value, const Moment& moment) noexcept {
  if (moment.fenced) return;
  const bool too_large = Row::size_bytes(key.size(), value.size()) > kMostRowBytes;
  if (too_large && moment.too_large) return;
  Row* const row = too_large ? nullptr : Row::make(key, moment.hash, value);
  if (row == nullptr && !too_large) return;
  Set& set = set_of(moment.hash);
  const Lock lock(set.lock);
  const std::uint16_t bit = Set::large_bit(moment.hash);
  set.too_large = static_cast<std::uint16_t>(too_large ? set.too_large | bit : set.too_large & ~bit);
  if (too_large) return;
  if (set.fences != moment.fences) {
    Row::release(row);
    return;
  }
  set.remove_hash(moment.hash);  // another thread may have cached it too
  const std::size_t way = set.make_room(row->size_bytes());
  set.rows[way] = row;
  set.tags[way] = Set::tag(moment.hash);
  set.used_bytes += static_cast<std::uint32_t>(row->size_bytes());
}

RowCache::Fence::Fence(RowCache& cache, std::span<const Hash> keys) : cache_(cache), keys_(keys), all_(false) {
  if (!cache_.keeps_rows()) return;
  for (const Hash hash : keys_) {
    Set& set = cache_.set_of(hash);
    const Lock lock(set.lock);
    ++set.fences;
    ++set.writes;
    set.remove_hash(hash);
  }
}

RowCache::Fence::Fence(RowCache& cache, std::string_view lower, std::string_view upper) : cache_(cache), all_(true) {
  for (Set& set : cache_.sets_) {
    const Lock lock(set.lock);
    ++set.fences;
    ++set.writes;
    set.remove_range(lower, upper);
  }
}

RowCache::Fence::~Fence() {
  if (!cache_.keeps_rows()) return;
  const auto end = [](Set& set) {
    const Lock lock(set.lock);
    --set.writes;
  };
  if (all_) {
    std::ranges::for_each(cache_.sets_, end);
  } else {
    for (const Hash hash : keys_) end(cache_.set_of(hash));
  }
}

std::size_t RowCache::used_bytes() const {
  std::size_t bytes = 0;
  for (Set& set : sets_) {
    const Lock lock(set.lock);
    bytes += set.used_bytes;
  }
  return bytes;
}

}  // namespace stator::store
