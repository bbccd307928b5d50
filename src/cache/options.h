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

/// Kinds of reads with their own counters and times to live. BatchGetItem counts as GetItem.
enum class ReadKind : std::uint8_t { kItem, kQuery, kScan };
inline constexpr std::size_t kReadKinds = 3;
/// "GetItem", "Query", "Scan".
std::string_view read_kind_name(ReadKind kind);
std::optional<ReadKind> read_kind_from(std::string_view name);

/// How long results are kept, in milliseconds; 0: not at all. The most specific setting counts: of the table and
/// the operation, of the table, of the operation, of all.
class Lifetimes {
 public:
  static constexpr std::int64_t kDefaultMs = 5 * 60 * 1000;

  /// Takes "SECONDS", "OPERATION=SECONDS", "TABLE=SECONDS" or "TABLE/OPERATION=SECONDS"; OPERATION is GetItem (which is
  /// BatchGetItem, too), Query or Scan. Throws std::invalid_argument, with what is wrong.
  void set(std::string_view text);
  [[nodiscard]] std::int64_t of(std::string_view table, ReadKind kind) const;

 private:
  std::map<std::string, std::int64_t, std::less<>> lifetimes_;  // by the text before the "="
};

struct Options {
  std::size_t capacity_bytes = std::size_t{256} << 20;
  Lifetimes lifetimes;
  /// All callers share entries. Otherwise each access key has its own.
  bool trust_callers = false;
  /// How long after its end an entry is still used where the upstream throttles, fails or cannot be reached. 0: never.
  std::int64_t stale_if_error_ms = 0;
  /// How long the upstream has for what such an entry can answer in its place, all attempts together.
  std::int64_t stale_patience_ms = 1'000;
  /// How long after a write an eventually consistent read may see the state before it; such reads are not kept.
  std::int64_t settle_ms = 1'000;
  /// How long a write without an answer may still take effect; what it touches is not kept until then.
  std::int64_t doubt_ms = 10'000;
  /// A second level that several caches share, and the name that keeps it apart from those of other upstreams.
  std::optional<RedisAddress> shared;
  std::string shared_name;
  core::LogSink log = {};
  const core::Clock* clock = &core::Clock::system();
};

}  // namespace stator::cache
