#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "json/reader.h"
#include "toolkit/call.h"

namespace stator::toolkit {

struct ScanResult {
  /// Items visited or counted.
  std::uint64_t items = 0;
  /// Items read by the service, before the filter.
  std::uint64_t scanned = 0;
  double capacity_units = 0;
  /// Where reading can go on behind the last item that was visited (ScanOptions::start_key), JSON; empty: all was read,
  /// or with several segments.
  std::string next_key = {};
};

struct ScanOptions {
  std::string table;
  std::string index;
  /// At most this many items; 0: all.
  std::uint64_t limit = 0;
  std::string filter;
  std::string projection;
  /// ExpressionAttributeNames and ExpressionAttributeValues as JSON objects; empty: none.
  std::string names_json;
  std::string values_json;
  bool consistent = false;
  /// The ExclusiveStartKey to begin behind, JSON; empty: at the beginning. Not for several segments.
  std::string start_key = {};
  /// The attributes that such a key has. Without them, or where `projection` leaves one out, a scan with a filter that
  /// ends at `limit` in the middle of a page does not know its next key.
  std::vector<std::string> start_key_attributes = {};
  /// A KeyConditionExpression makes it a Query; `descending` is for that.
  std::string key_condition;
  bool descending = false;
  /// Only count the items; none is visited.
  bool count_only = false;
  /// Ask for the consumed capacity.
  bool with_capacity = false;
  /// Segments read at the same time, each by a thread of its own.
  std::uint32_t segments = 1;
  /// Called after each page, by one thread at a time, with what was read so far; may throw, which ends the scan.
  std::function<void(const ScanResult& so_far)> progress = {};
};

inline constexpr std::uint32_t kMaxParallelSegments = 64;

/// Receives each item; called by one thread at a time. With several segments the order changes from run to run.
using ItemVisitor = std::function<void(const json::Object& item)>;

/// Reads every page of every segment. The first fault ends all segments and is thrown: OperationError, or what `visit`
/// threw.
ScanResult scan(endpoint::Endpoint& endpoint, const ScanOptions& options, const ItemVisitor& visit);

}  // namespace stator::toolkit
