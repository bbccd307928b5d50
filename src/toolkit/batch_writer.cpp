#include "toolkit/batch_writer.h"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include "core/limits.h"
#include "core/random.h"
#include "json/reader.h"
#include "json/writer.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMostIdleRounds = 12;
constexpr std::int64_t kFirstWaitMs = 50;
constexpr std::int64_t kLongestWaitMs = 5'000;
/// Below DynamoDB's 16 MB. An item that would exceed this goes into the next batch.
constexpr std::size_t kMostBatchBytes = 12 * 1024 * 1024;

/// Exponential, with the upper half random so that several writers do not keep step.
std::chrono::milliseconds wait_after(std::size_t idle_rounds) {
  thread_local std::minstd_rand random{core::random_word()};
  const std::int64_t most = std::min(kLongestWaitMs, kFirstWaitMs << std::min<std::size_t>(idle_rounds, 10));
  return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(most / 2, most)(random));
}

}  // namespace

BatchWriter::BatchWriter(endpoint::Endpoint& endpoint, std::string_view table_name, Sleep sleep, OnRefused on_refused)
    : endpoint_(endpoint), sleep_(std::move(sleep)), on_refused_(std::move(on_refused)) {
  json::append_string(table_name, table_json_);
}

void BatchWriter::put(std::string_view item_json, std::uint64_t tag) {
  add(R"({"PutRequest":{"Item":)", item_json, tag);
}

void BatchWriter::erase(std::string_view key_json, std::uint64_t tag) {
  add(R"({"DeleteRequest":{"Key":)", key_json, tag);
}

void BatchWriter::add(std::string_view kind, std::string_view json, std::uint64_t tag) {
  if (pending_bytes_ + json.size() > kMostBatchBytes) flush();
  std::string request;
  request.reserve(kind.size() + json.size() + 2);
  request.append(kind).append(json).append("}}");
  pending_bytes_ += request.size();
  pending_.push_back({std::move(request), tag});
  if (pending_.size() == core::kMaxBatchWriteRequests) flush();
}

void BatchWriter::flush() {
  if (pending_.empty()) return;
  const std::vector<Pending> batch = std::exchange(pending_, {});
  pending_bytes_ = 0;
  write_accepted(batch);
}

void BatchWriter::write_accepted(std::span<const Pending> batch) {
  try {
    return write(batch);
  } catch (const OperationError& error) {
    if (error.type != core::ErrorCode::kValidation) throw;
    if (batch.size() == 1) {
      if (!on_refused_) throw;
      return on_refused_(batch.front().tag, error);
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i) write_accepted(batch.subspan(i, 1));
}

void BatchWriter::write(std::span<const Pending> batch) {
  std::string request_items = "{" + table_json_ + ":[";
  for (const Pending& each : batch) {
    if (&each != &batch.front()) request_items += ',';
    request_items += each.request;
  }
  request_items += "]}";
  std::size_t left = batch.size();
  for (std::size_t idle_rounds = 0; left > 0;) {
    std::string unprocessed;
    std::size_t refused = left;
    try {
      refused = send(request_items, unprocessed);
    } catch (const OperationError& error) {
      if (!is_throttling(error) || idle_rounds >= kMostIdleRounds) throw;
    }
    written_ += left - std::min(refused, left);
    if (refused == 0) return;
    idle_rounds = refused < left ? 0 : idle_rounds + 1;
    if (idle_rounds > kMostIdleRounds)
      throw std::runtime_error("the service leaves " + std::to_string(left) +
                               " items unprocessed repeatedly; its write capacity is too low");
    left = std::min(refused, left);
    if (!unprocessed.empty()) request_items = std::move(unprocessed);
    sleep_(wait_after(idle_rounds));
  }
}

std::size_t BatchWriter::send(const std::string& request_items, std::string& unprocessed) {
  const std::string reply =
      call(endpoint_, "BatchWriteItem", RequestBuilder().json("RequestItems", request_items).str());
  json::Parser parser;
  json::Object root;
  json::Value member;
  json::Object tables;
  if (parser.parse(reply).get(root) != simdjson::SUCCESS || !json::find_member(root, "UnprocessedItems", member) ||
      member.get(tables) != simdjson::SUCCESS)
    return 0;
  std::size_t count = 0;
  for (const auto table : tables) {
    json::Array requests;
    if (table.value.get(requests) == simdjson::SUCCESS) count += requests.size();
  }
  if (count > 0) unprocessed = simdjson::minify(member);
  return count;
}

}  // namespace stator::toolkit
