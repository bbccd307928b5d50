#include "toolkit/table_follow.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "toolkit/expression_words.h"
#include "toolkit/same_table.h"
#include "toolkit/stream_reader.h"
#include "toolkit/table_writer.h"

namespace stator::toolkit {
namespace {

/// How often to check that the tables are still those that were read and written.
constexpr std::int64_t kSecondsBetweenLooks = 5;
/// How many of the items written last are looked for; some may have expired, or been changed by others.
constexpr std::size_t kItemsLookedAt = 8;
constexpr std::int64_t kSecondsKept = 24 * 3600;
/// A margin for how far the clocks of this machine and the source may differ. DynamoDB refuses signatures that are five
/// minutes off; other endpoints may allow more.
constexpr std::int64_t kClockSkewSeconds = 15 * 60;

class Follower {
 public:
  Follower(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
           const TableInfo& destination_table, TransferState& state, const StateFile& file,
           const FollowOptions& options)
      : source_table_(source_table),
        destination_(destination),
        destination_table_(destination_table),
        state_(state),
        follow_(state.follow.value()),
        file_(file),
        options_(options),
        reader_(source, source_table.name, options.sleep),
        writer_(destination, destination_table, options.jobs, options.sleep) {}

  FollowProgress run(const std::function<void(const FollowProgress&)>& progress) {
    if (reader_.stream_arn() != follow_.stream_arn)
      throw StreamGap("the stream of table " + source_table_.name + " is not the same as when the copy began");
    if (now() - follow_.last_read_seconds > kSecondsKept)
      throw StreamGap("the stream was last read " + std::to_string((now() - follow_.last_read_seconds) / 3600) +
                      " hours ago, and changes are kept for 24");
    find_positions();
    require_same_tables();
    const auto idle_rounds_wanted = static_cast<int>(options_.quiet / options_.pause) + 1;
    for (;;) {
      if (now() - looked_seconds_ >= kSecondsBetweenLooks) require_same_tables();
      const std::int64_t asked = now();
      const bool found = reader_.read_round([this](const FollowedShard&, const json::Object& record) { take(record); });
      apply();
      note(asked);
      progress_.idle_rounds = found ? 0 : progress_.idle_rounds + 1;
      progress_.lag_seconds = found ? std::max<std::int64_t>(now() - newest_seconds_, 0) : 0;
      progress(progress_);
      if (found) continue;
      if (reader_.disabled() && reader_.all_ended()) return progress_;
      if (options_.until_caught_up && progress_.idle_rounds >= idle_rounds_wanted) return progress_;
      options_.sleep(options_.pause);
    }
  }

 private:
  [[nodiscard]] std::int64_t now() const { return options_.clock->now_ms() / 1000; }

  void find_positions() {
    auto& shards = reader_.shards();
    for (const auto& [id, shard] : follow_.shards) {
      shards[id].last_read = shard.sequence_number;
      shards[id].ended = shard.ended;
    }
    reader_.find_shards(false);
  }

  /// Throws if one of the tables was reset to an earlier state, and so lacks what was last read from or written to it.
  void require_same_tables() {
    looked_seconds_ = now();
    if (!reader_.has_newest_record())
      throw StreamGap("table " + source_table_.name +
                      " went back to an earlier state: its stream no longer has the change that was read last, and "
                      "items that it lost stay in the copy "
                      "unless that is dropped");
    if (!has_any_written(destination_, destination_table_, follow_.last_written, options_.sleep) && !items_expire())
      throw StreamGap("table " + destination_table_.name +
                      ", the copy, went back to an earlier state: it no longer has what was last written to it");
  }

  /// Whether the destination has time to live, so that the items written last may have expired.
  [[nodiscard]] bool items_expire() {
    try {
      json::Parser parser;
      const std::string reply =
          call_patiently(destination_, "DescribeTimeToLive",
                         RequestBuilder().text("TableName", destination_table_.name).str(), options_.sleep);
      std::string_view status;
      return parser.parse(reply)["TimeToLiveDescription"]["TimeToLiveStatus"].get(status) == simdjson::SUCCESS &&
             status != "DISABLED";
    } catch (const OperationError& error) {
      // Other databases may lack the operation, and a caller that may write may not be allowed to call it.
      if (is_throttling(error, true) || error.type == core::ErrorCode::kServiceUnavailable) throw;
      return false;
    }
  }

  /// Notes a change to be written by apply(). Of several changes of an item in a round, only the last is written.
  void take(const json::Object& record) {
    const json::Object change = change_of_record(record);
    const std::int64_t seconds = seconds_of_change(change);
    newest_seconds_ = seconds;
    // Skip changes that are already in the copy. Applying some of them again does no harm, as later ones are applied,
    // too.
    if (seconds != 0 && seconds < follow_.since_seconds - kClockSkewSeconds) return;
    ++progress_.changes;
    const auto keys = member_object(change, "Keys");
    if (!keys) throw std::runtime_error("a record has no Keys");
    const auto image = member_object(change, "NewImage");
    const bool is_removed = member_text(record, "eventName") == "REMOVE";
    if (!image && !is_removed) throw std::runtime_error("a record has no NewImage");
    std::string key = key_of_item(source_table_, simdjson::minify(*keys));
    std::erase(newest_keys_, key);
    if (newest_keys_.size() == kItemsLookedAt) newest_keys_.erase(newest_keys_.begin());
    newest_keys_.push_back(key);
    round_[std::move(key)] = is_removed ? std::string() : simdjson::minify(*image);
  }

  void apply() {
    if (round_.empty()) return;
    const auto noted = [this](const auto& change) {
      return change.second.empty() ? WrittenItem{change.first, {}} : written_item(destination_table_, change.second);
    };
    std::vector<WrittenItem> written;
    for (const std::string& key : std::exchange(newest_keys_, {})) written.push_back(noted(*round_.find(key)));
    // Saved before writing: whenever this ends, the destination has the items of this round or of the last one.
    std::vector<WrittenItem> either = follow_.last_written;
    for (const WrittenItem& last : follow_.last_written) {
      if (const auto change = round_.find(last.key); change != round_.end()) either.push_back(noted(*change));
    }
    either.insert(either.end(), written.begin(), written.end());
    // If the last round only deleted, or wrote nothing, has_any_written would report that the items not yet written are
    // missing.
    const bool had_put =
        std::ranges::any_of(follow_.last_written, [](const WrittenItem& last) { return last.hash != ItemHash(); });
    follow_.last_written = had_put ? std::move(either) : std::vector<WrittenItem>();
    file_.write(state_);
    for (auto& [key, item] : round_) {
      if (item.empty()) {
        writer_.erase(key);
      } else {
        writer_.put(std::move(item));
      }
    }
    round_.clear();
    writer_.drain();
    follow_.last_written = std::move(written);
  }

  /// Saves the positions of the shards, as their changes are applied.
  void note(std::int64_t last_read_seconds) {
    follow_.last_read_seconds = last_read_seconds;
    follow_.shards.clear();
    for (const auto& [id, shard] : reader_.shards()) follow_.shards[id] = {shard.last_read, shard.ended};
    file_.write(state_);
  }

  const TableInfo& source_table_;
  endpoint::Endpoint& destination_;
  const TableInfo& destination_table_;
  TransferState& state_;
  FollowState& follow_;
  const StateFile& file_;
  const FollowOptions& options_;
  StreamReader reader_;
  TableWriter writer_;
  std::unordered_map<std::string, std::string> round_;  // by key; empty: removed
  std::vector<std::string> newest_keys_;                // of this round; the last one changed is at the end
  std::int64_t newest_seconds_ = 0;
  std::int64_t looked_seconds_ = 0;
  FollowProgress progress_;
};

}  // namespace

FollowState begin_follow(endpoint::Endpoint& source, const TableInfo& source_table, const core::Clock& clock) {
  const StreamReader reader(source, source_table.name);
  if (!reader.view_type().starts_with("NEW_"))
    throw std::runtime_error("the stream of table " + source_table.name + " holds " + reader.view_type() +
                             ", and following it takes NEW_IMAGE or NEW_AND_OLD_IMAGES");
  FollowState follow;
  follow.since_seconds = clock.now_ms() / 1000;
  follow.last_read_seconds = follow.since_seconds;
  follow.stream_arn = reader.stream_arn();
  return follow;
}

FollowProgress follow_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                            const TableInfo& destination_table, TransferState& state, const StateFile& file,
                            const FollowOptions& options, const std::function<void(const FollowProgress&)>& progress) {
  return Follower(source, source_table, destination, destination_table, state, file, options).run(progress);
}

}  // namespace stator::toolkit
