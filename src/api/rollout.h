#pragma once

#include <cstdint>
#include <string_view>

namespace stator::api {

/// DynamoDB moves to new rules in steps, each for some operations and region by region. Stator gives the answers of
/// most regions, and in the others theirs.
enum class Rollout : std::uint8_t {
  kNone,
  kWrites,        // PutItem, UpdateItem and DeleteItem: behind it, they check and word as before June 2026
  kBatchGets,     // BatchGetItem without requests: behind it, a sentence of its own
  kBatchWrites,   // BatchWriteItem without requests: ahead, the words of a violated constraint
  kScans,         // Scan: ahead, parameters are judged and worded as Query's are
  kTransactions,  // ahead, values and statements are judged as PutItem and UpdateItem judge them, before anything runs
};

/// Whether the region is behind or ahead of most others. Source: the open conformance suite's measurements of 33
/// regions in October 2026.
bool deviates(Rollout rollout, std::string_view region);

}  // namespace stator::api
