#include "engine/import/bulk_puts.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "engine/export/exports.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

/// Runs on disk and in memory.
class BulkPutTest : public testing::TestWithParam<bool> {
 protected:
  BulkPutTest() {
    fs::create_directories(bucket("in"));
    fs::create_directories(bucket("out"));
  }

  [[nodiscard]] fs::path bucket(const std::string& name) const { return directory_.path() / "buckets" / name; }
  [[nodiscard]] std::unique_ptr<Engine> open() {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.clock = &clock_;
    options.buckets = directory_.path() / "buckets";
    return Engine::open(options);
  }
  void put_object(const std::string& key, std::string_view content) const {
    std::ofstream(bucket("in") / key, std::ios::binary) << content;
  }
  static BulkPuts& bulk_puts(Engine& engine) { return engine.bulk_puts(); }

  static BulkPutInfo request(Engine& engine) {
    const TablePtr table = engine.find_table("tab");
    BulkPutInfo info;
    info.arn = "arn:tab/bulk-operation/";
    info.table_arn = "arn:tab";
    info.table_name = table->name;
    info.client_token = std::to_string(bulk_puts(engine).list().size());
    info.source.bucket = "in";
    info.output.bucket = "out";
    info.output.prefix = "reports";
    info.output.errors = true;
    info.output.condition_failures = true;
    return info;
  }
  static BulkPutPtr wait(Engine& engine, const std::string& id) {
    EXPECT_TRUE(wait_until([&] { return !bulk_puts(engine).find(id)->is_under_way(); }));
    return bulk_puts(engine).find(id);
  }
  static BulkPutPtr start(Engine& engine, BulkPutInfo info) {
    return bulk_puts(engine).start(std::move(info), [](const TablePtr&) {});
  }
  static BulkPutPtr run(Engine& engine, BulkPutInfo info) { return wait(engine, start(engine, std::move(info))->id); }
  /// The numbers of items processed and put, of errors, and of conditions that did not hold.
  static Numbers counts(const BulkPutInfo& info) {
    return {info.progress.processed, info.progress.imported, info.progress.errors, info.condition_failures};
  }
  static Strings items(Engine& engine) {
    Strings found = read_all(engine, scan(engine.usable_table("tab")));
    std::ranges::sort(found);
    return found;
  }
  static std::string item_json(const std::string& pk, const std::string& more = "") {
    return "{\"pk\":" + s(pk) + ",\"sk\":" + s("1") + more + "}";
  }
  static std::string line(const std::string& pk, const std::string& beside = "", const std::string& more = "") {
    return "{\"Item\":" + item_json(pk, more) + beside + "}\n";
  }
  /// All lines of a report, in the order of its parts.
  Strings report(const BulkPutInfo& info, const std::string& kind) const {
    Strings lines;
    const fs::path folder = bucket("out") / "reports" / "AWSDynamoDB" / info.id / kind;
    if (!fs::exists(folder)) return lines;
    std::vector<fs::path> parts;
    for (const auto& entry : fs::directory_iterator(folder)) parts.push_back(entry.path());
    std::ranges::sort(parts);
    for (const fs::path& part : parts) {
      std::string text;
      gzFile file = ::gzopen(part.c_str(), "rb");
      char buffer[8192];
      for (int count = 0; (count = ::gzread(file, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(count));
      }
      ::gzclose(file);
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
      }
    }
    return lines;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
};

TEST_P(BulkPutTest, PutsIntoATableThatIsThereAndItsIndexes) {
  const auto engine = open();
  engine->create_table(make_table("tab", {make_index("byV", true, {{key_attribute("v")}, {}})}));
  put(*engine, engine->find_table("tab"), item_json("a", ",\"v\":" + s("old")));
  put(*engine, engine->find_table("tab"), item_json("z"));
  put_object("1", line("a", "", ",\"v\":" + s("new")) + line("b"));
  put_object("2", line("c", "", ",\"v\":" + s("c")));
  const BulkPutPtr info = run(*engine, request(*engine));
  EXPECT_EQ(info->status, BulkPutStatus::kCompleted) << info->failure_message;
  EXPECT_EQ(counts(*info), (Numbers{3, 3, 0, 0}));
  EXPECT_EQ(items(*engine), (Strings{item_json("a", ",\"v\":" + s("new")), item_json("b"),
                                     item_json("c", ",\"v\":" + s("c")), item_json("z")}));
  EXPECT_EQ(engine->counts(*engine->find_table("tab")).indexes.at(0).items, 2U);
  EXPECT_TRUE(fs::exists(bucket("out") / "reports" / "AWSDynamoDB" / info->id / "manifest-summary.json"));
}

TEST_P(BulkPutTest, TellsOfFaultyItemsAndOfConditionsThatDidNotHold) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  put(*engine, engine->find_table("tab"), item_json("there", ",\"n\":{\"N\":\"1\"}"));
  const std::string is_new = ",\"ConditionExpression\":\"attribute_not_exists(pk)\"";
  put_object("1", line("there", is_new) + line("new", is_new) +
                      line("there",
                           ",\"ConditionExpression\":\"#n = :one\",\"ExpressionAttributeNames\":{\"#n\":\"n\"},"
                           "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}",
                           ",\"n\":{\"N\":\"2\"}") +
                      line("x", ",\"ConditionExpression\":\"no expression\"") + "{\"Item\":{\"pk\":{\"S\":\"x\"}}}\n" +
                      line("y") + "garbage\n" + line("never read"));
  const BulkPutPtr info = run(*engine, request(*engine));
  EXPECT_EQ(info->status, BulkPutStatus::kCompletedWithErrors);
  EXPECT_EQ(counts(*info), (Numbers{7, 3, 3, 1}));
  EXPECT_EQ(items(*engine), (Strings{item_json("new"), item_json("there", ",\"n\":{\"N\":\"2\"}"), item_json("y")}));
  const Strings failures = report(*info, "condition-check-failures");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0], "{\"S3Key\":\"1\",\"Item\":" + item_json("there") +
                             ",\"ExistingItem\":" + item_json("there", ",\"n\":{\"N\":\"1\"}") + "}");
  EXPECT_EQ(report(*info, "errors").size(), 3U);

  put_object("1", line("there", is_new));
  BulkPutInfo silent = request(*engine);
  silent.output.condition_failures = false;
  const BulkPutPtr second = run(*engine, std::move(silent));
  EXPECT_EQ(second->status, BulkPutStatus::kCompleted) << "conditions that do not hold are no errors";
  EXPECT_EQ(counts(*second), (Numbers{1, 0, 0, 1}));
  EXPECT_TRUE(report(*second, "condition-check-failures").empty());
}

TEST_P(BulkPutTest, AConditionDoesNotHoldThoughTheItemIsThereAsItIs) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  const std::string is_new = ",\"ConditionExpression\":\"attribute_not_exists(pk)\"";
  put_object("1", line("a", is_new) + line("b", is_new));
  EXPECT_EQ(counts(*run(*engine, request(*engine))), (Numbers{2, 2, 0, 0}));
  const BulkPutPtr again = run(*engine, request(*engine));
  EXPECT_EQ(counts(*again), (Numbers{2, 0, 0, 2}));
  EXPECT_EQ(report(*again, "condition-check-failures").size(), 2U);
  EXPECT_EQ(again->put_bytes, 0U);
}

TEST_P(BulkPutTest, FailsWithoutItsBucketsOrItsTable) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  put_object("1", line("a"));
  BulkPutInfo wanted = request(*engine);
  wanted.output.bucket = "nowhere";
  EXPECT_EQ(run(*engine, std::move(wanted))->failure_code, "S3NoSuchBucket");
  EXPECT_TRUE(items(*engine).empty());
  engine->pause_jobs();
  const std::string id = start(*engine, request(*engine))->id;
  engine->delete_table("tab");
  engine->create_table(make_table("tab"));
  engine->resume_jobs();
  EXPECT_EQ(wait(*engine, id)->failure_code, "ResourceNotFound") << "another table of that name is another table";
}

TEST_P(BulkPutTest, NoChangeOfTheTableComesBetweenItsCheckAndTheStart) {
  const auto engine = open();
  const std::string table_id = engine->create_table(make_table("tab"))->id;
  engine->pause_jobs();
  std::thread changer;
  bool is_filling = false;
  bulk_puts(*engine).start(request(*engine), [&](const TablePtr&) {
    changer = std::thread(
        [&] { engine->update_table("tab", [&](Table&) { is_filling = bulk_puts(*engine).is_filling(table_id); }); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  });
  changer.join();
  EXPECT_TRUE(is_filling) << "a region that the change adds would not see the bulk put";
}

TEST_P(BulkPutTest, IsCancelledAndKnowsItsToken) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  put_object("1", line("a"));
  engine->pause_jobs();
  const BulkPutInfo wanted = request(*engine);
  const std::string id = start(*engine, wanted)->id;
  EXPECT_EQ(start(*engine, wanted)->id, id);
  BulkPutInfo other = wanted;
  other.canonical_text = "another";
  EXPECT_EQ(error_of([&] { start(*engine, other); }).type, core::ErrorCode::kIdempotentParameterMismatch);
  EXPECT_EQ(bulk_puts(*engine).cancel(id)->status, BulkPutStatus::kCancelling);
  engine->resume_jobs();
  EXPECT_EQ(wait(*engine, id)->status, BulkPutStatus::kCancelled);
  EXPECT_EQ(bulk_puts(*engine).cancel(id)->status, BulkPutStatus::kCancelled);
  EXPECT_TRUE(items(*engine).empty());
  EXPECT_EQ(bulk_puts(*engine).cancel("nothing"), nullptr);
}

TEST_P(BulkPutTest, GoesOnBehindARestartAndCountsNothingTwice) {
  if (!GetParam()) return;
  constexpr int kItems = 20'000;
  std::string lines;
  for (int i = 0; i < kItems; ++i) {
    lines += line(std::to_string(i), i % 2 == 0 ? ",\"ConditionExpression\":\"attribute_not_exists(pk)\"" : "");
  }
  put_object("1", lines);
  auto engine = open();
  engine->create_table(make_table("tab"));
  const std::string id = start(*engine, request(*engine))->id;
  int restarts = 0;
  std::uint64_t seen = 0;
  constexpr int kRestarts = 8;
  while (bulk_puts(*engine).find(id)->is_under_way() && restarts < kRestarts) {
    ASSERT_TRUE(wait_until([&] {
      const BulkPutPtr info = bulk_puts(*engine).find(id);
      return info->progress.processed > seen || !info->is_under_way();
    }));
    seen = bulk_puts(*engine).find(id)->progress.processed;
    engine.reset();
    ++restarts;
    engine = open();
  }
  EXPECT_GT(restarts, 1);
  wait(*engine, id);
  EXPECT_EQ(counts(*bulk_puts(*engine).find(id)), (Numbers{kItems, kItems, 0, 0}));
  EXPECT_EQ(items(*engine).size(), static_cast<std::size_t>(kItems));
}

TEST_P(BulkPutTest, ConditionsThatDoNotHoldTakeTheirPartOfTheRate) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  std::string lines;
  for (int i = 0; i < 4'000; ++i) lines += line("a", ",\"ConditionExpression\":\"attribute_exists(pk)\"");
  put_object("1", lines);
  BulkPutInfo wanted = request(*engine);
  wanted.max_write_units = 4096;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(counts(*run(*engine, std::move(wanted))), (Numbers{4'000, 0, 0, 4'000}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(500));
}

TEST_P(BulkPutTest, ReadsNoReportOfItsOwnBehindARestart) {
  if (!GetParam()) return;
  constexpr int kItems = 4'000;
  std::string lines;
  for (int i = 0; i < kItems; ++i) {
    lines += line(std::to_string(i), ",\"ConditionExpression\":\"attribute_exists(pk)\"");
  }
  put_object("1", lines);
  auto engine = open();
  engine->create_table(make_table("tab"));
  BulkPutInfo wanted = request(*engine);
  wanted.output.bucket = wanted.source.bucket;
  wanted.max_write_units = 4096;  // so that it is under way for a second
  const std::string id = start(*engine, std::move(wanted))->id;
  ASSERT_TRUE(wait_until([&] { return bulk_puts(*engine).find(id)->report_parts > 0; }));
  ASSERT_TRUE(bulk_puts(*engine).find(id)->is_under_way());
  engine.reset();
  engine = open();
  const BulkPutPtr info = wait(*engine, id);
  EXPECT_EQ(info->status, BulkPutStatus::kCompleted);
  EXPECT_EQ(counts(*info), (Numbers{kItems, 0, 0, kItems}));
}

INSTANTIATE_TEST_SUITE_P(Stores, BulkPutTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& tested) { return tested.param ? "Disk" : "Memory"; });

}  // namespace
}  // namespace stator::engine
