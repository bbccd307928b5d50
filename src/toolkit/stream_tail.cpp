#include "toolkit/stream_tail.h"

#include <algorithm>
#include <ctime>

#include "core/clock.h"
#include "toolkit/plain_json.h"
#include "toolkit/stream_reader.h"
#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

/// Follows one stream.
class Tail {
 public:
  Tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit)
      : options_(options), visit_(visit), reader_(endpoint, options.table, options.sleep) {
    reader_.skip_gaps();
  }

  std::uint64_t run() {
    reader_.find_shards(options_.from_now);
    for (;;) {
      const bool found = read_round();
      show_round();
      if (full()) return visited_;
      if (found) continue;
      if (!options_.follow || (reader_.disabled() && reader_.all_ended())) return visited_;
      options_.sleep(options_.pause);
    }
  }

 private:
  /// Reads what there is; true if the next round should follow at once.
  bool read_round() {
    try {
      const bool found =
          reader_.read_round([this](const FollowedShard& shard, const json::Object& record) { take(shard, record); });
      faults_ = 0;
      return found;
    } catch (const OperationError& error) {
      // The records read before the fault will not be read again, so show them.
      show_round();
      if (full()) return true;
      if (!options_.follow || !is_transient(error) || ++faults_ >= kMostFaultsOfAnOutage) throw;
      if (faults_ == 1 && options_.on_outage) options_.on_outage(error);
    }
    options_.sleep(kBetweenFaults);
    return true;
  }

  struct Record {
    std::int64_t seconds = 0;
    std::string json;
  };

  [[nodiscard]] bool full() const { return options_.limit != 0 && visited_ >= options_.limit; }

  void take(const FollowedShard& shard, const json::Object& record) {
    const std::int64_t seconds = seconds_of_change(change_of_record(record));
    const std::int64_t from_seconds = shard.reread ? began_seconds_ : options_.from_seconds;
    if (seconds >= from_seconds) round_.push_back({seconds, simdjson::minify(record)});
  }

  /// Shows the records of several shards in order of time; those of one shard keep their order.
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

  const TailOptions& options_;
  const RecordVisitor& visit_;
  StreamReader reader_;
  const std::int64_t began_seconds_ = core::Clock::system().now_ms() / 1000;
  std::vector<Record> round_;
  std::uint64_t visited_ = 0;
  int faults_ = 0;  // in a row
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
  ((((out += "  ") += sign) += ' ') += printable(name)) += ": ";
  out += value;
  if (colour) out += "\033[0m";
  out += '\n';
}

}  // namespace

std::uint64_t tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit) {
  return Tail(endpoint, options, visit).run();
}

std::string format_record(const json::Object& record, bool colour) {
  const json::Object change = change_of_record(record);
  std::string out = clock_text(seconds_of_change(change)) + "  ";
  const std::string kind = member_text(record, "eventName");
  out += colour ? "\033[1m" + kind + "\033[0m" : kind;
  out += "  ";
  if (const auto keys = member_object(change, "Keys")) append_plain_item(*keys, out);
  if (member_object(record, "userIdentity")) out += "  (by the service: expired)";
  out += '\n';
  const auto keys = member_object(change, "Keys");
  const auto before = member_object(change, "OldImage");
  const auto after = member_object(change, "NewImage");
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
