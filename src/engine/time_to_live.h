#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/table.h"
#include "json/item.h"
#include "store/key_encoding.h"

/// Expiry rows (docs/format.md): one for each item that will expire, sorted by time and written in the batch that
/// writes the item, so that expired items are found without reading anything else.
namespace stator::engine {

/// Items that expired longer ago than this are not deleted, as their attribute most likely means something else.
/// Source: Developer Guide, "Using time to live (TTL) in DynamoDB".
inline constexpr std::int64_t kOldestExpirySeconds = std::int64_t{5} * 365 * 24 * 3600;

/// The first whole second (since 1970) at which the item has expired; nullopt if `attribute` is missing, not a
/// number, or not from 1 to 2^63 - 1.
std::optional<std::int64_t> expiry_seconds(const json::Item& item, std::string_view attribute);

/// space | seconds | the item's key without its space.
std::string expiry_key(store::SpaceId space, std::int64_t seconds, std::string_view encoded_item_key);
/// The lower bound of the rows that expire at `seconds` or later.
std::string expiry_bound(store::SpaceId space, std::int64_t seconds);

struct ExpiryRow {
  std::int64_t seconds = 0;
  std::string item_key;  // encoded
};
/// Decodes a row's key. Throws core::DamageError.
ExpiryRow read_expiry_key(const Table& table, std::string_view expiry_key);

/// A lower bound (in seconds) of the rows of a table's range that no search for expired items has seen. Searches begin
/// there, so that they do not read rows again that earlier ones have deleted.
class UnseenExpiry {
 public:
  /// There is no such row.
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] std::int64_t first() const { return first_.load(std::memory_order_acquire); }
  /// To be called after a row was written, not before: a search that begins in between would miss the row.
  void note(std::int64_t seconds) {
    std::int64_t first = first_.load(std::memory_order_acquire);
    while (seconds < first && !first_.compare_exchange_weak(first, seconds, std::memory_order_acq_rel)) {
    }
  }
  /// Returns the bound and resets it to kNone. Called by a search when it begins, which notes the rows that it does not
  /// reach again.
  std::int64_t take_bound() { return first_.exchange(kNone, std::memory_order_acq_rel); }

 private:
  std::atomic<std::int64_t> first_{0};
};

}  // namespace stator::engine
