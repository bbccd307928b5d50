#include "toolkit/scan.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace stator::toolkit {
namespace {

class Scanner {
 public:
  Scanner(endpoint::Endpoint& endpoint, const ScanOptions& options, const ItemVisitor& visit)
      : endpoint_(endpoint), options_(options), visit_(visit) {}

  ScanResult run() {
    std::vector<std::jthread> threads;
    for (std::uint32_t segment = 1; segment < options_.segments; ++segment)
      threads.emplace_back([this, segment] { read_segment_guarded(segment); });
    read_segment_guarded(0);
    threads.clear();  // joins
    if (fault_) std::rethrow_exception(fault_);
    return totals();
  }

 private:
  void read_segment_guarded(std::uint32_t segment) {
    try {
      read_segment(segment);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!fault_) fault_ = std::current_exception();
      done_ = true;
    }
  }

  void read_segment(std::uint32_t segment) {
    json::Parser parser;
    std::string start = options_.start_key;
    do {
      const std::string reply = call(endpoint_, operation(), request(segment, start));
      start.clear();
      json::Object root;
      if (parser.parse(reply).get(root) != simdjson::SUCCESS) throw std::runtime_error("the reply is not an object");
      add_totals(root);
      json::Value last;
      if (json::find_member(root, "LastEvaluatedKey", last)) start = simdjson::minify(last);
      if (options_.segments == 1) next_key_ = start;
      if (!options_.count_only) visit_items(root);
      if (options_.progress) tell_progress();
    } while (!start.empty() && !done_);
  }

  [[nodiscard]] std::string_view operation() const { return options_.key_condition.empty() ? "Scan" : "Query"; }

  void add_totals(const json::Object& root) {
    const std::lock_guard lock(mutex_);
    std::uint64_t number = 0;
    json::Value member;
    if (json::find_member(root, "ScannedCount", member) && member.get(number) == simdjson::SUCCESS)
      result_.scanned += number;
    if (options_.count_only && json::find_member(root, "Count", member) && member.get(number) == simdjson::SUCCESS)
      result_.items += number;
    double units = 0;
    if (json::find_member(root, "ConsumedCapacity", member) && member["CapacityUnits"].get(units) == simdjson::SUCCESS)
      result_.capacity_units += units;
  }

  void visit_items(const json::Object& root) {
    json::Value member;
    json::Array items;
    if (!json::find_member(root, "Items", member) || member.get(items) != simdjson::SUCCESS)
      throw std::runtime_error("the reply has no Items");
    const std::lock_guard lock(mutex_);
    std::size_t left = items.size();
    for (const json::Value value : items) {
      if (done_) return;
      json::Object item;
      if (value.get(item) != simdjson::SUCCESS)
        throw std::runtime_error("the reply holds an item that is not an object");
      visit_(item);
      ++visited_;
      --left;
      if (options_.limit == 0 || visited_ < options_.limit) continue;
      done_ = true;
      if (left > 0) next_key_ = start_key_behind(item);
    }
  }

  /// The item's key attributes as a start key; empty if it lacks one.
  [[nodiscard]] std::string start_key_behind(const json::Object& item) const {
    if (options_.start_key_attributes.empty()) return {};
    RequestBuilder key;
    for (const std::string& name : options_.start_key_attributes) {
      json::Value value;
      if (!json::find_member(item, name, value)) return {};
      key.json(name, std::string(simdjson::minify(value)));
    }
    return key.str();
  }

  /// The totals of what was read so far.
  [[nodiscard]] ScanResult totals() const {
    ScanResult all = result_;
    all.items += visited_;
    if (options_.segments == 1) all.next_key = next_key_;
    return all;
  }

  void tell_progress() {
    const std::lock_guard lock(mutex_);
    options_.progress(totals());
  }

  std::string request(std::uint32_t segment, const std::string& start) {
    RequestBuilder request;
    request.text("TableName", options_.table);
    if (!options_.index.empty()) request.text("IndexName", options_.index);
    if (!options_.filter.empty()) request.text("FilterExpression", options_.filter);
    if (!options_.projection.empty()) request.text("ProjectionExpression", options_.projection);
    if (!options_.names_json.empty()) request.json("ExpressionAttributeNames", options_.names_json);
    if (!options_.values_json.empty()) request.json("ExpressionAttributeValues", options_.values_json);
    if (!options_.key_condition.empty()) request.text("KeyConditionExpression", options_.key_condition);
    if (options_.descending) request.json("ScanIndexForward", "false");
    if (options_.count_only) request.text("Select", "COUNT");
    if (options_.with_capacity) request.text("ReturnConsumedCapacity", "TOTAL");
    if (options_.consistent) request.json("ConsistentRead", "true");
    // Limit counts the items before the filter, so with a filter it would only cause more pages.
    if (options_.limit > 0 && options_.filter.empty()) {
      constexpr std::uint64_t kMostAtOnce = 100'000;
      const std::uint64_t left = options_.limit - std::min<std::uint64_t>(visited_, options_.limit - 1);
      request.number("Limit", std::min(kMostAtOnce, left));
    }
    if (options_.segments > 1) request.number("Segment", segment).number("TotalSegments", options_.segments);
    if (!start.empty()) request.json("ExclusiveStartKey", start);
    return request.str();
  }

  endpoint::Endpoint& endpoint_;
  const ScanOptions& options_;
  const ItemVisitor& visit_;
  std::mutex mutex_;
  ScanResult result_;
  std::exception_ptr fault_;
  std::atomic<bool> done_ = false;
  std::atomic<std::uint64_t> visited_ = 0;
  /// Used by a scan in one segment.
  std::string next_key_;
};

}  // namespace

ScanResult scan(endpoint::Endpoint& endpoint, const ScanOptions& options, const ItemVisitor& visit) {
  if (options.segments == 0 || options.segments > kMaxParallelSegments)
    throw std::runtime_error("expected 1 to " + std::to_string(kMaxParallelSegments) + " segments");
  return Scanner(endpoint, options, visit).run();
}

}  // namespace stator::toolkit
