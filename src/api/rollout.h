#pragma once

#include <cstdint>
#include <string_view>

namespace stator::api {

/// DynamoDB introduces new rules in steps, each for some operations, region by region. Stator answers as most regions
/// do, except in the regions that differ, where it answers as they do.
enum class Rollout : std::uint8_t {
  kNone,
  kWrites,        // PutItem, UpdateItem, DeleteItem: in regions behind, checks and texts are those of before June 2026
  kBatchGets,     // BatchGetItem without requests: in regions behind, the text is a special sentence
  kBatchWrites,   // BatchWriteItem without requests: in regions ahead, the text is that of a violated constraint
  kScans,         // Scan: in regions ahead, parameters are checked as Query's, with its texts
  kTransactions,  // in regions ahead, values and expressions are checked as in PutItem and UpdateItem, before anything
                  // runs
};

/// Whether the region is behind or ahead of most others in this rollout. Source: the open conformance suite's
/// measurements of 33 regions in October 2026.
bool deviates(Rollout rollout, std::string_view region);

}  // namespace stator::api
