#include "api/throughput.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string>

#include "core/api_error.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;
using engine::BillingMode;
using engine::Throughput;
using engine::ThroughputLimits;

namespace {

constexpr std::int64_t kMaxCapacityUnits = 1'000'000'000'000;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kHourMs = 60LL * 60 * 1000;
constexpr std::int64_t kFreeDecreases = 4;

[[noreturn]] void throw_limit_exceeded(std::string message) {
  throw core::ApiError(core::ErrorCode::kLimitExceeded, std::move(message));
}

void check_bound(std::int64_t units, const char* name) {
  if (units <= kMaxCapacityUnits) return;
  throw_validation("Given value " + std::to_string(units) + " for " + name + " is out of bounds");
}

/// "for table" or "for index : gix"; only here the service has a space before the colon.
std::string on_demand_target(std::string_view index) {
  return index.empty() ? "for table" : "for index : " + std::string(index);
}

std::string warm_target(std::string_view index) { return index.empty() ? "table" : "index " + std::string(index); }

ThroughputLimits read_limits(const Members& request, const char* member, const char* read, const char* write) {
  ThroughputLimits limits;
  const auto object = request.object(member);
  if (!object) return limits;
  const Members members(*object);
  limits.read_units = members.integer(read);
  limits.write_units = members.integer(write);
  return limits;
}

ThroughputLimits read_on_demand_members(const Members& request) {
  return read_limits(request, "OnDemandThroughput", "MaxReadRequestUnits", "MaxWriteRequestUnits");
}

ThroughputLimits read_warm_members(const Members& request) {
  return read_limits(request, "WarmThroughput", "ReadUnitsPerSecond", "WriteUnitsPerSecond");
}

/// `refusal`: the end of the message that refuses a limit on a provisioned table.
void check_on_demand(const ThroughputLimits& limits, BillingMode mode, bool updating, std::string_view index,
                     const std::string& refusal) {
  const auto check = [&](const std::optional<std::int64_t>& value, const std::string& name) {
    if (!value) return;
    if (mode == BillingMode::kProvisioned) {
      throw_invalid_parameters(name + " for OnDemandThroughput" + refusal);
    }
    check_on_demand_limit(*value, name, updating, index);
  };
  check(limits.read_units, "MaxReadRequestUnits");
  check(limits.write_units, "MaxWriteRequestUnits");
}

/// Throws if the requested warm units are below `least`. `why_read`, `why_write`: the reasons in the messages.
void check_warm(const ThroughputLimits& wanted, const ThroughputLimits& least, std::string_view index,
                const std::string& why_read, const std::string& why_write) {
  const auto check = [&](const std::optional<std::int64_t>& value, const std::optional<std::int64_t>& bound,
                         const std::string& name, const std::string& why) {
    if (!value || *value >= bound.value_or(0)) return;
    throw_invalid_parameters("Requested " + name + " for WarmThroughput for " + warm_target(index) + " is lower than " +
                             why);
  };
  check(wanted.read_units, least.read_units, "ReadUnitsPerSecond", why_read);
  check(wanted.write_units, least.write_units, "WriteUnitsPerSecond", why_write);
}

/// "Thursday, October 8, 2026 at 11:20:48 PM Coordinated Universal Time". Not by strftime, whose names depend on the
/// locale.
std::string spelt_time(std::int64_t time_ms) {
  static constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  static constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};
  const std::time_t seconds = time_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  const auto two_digits = [](int value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  const int hour = utc.tm_hour % 12 == 0 ? 12 : utc.tm_hour % 12;
  return std::string(kDays[utc.tm_wday]) + ", " + kMonths[utc.tm_mon] + " " + std::to_string(utc.tm_mday) + ", " +
         std::to_string(utc.tm_year + 1900) + " at " + std::to_string(hour) + ":" + two_digits(utc.tm_min) + ":" +
         two_digits(utc.tm_sec) + (utc.tm_hour < 12 ? " AM" : " PM") + " Coordinated Universal Time";
}

void check_decreases_left(const Throughput& present, std::int64_t now_ms) {
  const std::int64_t next_ms = present.last_decrease_ms + kHourMs;
  if (present.decreases_today < kFreeDecreases || now_ms >= next_ms) return;
  const std::int64_t midnight_ms = (now_ms / kDayMs + 1) * kDayMs;
  throw_limit_exceeded(
      "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first "
      "4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "
      "Number of decreases today: " +
      std::to_string(present.decreases_today) + ". Last decrease at " + spelt_time(present.last_decrease_ms) +
      ". Next decrease can be made at " + spelt_time(std::min(next_ms, midnight_ms)) + ".");
}

/// Read or write units to compare with the account's maximum: the present and the wanted ones.
struct Units {
  bool read;
  std::int64_t wanted;
  std::int64_t before;
  [[nodiscard]] bool are_within_quota() const { return wanted <= kMaxTableCapacityUnits || wanted == before; }
};

std::array<Units, 2> both(const Throughput& wanted, const Throughput& before) {
  return {Units{true, wanted.read_units, before.read_units}, Units{false, wanted.write_units, before.write_units}};
}

std::array<Units, 2> both(const ThroughputLimits& wanted, const ThroughputLimits& before) {
  return {Units{true, wanted.read_units.value_or(0), before.read_units.value_or(0)},
          Units{false, wanted.write_units.value_or(0), before.write_units.value_or(0)}};
}

/// Checks a table or an index (anything with the three throughputs) against the account's maximum.
/// Source of the texts: the AWS controller for Kubernetes' measurements, October 2026.
template <class HasThroughputs>
void check_quota(const HasThroughputs& before, const HasThroughputs& wanted, std::string_view index,
                 std::string_view region) {
  const std::string name(index);
  const std::string kind = index.empty() ? "table" : "index";
  for (const Units& units : both(wanted.throughput, before.throughput)) {
    if (units.are_within_quota()) continue;
    throw_limit_exceeded("The requested " + std::string(units.read ? "ReadCapacityUnits" : "WriteCapacityUnits") +
                         (index.empty() ? "" : " for index " + name) + ", " + std::to_string(units.wanted) +
                         ", is above the per " + kind + " maximum for the account in " + std::string(region) +
                         ". Per table maximum: " + std::to_string(kMaxTableCapacityUnits) +
                         ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
                         "higher limits.");
  }
  const auto refuse = [&](const Units& units, const std::string& subject) {
    throw_limit_exceeded("Subscriber limit exceeded: Requested " + subject + " exceeds " +
                         (units.read ? "TableMaxReadCapacityUnits" : "TableMaxWriteCapacityUnits") +
                         " of the account in region " + std::string(region));
  };
  for (const Units& units : both(wanted.on_demand, before.on_demand)) {
    if (units.are_within_quota()) continue;
    refuse(units, std::string(units.read ? "MaxReadRequestUnits" : "MaxWriteRequestUnits") +
                      " for OnDemandThroughput " + on_demand_target(index));
  }
  for (const Units& units : both(wanted.warm, before.warm)) {
    if (units.are_within_quota()) continue;
    refuse(units, std::string(units.read ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond") + " for WarmThroughput for " +
                      warm_target(index));
  }
}

}  // namespace

void check_on_demand_limit(std::int64_t limit, const std::string& name, bool removable, std::string_view index) {
  if (limit >= 1 || (removable && limit == -1)) return;
  throw_invalid_parameters("Requested " + name + " for OnDemandThroughput " + on_demand_target(index) +
                           " is outside of valid range");
}

std::optional<Throughput> read_throughput(const Members& request) {
  const auto object = request.object("ProvisionedThroughput");
  if (!object) return std::nullopt;
  const Members members(*object);
  Throughput throughput;
  throughput.read_units = members.integer("ReadCapacityUnits").value_or(0);
  throughput.write_units = members.integer("WriteCapacityUnits").value_or(0);
  check_bound(throughput.read_units, "ReadCapacityUnits");
  check_bound(throughput.write_units, "WriteCapacityUnits");
  return throughput;
}

ThroughputLimits read_on_demand(const Members& request, BillingMode mode, std::string_view index) {
  const ThroughputLimits limits = read_on_demand_members(request);
  const std::string target = index.empty() ? "" : " for index: " + std::string(index);
  check_on_demand(limits, mode, false, index, target + " cannot be specified when table BillingMode is PROVISIONED.");
  return limits;
}

ThroughputLimits merge_on_demand(const Members& request, BillingMode mode, ThroughputLimits present,
                                 std::string_view index) {
  const ThroughputLimits wanted = read_on_demand_members(request);
  const std::string target = index.empty() ? "" : " " + on_demand_target(index);
  check_on_demand(wanted, mode, true, index, target + " cannot be specified when the table BillingMode is PROVISIONED");
  if (wanted.read_units) present.read_units = wanted.read_units;
  if (wanted.write_units) present.write_units = wanted.write_units;
  return present;
}

ThroughputLimits without_removed(ThroughputLimits limits) {
  if (limits.read_units == -1) limits.read_units.reset();
  if (limits.write_units == -1) limits.write_units.reset();
  return limits;
}

ThroughputLimits read_warm(const Members& request, BillingMode mode, const Throughput& throughput,
                           std::string_view index) {
  const ThroughputLimits wanted = read_warm_members(request);
  const ThroughputLimits least = effective_warm({}, mode, throughput);
  if (mode == BillingMode::kPayPerRequest) {
    const std::string why =
        "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
        "on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
    check_warm(wanted, least, index, why, why);
  } else {
    check_warm(wanted, least, index, "ReadCapacityUnits of ProvisionedThroughput",
               "WriteCapacityUnits of ProvisionedThroughput");
  }
  return wanted;
}

void check_no_warm_indexes(const Members& request, std::string_view list, std::string_view operation) {
  const auto indexes = request.array(list);
  if (!indexes) return;
  for (const auto element : *indexes) {
    if (!Members(element.get_object()).has("WarmThroughput")) continue;
    throw_validation("Invalid Request: WarmThroughput is not supported on Global Secondary Indexes via " +
                     std::string(operation));
  }
}

ThroughputLimits merge_warm(const Members& request, BillingMode mode, const Throughput& throughput,
                            const ThroughputLimits& present, std::string_view index) {
  const ThroughputLimits wanted = read_warm_members(request);
  ThroughputLimits merged = effective_warm(present, mode, throughput);
  const std::string why = "current WarmThroughput, decreasing WarmThroughput is not supported";
  check_warm(wanted, merged, index, why, why);
  if (wanted.read_units) merged.read_units = wanted.read_units;
  if (wanted.write_units) merged.write_units = wanted.write_units;
  return merged;
}

void check_quotas(const engine::Table& before, const engine::Table& table, std::string_view region) {
  check_quota(before, table, {}, region);
  static const engine::Index kNone;
  for (const engine::Index& index : table.indexes) {
    const engine::Index* present = before.index(index.name);
    check_quota(present != nullptr ? *present : kNone, index, index.name, region);
  }
}

void check_throughput_changes(const Throughput& present, const Throughput& wanted, std::string_view index) {
  if (wanted.read_units != present.read_units || wanted.write_units != present.write_units) return;
  const std::string name(index);
  const std::string subject = index.empty() ? "the table" : "the index " + name;
  const std::string target = index.empty() ? "the table" : "index " + name;
  throw_validation("The provisioned throughput for " + subject +
                   " will not change. The requested value equals the current value. Current ReadCapacityUnits "
                   "provisioned for " +
                   target + ": " + std::to_string(present.read_units) + ". Requested ReadCapacityUnits: " +
                   std::to_string(wanted.read_units) + ". Current WriteCapacityUnits provisioned for " + target + ": " +
                   std::to_string(present.write_units) +
                   ". Requested WriteCapacityUnits: " + std::to_string(wanted.write_units) +
                   ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher "
                   "limits.");
}

std::int64_t decreases_today(const Throughput& throughput, std::int64_t now_ms) {
  return throughput.last_decrease_ms / kDayMs == now_ms / kDayMs ? throughput.decreases_today : 0;
}

void change_throughput(Throughput& present, const Throughput& wanted, std::int64_t now_ms) {
  present.decreases_today = decreases_today(present, now_ms);
  const bool was_on_demand = present.read_units == 0 && present.write_units == 0;
  if (wanted.read_units < present.read_units || wanted.write_units < present.write_units) {
    check_decreases_left(present, now_ms);
    present.last_decrease_ms = now_ms;
    ++present.decreases_today;
  }
  if (!was_on_demand && (wanted.read_units > present.read_units || wanted.write_units > present.write_units)) {
    present.last_increase_ms = now_ms;
  }
  present.read_units = wanted.read_units;
  present.write_units = wanted.write_units;
}

}  // namespace stator::api
