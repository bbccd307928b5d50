#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

/// Keeps a reader from storing something older than a write that went through this cache.
namespace stator::cache {

/// For how long the effect of a finished write is uncertain, in ms since 1970.
struct Doubt {
  /// Until then an eventually consistent read may still see the state before.
  std::int64_t settles_ms = 0;
  /// Until then the write may still happen, or not: nothing that is read may be kept.
  std::int64_t certain_ms = 0;
};

/// Counts the writes to an item, a partition or a table. Several of them may share one fence, which only makes it
/// stricter. A reader takes a mark before it reads; its result may be kept only while the mark holds. Safe to use from
/// several threads.
class Fence {
 public:
  void begin_write() { writing_.fetch_add(1); }
  /// The write changed nothing.
  void end_write() { writing_.fetch_sub(1); }
  /// The write has changed something, or may have.
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
  /// nullopt where results of a read must not be kept now: a write is running, or its effect is uncertain.
  [[nodiscard]] std::optional<std::uint64_t> mark(std::int64_t now_ms, bool consistent_read) const {
    const std::uint64_t version = version_.load();
    if (writing_.load() != 0 || now_ms < certain_ms_.load()) return std::nullopt;
    if (!consistent_read && now_ms < settles_ms_.load()) return std::nullopt;
    return version;
  }
  [[nodiscard]] bool holds(std::uint64_t mark) const { return version_.load() == mark; }
  /// Invalidates all other marks and renews this one. False where this one did not hold any more.
  bool renew(std::uint64_t& mark) {
    if (!version_.compare_exchange_strong(mark, mark + 1)) return false;
    ++mark;
    return true;
  }

  /// No write is in doubt, which may still come and undo a later one.
  [[nodiscard]] bool is_certain(std::int64_t now_ms) const { return now_ms >= certain_ms_.load(); }
  [[nodiscard]] bool is_writing() const { return writing_.load() != 0; }
  /// For a writer, between `begin_write` and `end_write`: while this is the same and there is one writer, there was no
  /// other write.
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

/// The marks of a reply: of the fence of what was read, and of the fence of its whole table.
struct Mark {
  Fence* own = nullptr;
  Fence* table = nullptr;
  std::uint64_t own_version = 0;
  std::uint64_t table_version = 0;

  [[nodiscard]] bool holds() const { return own->holds(own_version) && table->holds(table_version); }
  /// Something of it is being written: what is known of it may be of the past.
  [[nodiscard]] bool is_in_doubt() const { return own->is_writing() || table->is_writing(); }
};

inline std::optional<Mark> take_mark(Fence& own, Fence& table, std::int64_t now_ms, bool consistent_read) {
  const auto table_version = table.mark(now_ms, consistent_read);
  const auto own_version = own.mark(now_ms, consistent_read);
  if (!table_version || !own_version) return std::nullopt;
  return Mark{&own, &table, *own_version, *table_version};
}

}  // namespace stator::cache
