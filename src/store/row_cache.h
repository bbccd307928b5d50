#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stator::store {

/// A cache of values by key, in front of the tables and memtables: a hit costs a tenth of a read in RocksDB. Only rows
/// that were read are cached; a write adds none, and removes those that it replaces.
///
/// Never returns a value that a finished write has replaced, nor an older one than an earlier read returned: a write
/// fences its keys (`Fence`) from before it becomes visible until it is, and values that were read before or during a
/// fence are not cached.
///
/// Rows are kept in sets, by the hash of their key. Each set has a fixed share of the memory, and evicts rows that were
/// not read since its hand last passed them (CLOCK). Safe to use from several threads; a set is locked only while its
/// few rows are compared.
class RowCache {
 public:
  using Hash = std::uint64_t;

  /// Larger rows are not cached: RocksDB's cost for them is mostly that of their bytes.
  static constexpr std::size_t kMostRowBytes = 2048;

  /// Uses at most `capacity_bytes`, which are allocated as rows come; 0: caches nothing. Throws std::bad_alloc.
  explicit RowCache(std::size_t capacity_bytes);
  ~RowCache();
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  [[nodiscard]] bool keeps_rows() const { return !sets_.empty(); }
  [[nodiscard]] static Hash hash(std::string_view key);

 private:
  struct Row;
  struct Set;

 public:
  /// A row that stays readable even if the cache drops it.
  class Found {
   public:
    Found() = default;
    ~Found();
    Found(Found&& other) noexcept : row_(other.row_) { other.row_ = nullptr; }
    Found& operator=(Found&&) = delete;
    explicit operator bool() const { return row_ != nullptr; }
    [[nodiscard]] std::string_view value() const;

   private:
    friend class RowCache;
    explicit Found(Row* row) : row_(row) {}
    Row* row_ = nullptr;
  };

  /// The moment just before a value was read, as set by `find`; `put` needs it. A default one makes `put` do nothing.
  struct Moment {
    Hash hash = 0;
    std::uint32_t fences = 0;
    bool fenced = true;
    /// Whether the row is known to be too large to be cached.
    bool too_large = false;
  };

  /// Returns the row; or nothing, and then sets the moment for `put`.
  [[nodiscard]] Found find(std::string_view key, Moment& moment);
  /// Caches what was read after `moment`, unless a write has fenced it since; remembers rows that are too large. Does
  /// nothing if memory is short.
  void put(std::string_view key, std::string_view value, const Moment& moment) noexcept;

  /// Held around a write of these keys, of those in a range, or of all: their rows are removed from the cache, and none
  /// is added meanwhile.
  class Fence {
   public:
    Fence(RowCache& cache, std::span<const Hash> keys);
    /// [lower, upper); an empty upper bound means no bound.
    Fence(RowCache& cache, std::string_view lower, std::string_view upper);
    explicit Fence(RowCache& cache) : Fence(cache, {}, std::string_view{}) {}
    ~Fence();
    Fence(const Fence&) = delete;
    Fence& operator=(const Fence&) = delete;

   private:
    RowCache& cache_;
    const std::span<const Hash> keys_;
    const bool all_;
  };

  /// Bytes of the cached rows.
  [[nodiscard]] std::size_t used_bytes() const;

 private:
  [[nodiscard]] Set& set_of(Hash hash) const;

  std::span<Set> sets_;
};

}  // namespace stator::store
