#include "engine/staleness.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "engine/support.h"

/// Eventually consistent reads, global indexes and streams that lag behind, by seed.
namespace stator::engine {
namespace {

constexpr std::int64_t kReadMs = 30;
constexpr std::int64_t kIndexMs = 50;

std::unique_ptr<Engine> open_stale(const core::Clock& clock, std::uint64_t seed) {
  Options options;
  options.clock = &clock;
  options.staleness = {.read_ms = kReadMs, .index_ms = kIndexMs, .stream_ms = 0, .seed = seed};
  return Engine::open(options);
}

TablePtr make_items(Engine& engine, const std::string& name = "items") {
  return engine.create_table(make_table(name, {make_index("by-g", true, {{key_attribute("g")}, {}})}));
}

std::string item_json(const std::string& partition, const std::string& sort, const std::string& value) {
  return R"({"pk":)" + s(partition) + R"(,"sk":)" + s(sort) + R"(,"g":)" + s(partition) + R"(,"v":)" + s(value) + "}";
}
std::string key_json(const std::string& partition, const std::string& sort) {
  return R"({"pk":)" + s(partition) + R"(,"sk":)" + s(sort) + "}";
}

std::string text_in(const std::string& json, std::string_view attribute) {
  const json::Item item(json);
  return *item.find(attribute)->get_if<std::string>();
}

std::string value_of(const std::string& json) { return json.empty() ? "" : text_in(json, "v"); }

/// All items of one partition: value by sort key.
using State = std::map<std::string, std::string>;

State state_of(const std::vector<std::string>& items) {
  State state;
  for (const std::string& json : items) {
    state[text_in(json, "sk")] = value_of(json);
  }
  return state;
}

/// A client that writes and reads one partition and moves the clock; it records every state of the partition.
class History {
 public:
  History(Engine& engine, ManualClock& clock, const TablePtr& table, std::uint64_t number, std::uint64_t seed)
      : engine_(engine), clock_(clock), table_(table), partition_(std::to_string(number)), random_(seed) {
    range_.hash = {core::AttributeValue::string(partition_)};
  }

  void play(int steps) {
    for (int step = 0; step < steps; ++step) {
      switch (draw(8)) {
        case 0:
        case 1:
          clock_.advance(draw(25));
          break;
        case 2:
          write_one(std::to_string(step));
          break;
        case 3:
          write_two(std::to_string(step));
          break;
        case 4:
          read_item(draw(3) == 0);
          break;
        case 5:
        case 6:
          read_partition(draw(3) == 0);
          break;
        default:
          read_index();
      }
    }
  }

  int old_reads = 0;
  int old_index_reads = 0;

 private:
  struct Since {
    std::int64_t time_ms = 0;
    State state;
  };

  std::int64_t draw(unsigned below) { return static_cast<std::int64_t>(random_() % below); }
  std::string sort_key() { return std::string(1, static_cast<char>('a' + draw(3))); }

  void write_one(const std::string& value) {
    const std::string sort = sort_key();
    State next = states_.back().state;
    if (draw(4) == 0) {
      remove(engine_, table_, key_json(partition_, sort));
      next.erase(sort);
    } else {
      put(engine_, table_, item_json(partition_, sort, value));
      next[sort] = value;
    }
    states_.push_back({clock_.now_ms(), std::move(next)});
  }

  /// A transaction: no page may show half of it.
  void write_two(const std::string& value) {
    State next = states_.back().state;
    std::vector<json::EncodedItem> items;
    for (const char* sort : {"a", "b"}) {
      items.push_back(item(item_json(partition_, sort, value)));
      next[sort] = value;
    }
    std::vector<WriteAction> actions(2);
    for (std::size_t i = 0; i < 2; ++i) {
      actions[i].table = table_;
      actions[i].key = key_of(*table_, items[i].json);
      actions[i].item = &items[i];
    }
    ASSERT_FALSE(engine_.transact_write(actions).cancelled());
    states_.push_back({clock_.now_ms(), std::move(next)});
  }

  /// Expects that `holds` is true of the current state or of one within the last `most_ms`. Returns whether it is false
  /// for the current state.
  template <class Holds>
  bool check(const char* what, std::int64_t most_ms, Holds holds) {
    bool seen = holds(states_.back().state);
    if (seen) return false;
    for (std::size_t i = 0; i + 1 < states_.size() && !seen; ++i) {
      // A state lasts until the next write.
      if (states_[i + 1].time_ms > clock_.now_ms() - most_ms) seen = holds(states_[i].state);
    }
    EXPECT_TRUE(seen) << what << " of partition " << partition_ << " saw what was not there in the last " << most_ms
                      << " ms, after " << states_.size() - 1 << " writes";
    return true;
  }

  void read_item(bool consistent) {
    const std::string sort = sort_key();
    std::string json;
    std::size_t size_bytes = 0;
    engine_.get_item(*table_, key_of(*table_, key_json(partition_, sort)), json, size_bytes, consistent);
    const std::string value = value_of(json);
    const bool old = check("a read of an item", consistent ? 0 : kReadMs, [&](const State& state) {
      const auto found = state.find(sort);
      return value == (found == state.end() ? "" : found->second);
    });
    EXPECT_FALSE(consistent && old);
    old_reads += old ? 1 : 0;
  }

  void read_partition(bool consistent) {
    PageRequest request;
    request.table = table_;
    request.range = range_;
    request.consistent_read = consistent;
    const State state = state_of(read(engine_, request));
    const bool old = check("a query", consistent ? 0 : kReadMs, [&](const State& was) { return was == state; });
    EXPECT_FALSE(consistent && old);
    old_reads += old ? 1 : 0;
  }

  void read_index() {
    PageRequest request;
    request.table = table_;
    request.index = table_->index("by-g");
    request.range = range_;
    const State state = state_of(read(engine_, request));
    old_index_reads +=
        check("a query of an index", kReadMs + kIndexMs, [&](const State& was) { return was == state; }) ? 1 : 0;
  }

  Engine& engine_;
  ManualClock& clock_;
  const TablePtr table_;
  const std::string partition_;
  std::mt19937_64 random_;
  expression::KeyRange range_;
  std::vector<Since> states_{{0, {}}};
};

/// With `STATOR_LONG` ten thousand runs.
TEST(StalenessHistories, ReadsSeeAStateOfTheTimeThatTheyMayBeBehind) {
  const int runs = std::getenv("STATOR_LONG") == nullptr ? 300 : 10'000;
  ManualClock clock;
  const auto engine = open_stale(clock, 7);
  const TablePtr table = make_items(*engine);
  int old_reads = 0;
  int old_index_reads = 0;
  for (int run = 0; run < runs && !testing::Test::HasFailure(); ++run) {
    History history(*engine, clock, table, static_cast<std::uint64_t>(run), 1000 + static_cast<std::uint64_t>(run));
    history.play(60);
    old_reads += history.old_reads;
    old_index_reads += history.old_index_reads;
  }
  // A run has about 15 such reads of the table and 7 of the index.
  EXPECT_GT(old_reads, runs) << "reads hardly ever see the past";
  EXPECT_GT(old_index_reads, runs / 2) << "reads of the index hardly ever see the past";
}

TEST(Staleness, ASeedMakesARunTheSameRunAgain) {
  const auto reads_of = [](std::uint64_t seed) {
    ManualClock clock;
    const auto engine = open_stale(clock, seed);
    const TablePtr table = make_items(*engine);
    std::string values;
    for (int i = 0; i < 60; ++i) {
      put(*engine, table, item_json("p", "a", std::to_string(i)));
      std::string json;
      std::size_t size_bytes = 0;
      engine->get_item(*table, key_of(*table, key_json("p", "a")), json, size_bytes, false);
      values += value_of(json) + " ";
      clock.advance(3);
    }
    return values;
  };
  EXPECT_EQ(reads_of(1), reads_of(1));
  EXPECT_NE(reads_of(1), reads_of(2));
}

TEST(Staleness, TransactionsConditionsAndConsistentReadsNeverSeeThePast) {
  ManualClock clock;
  const auto engine = open_stale(clock, 1);
  const TablePtr table = make_items(*engine);
  for (int i = 0; i < 50; ++i) {
    const std::string value = std::to_string(i);
    if (i > 0) {
      const expression::Condition last = condition("v = :v", R"({":v":)" + s(std::to_string(i - 1)) + "}");
      EXPECT_FALSE(put(*engine, table, item_json("p", "a", value), &last).condition_failed);
    } else {
      put(*engine, table, item_json("p", "a", value));
    }
    EXPECT_EQ(value_of(get(*engine, table, key_json("p", "a"))), value);
    const Engine::ReadAction action{table, key_of(*table, key_json("p", "a"))};
    EXPECT_EQ(value_of(engine->transact_get({&action, 1}).front().json), value);
  }
}

TEST(Staleness, AClockThatIsSetBackLeavesNoOldState) {
  ManualClock clock;
  const auto engine = open_stale(clock, 1);
  const TablePtr table = make_items(*engine);
  put(*engine, table, item_json("p", "a", "1"));
  put(*engine, table, item_json("p", "a", "2"));
  clock.advance(-100'000);
  for (int i = 0; i < 30; ++i) {
    std::string json;
    std::size_t size_bytes = 0;
    engine->get_item(*table, key_of(*table, key_json("p", "a")), json, size_bytes, false);
    EXPECT_EQ(value_of(json), "2");
  }
}

TEST(Staleness, AnIndexThatIsBuiltIsSeenWhole) {
  ManualClock clock;
  const auto engine = open_stale(clock, 1);
  TablePtr table = engine->create_table(make_table("items"));
  for (int i = 0; i < 50; ++i) put(*engine, table, item_json("p", std::to_string(i), "x"));
  engine->update_table(
      "items",
      [](Table& changed) {
        changed.indexes.push_back(make_index("by-g", true, {{key_attribute("g")}, {}}));
      },
      UpdateScope::kIndexes);
  ASSERT_TRUE(wait_until([&] {
    table = engine->find_table("items");
    return table->indexes.front().status == TableStatus::kActive && !table->indexes.front().backfilling;
  }));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(read(*engine, scan(table, "by-g")).size(), 50U);
}

TEST(Staleness, RestoredSnapshotsAreSeenAtOnce) {
  ManualClock clock;
  const auto engine = open_stale(clock, 1);
  TablePtr table = make_items(*engine);
  put(*engine, table, item_json("p", "a", "saved"));
  engine->save_snapshot("s");
  for (int i = 0; i < 20; ++i) put(*engine, table, item_json("p", "a", std::to_string(i)));
  table.reset();
  engine->restore_snapshot("s");
  table = engine->find_table("items");
  for (int i = 0; i < 30; ++i) {
    std::string json;
    std::size_t size_bytes = 0;
    engine->get_item(*table, key_of(*table, key_json("p", "a")), json, size_bytes, false);
    EXPECT_EQ(value_of(json), "saved");
  }
}

/// A writer, which moves the clock, and a concurrent reader.
TEST(Staleness, WhatWasAcknowledgedBeforeIsSeenWhileOthersWrite) {
  ManualClock clock;
  const auto engine = open_stale(clock, 3);
  const TablePtr table = make_items(*engine);
  constexpr int kLeastWrites = 1000;
  constexpr int kMostWrites = 100'000;
  constexpr int kReads = 500;
  // The time at which write n was acknowledged.
  std::vector<std::atomic<std::int64_t>> acknowledged(kMostWrites);
  std::atomic<int> reads{0};  // reads for which some write was due; 0 before the first write
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int n = 0; n < kMostWrites && (n < kLeastWrites || reads < kReads); ++n) {
      put(*engine, table, item_json("p", "a", std::to_string(n)));
      acknowledged[static_cast<std::size_t>(n)] = clock.now_ms();
      clock.advance(1);
    }
    done = true;
  });
  int last_due = -1;  // the last write that was acknowledged at least kReadMs before the read
  bool all_seen = true;
  while (!done) {
    const std::int64_t now_ms = clock.now_ms();
    while (last_due + 1 < kMostWrites) {
      const std::int64_t at_ms = acknowledged[static_cast<std::size_t>(last_due + 1)];
      if (at_ms == 0 || at_ms > now_ms - kReadMs) break;
      ++last_due;
    }
    std::string json;
    std::size_t size_bytes = 0;
    engine->get_item(*table, key_of(*table, key_json("p", "a")), json, size_bytes, false);
    reads += last_due < 0 ? 0 : 1;
    if (!all_seen) continue;
    all_seen = (json.empty() ? -1 : std::stoi(value_of(json))) >= last_due;
    EXPECT_TRUE(all_seen) << json << ", though write " << last_due << " was acknowledged long before";
  }
  writer.join();
  EXPECT_GT(last_due, 0);
}

TEST(Staleness, StreamRecordsComeUpLateAndNoneIsLost) {
  ManualClock clock;
  Options options;
  options.clock = &clock;
  options.stream_shards = 1;
  options.staleness.stream_ms = 100;
  const auto engine = Engine::open(options);
  Table wanted = make_table("items");
  wanted.stream_view_type = "NEW_IMAGE";
  const TablePtr table = engine->create_table(std::move(wanted));
  const StreamInfo stream = engine->list_streams("items").front();
  const std::uint32_t shard = stream.shards.front().id;
  LogPosition position{.shard = shard, .number = 0, .from_oldest = true};
  std::vector<std::string> seen;
  const auto read_on = [&] {
    const auto next = engine->read_stream(stream.space, position, [&](LogNumber, const LogRecord& record) {
      seen.push_back(value_of(std::string(record.new_image.json)));
      return true;
    });
    ASSERT_TRUE(next) << "the shard is not closed";
    position.number = *next;
    position.from_oldest = false;
  };
  put(*engine, table, item_json("p", "a", "1"));
  read_on();
  EXPECT_TRUE(seen.empty());
  // LATEST starts after the records that are visible, so earlier writes that are not yet visible follow.
  const LogNumber latest = engine->end_of_shard(stream.space, shard);
  clock.advance(99);
  put(*engine, table, item_json("p", "a", "2"));
  read_on();
  EXPECT_TRUE(seen.empty());
  clock.advance(1);
  read_on();
  EXPECT_EQ(seen, std::vector<std::string>{"1"});
  clock.advance(99);
  read_on();
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2"}));
  LogPosition from_latest{.shard = shard, .number = latest, .from_oldest = false};
  int records = 0;
  engine->read_stream(stream.space, from_latest, [&](LogNumber, const LogRecord&) { return ++records > 0; });
  EXPECT_EQ(records, 2);
}

}  // namespace
}  // namespace stator::engine
