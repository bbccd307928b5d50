#include "engine/export/exports.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "engine/bucket/folder_buckets.h"
#include "engine/export/data_file.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMinuteMs = 60'000;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The lines of a compressed file.
std::vector<std::string> read_lines(const fs::path& path) {
  std::string text;
  gzFile file = ::gzopen(path.c_str(), "rb");
  char buffer[8192];
  for (int count = 0; (count = ::gzread(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::gzclose(file);
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string text_at(const json::Value& object, std::string_view name) {
  return std::string(object[name].get_string().value_unsafe());
}

/// Items as JSON, by key.
using Items = std::map<std::string, std::string>;

/// Runs on disk and in memory; buckets are folders in both cases.
class ExportTest : public testing::TestWithParam<bool> {
 protected:
  ExportTest() { fs::create_directories(buckets() / "bucket"); }

  [[nodiscard]] fs::path buckets() const { return directory_.path() / "buckets"; }
  [[nodiscard]] std::unique_ptr<Engine> open(bool paused = false) {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.clock = &clock_;
    options.buckets = buckets();
    options.jobs_paused = paused;
    return Engine::open(options);
  }
  static void begin(Engine& engine) {
    engine.create_table(make_table("tab"));
    engine.annotate_table("tab", [](Table& table) { table.recovery_days = 35; });
  }
  static ExportInfo request(Engine& engine, const std::string& bucket = "bucket") {
    const TablePtr table = engine.find_table("tab");
    ExportInfo info;
    info.table_name = table->name;
    info.table_id = table->id;
    info.table_arn = "arn:tab";
    info.arn = "arn:tab/export/";
    info.client_token = std::to_string(engine.exports().list().size());
    info.canonical_text = bucket;
    info.bucket = bucket;
    info.prefix = "some/where";
    info.encryption.algorithm = "AES256";
    info.space = table->space;
    info.log_space = table->recovery_space;
    info.time_ms = engine.clock().now_ms();
    return info;
  }
  static ExportPtr run(Engine& engine, ExportInfo info) {
    const std::string id = engine.exports().start(std::move(info))->id;
    if (!wait_until([&] { return engine.exports().find(id)->status != ExportStatus::kInProgress; })) return nullptr;
    return engine.exports().find(id);
  }

  /// Returns all lines of all files that the manifests name, after checking the files against the manifests.
  std::vector<std::string> lines_of(const ExportInfo& info) {
    const fs::path bucket = buckets() / info.bucket;
    EXPECT_EQ(info.status, ExportStatus::kCompleted) << info.failure_message;
    const std::string summary = read_file(bucket / info.manifest_key);
    EXPECT_EQ(read_file(bucket / "some/where/AWSDynamoDB" / info.id / "manifest-summary.md5"), md5_base64(summary));
    json::Parser parser;
    const json::Value root = parser.parse(summary);
    EXPECT_EQ(root["itemCount"].get_uint64().value_unsafe(), info.items);
    const std::string files = read_file(bucket / text_at(root, "manifestFilesS3Key"));
    EXPECT_EQ(read_file(bucket / "some/where/AWSDynamoDB" / info.id / "manifest-files.md5"), md5_base64(files));
    std::vector<std::string> lines;
    std::istringstream in(files);
    for (std::string line; std::getline(in, line);) {
      json::Parser line_parser;
      const json::Value file = line_parser.parse(line);
      const fs::path path = bucket / text_at(file, "dataFileS3Key");
      EXPECT_EQ(text_at(file, "md5Checksum"), md5_base64(read_file(path)));
      const std::vector<std::string> found = read_lines(path);
      EXPECT_EQ(file["itemCount"].get_uint64().value_unsafe(), found.size());
      lines.insert(lines.end(), found.begin(), found.end());
    }
    EXPECT_EQ(lines.size(), info.items);
    return lines;
  }

  static std::string key_json(const json::Item& item) {
    std::string key;
    item.append_attribute("pk", key);
    item.append_attribute("sk", key);
    return key;
  }
  Items items_of(const ExportInfo& info) {
    Items items;
    for (const std::string& line : lines_of(info)) {
      json::Parser parser;
      const std::string json = simdjson::minify(parser.parse(line)["Item"]);
      EXPECT_TRUE(items.emplace(key_json(json::Item(json)), json).second) << "twice: " << line;
    }
    return items;
  }
  static Items present(Engine& engine) {
    Items items;
    for (const std::string& json : read_all(engine, scan(engine.find_table("tab")))) {
      items.emplace(key_json(json::Item(json)), json);
    }
    return items;
  }
  void change_randomly(Engine& engine, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key =
          "{\"pk\":" + s("p" + std::to_string(random_() % 30)) + ",\"sk\":" + s(std::to_string(random_() % 30));
      if (random_() % 4 == 0) {
        remove(engine, engine.find_table("tab"), key + "}");
      } else {
        put(engine, engine.find_table("tab"),
            key + ",\"v\":" + s("\\u00e9 \\\"" + std::to_string(random_() % 100)) + "}");
      }
      if (i % 20 == 0) clock_.advance(1);
    }
  }
  /// Applies the changes of an incremental export to the items as they were at its start.
  void replay(const ExportInfo& info, Items& items) {
    for (const std::string& line : lines_of(info)) {
      json::Parser parser;
      const json::Value record = parser.parse(line);
      const std::string key = key_json(json::Item(simdjson::minify(record["Keys"])));
      json::Value image;
      const auto before = items.find(key);
      if (record["OldImage"].get(image) == simdjson::SUCCESS) {
        EXPECT_TRUE(before != items.end() && before->second == simdjson::minify(image)) << line;
      } else if (info.old_images) {
        EXPECT_TRUE(before == items.end()) << line;
      }
      const std::int64_t written_ms = std::stoll(text_at(record["Metadata"]["WriteTimestampMicros"], "N")) / 1000;
      EXPECT_GE(written_ms, info.from_ms);
      EXPECT_LT(written_ms, info.to_ms);
      if (record["NewImage"].get(image) == simdjson::SUCCESS) {
        items[key] = simdjson::minify(image);
      } else {
        items.erase(key);
      }
    }
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  std::mt19937 random_{1};
};
INSTANTIATE_TEST_SUITE_P(Places, ExportTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(ExportTest, OfThePresentHoldsEveryItem) {
  const auto engine = open();
  begin(*engine);
  change_randomly(*engine, 3000);
  const ExportPtr info = run(*engine, request(*engine));
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(items_of(*info), present(*engine));
  EXPECT_EQ(info->billed_bytes, engine->counts(*engine->find_table("tab")).table.size_bytes);
  EXPECT_TRUE(fs::exists(buckets() / "bucket/some/where/AWSDynamoDB" / info->id / "_started"));
}

TEST_P(ExportTest, OfAnEmptyTableHasOneEmptyFile) {
  const auto engine = open();
  begin(*engine);
  const ExportPtr info = run(*engine, request(*engine));
  ASSERT_NE(info, nullptr);
  EXPECT_TRUE(items_of(*info).empty());
  EXPECT_EQ(info->billed_bytes, 0U);
}

TEST_P(ExportTest, OfThePastHoldsWhatWasThereThen) {
  const auto engine = open();
  begin(*engine);
  change_randomly(*engine, 1000);
  const Items then = present(*engine);
  ExportInfo wanted = request(*engine);
  clock_.advance(1);
  change_randomly(*engine, 3000);
  wanted.canonical_text = "past";
  const ExportPtr info = run(*engine, wanted);
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(items_of(*info), then);
}

TEST_P(ExportTest, IncrementalOnesReplayedGiveTheTable) {
  const auto engine = open();
  begin(*engine);
  change_randomly(*engine, 500);
  clock_.advance(1);
  Items items = present(*engine);
  std::vector<std::int64_t> borders = {clock_.now_ms()};
  for (int part = 0; part < 3; ++part) {
    change_randomly(*engine, 700);
    clock_.advance(20 * kMinuteMs);
    borders.push_back(clock_.now_ms());
  }
  change_randomly(*engine, 700);
  const Items last = present(*engine);
  clock_.advance(20 * kMinuteMs);
  borders.push_back(clock_.now_ms());
  // All exports are made at the end; each covers a part of the past.
  for (std::size_t part = 0; part + 1 < borders.size(); ++part) {
    ExportInfo wanted = request(*engine);
    wanted.incremental = true;
    wanted.from_ms = borders[part];
    wanted.to_ms = borders[part + 1];
    const ExportPtr info = run(*engine, wanted);
    ASSERT_NE(info, nullptr);
    replay(*info, items);
    EXPECT_EQ(info->billed_bytes, 10'000'000U);
  }
  EXPECT_EQ(items, last);
}

TEST_P(ExportTest, IncrementalOnesOfNewImagesHaveNoOldOnes) {
  const auto engine = open();
  begin(*engine);
  change_randomly(*engine, 300);
  clock_.advance(1);
  Items items = present(*engine);
  ExportInfo wanted = request(*engine);
  wanted.incremental = true;
  wanted.old_images = false;
  wanted.from_ms = clock_.now_ms();
  change_randomly(*engine, 500);
  clock_.advance(20 * kMinuteMs);
  wanted.to_ms = clock_.now_ms();
  const ExportPtr info = run(*engine, wanted);
  ASSERT_NE(info, nullptr);
  for (const std::string& line : lines_of(*info)) EXPECT_EQ(line.find("OldImage"), std::string::npos);
  replay(*info, items);
  EXPECT_EQ(items, present(*engine));
}

TEST_P(ExportTest, ToABucketThatIsNotThereFails) {
  const auto engine = open();
  begin(*engine);
  const ExportPtr info = run(*engine, request(*engine, "nowhere"));
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->status, ExportStatus::kFailed);
  EXPECT_EQ(info->failure_code, "S3NoSuchBucket");
  EXPECT_FALSE(fs::exists(buckets() / "nowhere"));
}

TEST_P(ExportTest, ATokenStandsForOneExport) {
  const auto engine = open();
  begin(*engine);
  const ExportInfo wanted = request(*engine);
  const ExportPtr first = run(*engine, wanted);
  clock_.advance(1000);
  EXPECT_EQ(engine->exports().start(wanted)->id, first->id);
  ExportInfo other = wanted;
  other.canonical_text = "other";
  EXPECT_EQ(error_of([&] { engine->exports().start(other); }).type.name(), "ExportConflictException");
  other.client_token = "new";
  EXPECT_NE(run(*engine, other)->id, first->id);
  EXPECT_EQ(engine->exports().list().size(), 2U);
}

TEST_P(ExportTest, OfATableThatWasDeletedMeanwhileIsRefused) {
  const auto engine = open();
  begin(*engine);
  const ExportInfo wanted = request(*engine);
  engine->delete_table("tab");
  EXPECT_EQ(error_of([&] { engine->exports().start(wanted); }).message, "Table not found: tab");
  EXPECT_TRUE(engine->exports().list().empty());
}

TEST_P(ExportTest, GoesOnAfterARestart) {
  if (!GetParam()) GTEST_SKIP() << "memory ends with the process";
  Items then;
  std::string id;
  {
    const auto engine = open(true);
    begin(*engine);
    change_randomly(*engine, 1000);
    then = present(*engine);
    id = engine->exports().start(request(*engine))->id;
    change_randomly(*engine, 500);
  }
  {
    const auto engine = open();
    ASSERT_TRUE(wait_until([&] { return engine->exports().find(id)->status != ExportStatus::kInProgress; }));
    EXPECT_EQ(items_of(*engine->exports().find(id)), then);
  }
  EXPECT_TRUE(fs::is_empty(directory_.path() / "data" / "backups"));
  const auto engine = open();
  EXPECT_EQ(engine->exports().find(id)->status, ExportStatus::kCompleted);
}

TEST_P(ExportTest, HasOnlyWhatTheFilterTakes) {
  const auto engine = open();
  begin(*engine);
  for (int i = 0; i < 20; ++i) {
    put(*engine, engine->find_table("tab"),
        "{\"pk\":" + s(std::to_string(i % 2)) + ",\"sk\":" + s(std::to_string(i)) + ",\"v\":{\"N\":\"" +
            std::to_string(i) + "\"},\"w\":" + s("w") + "}");
  }
  ExportInfo wanted = request(*engine);
  wanted.filter_json =
      R"json({"FilterExpression":"#v > :v","ProjectionExpression":"pk, sk, v","KeyConditionExpression":"pk = :p AND begins_with(sk, :s)",
  "ExpressionAttributeNames" : {"#v" : "v"}, "ExpressionAttributeValues" : {
    ":v" : {"N" : "12"}, ":p" : {"S" : "1"}, ":s" : { "S" : "1" }
  }
})json";
  const ExportPtr info = run(*engine, wanted);
  std::vector<std::string> lines = lines_of(*info);
  std::ranges::sort(lines);
  EXPECT_EQ(lines, (std::vector<std::string>{
                       R"({"Item":{"pk":{"S":"1"},"sk":{"S":"13"},"v":{"N":"13"}}})",
                       R"({"Item":{"pk":{"S":"1"},"sk":{"S":"15"},"v":{"N":"15"}}})",
                       R"({"Item":{"pk":{"S":"1"},"sk":{"S":"17"},"v":{"N":"17"}}})",
                       R"({"Item":{"pk":{"S":"1"},"sk":{"S":"19"},"v":{"N":"19"}}})",
                   }));
}

TEST(Bucket, KeysDoNotLeadOutOfIt) {
  TemporaryDirectory directory;
  fs::create_directories(directory.path() / "bucket");
  const auto bucket = FolderBuckets(directory.path()).bucket("bucket", "");
  EXPECT_THROW(bucket->put("../other/file", "x"), BucketError);
  EXPECT_THROW((void)bucket->open("a/../../file"), BucketError);
  EXPECT_THROW((void)bucket->list("../"), BucketError);
  bucket->put("/a//b", "x");
  EXPECT_EQ(read_file(directory.path() / "bucket/a/b"), "x");
  ASSERT_EQ(bucket->list("a").size(), 1U);
  EXPECT_EQ(bucket->list("a").front().key, "a/b");
  EXPECT_TRUE(bucket->list("b").empty());
  EXPECT_TRUE(bucket->list("nowhere/").empty());
  EXPECT_THROW((void)FolderBuckets(directory.path()).bucket("nowhere", ""), BucketError);
}

}  // namespace
}  // namespace stator::engine
