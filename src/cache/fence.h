#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

/// What keeps a reader from storing something older than a write that went through here.
namespace stator::cache {

/// How a write ended, for those who read later.
struct Doubt {
  /// Until then an eventually consistent read may still see the state before.
  std::int64_t settles_ms = 0;
  /// Until then the write may still happen, or not: nothing that is read may be kept.
  std::int64_t certain_ms = 0;
};

/// Counts the writes to what it stands for (an item, a partition, a table; several of them may share one, which only
/// makes it stricter). A reader takes a mark before it reads, and what it read may be kept only while the mark holds.
/// From any thread.
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
  /// Something has changed that nobody announced.
  void note_change(const Doubt& doubt = {}) {
    raise(settles_ms_, doubt.settles_ms);
    raise(certain_ms_, doubt.certain_ms);
    version_.fetch_add(1);
  }
  /// Nothing where what is read now may not be kept: a write is under way, or its effect is in doubt.
  [[nodiscard]] std::optional<std::uint64_t> mark(std::int64_t now_ms, bool consistent_read) const {
    const std::uint64_t version = version_.load();
    if (writing_.load() != 0 || now_ms < certain_ms_.load()) return std::nullopt;
    if (!consistent_read && now_ms < settles_ms_.load()) return std::nullopt;
    return version;
  }
  [[nodiscard]] bool holds(std::uint64_t mark) const { return version_.load() == mark; }
  /// Makes older marks void in favour of this one, which is renewed. False: it did not hold any more.
  bool renew(std::uint64_t& mark) { return version_.compare_exchange_strong(mark, mark + 1) && ++mark != 0; }

  /// No write is in doubt, which may still come and undo a later one.
  [[nodiscard]] bool is_certain(std::int64_t now_ms) const { return now_ms >= certain_ms_.load(); }
  [[nodiscard]] bool is_writing() const { return writing_.load() != 0; }
  /// For a writer, between `begin_write` and `end_write`: nobody else has written since, if this stays the same and
  /// there is one writer.
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

/// Where a reply belongs: the fence of what it was read from, and that of its whole table.
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
