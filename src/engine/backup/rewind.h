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

/// Reads backwards what happened to a table after some moment: the records of the recovery log that are later, those of
/// one item newest first. Putting each old image back in this order leaves the item as it was at that moment.
class Rewind {
 public:
  /// `cut` has the records in `log_space`.
  Rewind(const store::Store& cut, store::SpaceId log_space, std::int64_t time_ms);

  /// An item as it was before a change; none: it was not there.
  using OldItem = std::optional<std::string>;  // as it is stored: header and JSON
  /// A change: the key that its item has in the table, the record, and the item before.
  using Visit = std::function<void(const std::string& key, const LogRecord& record, const OldItem& old)>;
  /// Visits some changes before `position` (empty: from the newest one on). Returns where to go on: the key of the last
  /// record that was read; empty: there are no more. Throws core::DamageError.
  std::string visit(const Table& table, std::string_view position, const Visit& visit) const;

  struct Chunk {
    /// By the item's key in `table`.
    std::map<std::string, OldItem> items;
    /// The position to continue from: the key of the last record read; empty: there are no more.
    std::string position;
    std::uint64_t records = 0;
  };
  /// Some records before `position` (empty: from the newest one on). Throws core::DamageError.
  [[nodiscard]] Chunk read(const Table& table, std::string_view position) const;

 private:
  const store::Store& cut_;
  const store::SpaceId log_space_;
  const std::int64_t time_ms_;
};

}  // namespace stator::engine
