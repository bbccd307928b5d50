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

/// A stream to and from the text of its row in the catalog. Throws std::runtime_error.
std::string stream_to_json(const StreamInfo& info);
StreamInfo stream_from_json(std::string_view text, store::SpaceId space);

/// space | shard, with which the keys of a shard's records begin.
inline constexpr std::size_t kShardPrefixBytes = sizeof(store::SpaceId) + sizeof(std::uint32_t);
/// space | shard | number.
std::string log_key(store::SpaceId space, std::uint32_t shard, LogNumber number);
/// The number of a record by its key.
LogNumber log_number_of(std::string_view key);

class Stream;

/// A record's number, assigned before the record is written. While this lives, readers stop before the number, so that
/// they see records in the order of the numbers, in whatever order these are committed.
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
  /// Finds the next numbers of the open shards.
  Stream(const store::Store& store, StreamInfo info);

  [[nodiscard]] store::SpaceId space() const { return space_; }
  [[nodiscard]] const std::string& table_name() const { return table_name_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] ImageChoice images() const { return images_; }
  /// Of a recovery or a delivery.
  [[nodiscard]] bool is_private() const { return is_private_; }
  [[nodiscard]] StreamInfo info() const;

  /// A number for a change of this item, greater than every earlier one of the same item. The caller holds the item's
  /// lock and has read a version of the table with this stream under it.
  [[nodiscard]] LogPlace take_place(std::string_view encoded_item_key, std::int64_t now_ms);
  /// The number below which every record of the slot has been committed or never will be.
  [[nodiscard]] LogNumber committed_before(std::uint32_t slot) const;
  /// Behind every record of the shard whose write has returned. Throws ResourceNotFoundException.
  [[nodiscard]] LogNumber end_of_shard(std::uint32_t shard) const;

  // Changes of the shards, one at a time (ChangeLog ensures that); `write_row` writes the row before they take effect.
  using WriteRow = std::function<void(const StreamInfo& changed)>;
  /// Closes all open shards. No writer may use the stream any more.
  void close(std::int64_t now_ms, const WriteRow& write_row);
  /// For a recovery: keeps records for this many days from now on.
  void keep_days(std::int64_t days, const WriteRow& write_row);
  /// Closes the shard and begins its child; writers of its slot wait.
  void roll(std::uint32_t shard, std::int64_t now_ms, const WriteRow& write_row);
  /// Marks records as deleted: `marks` has pairs of shard and trimmed_before. Removes the shards in `gone`.
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
  const bool is_private_;
  const std::uint32_t slot_count_;
  const std::unique_ptr<Slot[]> slots_;
  mutable std::mutex info_mutex_;
  StreamInfo info_;
};

}  // namespace stator::engine
