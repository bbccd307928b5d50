#include "toolkit/segment_scan.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace stator::toolkit {
namespace {

class SegmentScanner {
 public:
  SegmentScanner(endpoint::Endpoint& endpoint, const SegmentScan& scan, std::vector<SegmentState>& states)
      : endpoint_(endpoint), scan_(scan), states_(states) {}

  double run() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t segment = 1; segment < states_.size(); ++segment)
        threads.emplace_back([this, segment] { read_guarded(segment); });
      read_guarded(0);
    }
    if (fault_) std::rethrow_exception(fault_);
    return capacity_units_;
  }

 private:
  void read_guarded(std::size_t segment) {
    try {
      read(segment);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!fault_) fault_ = std::current_exception();
      failed_ = true;
    }
  }

  void read(std::size_t segment) {
    SegmentState state = states_[segment];
    json::Parser parser;
    while (!state.finished && !failed_) {
      const std::string reply = call_patiently(endpoint_, "Scan", request(segment, state), scan_.sleep);
      const json::Value root = parser.parse(reply);
      json::Array items;
      if (root["Items"].get(items) != simdjson::SUCCESS) throw std::runtime_error("the reply has no Items");
      if (scan_.work) scan_.work(items, state);
      json::Value last;
      state.finished = root["LastEvaluatedKey"].get(last) != simdjson::SUCCESS || !last.is_object();
      state.start_key = state.finished ? std::string() : std::string(simdjson::minify(last));
      double units = 0;
      if (root["ConsumedCapacity"]["CapacityUnits"].get(units) != simdjson::SUCCESS) units = 0;
      const std::lock_guard lock(mutex_);
      capacity_units_ += units;
      states_[segment] = state;
      if (scan_.commit) scan_.commit(items);
    }
  }

  [[nodiscard]] std::string request(std::size_t segment, const SegmentState& state) const {
    RequestBuilder request;
    request.text("TableName", scan_.table);
    if (scan_.consistent) request.json("ConsistentRead", "true");
    if (states_.size() > 1) request.number("Segment", segment).number("TotalSegments", states_.size());
    if (!state.start_key.empty()) request.json("ExclusiveStartKey", state.start_key);
    if (scan_.with_capacity) request.text("ReturnConsumedCapacity", "TOTAL");
    return request.str();
  }

  endpoint::Endpoint& endpoint_;
  const SegmentScan& scan_;
  std::vector<SegmentState>& states_;
  std::mutex mutex_;
  std::exception_ptr fault_;
  std::atomic<bool> failed_ = false;
  double capacity_units_ = 0;
};

}  // namespace

double scan_segments(endpoint::Endpoint& endpoint, const SegmentScan& scan, std::vector<SegmentState>& states) {
  if (states.empty()) throw std::runtime_error("a scan needs a segment");
  return SegmentScanner(endpoint, scan, states).run();
}

}  // namespace stator::toolkit
