#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

/// Keeps a reader from caching something older than a write that went through this cache.
namespace stator::cache {

/// How long the effect of a finished write is uncertain, in ms since 1970.
struct Doubt {
  /// Until then an eventually consistent read may still return the earlier state.
  std::int64_t settles_ms = 0;
  /// Until then the write may still take effect, or not: nothing that is read may be cached.
  std::int64_t certain_ms = 0;
};

/// Counts the writes to an item, a partition or a table. Several of these may share one fence, which only makes it
/// stricter. A reader takes a mark before it reads, and its result may be cached only while the mark holds. Safe to use
/// from several threads.
class Fence {
 public:
  void begin_write() { writing_.fetch_add(1); }
  /// Ends a write that changed nothing.
  void end_write() { writing_.fetch_sub(1); }
  /// Ends a write that has changed something, or may have.
  void end_write(const Doubt& doubt) {
    note_change(doubt);
    writing_.fetch_sub(1);
  }
  /// Notes a change by a write that did not go through this cache.
  void note_change(const Doubt& doubt = {}) {
    raise(settles_ms_, doubt.settles_ms);
    raise(certain_ms_, doubt.certain_ms);
    version_.fetch_add(1);
  }
  /// Returns nullopt if a result that is read now must not be cached: a write is running, or its effect is uncertain.
  [[nodiscard]] std::optional<std::uint64_t> mark(std::int64_t now_ms, bool consistent_read) const {
    const std::uint64_t version = version_.load();
    if (writing_.load() != 0 || now_ms < certain_ms_.load()) return std::nullopt;
    if (!consistent_read && now_ms < settles_ms_.load()) return std::nullopt;
    return version;
  }
  [[nodiscard]] bool holds(std::uint64_t mark) const { return version_.load() == mark; }
  /// Invalidates all other marks and renews this one. Returns false if this mark did not hold any more.
  bool renew(std::uint64_t& mark) {
    if (!version_.compare_exchange_strong(mark, mark + 1)) return false;
    ++mark;
    return true;
  }

  /// Whether no write is in doubt that could still take effect and undo a later one.
  [[nodiscard]] bool is_certain(std::int64_t now_ms) const { return now_ms >= certain_ms_.load(); }
  [[nodiscard]] bool is_writing() const { return writing_.load() != 0; }
  /// For a writer, between `begin_write` and `end_write`: if this stays the same and there is only one writer, no other
  /// write has happened.
  [[nodiscard]] std::uint64_t version() const { return version_.load(); }
  [[nodiscard]] bool has_one_writer() const { return writing_.load() == 1; }

 private:
  static void raise(std::atomic<std::int64_t>& time, std::int64_t to) {
    std::int64_t known = time.load();
    while (known < to && !time.compare_exchange_weak(known, to)) {
    }
  }

  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::uint32_t> writing_{0};
  std::atomic<std::int64_t> settles_ms_{0};
  std::atomic<std::int64_t> certain_ms_{0};
};

/// The marks for a reply: one of the fence of what was read, one of the fence of its whole table.
struct Mark {
  Fence* own = nullptr;
  Fence* table = nullptr;
  std::uint64_t own_version = 0;
  std::uint64_t table_version = 0;

  [[nodiscard]] bool holds() const { return own->holds(own_version) && table->holds(table_version); }
  /// Whether a write is running, so that the known state may be outdated.
  [[nodiscard]] bool is_in_doubt() const { return own->is_writing() || table->is_writing(); }
};

inline std::optional<Mark> take_mark(Fence& own, Fence& table, std::int64_t now_ms, bool consistent_read) {
  const auto table_version = table.mark(now_ms, consistent_read);
  const auto own_version = own.mark(now_ms, consistent_read);
  if (!table_version || !own_version) return std::nullopt;
  return Mark{&own, &table, *own_version, *table_version};
}

}  // namespace stator::cache
