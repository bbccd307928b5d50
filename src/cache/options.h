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

/// Kinds of reads, each with its own counters and lifetimes. BatchGetItem counts as GetItem.
enum class ReadKind : std::uint8_t { kItem, kQuery, kScan };
inline constexpr std::size_t kReadKinds = 3;
/// "GetItem", "Query", "Scan".
std::string_view read_kind_name(ReadKind kind);
std::optional<ReadKind> read_kind_from(std::string_view name);

/// How long results are cached, in milliseconds; 0: never. The most specific setting applies: that of the table and the
/// operation, of the table, of the operation, of all.
class Lifetimes {
 public:
  static constexpr std::int64_t kDefaultMs = 5 * 60 * 1000;

  /// Takes "SECONDS", "OPERATION=SECONDS", "TABLE=SECONDS" or "TABLE/OPERATION=SECONDS"; OPERATION is GetItem (which
  /// includes BatchGetItem), Query or Scan. Throws std::invalid_argument that says what is wrong.
  void set(std::string_view text);
  [[nodiscard]] std::int64_t of(std::string_view table, ReadKind kind) const;

 private:
  std::map<std::string, std::int64_t, std::less<>> lifetimes_;  // by the text before "="
};

struct Options {
  std::size_t capacity_bytes = std::size_t{256} << 20;
  Lifetimes lifetimes;
  /// If true, all callers share entries; otherwise each access key has its own.
  bool trust_callers = false;
  /// How long after its lifetime an entry may be used if the upstream throttles, fails or cannot be reached. 0: never.
  std::int64_t stale_if_error_ms = 0;
  /// How long the upstream has, for all attempts together, if such an entry could answer instead.
  std::int64_t stale_patience_ms = 1'000;
  /// How long after a write an eventually consistent read may see the earlier state; such reads are not cached.
  std::int64_t settle_ms = 1'000;
  /// How long a write without an answer may still take effect; what it touches is not cached until then.
  std::int64_t doubt_ms = 10'000;
  /// A second level shared by several caches, and the name that separates it from those of other upstreams.
  std::optional<RedisAddress> shared;
  std::string shared_name;
  core::LogSink log = {};
  const core::Clock* clock = &core::Clock::system();
};

}  // namespace stator::cache
