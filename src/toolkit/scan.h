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
  /// The ScanOptions::start_key (JSON) with which to continue after the last item visited; empty if everything was
  /// read, or with several segments.
  std::string next_key = {};
};

struct ScanOptions {
  std::string table;
  std::string index;
  /// The maximum number of items; 0: all.
  std::uint64_t limit = 0;
  std::string filter;
  std::string projection;
  /// ExpressionAttributeNames and ExpressionAttributeValues as JSON objects; empty: none.
  std::string names_json;
  std::string values_json;
  bool consistent = false;
  /// The ExclusiveStartKey (JSON); empty: begin with the first item. Not for several segments.
  std::string start_key = {};
  /// The attributes of such a key. Without them, or if `projection` leaves one out, `next_key` is unknown when a scan
  /// with a filter reaches `limit` in the middle of a page.
  std::vector<std::string> start_key_attributes = {};
  /// If given, this is a Query; `descending` is for queries only.
  std::string key_condition;
  bool descending = false;
  /// Only count the items; `visit` is not called.
  bool count_only = false;
  /// Ask for the consumed capacity.
  bool with_capacity = false;
  /// Segments read at the same time, each by its own thread.
  std::uint32_t segments = 1;
  /// Called after each page, by one thread at a time, with the totals so far; may throw to end the scan.
  std::function<void(const ScanResult& so_far)> progress = {};
};

inline constexpr std::uint32_t kMaxParallelSegments = 64;

/// Called with each item, by one thread at a time. With several segments the order varies from run to run.
using ItemVisitor = std::function<void(const json::Object& item)>;

/// Reads every page of every segment. The first error ends all segments and is thrown: OperationError, or what `visit`
/// threw.
ScanResult scan(endpoint::Endpoint& endpoint, const ScanOptions& options, const ItemVisitor& visit);

}  // namespace stator::toolkit
