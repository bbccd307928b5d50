#include "server/request_counts.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <string>

namespace stator::server {
namespace {

/// The usual statuses of replies; all others share the last place.
constexpr std::array<unsigned, 12> kStatuses = {200, 400, 500, 503, 403, 404, 408, 413, 417, 501, 505, 0};

std::size_t status_place(unsigned status) {
  const auto found = std::ranges::find(kStatuses, status);
  return static_cast<std::size_t>(std::min(found, kStatuses.end() - 1) - kStatuses.begin());
}

/// Upper bounds of the histogram; longer times go into a place after the last bound.
struct Bound {
  std::chrono::microseconds most;
  std::string_view text;  // in seconds
};
using namespace std::chrono_literals;
constexpr std::array<Bound, 14> kBounds = {{{100us, "0.0001"},
                                            {250us, "0.00025"},
                                            {500us, "0.0005"},
                                            {1ms, "0.001"},
                                            {2500us, "0.0025"},
                                            {5ms, "0.005"},
                                            {10ms, "0.01"},
                                            {25ms, "0.025"},
                                            {50ms, "0.05"},
                                            {100ms, "0.1"},
                                            {250ms, "0.25"},
                                            {500ms, "0.5"},
                                            {1s, "1"},
                                            {10s, "10"}}};

std::size_t bound_place(std::chrono::nanoseconds taken) {
  const auto found = std::ranges::find_if(kBounds, [&](const Bound& bound) { return taken <= bound.most; });
  return static_cast<std::size_t>(found - kBounds.begin());
}

constexpr std::size_t kErrorCodes = static_cast<std::size_t>(core::ErrorCode::kValidation) + 1;

/// Written by one thread at a time.
class Count {
 public:
  void add(std::uint64_t more) { value_.store(get() + more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct OperationCounts {
  std::array<Count, kStatuses.size()> by_status;
  std::array<Count, kBounds.size() + 1> by_time;
  Count nanoseconds;
};

/// A sum over all threads.
struct Sum {
  std::array<std::uint64_t, kStatuses.size()> by_status{};
  std::array<std::uint64_t, kBounds.size() + 1> by_time{};
  std::uint64_t nanoseconds = 0;
  bool any = false;
};

std::string_view operation_name(RequestCounts::OperationNumber number) {
  return number == RequestCounts::kOther ? "other" : api::kOperations[number].name;
}

}  // namespace

class RequestCounts::Part {
 public:
  /// Called by the thread that counts.
  OperationCounts& of(OperationNumber number) {
    OperationCounts* counts = operations_[number].load(std::memory_order_relaxed);
    if (counts == nullptr) {
      counts = made_.emplace_back(std::make_unique<OperationCounts>()).get();
      operations_[number].store(counts, std::memory_order_release);
    }
    return *counts;
  }
  [[nodiscard]] const OperationCounts* find(OperationNumber number) const {
    return operations_[number].load(std::memory_order_acquire);
  }

  std::array<Count, kErrorCodes> errors;
  Count reply_bytes;

 private:
  /// Allocated when needed: a thread answers only a few operations.
  std::vector<std::unique_ptr<OperationCounts>> made_;
  std::array<std::atomic<OperationCounts*>, kOther + 1> operations_{};
};

RequestCounts::RequestCounts() = default;
RequestCounts::~RequestCounts() = default;

RequestCounts::ThreadCounters::ThreadCounters(RequestCounts& all) : all_(all), part_(all.take()) {}
RequestCounts::ThreadCounters::~ThreadCounters() { all_.give_back(part_); }

void RequestCounts::ThreadCounters::count(OperationNumber operation, unsigned status, std::chrono::nanoseconds taken,
                                          std::size_t body_bytes) noexcept {
  taken = std::max(taken, std::chrono::nanoseconds(0));
  try {
    OperationCounts& counts = part_.of(operation);
    counts.by_status[status_place(status)].add(1);
    counts.by_time[bound_place(taken)].add(1);
    counts.nanoseconds.add(static_cast<std::uint64_t>(taken.count()));
    part_.reply_bytes.add(body_bytes);
  } catch (const std::bad_alloc&) {
    // The answer matters more than counting it.
  }
}

void RequestCounts::ThreadCounters::count_error(core::ErrorCode code) noexcept {
  part_.errors[static_cast<std::size_t>(code)].add(1);
}

RequestCounts::Part& RequestCounts::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    free_.reserve(parts_.size() + 1);  // so that give_back cannot fail
    parts_.push_back(std::make_unique<Part>());
    return *parts_.back();
  }
  Part* const part = free_.back();
  free_.pop_back();
  return *part;
}

void RequestCounts::give_back(Part& part) {
  const std::lock_guard lock(mutex_);
  free_.push_back(&part);
}

void RequestCounts::append(core::MetricsText& out) const {
  std::array<Sum, kOther + 1> sums;
  std::array<std::uint64_t, kErrorCodes> errors{};
  std::uint64_t reply_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& part : parts_) {
      for (std::size_t code = 0; code < errors.size(); ++code) errors[code] += part->errors[code].get();
      reply_bytes += part->reply_bytes.get();
      for (OperationNumber number = 0; number < sums.size(); ++number) {
        const OperationCounts* const counts = part->find(number);
        if (counts == nullptr) continue;
        Sum& sum = sums[number];
        sum.any = true;
        sum.nanoseconds += counts->nanoseconds.get();
        for (std::size_t i = 0; i < kStatuses.size(); ++i) sum.by_status[i] += counts->by_status[i].get();
        for (std::size_t i = 0; i < sum.by_time.size(); ++i) sum.by_time[i] += counts->by_time[i].get();
      }
    }
  }
  using core::MetricKind;
  out.begin("stator_requests_total", MetricKind::kCounter, "Requests answered, by operation and HTTP status.");
  for (OperationNumber number = 0; number < sums.size(); ++number) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
      const std::uint64_t count = sums[number].by_status[i];
      const std::string status = kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i]);
      if (count != 0) out.sample(count, {{"operation", operation_name(number)}, {"code", status}});
    }
  }
  out.begin("stator_request_errors_total", MetricKind::kCounter, "Errors answered, by the type that clients see.");
  for (std::size_t code = 0; code < errors.size(); ++code) {
    if (errors[code] == 0) continue;
    const core::ErrorType type(static_cast<core::ErrorCode>(code));
    out.sample(errors[code], {{"type", code == 0 ? "other" : type.name()}});
  }
  out.begin("stator_request_duration_seconds", MetricKind::kHistogram,
            "Time from a request's last byte to its reply, in the server.");
  for (OperationNumber number = 0; number < sums.size(); ++number) {
    const Sum& sum = sums[number];
    if (!sum.any) continue;
    const core::MetricLabel operation{"operation", operation_name(number)};
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      out.part("_bucket", count += sum.by_time[i], {operation, {"le", kBounds[i].text}});
    }
    count += sum.by_time.back();
    out.part("_bucket", count, {operation, {"le", "+Inf"}});
    out.part("_sum", static_cast<double>(sum.nanoseconds) / 1e9, {operation});
    out.part("_count", count, {operation});
  }
  out.one("stator_reply_body_bytes_total", MetricKind::kCounter, "Bytes of replies' bodies, as sent.", reply_bytes);
}

}  // namespace stator::server
