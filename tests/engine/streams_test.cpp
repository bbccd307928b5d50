#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "engine/check.h"
#include "engine/raw_store.h"
#include "engine/repair.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

Table streamed_table(std::string name, std::string view_type = "NEW_AND_OLD_IMAGES") {
  Table table = make_table(std::move(name));
  table.stream_view_type = std::move(view_type);
  return table;
}

struct Read {
  LogNumber number = 0;
  ChangeKind kind = ChangeKind::kInsert;
  ChangeOrigin origin = ChangeOrigin::kCaller;
  std::string keys;
  std::string new_image;
  std::string old_image;
};

/// The records that a consumer of one shard has read so far.
struct Consumer {
  store::SpaceId stream = 0;
  LogPosition position;
  bool at_end = false;
  std::vector<Read> records = {};

  void poll(const Engine& engine, std::size_t limit = 1000) {
    if (at_end) return;
    std::size_t count = 0;
    const auto next = engine.read_stream(stream, position, [&](LogNumber number, const LogRecord& record) {
      if (count++ == limit) return false;
      records.push_back({number, record.kind, record.origin, std::string(record.keys.json),
                         std::string(record.new_image.json), std::string(record.old_image.json)});
      return true;
    });
    at_end = !next;
    if (next) position.number = *next;
  }
};

StreamInfo only_stream(const Engine& engine, std::string_view table) {
  const std::vector<StreamInfo> streams = engine.list_streams(table);
  if (streams.size() != 1) throw std::runtime_error("not one stream");
  return streams.front();
}

std::vector<Consumer> consumers_of(const StreamInfo& stream) {
  std::vector<Consumer> consumers;
  for (const Shard& shard : stream.shards) {
    consumers.push_back({.stream = stream.space, .position = {.shard = shard.id, .number = 0, .from_oldest = true}});
  }
  return consumers;
}

std::vector<Read> read_stream(const Engine& engine, const StreamInfo& stream) {
  std::vector<Read> records;
  for (Consumer& consumer : consumers_of(stream)) {
    consumer.poll(engine, 1'000'000);
    records.insert(records.end(), consumer.records.begin(), consumer.records.end());
  }
  return records;
}

/// Rebuilds the table, by key, from its stream's records; each must match the state that the earlier ones left.
std::map<std::string, std::string> replay(const std::vector<Read>& records) {
  std::map<std::string, std::string> items;
  for (const Read& record : records) {
    const auto item = items.find(record.keys);
    EXPECT_EQ(item == items.end() ? "" : item->second, record.old_image) << record.keys;
    EXPECT_EQ(record.kind, record.old_image.empty()   ? ChangeKind::kInsert
                           : record.new_image.empty() ? ChangeKind::kRemove
                                                      : ChangeKind::kModify);
    if (record.new_image.empty()) {
      items.erase(record.keys);
    } else {
      items[record.keys] = record.new_image;
    }
  }
  return items;
}

std::map<std::string, std::string> items_of(const Engine& engine, const TablePtr& table) {
  std::map<std::string, std::string> items;
  for (const std::string& json : read_all(engine, scan(table))) {
    const json::Item item(json);
    std::string keys = R"({"pk":)";
    item.append_attribute("pk", keys);
    item.append_attribute("sk", keys += R"(,"sk":)");
    items[keys + "}"] = json;
  }
  return items;
}

std::string key(int i) { return R"({"pk":{"S":"p)" + std::to_string(i) + R"("},"sk":{"S":"s"}})"; }

TEST(Streams, BeginWithAShardForEachPartitionUnlessTheyAreToldHowMany) {
  struct Row {
    BillingMode mode;
    std::int64_t read_units;
    std::int64_t write_units;
    ThroughputLimits warm;
    std::size_t shards;
  };
  constexpr auto kProvisioned = BillingMode::kProvisioned;
  constexpr auto kOnDemand = BillingMode::kPayPerRequest;
  const Row rows[] = {
      {kProvisioned, 5, 5, {}, 1},         {kProvisioned, 3'000, 0, {}, 1}, {kProvisioned, 3'000, 1'000, {}, 2},
      {kProvisioned, 6'000, 2'500, {}, 5}, {kOnDemand, 0, 0, {}, 4},        {kOnDemand, 0, 0, {15'000, 10'000}, 10},
  };
  for (const std::uint32_t told : {0U, 3U}) {
    Options options;
    options.stream_shards = told;
    const auto engine = Engine::open(options);
    int count = 0;
    for (const Row& row : rows) {
      Table table = streamed_table("t" + std::to_string(count++));
      table.billing_mode = row.mode;
      table.throughput.read_units = row.read_units;
      table.throughput.write_units = row.write_units;
      table.warm = row.warm;
      engine->create_table(table);
      EXPECT_EQ(only_stream(*engine, table.name).shards.size(), told != 0 ? told : row.shards) << table.name;
    }
  }
}

TEST(Streams, EveryRecordIsSeenOnceAndInOrderByReadersThatOnlyGoForward) {
  constexpr int kWriters = 6;
  constexpr int kWrites = 1500;
  constexpr int kItems = 40;
  const auto engine = open();
  Table on_demand = streamed_table("t");
  on_demand.billing_mode = BillingMode::kPayPerRequest;
  engine->create_table(on_demand);
  const TablePtr table = engine->usable_table("t");
  const StreamInfo stream = only_stream(*engine, "t");
  ASSERT_EQ(stream.shards.size(), 4U);

  std::atomic<int> writers_left = kWriters;
  std::vector<Consumer> consumers = consumers_of(stream);
  std::vector<std::thread> threads;
  for (Consumer& consumer : consumers) {
    threads.emplace_back([&engine, &consumer, &writers_left] {
      bool last = false;
      while (!last) {
        last = writers_left == 0;
        consumer.poll(*engine, 7);
        if (last) consumer.poll(*engine, 1'000'000);
      }
    });
  }
  for (int t = 0; t < kWriters; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      const auto add = update("ADD n :one", R"({":one":{"N":"1"}})");
      for (int n = 0; n < kWrites; ++n) {
        const int i = std::uniform_int_distribution<int>(0, kItems - 1)(random);
        if (n % 3 != 0) {
          change(*engine, table, key(i), add);
          continue;
        }
        std::array<WriteAction, 2> actions;
        for (int a = 0; a < 2; ++a) {
          actions[static_cast<std::size_t>(a)].kind = WriteKind::kUpdate;
          actions[static_cast<std::size_t>(a)].table = table;
          actions[static_cast<std::size_t>(a)].key = key_of(*table, key((i + a) % kItems));
          actions[static_cast<std::size_t>(a)].update = &add;
        }
        engine->transact_write(actions);
      }
      --writers_left;
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::size_t seen = 0;
  std::map<std::string, std::string> told;
  for (const Consumer& consumer : consumers) {
    EXPECT_FALSE(consumer.at_end);
    EXPECT_GT(consumer.records.size(), 0U);
    seen += consumer.records.size();
    EXPECT_EQ(std::ranges::adjacent_find(consumer.records, std::greater_equal<>(), &Read::number),
              consumer.records.end());
    told.merge(replay(consumer.records));
  }
  EXPECT_EQ(seen, std::size_t{kWriters} * (kWrites + kWrites / 3));
  EXPECT_EQ(told, items_of(*engine, table));
}

TEST(Streams, TheLogTellsTheTableWheneverTheProcessIsKilled) {
  const TemporaryDirectory directory;
  const auto engine = open(directory.path());
  engine->create_table(streamed_table("t"));
  const TablePtr table = engine->usable_table("t");
  constexpr int kRounds = 5;
  constexpr int kWritesOfRound = 600;
  std::atomic<int> written = 0;
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int n = 0; written++ < kRounds * kWritesOfRound; ++n) {
        const int i = std::uniform_int_distribution<int>(0, 30)(random);
        if (n % 5 == 0) {
          remove(*engine, table, key(i));
        } else {
          put(*engine, table,
              R"({"pk":{"S":"p)" + std::to_string(i) + R"("},"sk":{"S":"s"},"n":{"N":")" + std::to_string(n) + "\"}}");
        }
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_TRUE(wait_until([&] { return written > round * kWritesOfRound + kWritesOfRound / 2; }));
    // A copy of the files of a running engine equals what a killed process leaves.
    const TemporaryDirectory killed;
    std::filesystem::copy(directory.path(), killed.path(), std::filesystem::copy_options::recursive);
    {
      const auto again = open(killed.path());
      const StreamInfo stream = only_stream(*again, "t");
      const std::vector<Read> records = read_stream(*again, stream);
      EXPECT_GT(records.size(), 0U);
      EXPECT_EQ(replay(records), items_of(*again, again->usable_table("t")));
      put(*again, again->usable_table("t"), key(1000 + round));
      const std::vector<Read> more = read_stream(*again, stream);
      ASSERT_EQ(more.size(), records.size() + 1);
      EXPECT_NE(std::ranges::find(more, key(1000 + round), &Read::keys), more.end());
    }
    const CheckReport report = check_directory(killed.path());
    EXPECT_TRUE(report.is_sound()) << report.problems.front();
  }
  for (std::thread& writer : writers) writer.join();
}

TEST(Streams, SurviveARestartAndGoOn) {
  const TemporaryDirectory directory;
  const ManualClock clock;  // stands still, but the numbers must grow
  std::vector<LogNumber> numbers;
  for (int round = 0; round < 3; ++round) {
    const auto engine = open(directory.path(), &clock);
    if (round == 0) {
      engine->create_table(streamed_table("t"));
    }
    const TablePtr table = engine->usable_table("t");
    put(*engine, table, R"({"pk":{"S":"p"},"sk":{"S":"s"},"round":{"N":")" + std::to_string(round) + "\"}}");
    const std::vector<Read> records = read_stream(*engine, only_stream(*engine, "t"));
    ASSERT_EQ(records.size(), static_cast<std::size_t>(round) + 1);
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(records[i].number, numbers[i]);
    if (!numbers.empty()) {
      EXPECT_GT(records.back().number, numbers.back());
    }
    numbers.push_back(records.back().number);
  }
}

/// With a clock that tests move, and a job that trims at once.
class StreamTrim : public testing::Test {
 protected:
  void start(std::int64_t shard_lifetime_ms = 0) {
    engine_ = nullptr;
    Options options;
    options.directory = directory_.path();
    options.clock = &clock_;
    options.stream_shards = 1;
    options.stream_shard_lifetime_ms = shard_lifetime_ms;
    options.stream_trim_period_ms = 1;
    engine_ = Engine::open(options);
    if (engine_->find_table("t") == nullptr) engine_->create_table(streamed_table("t"));
    table_ = engine_->usable_table("t");
  }
  [[nodiscard]] StreamInfo stream() const { return only_stream(*engine_, "t"); }
  Read read_first() {
    Consumer consumer = consumers_of(stream()).front();
    consumer.poll(*engine_, 1);
    return consumer.records.at(0);
  }

  const TemporaryDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
};

TEST_F(StreamTrim, RecordsAreDeletedAfterADayAndReadersAreTold) {
  start();
  put(*engine_, table_, key(1));
  const Read first = read_first();
  clock_.advance(23 * kHourMs);
  put(*engine_, table_, key(2));
  const std::uint32_t shard = stream().shards.at(0).id;
  EXPECT_EQ(read_stream(*engine_, stream()).size(), 2U);
  clock_.advance(2 * kHourMs);
  ASSERT_TRUE(wait_until([&] { return stream().shards.at(0).trimmed_before > first.number; }));
  ASSERT_TRUE(wait_until([&] { return read_stream(*engine_, stream()).size() == 1; }));
  EXPECT_EQ(read_first().keys, key(2));
  const auto read_from = [&](LogNumber number) {
    Consumer consumer{.stream = stream().space, .position = {.shard = shard, .number = number}};
    consumer.poll(*engine_);
    return consumer.records.size();
  };
  EXPECT_EQ(error_of([&] { read_from(first.number); }).type, "TrimmedDataAccessException");
  EXPECT_EQ(read_from(first.number + 1), 1U);

  // All records are over a day old, but the numbers still continue, also after a restart.
  clock_.advance(30 * kHourMs);
  ASSERT_TRUE(wait_until([&] { return read_stream(*engine_, stream()).empty(); }));
  const LogNumber trimmed = stream().shards.at(0).trimmed_before;
  const store::SpaceId space = stream().space;
  engine_ = nullptr;
  EXPECT_EQ(count_keys(*open_raw(directory_.path()), space_bounds(space)), 0U);
  start();
  put(*engine_, table_, key(3));
  EXPECT_GE(read_first().number, trimmed);
}

TEST_F(StreamTrim, AStreamThatWasDisabledIsReadableForADay) {
  start();
  put(*engine_, table_, key(1));
  const StreamInfo before = stream();
  engine_->update_table("t", [](Table& changed) { changed.stream_view_type.clear(); });
  put(*engine_, table_, key(2));
  EXPECT_GT(stream().stopped_ms, 0);
  Consumer consumer = consumers_of(before).front();
  consumer.poll(*engine_);
  EXPECT_EQ(consumer.records.size(), 1U);
  EXPECT_TRUE(consumer.at_end);

  engine_->update_table("t", [](Table& changed) { changed.stream_view_type = "KEYS_ONLY"; });
  put(*engine_, engine_->usable_table("t"), key(3));
  std::vector<StreamInfo> streams = engine_->list_streams("t");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].label, before.label);
  EXPECT_NE(streams[1].label, before.label);
  EXPECT_EQ(engine_->usable_table("t")->stream_label, streams[1].label);
  EXPECT_EQ(read_stream(*engine_, streams[1]).size(), 1U);
  engine_->delete_table("t");
  streams = engine_->list_streams("t");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_GT(streams[1].stopped_ms, 0);
  EXPECT_EQ(read_stream(*engine_, streams[1]).size(), 1U);

  clock_.advance(25 * kHourMs);
  ASSERT_TRUE(wait_until([&] { return engine_->list_streams("").empty(); }));
  EXPECT_EQ(error_of([&] { read_stream(*engine_, before); }).type, "ResourceNotFoundException");
  engine_ = nullptr;
  const auto raw = open_raw(directory_.path());
  for (const StreamInfo& gone : streams) EXPECT_EQ(count_keys(*raw, space_bounds(gone.space)), 0U);
  EXPECT_EQ(count_keys(*raw, {catalog_key(CatalogRow::kStream), store::prefix_end(catalog_key(CatalogRow::kStream))}),
            0U);
}

TEST_F(StreamTrim, ShardsWhoseTimeIsOverGoOnInChildren) {
  start(kHourMs);
  std::vector<LogNumber> numbers;
  for (int i = 0; i < 3; ++i) {
    put(*engine_, table_, key(i));
    clock_.advance(kHourMs);
    ASSERT_TRUE(wait_until([&] { return stream().shards.size() == static_cast<std::size_t>(i) + 2; }));
  }
  const StreamInfo rolled = stream();
  for (std::size_t i = 0; i < 3; ++i) {
    const Shard& shard = rolled.shards.at(i);
    EXPECT_EQ(shard.parent.has_value(), i > 0);
    if (i > 0) {
      EXPECT_EQ(shard.parent, rolled.shards[i - 1].id);
    }
    ASSERT_TRUE(shard.last_number);
    EXPECT_LT(*shard.last_number, rolled.shards[i + 1].first_number);
    Consumer consumer{.stream = rolled.space, .position = {.shard = shard.id, .number = 0}};
    consumer.poll(*engine_);
    EXPECT_TRUE(consumer.at_end);
    ASSERT_EQ(consumer.records.size(), 1U);
    EXPECT_EQ(consumer.records[0].keys, key(static_cast<int>(i)));
    EXPECT_GE(consumer.records[0].number, shard.first_number);
    EXPECT_LE(consumer.records[0].number, *shard.last_number);
  }
  start(kHourMs);
  put(*engine_, table_, key(9));
  EXPECT_EQ(read_stream(*engine_, stream()).size(), 4U);
  clock_.advance(25 * kHourMs);
  // Closed shards are deleted a day after they were closed.
  ASSERT_TRUE(wait_until([&] { return stream().shards.front().id >= 3; }));
}

TEST_F(StreamTrim, WritersAndReadersGoOnWhileShardsRoll) {
  start(1);
  std::atomic<bool> stop = false;
  std::thread time([&] {
    while (!stop) {
      clock_.advance(2);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::atomic<std::size_t> writes = 0;
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&] {
      const auto add = update("ADD n :one", R"({":one":{"N":"1"}})");
      for (int n = 0; n < 300 || stream().shards.size() < 10; ++n, ++writes) change(*engine_, table_, key(n % 7), add);
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  time.join();
  const StreamInfo rolled = stream();
  const std::vector<Read> records = read_stream(*engine_, rolled);  // shard by shard, parents first
  EXPECT_EQ(records.size(), writes);
  EXPECT_EQ(std::ranges::adjacent_find(records, std::greater_equal<>(), &Read::number), records.end());
  EXPECT_EQ(replay(records), items_of(*engine_, table_));
}

TEST(Streams, ExpiredItemsAreRemovedByTheService) {
  Options options;
  options.expiry_period_ms = 1;
  const auto engine = Engine::open(options);
  Table table = streamed_table("t");
  table.ttl_attribute = "ttl";
  engine->create_table(table);
  put(*engine, engine->usable_table("t"),
      R"({"pk":{"S":"p1"},"sk":{"S":"s"},"ttl":{"N":")" + std::to_string(core::Clock::system().now_ms() / 1000 - 5) +
          "\"}}");
  const StreamInfo stream = only_stream(*engine, "t");
  ASSERT_TRUE(wait_until([&] { return read_stream(*engine, stream).size() == 2; }));
  const std::vector<Read> records = read_stream(*engine, stream);
  EXPECT_EQ(records[0].origin, ChangeOrigin::kCaller);
  EXPECT_EQ(records[1].kind, ChangeKind::kRemove);
  EXPECT_EQ(records[1].origin, ChangeOrigin::kTimeToLive);
  EXPECT_NE(records[1].old_image, "");
}

TEST(Streams, ATableOfAVersionWithoutStreamsGetsItsOwn) {
  const TemporaryDirectory directory;
  open(directory.path())->create_table(make_table("t"));
  {
    const auto raw = open_raw(directory.path());
    Table table = raw_table(*raw, "t");
    table.stream_view_type = "NEW_IMAGE";
    table.stream_label = "2023-01-01T00:00:00.000";
    store::Batch batch;
    batch.put(catalog_key(CatalogRow::kTable, "t"), table_to_json(table));
    raw->write(batch);
  }
  const auto engine = open(directory.path());
  put(*engine, engine->usable_table("t"), key(1));
  const StreamInfo stream = only_stream(*engine, "t");
  EXPECT_EQ(stream.view_type, "NEW_IMAGE");
  EXPECT_EQ(stream.label, "2023-01-01T00:00:00.000") << "its ARN stays";
  EXPECT_EQ(engine->usable_table("t")->stream_label, stream.label);
  EXPECT_EQ(read_stream(*engine, stream).size(), 1U);
}

TEST(Streams, AStreamWhoseTableWentWithoutItIsClosedAtTheStart) {
  const TemporaryDirectory directory;
  {
    const auto engine = open(directory.path());
    engine->create_table(streamed_table("t"));
    put(*engine, engine->usable_table("t"), key(1));
  }
  {
    // The state that a kill between the deletion of the table and the closing of its stream leaves.
    const auto raw = open_raw(directory.path());
    store::Batch batch;
    batch.remove(catalog_key(CatalogRow::kTable, "t"));
    raw->write(batch);
  }
  const auto engine = open(directory.path());
  const StreamInfo stream = only_stream(*engine, "t");
  EXPECT_GT(stream.stopped_ms, 0);
  for (Consumer& consumer : consumers_of(stream)) {
    consumer.poll(*engine);
    EXPECT_TRUE(consumer.at_end);
  }
  EXPECT_EQ(read_stream(*engine, stream).size(), 1U);
}

TEST(Streams, ARepairKeepsThem) {
  const TemporaryDirectory directory;
  const TemporaryDirectory repaired;
  {
    const auto engine = open(directory.path());
    engine->create_table(streamed_table("t"));
    for (int i = 0; i < 20; ++i) put(*engine, engine->usable_table("t"), key(i));
  }
  repair_directory(directory.path(), repaired.path() / "new");
  const auto engine = open(repaired.path() / "new");
  const StreamInfo stream = only_stream(*engine, "t");
  EXPECT_EQ(stream.stopped_ms, 0);
  EXPECT_EQ(read_stream(*engine, stream).size(), 20U);
  put(*engine, engine->usable_table("t"), key(20));
  EXPECT_EQ(replay(read_stream(*engine, stream)), items_of(*engine, engine->usable_table("t")));
}

}  // namespace
}  // namespace stator::engine
