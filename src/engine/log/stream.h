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

/// A stream: the log of a table's changes while it is enabled, divided into shards by hash range. Formats:
/// docs/format.md, "The change log".
namespace stator::engine {

/// Converts a stream to and from the JSON of its row in the catalog. Throws std::runtime_error.
std::string stream_to_json(const StreamInfo& info);
StreamInfo stream_from_json(std::string_view text, store::SpaceId space);

/// space | shard: the prefix of the keys of a shard's records.
inline constexpr std::size_t kShardPrefixBytes = sizeof(store::SpaceId) + sizeof(std::uint32_t);
/// space | shard | number.
std::string log_key(store::SpaceId space, std::uint32_t shard, LogNumber number);
/// The number in a record's key. Throws core::DamageError.
LogNumber log_number_of(std::string_view key);

class Stream;

/// Holds a record's number, which is assigned before the record is written. While this object lives, readers stop
/// before the number, so that they see records in the order of their numbers even if they are committed in another
/// order.
class PendingLogNumber {
 public:
  PendingLogNumber() = default;
  PendingLogNumber(Stream& stream, std::uint32_t slot, std::uint32_t shard, LogNumber number)
      : stream_(&stream), slot_(slot), shard_(shard), number_(number) {}
  PendingLogNumber(PendingLogNumber&& other) noexcept { *this = std::move(other); }
  PendingLogNumber& operator=(PendingLogNumber&& other) noexcept {
    std::swap(stream_, other.stream_);
    slot_ = other.slot_;
    shard_ = other.shard_;
    number_ = other.number_;
    return *this;
  }
  ~PendingLogNumber();
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
  /// Reads the next numbers of the open shards from `store`.
  Stream(const store::Store& store, StreamInfo info);

  [[nodiscard]] store::SpaceId space() const { return space_; }
  [[nodiscard]] const std::string& table_name() const { return table_name_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] ImageChoice images() const { return images_; }
  /// True for the logs of recoveries and deliveries.
  [[nodiscard]] bool is_private() const { return is_private_; }
  [[nodiscard]] StreamInfo info() const;

  /// Assigns a number to a change of this item, greater than all earlier ones of the same item. The caller holds the
  /// item's lock and, under it, has read a version of the table that has this stream.
  [[nodiscard]] PendingLogNumber assign_number(std::string_view encoded_item_key, std::int64_t now_ms);
  /// A number such that all records of the slot with smaller numbers were committed or never will be.
  [[nodiscard]] LogNumber committed_before(std::uint32_t slot) const;
  /// A number greater than the numbers of all records of the shard whose writes have returned. Throws
  /// ResourceNotFoundException.
  [[nodiscard]] LogNumber end_of_shard(std::uint32_t shard) const;

  // These change the shards, one call at a time (ChangeLog ensures that). `write_row` writes the row before the change
  // takes effect.
  using WriteRow = std::function<void(const StreamInfo& changed)>;
  /// Closes all open shards. No writer may still use the stream.
  void close(std::int64_t now_ms, const WriteRow& write_row);
  /// Of a recovery log: sets for how many days records are kept.
  void keep_days(std::int64_t days, const WriteRow& write_row);
  /// Closes the shard and begins its child; writers of its slot wait meanwhile.
  void roll(std::uint32_t shard, std::int64_t now_ms, const WriteRow& write_row);
  /// Marks records as deleted: `marks` has pairs of shard and new trimmed_before. Removes the shards in `gone`.
  void trim(const std::vector<std::pair<std::uint32_t, LogNumber>>& marks, const std::vector<std::uint32_t>& gone,
            const WriteRow& write_row);

 private:
  friend class PendingLogNumber;
  struct Slot {
    mutable std::mutex mutex;
    std::uint32_t shard = 0;
    LogNumber next = 0;
    struct Pending {
      LogNumber number = 0;
      bool done = false;
    };
    std::deque<Pending> pending;  // sorted by number
  };
  /// The smallest number that a new record of the slot may get.
  [[nodiscard]] LogNumber next_number(std::uint32_t slot) const;
  void release_number(std::uint32_t slot, LogNumber number);
  void set_info(StreamInfo info);

  const store::SpaceId space_;
  const std::string table_name_;
  const std::string label_;
  const ImageChoice images_;
  const bool is_private_;
  const std::uint32_t slot_count_;
  const std::unique_ptr<Slot[]> slots_;
  mutable std::mutex info_mutex_;
  StreamInfo info_;
};

}  // namespace stator::engine
