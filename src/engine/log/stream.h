#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/log/log_types.h"
#include "engine/log/record.h"
#include "engine/table.h"
#include "store/store.h"

/// A stream: the log of a table's changes from when it was enabled until it is disabled, in shards by hash range.
/// Formats: docs/format.md, "The change log".
namespace stator::engine {

/// The catalog's row of a stream, and back. Throws std::runtime_error.
std::string stream_to_json(const StreamInfo& info);
StreamInfo stream_from_json(std::string_view text, store::SpaceId space);

/// space | shard, with which the keys of a shard's records begin.
inline constexpr std::size_t kShardPrefixBytes = sizeof(store::SpaceId) + sizeof(std::uint32_t);
/// space | shard | number.
std::string log_key(store::SpaceId space, std::uint32_t shard, LogNumber number);
/// The number of a record by its key.
LogNumber log_number_of(std::string_view key);

class Stream;

/// A record's place in the log, taken before it is written. As long as this lives, readers see nothing from its number
/// on: what commits in another order than the numbers' is seen in the order of the numbers.
class LogPlace {
 public:
  LogPlace() = default;
  LogPlace(Stream& stream, std::uint32_t slot, std::uint32_t shard, LogNumber number)
      : stream_(&stream), slot_(slot), shard_(shard), number_(number) {}
  LogPlace(LogPlace&& other) noexcept { *this = std::move(other); }
  LogPlace& operator=(LogPlace&& other) noexcept {
    std::swap(stream_, other.stream_);
    slot_ = other.slot_;
    shard_ = other.shard_;
    number_ = other.number_;
    return *this;
  }
  ~LogPlace();
  [[nodiscard]] std::uint32_t shard() const { return shard_; }
  [[nodiscard]] LogNumber number() const { return number_; }

 private:
  Stream* stream_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t shard_ = 0;
  LogNumber number_ = 0;
};

class Stream {
 public:
  /// Finds where the open shards go on.
  Stream(const store::Store& store, StreamInfo info);

  [[nodiscard]] store::SpaceId space() const { return space_; }
  [[nodiscard]] const std::string& table_name() const { return table_name_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] ImageChoice images() const { return images_; }
  /// The log of a table's point-in-time recovery.
  [[nodiscard]] bool is_for_recovery() const { return is_for_recovery_; }
  [[nodiscard]] StreamInfo info() const;

  /// A place for a change of this item, later in the order than every earlier one of the same item. The caller holds
  /// the item's lock; the table's version that it saw has this stream.
  [[nodiscard]] LogPlace take_place(std::string_view encoded_item_key, std::int64_t now_ms);
  /// Every record of the slot with a smaller number has been committed by now, or never will be.
  [[nodiscard]] LogNumber committed_before(std::uint32_t slot) const;
  /// Behind every record of the shard whose write has returned. Throws ResourceNotFoundException.
  [[nodiscard]] LogNumber end_of_shard(std::uint32_t shard) const;

  // Changes of the shards; `row` is written before they are taken over. One at a time (ChangeLog sees to it).
  using WriteRow = std::function<void(const StreamInfo& changed)>;
  /// Closes each open shard. No writer has the stream any more.
  void close(std::int64_t now_ms, const WriteRow& write_row);
  /// For a recovery: records are kept for so many days from now on.
  void keep_days(std::int64_t days, const WriteRow& write_row);
  /// Closes the shard and begins its child; writers of its slot wait.
  void roll(std::uint32_t shard, std::int64_t now_ms, const WriteRow& write_row);
  /// Marks records below as deleted: (shard, trimmed_before) each. Shards of `gone` are forgotten.
  void trim(const std::vector<std::pair<std::uint32_t, LogNumber>>& marks, const std::vector<std::uint32_t>& gone,
            const WriteRow& write_row);

 private:
  friend class LogPlace;
  struct Slot {
    mutable std::mutex mutex;
    std::uint32_t shard = 0;
    LogNumber next = 0;
    struct Place {
      LogNumber number = 0;
      bool done = false;
    };
    std::deque<Place> taken;  // by number
  };
  /// The smallest number that a record of the slot may still get.
  [[nodiscard]] LogNumber next_number(std::uint32_t slot) const;
  void release_place(std::uint32_t slot, LogNumber number);
  void set_info(StreamInfo info);

  const store::SpaceId space_;
  const std::string table_name_;
  const std::string label_;
  const ImageChoice images_;
  const bool is_for_recovery_;
  const std::uint32_t slot_count_;
  const std::unique_ptr<Slot[]> slots_;
  mutable std::mutex info_mutex_;
  StreamInfo info_;
};

}  // namespace stator::engine
