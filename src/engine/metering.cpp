#include "engine/metering.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/keys.h"

namespace stator::engine {
namespace {

// Source: Developer Guide, "On-demand capacity mode".
constexpr std::int64_t kOnDemandReadUnits = 12'000;
constexpr std::int64_t kOnDemandWriteUnits = 4'000;
constexpr std::int64_t kGrowthMinutes = 30;
/// Source: Developer Guide, "Quotas in Amazon DynamoDB": for one on-demand table.
constexpr double kAccountUnits = 40'000;
constexpr double kPartitionReadUnits = 3'000;
constexpr double kPartitionWriteUnits = 1'000;
constexpr double kBurstSeconds = 300;
constexpr std::int64_t kMinuteMs = 60'000;

std::size_t partitions_for(double read_units, double write_units) {
  return static_cast<std::size_t>(std::ceil(read_units / kPartitionReadUnits + write_units / kPartitionWriteUnits));
}

std::size_t partitions_for(BillingMode mode, double read_units, double write_units) {
  if (mode == BillingMode::kProvisioned) return std::max<std::size_t>(1, partitions_for(read_units, write_units));
  return std::max({kOnDemandPartitions, partitions_for(read_units, 0), partitions_for(0, write_units)});
}

const Index* global_or_null(const Index* index) { return index != nullptr && index->global ? index : nullptr; }

}  // namespace

ThroughputLimits effective_warm(const ThroughputLimits& warm, BillingMode mode, const Throughput& throughput) {
  const bool on_demand = mode == BillingMode::kPayPerRequest;
  const std::int64_t read_units = on_demand ? kOnDemandReadUnits : throughput.read_units;
  const std::int64_t write_units = on_demand ? kOnDemandWriteUnits : throughput.write_units;
  return {std::max(warm.read_units.value_or(0), read_units), std::max(warm.write_units.value_or(0), write_units)};
}

std::size_t first_partitions(const Table& table) {
  ThroughputLimits units{table.throughput.read_units, table.throughput.write_units};
  if (table.billing_mode == BillingMode::kPayPerRequest)
    units = effective_warm(table.warm, table.billing_mode, table.throughput);
  return partitions_for(table.billing_mode, static_cast<double>(*units.read_units),
                        static_cast<double>(*units.write_units));
}

void Metering::TokenBucket::fill(double rate, double most, std::int64_t now_ms) {
  // The clock may have been set back.
  const auto passed_ms = static_cast<double>(std::max<std::int64_t>(0, now_ms - filled_ms));
  units = std::min(most, units + rate * passed_ms / 1000);
  filled_ms = now_ms;
}

/// Moves minutes that are older than kGrowthMinutes into the peak.
void Metering::settle(Meter& meter, std::int64_t now_ms) {
  const std::int64_t settled = now_ms / kMinuteMs - kGrowthMinutes;
  while (!meter.minutes.empty() && meter.minutes.front().number < settled) {
    meter.settled_peak = std::max(meter.settled_peak, meter.minutes.front().units / 60);
    meter.minutes.pop_front();
  }
}

Metering::Rates Metering::rates_of(UnitKind kind, const UnitsUse& use, const Meter& reads, const Meter& writes) {
  const bool write = kind == UnitKind::kWrite;
  const Table& table = *use.table;
  const Index* const index = global_or_null(use.index);
  const Throughput& throughput = index != nullptr ? index->throughput : table.throughput;
  Rates rates;
  rates.on_demand = table.billing_mode == BillingMode::kPayPerRequest;
  rates.partition = write ? kPartitionWriteUnits : kPartitionReadUnits;
  if (!rates.on_demand) {
    rates.all = static_cast<double>(write ? throughput.write_units : throughput.read_units);
    rates.partitions = partitions_for(table.billing_mode, static_cast<double>(throughput.read_units),
                                      static_cast<double>(throughput.write_units));
    return rates;
  }
  const ThroughputLimits warm =
      effective_warm(index != nullptr ? index->warm : table.warm, table.billing_mode, throughput);
  const double read_units = std::max(static_cast<double>(*warm.read_units), 2 * reads.settled_peak);
  const double write_units = std::max(static_cast<double>(*warm.write_units), 2 * writes.settled_peak);
  rates.all = write ? write_units : read_units;
  // A warm throughput above the default quota means that the account's quota was raised.
  const auto quota = std::max(kAccountUnits, static_cast<double>(write ? *warm.write_units : *warm.read_units));
  rates.at_account_limit = rates.all >= quota;
  rates.all = std::min(rates.all, quota);
  rates.partitions = partitions_for(table.billing_mode, read_units, write_units);
  const ThroughputLimits& limits = index != nullptr ? index->on_demand : table.on_demand;
  if (const auto most = write ? limits.write_units : limits.read_units) rates.maximum = static_cast<double>(*most);
  return rates;
}

Metering::Meter& Metering::meter(UnitKind kind, const UnitsUse& use, Rates& rates) {
  const Index* const index = global_or_null(use.index);
  auto& [reads, writes] = meters_[index != nullptr ? index->space : use.table->space];
  const std::int64_t now_ms = clock_.now_ms();
  settle(reads, now_ms);
  settle(writes, now_ms);
  rates = rates_of(kind, use, reads, writes);
  Meter& meter = kind == UnitKind::kWrite ? writes : reads;
  const double seconds_kept = rates.on_demand ? 1 : kBurstSeconds;
  if (!meter.begun) {
    meter.begun = true;
    // Begins with one second's units, to which `fill` adds those since the table was created.
    meter.all = {rates.all, std::min(now_ms, use.table->created_ms)};
    meter.maximum = {std::numeric_limits<double>::infinity(), now_ms};
  }
  meter.all.fill(rates.all, rates.all * seconds_kept, now_ms);
  // Without a maximum the bucket is infinite, so that one that is set later starts full.
  constexpr double kNoMaximum = std::numeric_limits<double>::infinity();
  meter.maximum.fill(rates.maximum.value_or(0), rates.maximum.value_or(kNoMaximum), now_ms);
  if (!rates.maximum) meter.maximum.units = kNoMaximum;
  if (meter.partitions.size() != rates.partitions) {
    meter.partitions.assign(rates.partitions, {rates.partition, now_ms});
  }
  for (TokenBucket& partition : meter.partitions) partition.fill(rates.partition, rates.partition, now_ms);
  return meter;
}

std::optional<ThroughputExceeded> Metering::shortage(UnitKind kind, std::span<const UnitsUse> uses) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const UnitsUse& use : uses) {
    Rates rates;
    const Meter& used = meter(kind, use, rates);
    std::optional<ThroughputLimit> limit;
    if (rates.maximum && used.maximum.units <= 0) {
      limit = ThroughputLimit::kMaxOnDemand;
    } else if (used.all.units <= 0) {
      // An on-demand table's capacity is that of its partitions.
      limit = !rates.on_demand         ? ThroughputLimit::kProvisioned
              : rates.at_account_limit ? ThroughputLimit::kAccount
                                       : ThroughputLimit::kKeyRange;
    } else if (!use.key.empty() && used.partitions[partition_of(hash_of(use.key), rates.partitions)].units <= 0) {
      limit = ThroughputLimit::kKeyRange;
    }
    if (!limit) continue;
    ThroughputExceeded exceeded;
    exceeded.limit = *limit;
    exceeded.write = kind == UnitKind::kWrite;
    exceeded.on_demand = rates.on_demand;
    exceeded.table = use.table->name;
    if (const Index* const index = global_or_null(use.index)) exceeded.index = index->name;
    return exceeded;
  }
  return std::nullopt;
}

void Metering::admit(UnitKind kind, const UnitsUse& use) {
  if (const auto exceeded = shortage(kind, {&use, 1})) throw ThroughputExceeded(*exceeded);
}

void Metering::take(UnitKind kind, std::span<const UnitsUse> uses) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const UnitsUse& use : uses) {
    if (use.units == 0) continue;
    Rates rates;
    Meter& used = meter(kind, use, rates);
    used.all.units -= use.units;
    if (rates.maximum) used.maximum.units -= use.units;
    if (!use.key.empty()) used.partitions[partition_of(hash_of(use.key), rates.partitions)].units -= use.units;
    if (!rates.on_demand) continue;
    const std::int64_t minute = clock_.now_ms() / kMinuteMs;
    if (used.minutes.empty() || used.minutes.back().number != minute) used.minutes.push_back({minute, 0});
    used.minutes.back().units += use.units;
  }
}

void Metering::forget(const Table& table) {
  const std::lock_guard<std::mutex> lock(mutex_);
  meters_.erase(table.space);
  for (const Index& index : table.indexes) meters_.erase(index.space);
}

}  // namespace stator::engine
