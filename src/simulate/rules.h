#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/api_error.h"

/// A simulator's rules: what it does to which requests. docs/simulate.md has their text form.
namespace stator::simulate {

using Names = std::set<std::string, std::less<>>;

/// The requests that a rule applies to; an empty member does not restrict them.
struct When {
  Names tables;
  Names indexes;
  Names operations;
  /// Access key ids and regions, from the signature.
  Names callers;
  Names regions;
  /// Attributes whose text must begin with the given prefix, in a key, an item, or a query's values.
  std::map<std::string, std::string, std::less<>> key_prefixes;
  /// The rule does not apply to this many of the matching requests, from the first on.
  std::uint64_t skip = 0;
  double probability = 1;
  /// Applies only to this many of the matching requests, after the skipped ones.
  std::optional<std::uint64_t> first;
  /// Applies only in this period, counted from when the rules were set.
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> until_ms;
};

/// How long a reply is held back: log-normally distributed with this median and 99th percentile; constant if these are
/// equal.
struct Latency {
  double median_ms = 0;
  double p99_ms = 0;

  /// `uniform_…`: two random numbers in (0, 1].
  [[nodiscard]] double draw_ms(double uniform_1, double uniform_2) const;
};

enum class Cut : std::uint8_t { kNone, kBeforeEffect, kAfterEffect };

struct Failure {
  core::ErrorType type = core::ErrorCode::kOther;
  /// Empty: the service's own message.
  std::string message = {};
  /// For a throttled request: the limit that was exceeded ("KeyRangeThroughputExceeded"). Empty: not reported.
  std::string limit = {};
  int status = 0;
  /// The request takes effect but fails all the same.
  bool after_effect = false;
  /// For signatures that are too old or too new: how far the service's clock is ahead.
  std::int64_t clock_skew_ms = 0;
};

struct Then {
  std::optional<Failure> failure;
  Cut cut = Cut::kNone;
  std::optional<Latency> latency;
  /// The fraction of a batch's members that is left unprocessed.
  double unprocessed = 0;
  /// A page ends after this many items have been read.
  std::optional<std::uint32_t> page_items;
};

struct Rule {
  std::string name;
  When when;
  Then then;
};

struct Rules {
  std::uint64_t seed = 1;
  std::vector<Rule> rules;
};

/// Throws core::ApiError ValidationException that names the wrong member of the wrong rule.
Rules parse_rules(std::string_view text);

/// The same for requests within a process, which have no caller: also refuses rules that name a caller.
Rules parse_rules_in_process(std::string_view text);

/// A throttling error as the service sends it, with ThrottlingReasons: `limit` is the limit of the table (or of the
/// index, if there is one) that was exceeded.
core::ApiError throttled(core::ErrorType type, std::string_view limit, bool writes, std::string_view region,
                         std::string_view account_id, std::string_view table, std::string_view index);

}  // namespace stator::simulate
