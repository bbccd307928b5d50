#include "embed/open_options.h"

#include <simdjson.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "core/api_error.h"
#include "json/reader.h"
#include "json/text_check.h"

namespace stator::embed {
namespace {

constexpr std::int64_t kLastMs = 253'402'300'799'999;  // end of the year 9999
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kMostShards = 1000;

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw std::runtime_error("option \"" + std::string(name) + "\" must be " + std::string(expected));
}

std::string read_path(std::string_view name, const json::Value& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty() || text.find('\0') != std::string_view::npos) {
    refuse(name, "a path");
  }
  return std::string(text);
}

[[noreturn]] void refuse_number(std::string_view name, std::int64_t least, std::int64_t most) {
  refuse(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

std::int64_t read_integer(std::string_view name, const json::Value& value, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < least || number > most) refuse_number(name, least, most);
  return number;
}

void check_integer(std::string_view name, std::int64_t number, std::int64_t most) {
  if (number < 0 || number > most) refuse_number(name, 0, most);
}

void check_path(std::string_view name, std::string_view path) {
  if (path.find('\0') != std::string_view::npos) refuse(name, "a path");
}

bool read_object(std::string_view text, json::Object& object) {
  try {
    return json::Parser::of_this_thread().parse(text).get(object) == simdjson::SUCCESS;
  } catch (const core::ApiError&) {
    return false;  // not JSON
  }
}

json::Object read_object(std::string_view text) {
  json::Object object;
  if (read_object(text, object) || read_object(json::with_readable_numbers(text), object)) return object;
  const std::string fault = json::json_fault(text);
  throw std::runtime_error("the options must be a JSON object" + (fault.empty() ? "" : ": " + fault));
}

}  // namespace

OpenOptions read_open_options(std::string_view json) {
  OpenOptions options;
  if (json.empty()) return options;
  for (const auto& [name, value] : read_object(json)) {
    if (value.is_null()) continue;
    if (name == "directory") {
      options.directory = read_path(name, value);
    } else if (name == "sync") {
      if (value.get(options.sync) != simdjson::SUCCESS) refuse(name, "true or false");
    } else if (name == "clock_ms") {
      options.clock_ms = read_integer(name, value, 0, kLastMs);
    } else if (name == "transition_delay_ms") {
      options.transition_delay_ms = read_integer(name, value, 0, kHourMs);
    } else if (name == "stream_shards") {
      options.stream_shards = static_cast<std::uint32_t>(read_integer(name, value, 1, kMostShards));
    } else if (name == "read_staleness_ms") {
      options.read_staleness_ms = read_integer(name, value, 0, kHourMs);
    } else if (name == "index_lag_ms") {
      options.index_lag_ms = read_integer(name, value, 0, kHourMs);
    } else if (name == "stream_lag_ms") {
      options.stream_lag_ms = read_integer(name, value, 0, kHourMs);
    } else if (name == "staleness_seed") {
      options.staleness_seed =
          static_cast<std::uint64_t>(read_integer(name, value, 0, std::numeric_limits<std::int64_t>::max()));
    } else if (name == "enforce_throughput") {
      if (value.get(options.enforce_throughput) != simdjson::SUCCESS) refuse(name, "true or false");
    } else if (name == "buckets") {
      options.buckets = read_path(name, value);
    } else {
      throw std::runtime_error("there is no option \"" + std::string(name) + "\"");
    }
  }
  return options;
}

void check_open_options(const OpenOptions& options) {
  check_path("directory", options.directory);
  check_path("buckets", options.buckets);
  if (options.clock_ms) check_integer("clock_ms", *options.clock_ms, kLastMs);
  check_integer("transition_delay_ms", options.transition_delay_ms, kHourMs);
  check_integer("stream_shards", options.stream_shards, kMostShards);
  check_integer("read_staleness_ms", options.read_staleness_ms, kHourMs);
  check_integer("index_lag_ms", options.index_lag_ms, kHourMs);
  check_integer("stream_lag_ms", options.stream_lag_ms, kHourMs);
}

}  // namespace stator::embed
