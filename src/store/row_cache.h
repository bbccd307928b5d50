#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stator::store {

/// Values by their keys, before the tables and memtables that they are in: a read that it answers costs a tenth of one
/// that RocksDB does. Only rows that were asked for come into it; a write puts none in, it takes out what it replaces.
///
/// It never answers with what a finished write has replaced, nor with an older value than an earlier read had: a write
/// fences its keys (`Fence`) before it becomes visible, until it is, and a value that was read meanwhile, or before, is
/// not put in.
///
/// Rows are kept in sets, by the hash of their key. Each set has its part of the memory, and lets go what was not asked
/// for since it last looked. Safe to use from several threads; a set is locked for as long as its few rows are
/// compared.
class RowCache {
 public:
  using Hash = std::uint64_t;

  /// No row that takes more is kept: what RocksDB takes for it goes into its bytes.
  static constexpr std::size_t kMostRowBytes = 2048;

  /// Takes at most `capacity_bytes`, which are allocated as rows come; 0: nothing is kept. Throws std::bad_alloc.
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
  /// A row that stays readable, whatever happens to the cache.
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

  /// From when the value of a key was about to be read that may be put in. Of a moment that `find` has not set nothing
  /// is.
  struct Moment {
    Hash hash = 0;
    std::uint32_t fences = 0;
    bool fenced = true;
    /// Whether the row, as far as is known, takes too much to be put in.
    bool too_large = false;
  };

  /// The row, or nothing, and then the moment for `put`.
  [[nodiscard]] Found find(std::string_view key, Moment& moment);
  /// Keeps what was read after `moment`, unless a write has fenced it since, and notes where it is too large for that.
  /// Does nothing where memory is short.
  void put(std::string_view key, std::string_view value, const Moment& moment) noexcept;

  /// Around a write of these keys, of those in a range, or of any: what was kept of them is gone.
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

  /// Bytes of the rows that are kept.
  [[nodiscard]] std::size_t used_bytes() const;

 private:
  [[nodiscard]] Set& set_of(Hash hash) const;

  std::span<Set> sets_;
};

}  // namespace stator::store
