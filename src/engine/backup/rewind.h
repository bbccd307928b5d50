#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/log/log_types.h"
#include "engine/table.h"
#include "store/store.h"

namespace stator::engine {

/// Reads the recovery log backwards: the changes of a table after some moment, those of one item newest first. Putting
/// the old images back in this order restores each item to its state at that moment.
class Rewind {
 public:
  /// `cut` has the records in `log_space`.
  Rewind(const store::Store& cut, store::SpaceId log_space, std::int64_t time_ms);

  /// An item before a change, in its stored form; nullopt if it did not exist.
  using OldItem = std::optional<std::string>;  // header and JSON
  /// Takes a change: the item's key in the table, the record, and the item before the change.
  using Visit = std::function<void(const std::string& key, const LogRecord& record, const OldItem& old)>;
  /// Visits some of the changes before `position` (empty: starts with the newest). Returns the position to continue
  /// from, which is the key of the last record read; empty if there are no more. Throws core::DamageError.
  std::string visit(const Table& table, std::string_view position, const Visit& visit) const;

  struct Chunk {
    /// By key in `table`.
    std::map<std::string, OldItem> items;
    /// The position to continue from; empty if there are no more changes.
    std::string position;
    std::uint64_t records = 0;
  };
  /// Reads some of the changes before `position` (empty: starts with the newest). Throws core::DamageError.
  [[nodiscard]] Chunk read(const Table& table, std::string_view position) const;

 private:
  const store::Store& cut_;
  const store::SpaceId log_space_;
  const std::int64_t time_ms_;
};

}  // namespace stator::engine
