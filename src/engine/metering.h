#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "engine/table.h"

/// Enforced throughput: requests beyond the capacity of a table or index are refused, as by the service.
namespace stator::engine {

enum class ThroughputLimit : std::uint8_t {
  kProvisioned,  // the provisioned units of the table or index
  kKeyRange,     // the units of one partition
  kMaxOnDemand,  // the maximum set by OnDemandThroughput
  kAccount,      // the account's quota for one on-demand table
};

/// Thrown if a request is refused because no units are left; it has changed nothing. api/throttling.h has the error
/// texts.
struct ThroughputExceeded : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "throughput exceeded"; }

  ThroughputLimit limit = ThroughputLimit::kProvisioned;
  bool write = false;
  bool on_demand = false;
  std::string table;
  std::string index;  // empty: the table itself
};

/// The effective warm throughput: what was requested or once reached, but at least what the billing mode starts with.
/// Both members are set.
ThroughputLimits effective_warm(const ThroughputLimits& warm, BillingMode mode, const Throughput& throughput);

enum class UnitKind : std::uint8_t { kRead, kWrite };

/// The units that a request takes from one table or index.
struct UnitsUse {
  const Table* table = nullptr;
  const Index* index = nullptr;  // null: the table itself; local indexes use the table's units
  /// An encoded key in the partition that is used; empty if unknown.
  std::string_view key;
  double units = 0;
};

/// The number of partitions that an on-demand table and each of its indexes begin with. How the service splits them as
/// they grow cannot be observed. Source: measured on the service, October 2026: a scan of a small table costs 2 units.
inline constexpr std::size_t kOnDemandPartitions = 4;
/// The number of partitions that a table with these settings begins with: 3 000 read or 1 000 write units fill one.
/// Source: on the service, the stream of a table with few provisioned units has one shard, that of an on-demand table
/// four (October 2025).
std::size_t first_partitions(const Table& table);

/// Token buckets for each table and global index:
/// - provisioned: refilled at the provisioned rate; holds up to 300 seconds of unused units;
/// - on demand: refilled at 12 000 read and 4 000 write units a second, the warm throughput, or twice the peak minute
///   (from 30 minutes after that minute on), whichever is greatest; holds one second. OnDemandThroughput, if set, is a
///   separate bucket, which also holds one second;
/// - each partition: 3 000 read and 1 000 write units a second. An on-demand table has at least 4 partitions.
/// A request is admitted while its buckets are above zero; it may take them below zero, which later requests must wait
/// out. Sources: Developer Guide, "Burst and adaptive capacity", "On-demand capacity mode", "Best practices for
/// designing and using partition keys". Not simulated: partitions that split by size or load.
class Metering {
 public:
  explicit Metering(const core::Clock& clock) : clock_(clock) {}

  /// The first use for which a bucket is empty; nullopt if there is none.
  [[nodiscard]] std::optional<ThroughputExceeded> shortage(UnitKind kind, std::span<const UnitsUse> uses);
  /// Throws ThroughputExceeded if a bucket of `use` is empty.
  void admit(UnitKind kind, const UnitsUse& use);
  void take(UnitKind kind, std::span<const UnitsUse> uses);
  /// Drops the buckets of a deleted table.
  void forget(const Table& table);

 private:
  struct TokenBucket {
    double units = 0;
    std::int64_t filled_ms = 0;
    /// Adds `rate` units for each second since the last call, up to `most`.
    void fill(double rate, double most, std::int64_t now_ms);
  };
  /// The buckets for the reads, or the writes, of one table or index.
  struct Meter {
    bool begun = false;
    TokenBucket all;
    TokenBucket maximum;  // of OnDemandThroughput
    std::vector<TokenBucket> partitions;
    // On demand: the traffic of the last 30 minutes, and the peak minute before them.
    struct Minute {
      std::int64_t number = 0;
      double units = 0;
    };
    std::deque<Minute> minutes;
    double settled_peak = 0;  // units a second
  };
  struct Rates {
    bool on_demand = false;
    double all = 0;
    std::optional<double> maximum;
    bool at_account_limit = false;
    double partition = 0;
    std::size_t partitions = 1;
  };
  /// The meter, refilled up to now; sets `rates`.
  Meter& meter(UnitKind kind, const UnitsUse& use, Rates& rates);
  static Rates rates_of(UnitKind kind, const UnitsUse& use, const Meter& reads, const Meter& writes);
  static void settle(Meter& meter, std::int64_t now_ms);

  const core::Clock& clock_;
  std::mutex mutex_;
  std::map<store::SpaceId, std::pair<Meter, Meter>> meters_;  // reads, writes
};

}  // namespace stator::engine
