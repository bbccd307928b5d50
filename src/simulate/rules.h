#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/api_error.h"

/// The rules of a simulator: what it does to which requests. docs/simulate.md has their text form.
namespace stator::simulate {

using Names = std::set<std::string, std::less<>>;

/// The requests that a rule applies to; a member without a value does not limit them.
struct When {
  Names tables;
  Names indexes;
  Names operations;
  /// Access key ids and regions of the signature.
  Names callers;
  Names regions;
  /// Attributes whose text begins so, in a key, an item, or among a query's values.
  std::map<std::string, std::string, std::less<>> key_prefixes;
  double probability = 1;
  /// Only the first of the requests that match.
  std::optional<std::uint64_t> first;
  /// Only in this period, counted from when the rules were set.
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> until_ms;
};

/// How long a reply is held back: log-normal between its median and its 99th percentile; always the same where these
/// are.
struct Latency {
  double median_ms = 0;
  double p99_ms = 0;

  /// `uniform`: two numbers from 0 to 1, without 0.
  [[nodiscard]] double draw_ms(double uniform_1, double uniform_2) const;
};

enum class Cut : std::uint8_t { kNone, kBeforeEffect, kAfterEffect };

struct Failure {
  core::ErrorType type = core::ErrorCode::kOther;
  /// Empty: the service's own.
  std::string message = {};
  /// Of a throttled request: what was exceeded ("KeyRangeThroughputExceeded"). Empty: nothing is said.
  std::string limit = {};
  int status = 0;
  /// The request takes effect, and fails all the same.
  bool after_effect = false;
  /// For a signature that is too old or too new: by so much the service's clock is ahead.
  std::int64_t clock_skew_ms = 0;
};

struct Then {
  std::optional<Failure> failure;
  Cut cut = Cut::kNone;
  std::optional<Latency> latency;
  /// The part of a batch's members that is left unprocessed.
  double unprocessed = 0;
  /// A page ends after this many items were read.
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

/// Throws core::ApiError ValidationException that says which member of which rule is wrong.
Rules parse_rules(std::string_view text);

/// The same for requests inside a process, which have no caller: rules that name one are refused, too.
Rules parse_rules_in_process(std::string_view text);

/// A throttling error as the service sends it, with ThrottlingReasons: `limit` is what was exceeded, of the table or,
/// where there is one, of the index.
core::ApiError throttled(core::ErrorType type, std::string_view limit, bool writes, std::string_view region,
                         std::string_view account_id, std::string_view table, std::string_view index);

}  // namespace stator::simulate
