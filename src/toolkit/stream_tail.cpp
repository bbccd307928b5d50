#include "toolkit/stream_tail.h"

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "core/clock.h"
#include "toolkit/plain_json.h"

namespace stator::toolkit {
namespace {

/// How often an open stream is asked for new shards.
constexpr int kRoundsOfShards = 20;

std::string text_of(const json::Object& object, std::string_view name) {
  json::Value value;
  std::string_view text;
  if (!json::find_member(object, name, value) || value.get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

std::optional<json::Object> object_of(const json::Object& object, std::string_view name) {
  json::Value value;
  json::Object found;
  if (!json::find_member(object, name, value) || value.get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

json::Array array_of(const json::Object& object, std::string_view name) {
  json::Value value;
  json::Array found;
  if (!json::find_member(object, name, value) || value.get(found) != simdjson::SUCCESS) {
    throw std::runtime_error("the reply has no " + std::string(name));
  }
  return found;
}

/// The service writes times as seconds, with or without a fraction.
std::int64_t seconds_of(const json::Object& change) {
  json::Value value;
  double seconds = 0;
  if (!json::find_member(change, "ApproximateCreationDateTime", value)) return 0;
  if (value.get(seconds) != simdjson::SUCCESS) return 0;
  return static_cast<std::int64_t>(seconds);
}

/// One stream being followed.
class Tail {
 public:
  Tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit)
      : endpoint_(endpoint), options_(options), visit_(visit) {}

  std::uint64_t run() {
    find_stream();
    find_shards(options_.from_now);
    for (int round = 1;; ++round) {
      const bool found = read_round();
      show_round();
      if (full()) return visited_;
      // Children begin where a shard ends.
      if (ended_one_ || round % kRoundsOfShards == 0) find_shards(false);
      const bool more_shards = std::exchange(ended_one_, false);
      if (found || more_shards) continue;
      if (!options_.follow || (disabled_ && all_ended())) return visited_;
      options_.sleep(options_.pause);
    }
  }

 private:
  struct Followed {
    std::string parent;
    bool ended = false;
    bool from_now = false;
    bool reread = false;    // from its oldest record, after an iterator expired that had read nothing
    std::string iterator;   // empty: to be asked for
    std::string last_read;  // a sequence number
  };
  struct Record {
    std::int64_t seconds = 0;
    std::string json;
  };

  void find_stream() {
    json::Parser parser;
    const std::string reply =
        call(endpoint_, "DescribeTable", RequestBuilder().text("TableName", options_.table).str());
    const json::Object table = parser.parse(reply)["Table"].get_object();
    stream_arn_ = text_of(table, "LatestStreamArn");
    if (stream_arn_.empty()) throw std::runtime_error("table " + options_.table + " has no stream");
  }

  void find_shards(bool from_now) {
    std::string start;
    do {
      RequestBuilder request;
      request.text("StreamArn", stream_arn_);
      if (!start.empty()) request.text("ExclusiveStartShardId", start);
      const std::string reply = call(endpoint_, "DescribeStream", request.str());
      json::Parser parser;
      const json::Object stream = parser.parse(reply)["StreamDescription"].get_object();
      disabled_ = text_of(stream, "StreamStatus") == "DISABLED";
      for (const json::Value element : array_of(stream, "Shards")) {
        const json::Object shard = element.get_object();
        const auto [place, is_new] = shards_.try_emplace(text_of(shard, "ShardId"));
        if (!is_new) continue;
        place->second.parent = text_of(shard, "ParentShardId");
        place->second.from_now = from_now;
      }
      start = text_of(stream, "LastEvaluatedShardId");
    } while (!start.empty());
  }

  [[nodiscard]] bool may_read(const Followed& shard) const {
    if (shard.ended) return false;
    const auto parent = shards_.find(shard.parent);
    return parent == shards_.end() || parent->second.ended;
  }

  [[nodiscard]] bool all_ended() const {
    return std::ranges::all_of(shards_, [](const auto& entry) { return entry.second.ended; });
  }

  [[nodiscard]] bool full() const { return options_.limit != 0 && visited_ >= options_.limit; }

  /// A page of each shard. False where nothing came.
  bool read_round() {
    bool found = false;
    for (auto& [id, shard] : shards_) {
      if (may_read(shard)) found = read_page(id, shard) || found;
    }
    return found;
  }

  bool read_page(const std::string& id, Followed& shard) {
    try {
      if (shard.iterator.empty()) shard.iterator = ask_for_iterator(id, shard);
      const std::string reply =
          call(endpoint_, "GetRecords", RequestBuilder().text("ShardIterator", shard.iterator).str());
      return take_page(reply, shard);
    } catch (const OperationError& error) {
      // Waited too long, or what comes next is over a day old: on from the last record, or from the oldest there is.
      const bool expired = error.type == "ExpiredIteratorException";
      const bool trimmed = error.type == "TrimmedDataAccessException";
      if (!expired && !trimmed) throw;
      if (trimmed) shard.last_read.clear();
      shard.reread = shard.from_now && shard.last_read.empty();
      shard.from_now = false;
      shard.iterator.clear();
      return true;
    }
  }

  std::string ask_for_iterator(const std::string& id, const Followed& shard) {
    RequestBuilder request;
    request.text("StreamArn", stream_arn_).text("ShardId", id);
    if (!shard.last_read.empty()) {
      request.text("ShardIteratorType", "AFTER_SEQUENCE_NUMBER").text("SequenceNumber", shard.last_read);
    } else {
      request.text("ShardIteratorType", shard.from_now ? "LATEST" : "TRIM_HORIZON");
    }
    json::Parser parser;
    const std::string reply = call(endpoint_, "GetShardIterator", request.str());
    return text_of(parser.parse(reply).get_object(), "ShardIterator");
  }

  bool take_page(const std::string& reply, Followed& shard) {
    json::Parser parser;
    const json::Object page = parser.parse(reply).get_object();
    const json::Array records = array_of(page, "Records");
    for (const json::Value element : records) {
      const json::Object record = element.get_object();
      const auto change = object_of(record, "dynamodb");
      if (!change) throw std::runtime_error("a record has no change");
      shard.last_read = text_of(*change, "SequenceNumber");
      const std::int64_t seconds = seconds_of(*change);
      const std::int64_t from_seconds = shard.reread ? began_seconds_ : options_.from_seconds;
      if (seconds >= from_seconds) round_.push_back({seconds, simdjson::minify(element)});
    }
    shard.iterator = text_of(page, "NextShardIterator");
    if (shard.iterator.empty()) {
      shard.ended = true;
      ended_one_ = true;
    }
    return records.size() > 0;
  }

  /// Records of several shards in the order of time; those of one shard stay in theirs.
  void show_round() {
    std::ranges::stable_sort(round_, {}, &Record::seconds);
    for (const Record& record : round_) {
      if (full()) break;
      json::Parser parser;
      visit_(parser.parse(record.json).get_object());
      ++visited_;
    }
    round_.clear();
  }

  endpoint::Endpoint& endpoint_;
  const TailOptions& options_;
  const RecordVisitor& visit_;
  const std::int64_t began_seconds_ = core::Clock::system().now_ms() / 1000;
  std::string stream_arn_;
  std::map<std::string, Followed> shards_;
  std::vector<Record> round_;
  std::uint64_t visited_ = 0;
  bool disabled_ = false;
  bool ended_one_ = false;
};

std::string clock_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &utc)};
}

std::string plain_of(const json::Value& value) {
  std::string text;
  append_plain_value(value, text);
  return text;
}

void append_line(char sign, std::string_view name, const std::string& value, bool colour, std::string& out) {
  constexpr std::string_view kRed = "\033[31m";
  constexpr std::string_view kGreen = "\033[32m";
  if (colour) out += sign == '-' ? kRed : kGreen;
  ((((out += "  ") += sign) += ' ') += name) += ": ";
  out += value;
  if (colour) out += "\033[0m";
  out += '\n';
}

}  // namespace

std::uint64_t tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit) {
  return Tail(endpoint, options, visit).run();
}

std::string format_record(const json::Object& record, bool colour) {
  const auto change = object_of(record, "dynamodb");
  if (!change) throw std::runtime_error("a record has no change");
  std::string out = clock_text(seconds_of(*change)) + "  ";
  const std::string kind = text_of(record, "eventName");
  out += colour ? "\033[1m" + kind + "\033[0m" : kind;
  out += "  ";
  if (const auto keys = object_of(*change, "Keys")) append_plain_item(*keys, out);
  if (object_of(record, "userIdentity")) out += "  (by the service: expired)";
  out += '\n';
  const auto keys = object_of(*change, "Keys");
  const auto before = object_of(*change, "OldImage");
  const auto after = object_of(*change, "NewImage");
  json::Value other;
  const auto is_key = [&](std::string_view name) { return keys && json::find_member(*keys, name, other); };
  if (before) {
    for (const auto& [name, value] : *before) {
      if (is_key(name)) continue;
      const std::string old_text = plain_of(value);
      if (after && json::find_member(*after, name, other) && plain_of(other) == old_text) continue;
      append_line('-', name, old_text, colour, out);
      if (after && json::find_member(*after, name, other)) append_line('+', name, plain_of(other), colour, out);
    }
  }
  if (after) {
    for (const auto& [name, value] : *after) {
      if (is_key(name) || (before && json::find_member(*before, name, other))) continue;
      append_line('+', name, plain_of(value), colour, out);
    }
  }
  return out;
}

}  // namespace stator::toolkit
