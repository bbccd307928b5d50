#include "engine/import/imports.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "engine/export/exports.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

/// One gzip member.
std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string gunzip(const fs::path& path) {
  std::string text;
  gzFile file = ::gzopen(path.c_str(), "rb");
  char buffer[8192];
  for (int count = 0; (count = ::gzread(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::gzclose(file);
  return text;
}

/// One zstd frame.
std::string zstd(std::string_view text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

/// Runs on disk and in memory.
class ImportTest : public testing::TestWithParam<bool> {
 protected:
  ImportTest() { fs::create_directories(bucket()); }

  [[nodiscard]] fs::path bucket() const { return directory_.path() / "buckets" / "bucket"; }
  [[nodiscard]] std::unique_ptr<Engine> open() {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.clock = &clock_;
    options.buckets = directory_.path() / "buckets";
    return Engine::open(options);
  }
  void put_object(const std::string& key, std::string_view content) const {
    fs::create_directories((bucket() / key).parent_path());
    std::ofstream(bucket() / key, std::ios::binary) << content;
  }

  static ImportInfo request(const std::string& prefix = "", InputFormat format = InputFormat::kDynamoDbJson,
                            Compression compression = Compression::kNone) {
    ImportInfo info;
    info.arn = "arn:tab/import/";
    info.table_arn = "arn:tab";
    info.client_token = random_token();
    info.source.bucket = "bucket";
    info.source.prefix = prefix;
    info.source.format = format;
    info.source.compression = compression;
    return info;
  }
  static std::string random_token() {
    static int number = 0;
    return std::to_string(++number);
  }
  static Imports& imports(Engine& engine) { return engine.imports(); }
  static ImportPtr wait(Engine& engine, const std::string& id) {
    EXPECT_TRUE(wait_until([&] { return imports(engine).find(id)->status != ImportStatus::kInProgress; }));
    return imports(engine).find(id);
  }
  static ImportPtr run(Engine& engine, ImportInfo info, Table table = make_table("tab")) {
    return wait(engine, imports(engine).start(std::move(info), std::move(table))->id);
  }
  /// The numbers of items processed and imported, and of errors.
  static std::vector<std::uint64_t> counts(const ImportInfo& info) {
    return {info.progress.processed, info.progress.imported, info.progress.errors};
  }
  static std::vector<std::string> items(Engine& engine) {
    std::vector<std::string> found = read_all(engine, scan(engine.usable_table("tab")));
    std::ranges::sort(found);
    EXPECT_EQ(engine.counts(*engine.find_table("tab")).table.items, found.size());
    return found;
  }
  static std::string item_json(const std::string& pk, const std::string& more = "") {
    return "{\"pk\":" + s(pk) + ",\"sk\":" + s("1") + more + "}";
  }
  static std::string line(const std::string& pk, const std::string& more = "") {
    return "{\"Item\":" + item_json(pk, more) + "}";
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
};

using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

TEST_P(ImportTest, ReadsEveryObjectOfThePrefixWithOrWithoutNewlines) {
  const auto engine = open();
  put_object("data/1", line("a") + "\n" + line("b") + "\r\n\n  " + line("c") + line("d"));
  put_object("data/deeper/2.json", line("e"));
  put_object("data2", line("f"));
  put_object("other", line("g"));
  const ImportPtr info = run(*engine, request("data"));
  EXPECT_EQ(info->status, ImportStatus::kCompleted) << info->failure_message;
  EXPECT_EQ(counts(*info), (Numbers{6, 6, 0}));
  EXPECT_EQ(items(*engine),
            (Strings{item_json("a"), item_json("b"), item_json("c"), item_json("d"), item_json("e"), item_json("f")}));
  EXPECT_EQ(engine->find_table("tab")->status, TableStatus::kActive);
  EXPECT_FALSE(engine->find_table("tab")->restore) << "an import leaves no mark on its table";
  EXPECT_EQ(engine->find_table("tab")->id, info->table_id);
}

TEST_P(ImportTest, OfALaterItemWithTheSameKeyTheLaterCounts) {
  const auto engine = open();
  put_object("1", line("a", ",\"v\":{\"N\":\"1\"}") + line("a", ",\"v\":{\"N\":\"2\"}"));
  put_object("2", line("a", ",\"v\":{\"N\":\"3\"}"));
  const ImportPtr info = run(*engine, request());
  EXPECT_EQ(counts(*info), (Numbers{3, 3, 0}));
  EXPECT_EQ(items(*engine), Strings{item_json("a", ",\"v\":{\"N\":\"3\"}")});
}

TEST_P(ImportTest, FailsByFaultyItemsAndKeepsTheOthers) {
  const auto engine = open();
  put_object("1", line("a") + "\n{\"Item\":{\"pk\":{\"S\":\"b\"}}}\n" + line("c", ",\"v\":{\"N\":\"x\"}") + "\n" +
                      line("d", ",\"v\":{\"B\":\"?\"}") + "\n" + line("e", ",\"v\":{\"L\":[{\"S\":1}]}") + "\n" +
                      line("g", ",\"v\":" + s(std::string(410'000, 'x'))) + "\n" + line("h"));
  put_object("2", line("i") + "\nthis is no JSON\n" + line("never read"));
  put_object("3", line("j") + "\n{\"Item\":{\"pk\":");
  put_object("4", line("k"));
  put_object("5", line("l") + "\n" + item_json("it is no Item") + "\n" + line("never read"));
  put_object("6", item_json("none either"));
  put_object("7", line("m"));
  const ImportPtr info = run(*engine, request());
  EXPECT_EQ(info->status, ImportStatus::kFailed);
  EXPECT_EQ(info->failure_code, "ItemValidationError");
  EXPECT_EQ(counts(*info), (Numbers{7 + 2 + 2 + 1 + 2 + 1 + 1, 2 + 1 + 1 + 1 + 1 + 1, 5 + 1 + 1 + 1 + 1}));
  EXPECT_EQ(items(*engine), (Strings{item_json("a"), item_json("h"), item_json("i"), item_json("j"), item_json("k"),
                                     item_json("l"), item_json("m")}));
}

TEST_P(ImportTest, OfABucketThatIsNotThereMakesNoTable) {
  const auto engine = open();
  ImportInfo wanted = request();
  wanted.source.bucket = "nowhere";
  const ImportPtr info = run(*engine, std::move(wanted));
  EXPECT_EQ(info->status, ImportStatus::kFailed);
  EXPECT_EQ(info->failure_code, "S3NoSuchBucket");
  EXPECT_EQ(engine->find_table("tab"), nullptr);
}

TEST_P(ImportTest, OfNothingMakesAnEmptyTable) {
  const auto engine = open();
  put_object("1", "");
  const ImportPtr info = run(*engine, request());
  EXPECT_EQ(info->status, ImportStatus::kCompleted);
  EXPECT_EQ(counts(*info), (Numbers{0, 0, 0}));
  EXPECT_TRUE(items(*engine).empty());
}

TEST_P(ImportTest, ReadsCsv) {
  const auto engine = open();
  put_object("1",
             "pk,sk,name,empty\r\n"
             "a,1,\"x, \"\"y\"\"\nz\",\n"
             "\n"
             "b,1,,\"\"\n"
             "c,1,last,no newline");
  put_object("2", "sk,pk\n1,d\n");
  const ImportPtr info = run(*engine, request("", InputFormat::kCsv));
  EXPECT_EQ(info->status, ImportStatus::kCompleted) << info->failure_message;
  EXPECT_EQ(items(*engine), (Strings{item_json("a", ",\"name\":{\"S\":\"x, \\\"y\\\"\\nz\"}"), item_json("b"),
                                     item_json("c", ",\"name\":{\"S\":\"last\"},\"empty\":{\"S\":\"no newline\"}"),
                                     "{\"sk\":{\"S\":\"1\"},\"pk\":{\"S\":\"d\"}}"}));
}

TEST_P(ImportTest, OfCsvTakesDelimiterHeaderAndTheTypesOfKeys) {
  const auto engine = open();
  put_object("1", "a;1;x;5\nb;1;y;no number\nc;1;z\nd;1;;\n\"e\"f;1;;\n");
  ImportInfo wanted = request("", InputFormat::kCsv);
  wanted.source.delimiter = ";";
  wanted.source.header = {"pk", "sk", "v", "n"};
  Table table = make_table("tab", {make_index("byN", true, {{key_attribute("n", core::AttributeType::kNumber)}, {}})});
  const ImportPtr info = run(*engine, std::move(wanted), std::move(table));
  EXPECT_EQ(counts(*info), (Numbers{5, 2, 3}));
  EXPECT_EQ(items(*engine), (Strings{item_json("a", ",\"v\":{\"S\":\"x\"},\"n\":{\"N\":\"5\"}"), item_json("d")}));
  const TablePtr imported = engine->find_table("tab");
  EXPECT_EQ(engine->counts(*imported).indexes.at(0).items, 1U);
}

TEST_P(ImportTest, ReadsIon) {
  const auto engine = open();
  put_object(
      "1",
      "$ion_1_0 // a comment, with ] and \"\n"
      "[ { Item:{pk:\"a\",sk:\"1\",n:6d2,i:-7,d:1.50,ns:$dynamodb_NS::[103.,6d-1],ss:$dynamodb_SS::[\"x\",'''y'''],\n"
      "   bs:$dynamodb_BS::[{{ AA== }}],b:{{/w==}},yes:true,nothing:null, none:null.string,\n"
      "   'odd name':[1.,\"\\u00e9\\n\"], \"quoted\" : {k:other::\"v\"},}, },\n"
      "  /* between */ {Item:{pk:\"b\",sk:\"1\"}} ]\n"
      "$ion_1_0 {Item:{pk:\"c\",sk:\"1\"}}");
  put_object("2",
             "$ion_1_0 {Item:{pk:\"d\",sk:\"1\",t:2020-01-01T00:00Z}}\n"
             "$ion_1_0 {Item:{pk:\"e\",sk:symbol}}\n"
             "$ion_1_0 {Item:{pk:\"f\",sk:\"1\",x:(a b),f:1e0}}\n"
             "$ion_1_0 {Item:{pk:\"g\",sk:\"1\"}}");
  put_object("3", "$ion_1_0 {Item:{pk:\"h\",sk:\"1\"}}\n}");
  const ImportPtr info = run(*engine, request("", InputFormat::kIon));
  EXPECT_EQ(counts(*info), (Numbers{3 + 4 + 2, 3 + 1 + 1, 3 + 1}));
  EXPECT_EQ(items(*engine),
            (Strings{item_json("a",
                               ",\"n\":{\"N\":\"600\"},\"i\":{\"N\":\"-7\"},\"d\":{\"N\":\"1.5\"},\"ns\":{\"NS\":[\"0."
                               "6\",\"103\"]},\"ss\":{\"SS\":[\"x\",\"y\"]},\"bs\":{\"BS\":[\"AA==\"]},\"b\":{\"B\":\"/"
                               "w==\"},\"yes\":{\"BOOL\":true},\"nothing\":{\"NULL\":true},\"none\":{\"NULL\":true},"
                               "\"odd name\":{\"L\":[{\"N\":\"1\"},{\"S\":\"\u00e9\\n\"}]},\"quoted\":{\"M\":{\"k\":{"
                               "\"S\":\"v\"}}}"),
                     item_json("b"), item_json("c"), item_json("g"), item_json("h")}));
}

TEST_P(ImportTest, ReadsSeveralMembersAndFramesAndTellsOthersFromThem) {
  const auto engine = open();
  put_object("gz/1", gzip(line("a") + "\n") + gzip(line("b")));
  put_object("gz/2", line("never read"));
  put_object("gz/3", gzip(line("c") + line("d")).substr(0, 40));
  const ImportPtr of_gzip = run(*engine, request("gz/", InputFormat::kDynamoDbJson, Compression::kGzip));
  EXPECT_EQ(of_gzip->status, ImportStatus::kFailed);
  EXPECT_EQ(of_gzip->progress.errors, 2U);
  EXPECT_EQ(items(*engine).at(0), item_json("a"));
  EXPECT_EQ(items(*engine).at(1), item_json("b"));
  engine->delete_table("tab");
  put_object("zst/1", zstd(line("a") + "\n") + zstd(line("b")));
  put_object("zst/2", line("never read"));
  const ImportPtr of_zstd = run(*engine, request("zst/", InputFormat::kDynamoDbJson, Compression::kZstd));
  EXPECT_EQ(counts(*of_zstd), (Numbers{3, 2, 1}));
  EXPECT_EQ(items(*engine), (Strings{item_json("a"), item_json("b")}));
}

TEST_P(ImportTest, TableIsTakenByOneOnly) {
  const auto engine = open();
  put_object("1", line("a"));
  engine->pause_jobs();
  ImportInfo first = request();
  const std::string token = first.client_token;
  const ImportPtr begun = imports(*engine).start(first, make_table("tab"));
  EXPECT_EQ(engine->find_table("tab"), nullptr) << "it is there only once the bucket was seen";
  // A request with the same token and table is the same import, even with another prefix.
  first.source.prefix = "elsewhere";
  EXPECT_EQ(imports(*engine).start(first, make_table("tab"))->id, begun->id);
  EXPECT_THROW(imports(*engine).start(first, make_table("another")), core::ApiError);
  const ImportPtr second = imports(*engine).start(request(), make_table("tab"));
  EXPECT_NE(second->id, begun->id);
  engine->resume_jobs();
  EXPECT_EQ(wait(*engine, begun->id)->status, ImportStatus::kCompleted);
  EXPECT_EQ(wait(*engine, second->id)->failure_code, "TableAlreadyExists");
  EXPECT_EQ(items(*engine), Strings{item_json("a")});
  EXPECT_THROW(imports(*engine).start(first, make_table("tab")), core::ApiError) << "the table is there";
  engine->delete_table("tab");
  EXPECT_EQ(imports(*engine).start(first, make_table("tab"))->id, begun->id) << "the token still stands for it";
  clock_.advance(std::int64_t{9} * 3600 * 1000);
  const ImportPtr later = imports(*engine).start(first, make_table("tab"));
  EXPECT_NE(later->id, begun->id);
  wait(*engine, later->id);
}

TEST_P(ImportTest, GoesOnBehindARestartAndCountsNothingTwice) {
  if (!GetParam()) return;
  constexpr int kObjects = 4;
  constexpr int kItems = 3000;
  Strings expected;
  for (int object = 0; object < kObjects; ++object) {
    std::string csv = "sk,pk\n";
    for (int i = 0; i < kItems; ++i) {
      const std::string pk = std::to_string(object) + "-" + std::to_string(i);
      csv += "1," + pk + "\n";
      expected.push_back("{\"sk\":{\"S\":\"1\"},\"pk\":{\"S\":\"" + pk + "\"}}");
    }
    put_object(std::to_string(object), gzip(csv));
  }
  put_object("1-cut", gzip("sk,pk\n1,x\n\"open"));
  expected.push_back(R"({"sk":{"S":"1"},"pk":{"S":"x"}})");
  std::ranges::sort(expected);
  auto engine = open();
  const Table table = make_table("tab", {make_index("byS", true, {{key_attribute("sk")}, {}})});
  const std::string id = imports(*engine).start(request("", InputFormat::kCsv, Compression::kGzip), table)->id;
  int restarts = 0;
  std::uint64_t seen = 0;
  constexpr int kRestarts = 8;
  while (imports(*engine).find(id)->status == ImportStatus::kInProgress && restarts < kRestarts) {
    ASSERT_TRUE(wait_until([&] {
      const ImportPtr info = imports(*engine).find(id);
      return info->progress.processed > seen || info->status != ImportStatus::kInProgress;
    }));
    seen = imports(*engine).find(id)->progress.processed;
    engine.reset();
    ++restarts;
    engine = open();
    EXPECT_GE(imports(*engine).find(id)->progress.processed, seen);
  }
  EXPECT_GT(restarts, 1);
  const ImportPtr info = wait(*engine, id);
  EXPECT_EQ(counts(*info), (Numbers{kObjects * kItems + 2, kObjects * kItems + 1, 1}));
  EXPECT_EQ(items(*engine), expected);
  EXPECT_EQ(engine->counts(*engine->find_table("tab")).indexes.at(0).items, expected.size());
}

/// An import reads what an export wrote, in every format and compression.
TEST_P(ImportTest, TakesWhatAnExportWrote) {
  const auto engine = open();
  engine->create_table(make_table("tab"));
  engine->annotate_table("tab", [](Table& table) { table.recovery_days = 35; });
  const std::string attributes =
      ",\"n\":{\"N\":\"-0.00000000123\"},\"big\":{\"N\":\"" + std::string("1") + std::string(125, '0') +
      "\"},\"small\":{\"N\":\"0." + std::string(129, '0') + "1\"},\"zero\":{\"N\":\"0\"},\"half\":{\"N\":\"0.5\"}," +
      "\"text\":{\"S\":\"\\\"\\\\\\u0000\\u0001\\n\\t\\u007f '\u00e9\U0001F600\"},\"empty\":{\"S\":\"\"}," +
      "\"bin\":{\"B\":\"AAEC/w==\"},\"nobytes\":{\"B\":\"\"},\"yes\":{\"BOOL\":true},\"no\":{\"BOOL\":false}," +
      "\"none\":{\"NULL\":true},\"ss\":{\"SS\":[\"\",\"a\"]},\"ns\":{\"NS\":[\"-1\",\"2000\"]},\"bs\":{\"BS\":[\"AA=="
      "\"," +
      "\"AQ==\"]},\"null\":{\"M\":{\"true\":{\"L\":[]},\"a "
      "b\":{\"L\":[{\"M\":{}}]},\"$10\":{\"S\":\"x\"},\"it's\":{\"S\":\"x\"}," +
      "\"\\\\\":{\"N\":\"1\"},\"\u00e9\":{\"NULL\":true}}}";
  for (int i = 0; i < 50; ++i) put(*engine, engine->find_table("tab"), item_json(std::to_string(i), attributes));
  const Strings expected = items(*engine);
  for (const ExportFormat format : {ExportFormat::kDynamoDbJson, ExportFormat::kIon}) {
    const TablePtr table = engine->find_table("tab");
    ExportInfo wanted;
    wanted.table_name = table->name;
    wanted.table_id = table->id;
    wanted.arn = "arn:tab/export/";
    wanted.client_token = random_token();
    wanted.bucket = "bucket";
    wanted.space = table->space;
    wanted.log_space = table->recovery_space;
    wanted.time_ms = engine->clock().now_ms();
    wanted.format = format;
    const std::string id = engine->exports().start(wanted)->id;
    ASSERT_TRUE(wait_until([&] { return engine->exports().find(id)->status != ExportStatus::kInProgress; }));
    ASSERT_EQ(engine->exports().find(id)->status, ExportStatus::kCompleted);
    const std::string data = "AWSDynamoDB/" + id + "/data/";
    std::string text;
    for (const auto& entry : fs::directory_iterator(bucket() / data)) text += gunzip(entry.path());
    const InputFormat input = format == ExportFormat::kIon ? InputFormat::kIon : InputFormat::kDynamoDbJson;
    put_object("none/" + id, text);
    put_object("zstd/" + id, zstd(text));
    for (const Compression compression : {Compression::kGzip, Compression::kNone, Compression::kZstd}) {
      const std::string prefix = compression == Compression::kGzip   ? data
                                 : compression == Compression::kNone ? "none/" + id
                                                                     : "zstd/" + id;
      Table copy = make_table("copy");
      const ImportPtr info = run(*engine, request(prefix, input, compression), copy);
      EXPECT_EQ(info->status, ImportStatus::kCompleted) << info->failure_message;
      Strings found = read_all(*engine, scan(engine->usable_table("copy")));
      std::ranges::sort(found);
      EXPECT_EQ(found, expected) << static_cast<int>(format) << " " << static_cast<int>(compression);
      engine->delete_table("copy");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, ImportTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& tested) { return tested.param ? "Disk" : "Memory"; });

}  // namespace
}  // namespace stator::engine
