#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

/// Updates a table to match its model: indexes, capacity, stream, time to live, tags, deletion protection.
namespace stator::toolkit {

/// One request that changes a table.
struct TableChange {
  /// "+ index by-status", "~ time to live on expires": one line.
  std::string text;
  std::string operation;
  std::string request;
};

struct TablePlan {
  std::vector<TableChange> changes;
  /// Differences that no request can resolve: in the key, in local indexes. One line each.
  std::vector<std::string> impossible;
  [[nodiscard]] bool empty() const { return changes.empty() && impossible.empty(); }
};

/// The wanted state of a table.
struct WantedTable {
  std::string name;
  /// A CreateTable request.
  std::string create_request;
  /// Empty if items do not expire.
  std::string time_to_live_attribute;
};

/// Compares the table with the wanted state. What the CreateTable request leaves out (stream, tags, table class,
/// protection) stays as it is; indexes that it does not name are deleted. Calls DescribeTable, DescribeTimeToLive and,
/// for tags, ListTagsOfResource. Throws OperationError.
TablePlan plan_table(endpoint::Endpoint& endpoint, const WantedTable& wanted);

/// Sends one change and waits until the table and its indexes are active again, at most `timeout`. Throws
/// OperationError, and std::runtime_error on the timeout.
void apply(endpoint::Endpoint& endpoint, const std::string& table, const TableChange& change,
           const Sleep& sleep = sleep_for_real, std::chrono::milliseconds timeout = std::chrono::hours(12));

/// The UpdateTimeToLive request that enables or disables expiry by `attribute`.
std::string time_to_live_request(const std::string& table, const std::string& attribute, bool enabled);

}  // namespace stator::toolkit
