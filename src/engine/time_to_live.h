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

/// Expiry rows (docs/format.md): one for each item that expires, sorted by time, written in the batch that writes the
/// item. So expired items are found without reading anything else.
namespace stator::engine {

/// Items whose time to live ended longer ago than this are left alone: their attribute most likely means something
/// else. Source: Developer Guide, "Using time to live (TTL) in DynamoDB".
inline constexpr std::int64_t kOldestExpirySeconds = std::int64_t{5} * 365 * 24 * 3600;

/// The first whole second (since 1970) at which the item has expired; nullopt where `attribute` is missing, not a
/// number, or not from 1 to 2^63 - 1.
std::optional<std::int64_t> expiry_seconds(const json::Item& item, std::string_view attribute);

/// space | seconds | the item's key without its space.
std::string expiry_key(store::SpaceId space, std::int64_t seconds, std::string_view encoded_item_key);
/// The lower bound of the rows of `seconds` and later.
std::string expiry_bound(store::SpaceId space, std::int64_t seconds);

struct ExpiryRow {
  std::int64_t seconds = 0;
  std::string item_key;  // encoded
};
/// Reads a row's key back. Throws core::DamageError.
ExpiryRow read_expiry_key(const Table& table, std::string_view expiry_key);

/// The earliest row of a table's range that no search for expired items has seen yet may be this early (seconds).
/// Searches begin there, so that none goes again over what an earlier one has deleted.
class UnseenExpiry {
 public:
  /// There is no such row.
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] std::int64_t first() const { return first_.load(std::memory_order_acquire); }
  /// A row was written; to be called after the write, as a search that begins in between must not miss it.
  void note(std::int64_t seconds) {
    std::int64_t first = first_.load(std::memory_order_acquire);
    while (seconds < first && !first_.compare_exchange_weak(first, seconds, std::memory_order_acq_rel)) {
    }
  }
  /// Called by a search when it begins; it notes again the rows that it does not reach.
  std::int64_t take() { return first_.exchange(kNone, std::memory_order_acq_rel); }

 private:
  std::atomic<std::int64_t> first_{0};
};

}  // namespace stator::engine
