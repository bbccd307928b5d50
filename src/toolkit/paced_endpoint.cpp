#include "toolkit/paced_endpoint.h"

#include <algorithm>
#include <utility>

#include "json/reader.h"
#include "toolkit/pattern_run.h"

namespace stator::toolkit {
namespace {

/// A page may have at most this many times the items of the last one, as items may differ much in size.
constexpr std::uint64_t kGrowth = 4;
constexpr std::uint64_t kMostPageItems = 100'000;

/// The request with Limit (unless 0, and never above its own) and ReturnConsumedCapacity.
std::string with_members(std::string_view body, std::uint64_t most_items) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) return std::string(body);
  RequestBuilder request;
  std::uint64_t limit = most_items;
  for (const auto member : object) {
    std::uint64_t given = 0;
    if (member.key == "Limit" && member.value.get(given) == simdjson::SUCCESS) {
      limit = most_items == 0 ? given : std::min(given, most_items);
    } else if (member.key != "ReturnConsumedCapacity") {
      request.json(member.key, std::string(simdjson::minify(member.value)));
    }
  }
  if (limit > 0) request.number("Limit", limit);
  return request.text("ReturnConsumedCapacity", "TOTAL").str();
}

}  // namespace

PacedEndpoint::PacedEndpoint(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second, Sleep sleep)
    : endpoint_(std::move(endpoint)), units_per_second_(units_per_second), sleep_(std::move(sleep)) {}

void PacedEndpoint::call(const endpoint::Request& request, std::string& reply) {
  const bool is_page = request.operation == "Scan" || request.operation == "Query";
  if (!is_page && request.operation != "BatchWriteItem") return endpoint_->call(request, reply);
  // A read unit pays for two eventually consistent reads of 4 KB, a write unit for 1 KB.
  constexpr double kReadUnitBytes = 8192;
  constexpr double kWriteUnitBytes = 1024;
  const auto written = static_cast<double>(request.body.size()) / kWriteUnitBytes;
  const auto [expected, items] = reserve(is_page ? std::nullopt : std::optional(written));
  const std::string body = with_members(request.body, items);
  endpoint::Request paced = request;
  paced.body = body;
  paced.padding_bytes = 0;
  const std::size_t before = reply.size();
  endpoint_->call(paced, reply);
  const std::string_view answer = std::string_view(reply).substr(before);
  const double estimate = is_page ? static_cast<double>(answer.size()) / kReadUnitBytes
                                  : static_cast<double>(body.size()) / kWriteUnitBytes;
  const double units = capacity_of_reply(answer);
  spend(answer, units > 0 ? units : estimate, expected, is_page);
}

PacedEndpoint::Reserved PacedEndpoint::reserve(std::optional<double> units_of_batch) {
  for (;;) {
    Time::duration left;
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      left = paid_ - now;
      if (left <= Time::duration::zero()) {
        const double an_item = items_read_ > 0 ? units_read_ / items_read_ : 0.5;
        const double units = units_of_batch.value_or(static_cast<double>(page_items_) * an_item);
        paid_ = now + cost(units);
        return {units, units_of_batch ? 0 : page_items_};
      }
    }
    sleep_(std::chrono::ceil<std::chrono::milliseconds>(left));
  }
}

PacedEndpoint::Time::duration PacedEndpoint::cost(double units) const {
  return std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(units / units_per_second_));
}

void PacedEndpoint::spend(std::string_view reply, double units, double reserved, bool is_page) {
  std::uint64_t items = 0;
  json::Parser parser;
  if (is_page && parser.parse(reply)["ScannedCount"].get(items) != simdjson::SUCCESS) items = 0;
  const std::lock_guard lock(mutex_);
  paid_ += cost(units - reserved);
  if (items == 0) return;
  items_read_ += static_cast<double>(items);
  units_read_ += units;
  // A page of half a second's units keeps the pace even.
  const double wanted = units_per_second_ / 2 * items_read_ / units_read_;
  const std::uint64_t most = std::min(kMostPageItems, page_items_ * kGrowth);
  page_items_ = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::min(wanted, 1e9)), 1, most);
}

}  // namespace stator::toolkit
