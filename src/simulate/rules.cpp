#include "simulate/rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <set>

#include "api/operations.h"
#include "api/throttling.h"
#include "json/reader.h"
#include "json/text_check.h"

namespace stator::simulate {
namespace {

using core::ErrorCode;

constexpr double kMostMilliseconds = 600'000;

/// A limit, and the error for exceeding it.
struct Limit {
  std::string_view name;
  ErrorCode error;
};
// Source: Developer Guide, "DynamoDB throttling resolution guide"; API reference, ThrottlingReason.
constexpr std::array kLimits = {
    Limit{"ProvisionedThroughputExceeded", ErrorCode::kProvisionedThroughputExceeded},
    Limit{"KeyRangeThroughputExceeded", ErrorCode::kThrottling},
    Limit{"MaxOnDemandThroughputExceeded", ErrorCode::kThrottling},
    Limit{"AccountLimitExceeded", ErrorCode::kRequestLimitExceeded},
};

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  core::throw_validation(where + " " + why);
}

/// Reads an object's members with the function for each; refuses unknown members.
using Readers = std::map<std::string_view, std::function<void(const json::Value&, const std::string& where)>>;
void read_members(const json::Value& value, const std::string& where, const Readers& readers) {
  json::Object object;
  if (value.get(object) != simdjson::SUCCESS) refuse(where, "must be an object");
  std::set<std::string_view> seen;
  for (const auto& [key, member] : object) {
    const auto reader = readers.find(std::string_view(key));
    if (reader == readers.end()) {
      std::string known;
      for (const auto& [name, unused] : readers) known += (known.empty() ? "" : ", ") + std::string(name);
      refuse(where + "." + std::string(key), "is not known; there are " + known);
    }
    if (!seen.insert(key).second) refuse(where + "." + std::string(key), "appears twice");
    reader->second(member, where + "." + std::string(key));
  }
}

std::string read_text(const json::Value& value, const std::string& where) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty()) refuse(where, "must be a text");
  return std::string(text);
}

double read_number(const json::Value& value, const std::string& where, double least, double most) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS || !(number >= least && number <= most)) {
    // All bounds are whole numbers.
    refuse(where, "must be a number from " + std::to_string(std::llround(least)) + " to " +
                      std::to_string(std::llround(most)));
  }
  return number;
}

/// Counts are also written as JSON, and every JSON reader handles 63-bit numbers.
constexpr std::int64_t kMostCount = std::numeric_limits<std::int64_t>::max();

std::uint64_t read_count(const json::Value& value, const std::string& where, std::int64_t least,
                         std::int64_t most = kMostCount) {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < least || number > most) {
    refuse(where, "must be a whole number from " + std::to_string(least) +
                      (most == kMostCount ? "" : " to " + std::to_string(most)));
  }
  return static_cast<std::uint64_t>(number);
}

bool read_flag(const json::Value& value, const std::string& where) {
  bool flag = false;
  if (value.get(flag) != simdjson::SUCCESS) refuse(where, "must be true or false");
  return flag;
}

/// One text, or a list of them.
Names read_names(const json::Value& value, const std::string& where) {
  Names names;
  json::Array array;
  if (value.get(array) != simdjson::SUCCESS) {
    names.insert(read_text(value, where));
    return names;
  }
  for (const json::Value element : array) names.insert(read_text(element, where));
  if (names.empty()) refuse(where, "must name something");
  return names;
}

std::int64_t read_seconds(const json::Value& value, const std::string& where) {
  return std::llround(read_number(value, where, 0, 1e9) * 1000);
}

When read_when(const json::Value& value, const std::string& where) {
  When when;
  read_members(
      value, where,
      {{"table", [&](const auto& member, const auto& at) { when.tables = read_names(member, at); }},
       {"index", [&](const auto& member, const auto& at) { when.indexes = read_names(member, at); }},
       {"operation",
        [&](const auto& member, const auto& at) {
          when.operations = read_names(member, at);
          for (const std::string& name : when.operations) {
            if (api::find_operation(name) == nullptr) refuse(at, "names no operation: " + name);
          }
        }},
       {"caller", [&](const auto& member, const auto& at) { when.callers = read_names(member, at); }},
       {"region", [&](const auto& member, const auto& at) { when.regions = read_names(member, at); }},
       {"key_prefix",
        [&](const auto& member, const auto& at) {
          json::Object prefixes;
          if (member.get(prefixes) != simdjson::SUCCESS) refuse(at, R"(must be like {"pk": "user#"})");
          if (prefixes.size() == 0) refuse(at, "must name something");
          for (const auto& [name, prefix] : prefixes) {
            if (!when.key_prefixes.emplace(std::string_view(name), read_text(prefix, at)).second) {
              refuse(at + "." + std::string(name), "appears twice");
            }
          }
        }},
       {"probability", [&](const auto& member, const auto& at) { when.probability = read_number(member, at, 0, 1); }},
       {"skip", [&](const auto& member, const auto& at) { when.skip = read_count(member, at, 0); }},
       {"first", [&](const auto& member, const auto& at) { when.first = read_count(member, at, 0); }},
       {"from_s", [&](const auto& member, const auto& at) { when.from_ms = read_seconds(member, at); }},
       {"until_s", [&](const auto& member, const auto& at) { when.until_ms = read_seconds(member, at); }}});
  if (when.until_ms && *when.until_ms < when.from_ms) refuse(where, "must not end (until_s) before it begins (from_s)");
  return when;
}

Latency read_latency(const json::Value& value, const std::string& where) {
  Latency latency;
  if (value.is_number()) {
    latency.median_ms = latency.p99_ms = read_number(value, where, 0, kMostMilliseconds);
    return latency;
  }
  const auto read = [](double& to) {
    return
        [&to](const json::Value& member, const std::string& at) { to = read_number(member, at, 0, kMostMilliseconds); };
  };
  read_members(value, where, {{"p50", read(latency.median_ms)}, {"p99", read(latency.p99_ms)}});
  if (latency.p99_ms == 0) latency.p99_ms = latency.median_ms;
  if (latency.median_ms <= 0 || latency.p99_ms < latency.median_ms) {
    refuse(where, "must have a p50 above 0 and a p99 that is not below it");
  }
  return latency;
}

/// Reads an error's name, which clients compare and print.
std::string read_error_type(const json::Value& value, const std::string& where) {
  const std::string type = read_text(value, where);
  const auto may_be_in_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  if (!std::ranges::all_of(type, may_be_in_a_name)) refuse(where, "must be a name, such as InternalServerError");
  return type;
}

Failure read_failure(const json::Value& value, const std::string& where) {
  if (value.is_string()) return {.type = read_error_type(value, where)};
  Failure failure{.type = ErrorCode::kOther};
  std::string type;
  read_members(
      value, where,
      {{"type", [&](const auto& member, const auto& at) { type = read_error_type(member, at); }},
       {"message", [&](const auto& member, const auto& at) { failure.message = read_text(member, at); }},
       {"status", [&](const auto& member,
                      const auto& at) { failure.status = static_cast<int>(read_count(member, at, 400, 599)); }},
       {"after_effect", [&](const auto& member, const auto& at) { failure.after_effect = read_flag(member, at); }}});
  if (type.empty()) refuse(where, "needs a type, such as InternalServerError");
  failure.type = type;
  return failure;
}

Failure read_throttle(const json::Value& value, const std::string& where) {
  const std::string name = read_text(value, where);
  const auto limit = std::ranges::find(kLimits, name, &Limit::name);
  if (limit == kLimits.end()) {
    std::string known;
    for (const Limit& each : kLimits) known += (known.empty() ? "" : ", ") + std::string(each.name);
    refuse(where, "must be one of " + known);
  }
  return {.type = limit->error, .limit = name};
}

Cut read_cut(const json::Value& value, const std::string& where) {
  const std::string text = read_text(value, where);
  if (text == "before") return Cut::kBeforeEffect;
  if (text == "after") return Cut::kAfterEffect;
  refuse(where, "must be before or after (the request's effect)");
}

Then read_then(const json::Value& value, const std::string& where) {
  Then then;
  const auto set_failure = [&](Failure failure, const std::string& at) {
    if (then.failure) refuse(at, "cannot be combined with another error");
    then.failure = std::move(failure);
  };
  read_members(
      value, where,
      {{"error", [&](const auto& member, const auto& at) { set_failure(read_failure(member, at), at); }},
       {"throttle", [&](const auto& member, const auto& at) { set_failure(read_throttle(member, at), at); }},
       {"clock_skew_s",
        [&](const auto& member, const auto& at) {
          const double seconds = read_number(member, at, -1e6, 1e6);
          if (std::abs(seconds) <= 300) refuse(at, "must be beyond 300 or -300: the service allows five minutes");
          set_failure(
              {.type = ErrorCode::kInvalidSignature, .clock_skew_ms = static_cast<std::int64_t>(seconds * 1000)}, at);
        }},
       {"cut", [&](const auto& member, const auto& at) { then.cut = read_cut(member, at); }},
       {"latency_ms", [&](const auto& member, const auto& at) { then.latency = read_latency(member, at); }},
       {"unprocessed", [&](const auto& member, const auto& at) { then.unprocessed = read_number(member, at, 0, 1); }},
       {"page_items", [&](const auto& member, const auto& at) {
          then.page_items = static_cast<std::uint32_t>(std::min<std::uint64_t>(read_count(member, at, 1), 1'000'000));
        }}});
  const bool ends = then.failure || then.cut != Cut::kNone;
  if (!ends && !then.latency && then.unprocessed == 0 && !then.page_items) refuse(where, "must say what happens");
  if (then.failure && then.cut != Cut::kNone) refuse(where, "cannot have both an error and a cut connection");
  return then;
}

Rule read_rule(const json::Value& value, const std::string& where) {
  Rule rule;
  bool acts = false;
  read_members(value, where,
               {{"name", [&](const auto& member, const auto& at) { rule.name = read_text(member, at); }},
                {"when", [&](const auto& member, const auto& at) { rule.when = read_when(member, at); }},
                {"then", [&](const auto& member, const auto& at) {
                   rule.then = read_then(member, at);
                   acts = true;
                 }}});
  if (!acts) refuse(where, "needs a then");
  return rule;
}

}  // namespace

double Latency::draw_ms(double uniform_1, double uniform_2) const {
  if (p99_ms <= median_ms) return median_ms;
  // Box-Muller; the 99th percentile is 2.326 standard deviations above the mean.
  const double normal = std::sqrt(-2 * std::log(uniform_1)) * std::cos(2 * std::numbers::pi * uniform_2);
  const double sigma = std::log(p99_ms / median_ms) / 2.3263478740408408;
  return std::min(median_ms * std::exp(sigma * normal), kMostMilliseconds);
}

Rules parse_rules(std::string_view text) {
  json::Parser parser;
  json::Value root;
  try {
    root = parser.parse_with_repeated(text);
  } catch (const core::ApiError&) {
    const std::string readable = json::with_readable_numbers(text);
    if (!readable.empty()) return parse_rules(readable);
    const std::string fault = json::json_fault(text);
    core::throw_validation("the rules are not JSON" + (fault.empty() ? "" : ": " + fault));
  }
  Rules rules;
  read_members(root, "rules",
               {{"seed", [&](const auto& member, const auto& at) { rules.seed = read_count(member, at, 0); }},
                {"rules", [&](const auto& member, const auto& at) {
                   json::Array list;
                   if (member.get(list) != simdjson::SUCCESS) refuse(at, "must be a list");
                   for (const json::Value element : list) {
                     rules.rules.push_back(read_rule(element, "rules[" + std::to_string(rules.rules.size()) + "]"));
                   }
                 }}});
  return rules;
}

Rules parse_rules_in_process(std::string_view text) {
  Rules rules = parse_rules(text);
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    if (rules.rules[i].when.callers.empty()) continue;
    refuse("rules[" + std::to_string(i) + "].when.caller",
           "holds for no request inside a process: only a server knows callers");
  }
  return rules;
}

core::ApiError throttled(core::ErrorType type, std::string_view limit, bool writes, std::string_view region,
                         std::string_view account_id, std::string_view table, std::string_view index) {
  std::string arn;
  if (!table.empty()) {
    arn = "arn:aws:dynamodb:" + std::string(region.empty() ? "us-east-1" : region) + ":" + std::string(account_id) +
          ":table/" + std::string(table);
  }
  return api::throttling_error(
      {.type = std::move(type), .limit = limit, .write = writes, .table_arn = std::move(arn), .index = index});
}

}  // namespace stator::simulate
