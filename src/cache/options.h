#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cache/redis.h"
#include "core/clock.h"
#include "core/log_sink.h"

namespace stator::cache {

/// What is counted, and has a time to live, by itself. BatchGetItem reads items, as GetItem does.
enum class ReadKind : std::uint8_t { kItem, kQuery, kScan };
inline constexpr std::size_t kReadKinds = 3;
/// "GetItem", "Query", "Scan".
std::string_view read_kind_name(ReadKind kind);
std::optional<ReadKind> read_kind_from(std::string_view name);

/// How long what was read is kept, in milliseconds; 0: not at all. The most particular setting counts: of the table and
/// the operation, of the table, of the operation, of all.
class Lifetimes {
 public:
  static constexpr std::int64_t kDefaultMs = 5 * 60 * 1000;

  /// Takes "SECONDS", "OPERATION=SECONDS", "TABLE=SECONDS" or "TABLE/OPERATION=SECONDS"; OPERATION is GetItem (which is
  /// BatchGetItem, too), Query or Scan. Throws std::invalid_argument, with what is wrong.
  void set(std::string_view text);
  [[nodiscard]] std::int64_t of(std::string_view table, ReadKind kind) const;

 private:
  std::map<std::string, std::int64_t, std::less<>> lifetimes_;  // by what stands before the "="
};

struct Options {
  std::size_t capacity_bytes = std::size_t{256} << 20;
  Lifetimes lifetimes;
  /// Entries are shared by all callers. Else each access key has its own.
  bool trust_callers = false;
  /// So long after its end an entry is still answered where the upstream throttles, fails or is out of reach. 0: never.
  std::int64_t stale_if_error_ms = 0;
  /// So long after a write an eventually consistent read may still see the state before it, and is not kept.
  std::int64_t settle_ms = 1'000;
  /// So long a write that got no answer may still happen; what it touches is not kept meanwhile.
  std::int64_t doubt_ms = 10'000;
  /// A second level that several caches share, and the name that keeps it apart from those of other upstreams.
  std::optional<RedisAddress> shared;
  std::string shared_name;
  core::LogSink log = {};
  const core::Clock* clock = &core::Clock::system();
};

}  // namespace stator::cache
