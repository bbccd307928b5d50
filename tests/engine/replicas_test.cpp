#include "engine/replicas.h"

#include <algorithm>

#include "engine/log/deliveries.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

AutoScaling scaling(std::int64_t maximum, double target) {
  AutoScaling scaling;
  scaling.minimum = 1;
  scaling.maximum = maximum;
  scaling.policy_name = "p";
  scaling.target = target;
  return scaling;
}

/// A table in three regions, each with settings of its own.
Table in_three_regions() {
  Table table = make_table("t", {make_index("byG", true, {{key_attribute("g")}, {}})});
  for (const char* region : {"us-west-2", "us-east-1", "eu-west-1"}) {
    Replica& replica = table.replicas.emplace_back();
    replica.region = region;
    replica.source = table.home_region;
    if (table.home_region.empty()) table.home_region = region;
    replica.added_ms = 5;
    replica.settings.id = "id of " + replica.region;
    replica.settings.tags = {{"region", replica.region}};
    replica.settings.policy = {"policy of " + replica.region, 7};
    index_entry(replica, "byG").read_units = 11;
    index_entry(replica, "byG").insights.mode = replica.region;
    replica.read_scaling = scaling(9, 70.25);
  }
  RegionSettings& home = table.replicas.front().settings;
  table.id = home.id;
  table.tags = home.tags;
  table.policy = home.policy;
  table.indexes.front().insights.mode = "us-west-2";
  home = {};
  table.write_scaling = scaling(3, 50);
  table.write_scaling->disable_scale_in = true;
  table.witness = Witness{.region = "us-east-2"};
  return table;
}

TEST(Replicas, EachRegionMayStandInTheTableAndNothingIsLost) {
  Table table = in_three_regions();
  for (const char* region : {"eu-west-1", "us-west-2", "us-east-1", "us-east-1", "none", "us-west-2"}) {
    move_home(table, region);
    if (std::string_view(region) == "none") continue;
    EXPECT_EQ(table.home_region, region);
    EXPECT_EQ(table.id, std::string("id of ") + region);
    EXPECT_EQ(table.tags.front().second, region);
    EXPECT_EQ(table.policy.document, std::string("policy of ") + region);
    EXPECT_EQ(table.indexes.front().insights.mode, region);
  }
  EXPECT_EQ(region_of(table, "eu-west-1"), "eu-west-1");
  EXPECT_EQ(region_of(table, "ap-south-1"), "us-west-2");
}

TEST(Replicas, AreThereAfterARestart) {
  const TemporaryDirectory directory;
  open(directory.path())->create_table(in_three_regions());
  const auto engine = open(directory.path());
  const TablePtr table = engine->find_table("t");
  ASSERT_EQ(table->replicas.size(), 3U);
  EXPECT_EQ(table->home_region, "us-west-2");
  EXPECT_EQ(table->tags.front().second, "us-west-2");
  const Replica& replica = *table->replica("eu-west-1");
  EXPECT_EQ(replica.source, "us-west-2");
  EXPECT_EQ(replica.settings.tags.front().second, "eu-west-1");
  EXPECT_EQ(replica.settings.policy.document, "policy of eu-west-1");
  EXPECT_EQ(replica.indexes.front().read_units, 11);
  EXPECT_EQ(replica.indexes.front().insights.mode, "eu-west-1");
  EXPECT_EQ(replica.read_scaling->target, 70.25);
  EXPECT_EQ(table->write_scaling->disable_scale_in, true);
  EXPECT_EQ(table->write_scaling->scale_in_cooldown, std::nullopt);
  EXPECT_EQ(table->witness->region, "us-east-2");
}

TEST(Replicas, GoWhenTheirTimeHasCome) {
  ManualClock clock;
  const auto engine = open({}, &clock, 1000);
  engine->create_table(in_three_regions());
  clock.advance(1000);
  const auto remove = [&](const char* region) {
    engine->update_table("t", [&](Table& table) { begin_removal(table, region, clock.now_ms() + 1000); });
  };
  remove("us-west-2");
  TablePtr table = engine->find_table("t");
  EXPECT_EQ(table->home_region, "us-east-1") << "another one stands there at once";
  EXPECT_EQ(table->tags.front().second, "us-east-1");
  EXPECT_EQ(error_of([&] { remove("eu-west-1"); }).type, core::ErrorCode::kResourceInUse);
  clock.advance(1000);
  EXPECT_EQ(engine->find_table("t")->replicas.size(), 2U);
  remove("eu-west-1");
  clock.advance(1000);
  table = engine->find_table("t");
  EXPECT_TRUE(table->replicas.empty());
  EXPECT_EQ(table->home_region, "");
  EXPECT_EQ(table->tags.front().second, "us-east-1");
  EXPECT_FALSE(table->witness);
}

TEST(Replicas, ShareTheLogOfTheirRecoveries) {
  ManualClock clock;
  const auto engine = open({}, &clock);
  engine->create_table(in_three_regions());
  const auto set_days = [&](const char* region, std::int64_t days) {
    return engine->annotate_table("t", [&](Table& table) {
      move_home(table, region);
      table.recovery_days = days;
      move_home(table, "us-west-2");
    });
  };
  const auto window_in = [&](const char* region) {
    Table view = *engine->find_table("t");
    move_home(view, region);
    return engine->recovery_window(view);
  };
  set_days("us-east-1", 3);
  EXPECT_FALSE(window_in("us-west-2"));
  ASSERT_TRUE(window_in("us-east-1"));
  clock.advance(60'000);
  set_days("us-west-2", 35);
  EXPECT_EQ(window_in("us-west-2")->earliest_ms, window_in("us-east-1")->earliest_ms + 60'000);
  set_days("us-east-1", 0);
  EXPECT_NE(engine->find_table("t")->recovery, nullptr);
  set_days("us-west-2", 0);
  EXPECT_EQ(engine->find_table("t")->recovery, nullptr);
}

// --- deliveries

std::unique_ptr<Engine> open_delivering(const std::filesystem::path& directory, bool delivers = true) {
  Options options;
  options.directory = directory;
  options.delivers_to_kinesis = delivers;
  options.stream_shards = 1;
  return Engine::open(options);
}

TablePtr set_destination(Engine& engine, KinesisStatus status) {
  return engine.annotate_table("t", [status](Table& table) {
    if (table.kinesis.empty()) table.kinesis.emplace_back();
    table.kinesis.front().stream_arn = "arn";
    table.kinesis.front().status = status;
  });
}

/// Returns the numbers of the records that wait for delivery, after checking that each has a new image.
std::vector<LogNumber> waiting(Engine& engine) {
  std::vector<LogNumber> numbers;
  for (const Deliveries::Destination& destination : engine.deliveries().list()) {
    for (const std::uint32_t shard : destination.shards) {
      engine.deliveries().read(destination.space, shard, [&](LogNumber number, const LogRecord& record) {
        EXPECT_FALSE(record.new_image.json.empty());
        numbers.push_back(number);
        return true;
      });
    }
  }
  return numbers;
}

TEST(Deliveries, KeepEachChangeUntilItHasArrived) {
  const TemporaryDirectory directory;
  store::SpaceId space = 0;
  {
    const auto engine = open_delivering(directory.path());
    TablePtr table = engine->create_table(make_table("t"));
    put(*engine, table, R"({"pk":{"S":"before"},"sk":{"S":"1"}})");
    table = set_destination(*engine, KinesisStatus::kEnabling);
    ASSERT_EQ(engine->deliveries().list().size(), 1U);
    const Deliveries::Destination destination = engine->deliveries().list().front();
    EXPECT_EQ(destination.stream_arn, "arn");
    EXPECT_FALSE(destination.found);
    engine->deliveries().note_found(destination, "");
    EXPECT_TRUE(engine->deliveries().list().front().found);
    space = destination.space;
    for (const char* key : {"1", "2", "3"}) {
      put(*engine, table, R"({"pk":{"S":"a"},"sk":{"S":")" + std::string(key) + "\"}}");
    }
    std::vector<LogNumber> numbers = waiting(*engine);
    ASSERT_EQ(numbers.size(), 3U);
    numbers.pop_back();
    engine->deliveries().arrived(space, destination.shards.front(), numbers);
    EXPECT_EQ(waiting(*engine).size(), 1U);
  }
  {
    // A start without an endpoint keeps recording changes too, for the next start with one.
    const auto engine = open_delivering(directory.path(), false);
    put(*engine, engine->find_table("t"), R"({"pk":{"S":"b"},"sk":{"S":"1"}})");
  }
  const auto engine = open_delivering(directory.path());
  ASSERT_EQ(engine->deliveries().list().size(), 1U);
  EXPECT_TRUE(engine->deliveries().list().front().found);
  EXPECT_EQ(engine->deliveries().list().front().space, space);
  EXPECT_EQ(waiting(*engine).size(), 2U);
  EXPECT_TRUE(engine->list_streams("").empty()) << "no reader of streams sees it";
  EXPECT_FALSE(engine->find_stream(space));

  set_destination(*engine, KinesisStatus::kDisabling);
  EXPECT_TRUE(engine->deliveries().list().empty());
  set_destination(*engine, KinesisStatus::kEnabling);
  ASSERT_EQ(engine->deliveries().list().size(), 1U);
  EXPECT_NE(engine->deliveries().list().front().space, space);
  EXPECT_TRUE(waiting(*engine).empty());
  engine->deliveries().note_found(engine->deliveries().list().front(), "no such stream");
  EXPECT_TRUE(engine->deliveries().list().empty());
  EXPECT_EQ(engine->find_table("t")->kinesis.front().description, "no such stream");
  engine->delete_table("t");
}

TEST(Deliveries, AreNotKeptWhereNobodyDelivers) {
  const auto engine = open();
  engine->create_table(make_table("t"));
  set_destination(*engine, KinesisStatus::kEnabling);
  EXPECT_TRUE(engine->deliveries().list().empty());
  EXPECT_TRUE(engine->find_table("t")->deliveries.empty());
}

}  // namespace
}  // namespace stator::engine
