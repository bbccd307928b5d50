#include "toolkit/table_copy.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/attribute_value.h"
#include "json/canonical.h"
#include "json/item.h"
#include "json/writer.h"
#include "toolkit/batch_writer.h"
#include "toolkit/expression_words.h"
#include "toolkit/scan.h"

namespace stator::toolkit {
namespace {

/// An item as text that is the same for equal items.
std::string sorted_text(const json::Object& item) {
  std::map<std::string_view, json::Value> attributes;
  for (const auto member : item) attributes.emplace(member.key, member.value);
  std::string text;
  for (const auto& [name, value] : attributes) {
    json::append_string(name, text);
    json::append_sorted_value(json::read_value(value), text);
  }
  return text;
}

XXH128_hash_t hash_of(std::string_view text) { return XXH3_128bits(text.data(), text.size()); }

/// A key of either table as text: its attributes in the schema's order, normalised.
std::string key_text(const TableInfo& table, const json::Object& item) {
  std::string text;
  for (const std::string& name : table.key_names()) {
    json::Value value;
    if (!json::find_member(item, name, value)) throw std::runtime_error("an item lacks the key attribute " + name);
    json::append_normalised(value, text);
  }
  return text;
}

bool is_throttling(const OperationError& error) {
  return error.type == core::ErrorCode::kProvisionedThroughputExceeded || error.type == core::ErrorCode::kThrottling ||
         error.type == core::ErrorCode::kRequestLimitExceeded;
}

/// Calls again, waiting longer each time, where the service throttles.
std::string call_patiently(endpoint::Endpoint& endpoint, std::string_view operation, const std::string& body,
                           const Sleep& sleep) {
  constexpr std::chrono::milliseconds kFirst{100};
  constexpr std::chrono::milliseconds kLongest{10'000};
  constexpr int kMostAttempts = 30;
  std::chrono::milliseconds wait = kFirst;
  for (int attempt = 1;; ++attempt, wait = std::min(2 * wait, kLongest)) {
    try {
      return call(endpoint, operation, body);
    } catch (const OperationError& error) {
      if (!is_throttling(error) || attempt == kMostAttempts) throw;
    }
    sleep(wait);
  }
}

// --- state of a copy -----------------------------------------------------------------------------------------------

struct SegmentState {
  /// Where it goes on; empty: from the start.
  std::string start_key;
  bool finished = false;
  TableChecksum done;
};

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::uint64_t from_hex(const json::Value& value) {
  return std::stoull(std::string(value.get_string().value()), nullptr, 16);
}

/// How far a copy is, in a file that is always whole.
class CopyState {
 public:
  explicit CopyState(const CopyOptions& options) : options_(options), segments_(options.segments) {
    if (options_.state_file.empty() || !std::filesystem::exists(options_.state_file)) return;
    std::ifstream in(options_.state_file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    try {
      read(text);
    } catch (const simdjson::simdjson_error&) {
      throw std::runtime_error(options_.state_file.string() + " is not a copy's state; remove it to begin anew");
    }
  }

  SegmentState segment(std::uint32_t number) {
    const std::lock_guard lock(mutex_);
    return segments_[number];
  }
  void set(std::uint32_t number, const SegmentState& state) {
    const std::lock_guard lock(mutex_);
    segments_[number] = state;
    const auto now = std::chrono::steady_clock::now();
    if (now - written_at_ < std::chrono::milliseconds(200)) return;
    written_at_ = now;
    write();
  }
  void save() {
    const std::lock_guard lock(mutex_);
    write();
  }
  void remove() const {
    std::error_code error;
    if (!options_.state_file.empty()) std::filesystem::remove(options_.state_file, error);
  }
  [[nodiscard]] TableChecksum total() {
    const std::lock_guard lock(mutex_);
    TableChecksum sum;
    for (const SegmentState& segment : segments_) sum.add(segment.done);
    return sum;
  }

 private:
  void read(const std::string& text) {
    json::Parser parser;
    const json::Value root = parser.parse(text);
    const json::Array segments = root["segments"].get_array().value();
    if (std::string_view(root["copy"].get_string().value()) != options_.identity)
      throw std::runtime_error(options_.state_file.string() + " belongs to another copy");
    if (segments.size() != segments_.size())
      throw std::runtime_error("the copy was begun with --segments " + std::to_string(segments.size()) +
                               "; go on with that, or remove " + options_.state_file.string());
    std::size_t number = 0;
    for (const json::Value value : segments) {
      SegmentState& segment = segments_[number++];
      json::Value key;
      if (value["start"].get(key) == simdjson::SUCCESS && key.is_object()) segment.start_key = simdjson::minify(key);
      segment.finished = value["finished"].get_bool().value();
      segment.done.items = value["items"].get_uint64().value();
      segment.done.high = from_hex(value["high"].value());
      segment.done.low = from_hex(value["low"].value());
    }
  }

  void write() const {
    if (options_.state_file.empty()) return;
    std::string text = "{\"copy\":";
    json::append_string(options_.identity, text);
    text += ",\"segments\":[";
    for (const SegmentState& segment : segments_) {
      if (text.back() != '[') text += ',';
      text += "\n{\"items\":" + std::to_string(segment.done.items) + ",\"high\":\"" + hex(segment.done.high) +
              "\",\"low\":\"" + hex(segment.done.low) + "\",\"finished\":" + (segment.finished ? "true" : "false") +
              ",\"start\":" + (segment.start_key.empty() ? "null" : segment.start_key) + "}";
    }
    text += "\n]}\n";
    const std::filesystem::path draft = options_.state_file.string() + ".new";
    std::ofstream out(draft, std::ios::trunc);
    out << text;
    out.close();
    std::error_code error;
    std::filesystem::rename(draft, options_.state_file, error);
    if (!out || error) throw std::runtime_error("cannot write " + options_.state_file.string());
  }

  const CopyOptions& options_;
  std::mutex mutex_;
  std::vector<SegmentState> segments_;
  std::chrono::steady_clock::time_point written_at_ = std::chrono::steady_clock::now();
};

/// Runs `work(number)` for each segment on a thread of its own, and throws the first fault.
void run_segments(std::uint32_t segments, std::atomic<bool>& failed,
                  const std::function<void(std::uint32_t number)>& work) {
  std::mutex mutex;
  std::exception_ptr fault;
  const auto guarded = [&](std::uint32_t number) {
    try {
      work(number);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!fault) fault = std::current_exception();
      failed = true;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t number = 1; number < segments; ++number) threads.emplace_back(guarded, number);
    guarded(0);
  }
  if (fault) std::rethrow_exception(fault);
}

}  // namespace

void TableChecksum::add(const json::Object& item) {
  const XXH128_hash_t hash = hash_of(sorted_text(item));
  add(TableChecksum{1, hash.high64, hash.low64});
}

void TableChecksum::add(const TableChecksum& other) {
  items += other.items;
  low += other.low;
  high += other.high + (low < other.low ? 1U : 0U);
}

std::string TableChecksum::text() const { return hex(high) + hex(low); }

TableChecksum checksum_of_table(endpoint::Endpoint& endpoint, const std::string& table, std::uint32_t segments,
                                const std::function<void(std::uint64_t items)>& progress) {
  ScanOptions options;
  options.table = table;
  options.segments = segments;
  options.consistent = true;
  TableChecksum sum;
  scan(endpoint, options, [&](const json::Object& item) {
    sum.add(item);
    if (sum.items % 1000 == 0) progress(sum.items);
  });
  return sum;
}

std::string create_request_like(const TableInfo& table, const std::string& name) {
  json::Parser parser;
  const json::Value root = parser.parse(table.description_json);
  std::string_view mode;
  const bool on_demand =
      root["BillingModeSummary"]["BillingMode"].get(mode) == simdjson::SUCCESS && mode == "PAY_PER_REQUEST";
  const auto throughput = [](const json::Value& owner) {
    RequestBuilder units;
    for (const char* member : {"ReadCapacityUnits", "WriteCapacityUnits"}) {
      std::uint64_t number = 0;
      // A table on demand says 0, which no request may.
      if (owner["ProvisionedThroughput"][member].get(number) != simdjson::SUCCESS || number == 0) number = 1;
      units.number(member, number);
    }
    return units.str();
  };
  RequestBuilder request;
  request.text("TableName", name);
  for (const char* member : {"AttributeDefinitions", "KeySchema"})
    request.json(member, std::string(simdjson::minify(root[member].value())));
  for (const char* member : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    json::Array indexes;
    if (root[member].get(indexes) != simdjson::SUCCESS || indexes.size() == 0) continue;
    std::string list;
    for (const json::Value index : indexes) {
      RequestBuilder each;
      each.text("IndexName", index["IndexName"].get_string().value());
      each.json("KeySchema", std::string(simdjson::minify(index["KeySchema"].value())));
      each.json("Projection", std::string(simdjson::minify(index["Projection"].value())));
      if (!on_demand && std::string_view(member) == "GlobalSecondaryIndexes")
        each.json("ProvisionedThroughput", throughput(index));
      list += (list.empty() ? "" : ",") + each.str();
    }
    request.json(member, "[" + list + "]");
  }
  request.text("BillingMode", on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
  if (!on_demand) request.json("ProvisionedThroughput", throughput(root));
  json::Value stream;
  if (root["StreamSpecification"].get(stream) == simdjson::SUCCESS)
    request.json("StreamSpecification", std::string(simdjson::minify(stream)));
  return request.str();
}

CopyResult copy_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                      const TableInfo& destination_table, const CopyOptions& options,
                      const std::function<void(std::uint64_t items)>& progress, const Sleep& sleep) {
  CopyState state(options);
  CopyResult result;
  result.resumed_items = state.total().items;
  std::atomic<std::uint64_t> items = result.resumed_items;
  std::atomic<bool> failed = false;
  std::mutex progress_mutex;
  const auto copy_segment = [&](std::uint32_t number) {
    SegmentState segment = state.segment(number);
    BatchWriter writer(destination, destination_table.name, sleep);
    json::Parser parser;
    while (!segment.finished && !failed) {
      RequestBuilder request;
      request.text("TableName", source_table.name).json("ConsistentRead", "true");
      if (options.segments > 1) request.number("Segment", number).number("TotalSegments", options.segments);
      if (!segment.start_key.empty()) request.json("ExclusiveStartKey", segment.start_key);
      const std::string reply = call_patiently(source, "Scan", request.str(), sleep);
      const json::Value root = parser.parse(reply);
      json::Array page;
      if (root["Items"].get(page) != simdjson::SUCCESS) throw std::runtime_error("the reply has no Items");
      const std::uint64_t before = segment.done.items;
      for (const json::Value value : page) {
        const json::Object item = value.get_object().value();
        writer.put(std::string(simdjson::minify(value)));
        segment.done.add(item);
      }
      writer.flush();
      json::Value last;
      segment.finished = root["LastEvaluatedKey"].get(last) != simdjson::SUCCESS;
      segment.start_key = segment.finished ? std::string() : std::string(simdjson::minify(last));
      // Only what is written counts as done.
      state.set(number, segment);
      items += segment.done.items - before;
      const std::lock_guard lock(progress_mutex);
      progress(items);
    }
  };
  try {
    run_segments(options.segments, failed, copy_segment);
  } catch (...) {
    state.save();
    throw;
  }
  result.source = state.total();
  state.remove();
  return result;
}

namespace {

struct HashOfHash {
  std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& hash) const { return hash.first; }
};
struct ItemHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool seen = false;
};
using ItemHashes = std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, ItemHash, HashOfHash>;

std::pair<std::uint64_t, std::uint64_t> pair_of(const XXH128_hash_t& hash) { return {hash.high64, hash.low64}; }

/// The attributes in which two items differ, by name.
std::vector<std::string> differing_attributes(const json::Object& item, const std::string& other_json) {
  std::vector<std::string> names;
  json::Parser parser;
  const json::Object other = parser.parse(other_json).get_object().value();
  for (const auto member : item) {
    json::Value value;
    if (!json::find_member(other, member.key, value) || !(json::read_value(member.value) == json::read_value(value)))
      names.emplace_back(member.key);
  }
  for (const auto member : other) {
    json::Value value;
    if (!json::find_member(item, member.key, value)) names.emplace_back(member.key);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string get_item(endpoint::Endpoint& endpoint, const TableInfo& table, const std::string& key) {
  const std::string reply =
      call(endpoint, "GetItem",
           RequestBuilder().text("TableName", table.name).json("Key", key).json("ConsistentRead", "true").str());
  json::Parser parser;
  json::Value item;
  if (parser.parse(reply)["Item"].get(item) != simdjson::SUCCESS) return "{}";
  return simdjson::minify(item);
}

}  // namespace

DiffResult diff_tables(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                       const TableInfo& destination_table, std::uint32_t segments, const DifferenceVisitor& visit) {
  if (source_table.key_names() != destination_table.key_names())
    throw std::runtime_error("the tables have different keys and cannot be compared");
  ScanOptions options;
  options.segments = segments;
  options.consistent = true;
  options.table = source_table.name;
  ItemHashes hashes;
  scan(source, options, [&](const json::Object& item) {
    const XXH128_hash_t hash = hash_of(sorted_text(item));
    hashes[pair_of(hash_of(key_text(source_table, item)))] = {hash.high64, hash.low64, false};
  });
  DiffResult result;
  options.table = destination_table.name;
  scan(destination, options, [&](const json::Object& item) {
    const auto found = hashes.find(pair_of(hash_of(key_text(source_table, item))));
    const std::string key = key_of_item(source_table, std::string(simdjson::minify(item)));
    if (found == hashes.end()) {
      ++result.only_in_destination;
      return visit(Difference::kOnlyInDestination, key, {});
    }
    found->second.seen = true;
    const XXH128_hash_t hash = hash_of(sorted_text(item));
    if (found->second.high == hash.high64 && found->second.low == hash.low64) {
      ++result.equal;
      return;
    }
    ++result.changed;
    visit(Difference::kChanged, key, differing_attributes(item, get_item(source, source_table, key)));
  });
  result.only_in_source = static_cast<std::uint64_t>(
      std::count_if(hashes.begin(), hashes.end(), [](const auto& each) { return !each.second.seen; }));
  if (result.only_in_source == 0) return result;
  // Their keys were not kept: they are read once more.
  options.table = source_table.name;
  scan(source, options, [&](const json::Object& item) {
    const auto found = hashes.find(pair_of(hash_of(key_text(source_table, item))));
    if (found != hashes.end() && !found->second.seen)
      visit(Difference::kOnlyInSource, key_of_item(source_table, std::string(simdjson::minify(item))), {});
  });
  return result;
}

}  // namespace stator::toolkit
