#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command_line.h"

/// stator export, import, copy, diff.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

class TransferCommands : public CommandTest {
 protected:
  TransferCommands() {
    setenv("XDG_STATE_HOME", (directory_.path() / "state").c_str(), 1);
    write("models/every/table.json",
          R"({"TableName":"every","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},)"
          R"({"AttributeName":"n","AttributeType":"N"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
          R"({"AttributeName":"n","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[)"
          R"({"IndexName":"by-n","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],)"
          R"("Projection":{"ProjectionType":"KEYS_ONLY"}}]})");
    EXPECT_EQ(stator({"ddb", "schema-load"}).code, 0);
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--data", path("data"), "--models", path("models")});
    return run_line(arguments, input);
  }
  void begin_anew() {
    ASSERT_EQ(stator({"ddb", "drop", "every"}).code, 0);
    ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
  }
  std::string checksum(const std::string& side) {
    const std::string err = stator({"copy", side, path("elsewhere") + "/" + "copy-" + std::to_string(++copies_)}).err;
    return err.substr(err.find("checksum"));
  }
  int copies_ = 0;
};

/// Every type, and values that are easily lost: empty texts, numbers of 38 digits, line breaks, commas, quotes, names
/// with colons, maps that look like marked forms, an attribute of two types.
constexpr const char* kItems =
    R"({"pk":"a","n":12345678901234567890123456789012345678,"s":"","text":"a,b\n\"c\" ü","a:b":"colon","x":1})"
    "\n"
    R"({"pk":"b","n":-0.5,"b":{"$B":"AP8="},"ss":{"$SS":["x","y, z"]},"ns":{"$NS":[1,2.5]},"bs":{"$BS":["AA=="]},"x":"1"})"
    "\n"
    R"({"pk":"c","n":0,"yes":true,"no":false,"none":null,"list":[1,"a",{"k":[]}],"map":{"k":{"$M":{"$B":"x"}}},"m":{}})"
    "\n";

TEST_F(TransferCommands, EveryFormatIsReadBackAsTheSameItems) {
  Outcome outcome = stator({"import", "every"}, kItems);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "imported 3 items into table every\n");
  const std::string before = checksum("every");
  for (const char* file : {"out.jsonl", "out.csv"}) {
    outcome = stator({"export", "every", path(file)});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "exported 3 items of table every, 2 capacity units\n");
  }
  EXPECT_EQ(stator({"export", "every", path("out.ddb"), "--format", "ddb-json", "-q"}).code, 0);
  EXPECT_FALSE(fs::exists(path("out.csv.part")));
  for (const std::vector<std::string>& how : std::vector<std::vector<std::string>>{
           {path("out.jsonl")}, {path("out.csv")}, {path("out.ddb"), "--format", "ddb-json"}}) {
    ASSERT_EQ(stator({"ddb", "drop", "every"}).code, 0);
    ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
    std::vector<std::string> words = {"import", "every"};
    words.insert(words.end(), how.begin(), how.end());
    EXPECT_EQ(stator(words).code, 0) << how.front();
    EXPECT_EQ(checksum("every"), before) << how.front();
  }
  // import reads what scan writes.
  const std::string scanned = stator({"scan", "every", "--output", "jsonl", "-q"}).out;
  EXPECT_EQ(stator({"import", "every", "-"}, scanned).code, 0);
  EXPECT_EQ(checksum("every"), before);
  // In the format of AWS's exports.
  EXPECT_EQ(
      stator({"import", "every", "--format", "ddb-json"}, "{\"Item\":{\"pk\":{\"S\":\"d\"},\"n\":{\"N\":\"1.0\"}}}\n")
          .code,
      0);
  EXPECT_EQ(stator({"get", "every", "d", "1", "-q", "--output", "jsonl"}).out, "{\"pk\":\"d\",\"n\":1}\n");
}

TEST_F(TransferCommands, CompressedFilesAndAwsExportsAreReadBack) {
  ASSERT_EQ(stator({"import", "every"}, kItems).code, 0);
  const std::string before = checksum("every");
  for (const char* file : {"out.jsonl.gz", "out.csv.gz"}) {
    ASSERT_EQ(stator({"export", "every", path(file)}).code, 0);
    EXPECT_TRUE(read(file).starts_with("\x1f\x8b")) << file;
    begin_anew();
    const Outcome outcome = stator({"import", "every", path(file)});
    EXPECT_EQ(outcome.err, "imported 3 items into table every\n") << file;
    EXPECT_EQ(checksum("every"), before) << file;
  }
  // A bucket's folder with one export of two files; each line wraps an item.
  ASSERT_EQ(stator({"export", "every", path("b.json.gz"), "--format", "ddb-json"}).code, 0);
  const std::string there = "bucket/AWSDynamoDB/01693685827463-2d8752fd/";
  write(there + "data/one.json", "{\"Item\":{\"pk\":{\"S\":\"d\"},\"n\":{\"N\":\"1\"}}}\n");
  fs::rename(path("b.json.gz"), path(there + "data/two.json.gz"));
  const auto line = [](const std::string& name) {
    return R"({"itemCount":1,"md5Checksum":"x","dataFileS3Key":"prefix/AWSDynamoDB/01693685827463-2d8752fd/data/)" +
           name + "\"}\n";
  };
  write(there + "manifest-files.json", line("one.json") + line("two.json.gz"));
  begin_anew();
  EXPECT_EQ(stator({"import", "every", path("bucket")}).err, "imported 4 items into table every\n");
  stator({"delete", "every", "d", "1"});
  EXPECT_EQ(checksum("every"), before);
  begin_anew();
  EXPECT_EQ(stator({"import", "every", path(there)}).err, "imported 4 items into table every\n");

  write(there + "manifest-files.json", line("one.json") + line("three.json.gz"));
  EXPECT_NE(stator({"import", "every", path("bucket")}).err.find("data/three.json.gz is missing"), std::string::npos);
  write("bucket/AWSDynamoDB/02/data/x.json", "");
  EXPECT_NE(stator({"import", "every", path("bucket")}).err.find("holds 2 exports; name the folder"),
            std::string::npos);
  EXPECT_NE(stator({"import", "every", path("models")}).err.find("holds no export"), std::string::npos);
  EXPECT_EQ(stator({"import", "every", path("bucket"), "--format", "csv"}).err,
            "stator: an AWS export is read as ddb-json or ion, not as csv\n");
  write("cut.jsonl.gz", read("out.jsonl.gz").substr(0, read("out.jsonl.gz").size() - 9));
  const Outcome cut = stator({"import", "every", path("cut.jsonl.gz")});
  EXPECT_EQ(cut.code, 1);
  EXPECT_NE(cut.err.find("the compressed file is damaged"), std::string::npos) << cut.err;
}

TEST_F(TransferCommands, CsvSaysItsTypesAndTellsEmptyTextFromNothing) {
  stator({"import", "every"}, "{\"pk\":\"a\",\"n\":1,\"s\":\"\",\"f\":true}\n{\"pk\":\"b\",\"n\":2,\"f\":\"x\"}\n");
  const std::string csv = stator({"export", "every", "--format", "csv", "--segments", "1", "-q"}).out;
  EXPECT_TRUE(csv.starts_with("pk:S,n:N,")) << csv;
  EXPECT_NE(csv.find("\"\""), std::string::npos) << csv;
  // Columns without a type hold text, or values of the key's type.
  EXPECT_EQ(stator({"import", "every", "--format", "csv"}, "pk,n,zip\r\nq,7,03172\r\n\r\nr,8,\r\n").code, 0);
  EXPECT_EQ(stator({"get", "every", "q", "7", "-q", "--output", "jsonl"}).out,
            "{\"pk\":\"q\",\"n\":7,\"zip\":\"03172\"}\n");
  EXPECT_EQ(stator({"get", "every", "r", "8", "-q", "--output", "jsonl"}).out, "{\"pk\":\"r\",\"n\":8}\n");
}

TEST_F(TransferCommands, BadItemsAreNamedByLine) {
  const struct {
    const char* format;
    const char* text;
    const char* err;
  } rows[] = {
      {"jsonl", "{\"pk\":\"a\",\"n\":1}\n{\"pk\":\"b\"}\n", ":2: the key attribute n (N) is missing"},
      {"jsonl", "\n{\"pk\":\"a\",\"n\":\"1\"}\n", ":2: the key attribute n is of type S, not N"},
      {"jsonl", "{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}\n",
       ":1: the key attribute pk is of type M, not S; is this DynamoDB JSON? Then give --format ddb-json"},
      {"jsonl", "{\"pk\":\"a\",\"n\":1e400}\n", ":1: column 15: Number overflow. Attempting to store a number with"},
      {"jsonl", "{\"pk\":\"a\",\"n\":1,}\n", ":1: column 17: this is not JSON"},
      {"ddb-json", "{\"pk\":\"a\",\"n\":1}\n", ":1: attribute pk is not a value in DynamoDB JSON"},
      {"ddb-json", "{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"x\"}}\n",
       ":1: The parameter cannot be converted to a numeric"},
      {"csv", "pk,n\na,x\n", ":2: column n is a number, not \"x\""},
      {"csv", "pk,n,x:N\na,1,y\n", ":2: column x is a number, not \"y\""},
      {"csv", "pk,n\na,1,2\n", ":2: 3 fields, but 2 columns"},
      {"csv", "pk,x\na,1\n", ":1: no column is the key attribute n (N) (0 items imported)"},
      {"csv", "x|pk|n\n", ":1: no column is the key attribute pk (S) (0 items imported)"},
      {"csv", "pk,n,x\na,1\n", ":2: 2 fields, but 3 columns"},
      {"csv", "pk,n,x\na,1,\nb\n", ":3: 1 field, but 3 columns"},
      {"csv", "pk,n:X\na,1\n",
       ":1: column n:X: \"X\" is not a type (S, N, B, SS, NS, BS, M, L, BOOL, NULL); an attribute with a colon in its "
       "name "
       "is n:X:S"},
      {"csv", "pk,n:number\na,1\n", ":1: column n:number: \"number\" is not a type ("},
      {"csv", "pk,n,x:\na,1,\n", ":1: column x:: \"\" is not a type ("},
      {"csv", "pk,n,l:L\na,1,{}\n", ":2: column l: expected a value of type L"},
      {"csv", "pk,n,b:BOOL\na,1,yes\n", ":2: column b: expected true or false, found \"yes\""},
      {"csv", "pk,n\n\"a,1\n", ":2: a quote is not closed"},
      {"csv", "pk,n,x:S,x:N\na,1,2,3\n", ":2: attribute x has two values"},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator({"import", "every", "--format", row.format}, row.text);
    EXPECT_EQ(outcome.code, 1) << row.text;
    EXPECT_NE(outcome.err.find(std::string("stator: standard input") + row.err), std::string::npos) << outcome.err;
  }
  // Without valid columns nothing of a file can be read.
  const Outcome headless = stator({"import", "every", "--skip-bad", "--format", "csv"}, "pk,n:X\na,1\n");
  EXPECT_EQ(headless.code, 1);
  EXPECT_TRUE(headless.err.ends_with(" (0 items imported)\n")) << headless.err;
  const Outcome skipped =
      stator({"import", "every", "--skip-bad"}, "{\"pk\":\"y\",\"n\":1}\nbad\n{\"pk\":\"z\",\"n\":2}\n");
  EXPECT_EQ(skipped.code, 0);
  EXPECT_TRUE(skipped.err.starts_with("standard input:2: ")) << skipped.err;
  EXPECT_TRUE(skipped.err.ends_with("imported 2 items into table every, 1 bad item left out\n")) << skipped.err;
}

TEST_F(TransferCommands, ItemsThatTheDatabaseRefusesAreBadOnes) {
  std::string lines;
  for (int n = 1; n <= 60; ++n) {
    const std::string value = n == 7 || n == 31 ? '"' + std::string(410'000, 'x') + '"' : "1";
    lines += R"({"pk":"a","n":)" + std::to_string(n) + R"(,"v":)" + value + "}\n";
  }
  lines += "{\"pk\":\"\",\"n\":1}\n";
  const Outcome refused = stator({"import", "every"}, lines);
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.err.starts_with("stator: standard input:")) << refused.err;
  EXPECT_NE(refused.err.find("imported; --skip-bad leaves bad ones out)\n"), std::string::npos) << refused.err;
  for (const char* jobs : {"1", "8"}) {
    const Outcome skipped = stator({"import", "every", "--skip-bad", "--jobs", jobs}, lines);
    EXPECT_EQ(skipped.code, 0) << skipped.err;
    for (const char* line :
         {"7: Item size has exceeded", "31: Item size has exceeded", "61: One or more parameter values"})
      EXPECT_NE(skipped.err.find(std::string("standard input:") + line), std::string::npos) << skipped.err;
    EXPECT_TRUE(skipped.err.ends_with("imported 58 items into table every, 3 bad items left out\n")) << skipped.err;
  }
  EXPECT_EQ(stator({"count", "every", "-q"}).out, "58\n");
  // A refused file leaves no state to continue from.
  write("bad.jsonl", lines);
  EXPECT_TRUE(stator({"import", "every", path("bad.jsonl")}).err.starts_with("stator: " + path("bad.jsonl") + ":"));
  EXPECT_TRUE(fs::is_empty(directory_.path() / "state" / "stator"));
}

TEST_F(TransferCommands, AnImportThatStopsSaysHowManyItemsTheTableGot) {
  const std::string too_large = R"({"pk":"a","n":0,"v":")" + std::string(410'000, 'x') + "\"}";
  for (const std::string& bad : {std::string("{}"), too_large}) {
    for (const int bad_line : {1, 11, 111, 300}) {
      for (const char* jobs : {"1", "4"}) {
        ASSERT_EQ(stator({"ddb", "drop", "every"}).code, 0);
        ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
        std::string lines;
        for (int n = 1; n <= 300; ++n)
          lines += (n == bad_line ? bad : R"({"pk":"a","n":)" + std::to_string(n) + "}") + "\n";
        const Outcome outcome = stator({"import", "every", "--jobs", jobs}, lines);
        const std::string count = stator({"count", "every", "-q"}).out;
        const std::string said =
            "(" + count.substr(0, count.size() - 1) + " item" + (count == "1\n" ? "" : "s") + " imported; --skip-bad";
        EXPECT_NE(outcome.err.find(said), std::string::npos) << said << "\n" << outcome.err;
        // The database refuses an item while other batches are sent, but a bad line is detected before it is sent.
        if (bad == "{}") {
          EXPECT_EQ(count, std::to_string(bad_line - 1) + "\n");
        }
      }
    }
  }
}

TEST_F(TransferCommands, SayWhatTheyDidAsJson) {
  const Outcome imported = stator({"import", "every", "--skip-bad", "--output", "json", "-q"},
                                  "{\"pk\":\"a\",\"n\":1}\n{}\n{\"pk\":\"b\",\"n\":1}\n");
  EXPECT_EQ(imported.out,
            "{\n  \"TableName\": \"every\",\n  \"Items\": 2,\n  \"EarlierItems\": 0,\n  \"Deletions\": 0,\n  "
            "\"BadItems\": 1\n}\n");
  const std::string copied = stator({"copy", "every", path("there") + "/twin", "--output", "json", "-q"}).out;
  EXPECT_TRUE(
      copied.starts_with("{\n  \"TableName\": \"twin\",\n  \"Items\": 2,\n  \"EarlierItems\": 0,\n  \"Checksum\": \""))
      << copied;
  EXPECT_EQ(stator({"copy", "every", path("there") + "/twin", "--output", "json", "--no-verify", "-q"}).out,
            "{\n  \"TableName\": \"twin\",\n  \"Items\": 2,\n  \"EarlierItems\": 0\n}\n");
  EXPECT_EQ(stator({"import", "every", "--output", "csv"}, "").code, 2);
  EXPECT_EQ(stator({"copy", "every", "twin", "--output", "table"}).code, 2);
}

TEST_F(TransferCommands, AByteOrderMarkBelongsToNoItem) {
  EXPECT_EQ(stator({"import", "every"}, "\xEF\xBB\xBF{\"pk\":\"a\",\"n\":1}\n").err,
            "imported 1 item into table every\n");
  for (const char* csv : {"\xEF\xBB\xBFpk,n\nb,2\n", "\xEF\xBB\xBF\"pk\",\"n\"\nc,3\n"}) {
    EXPECT_EQ(stator({"import", "every", "--format", "csv"}, csv).err, "imported 1 item into table every\n") << csv;
  }
  const std::string mark = "\xEF\xBB\xBF";
  write("item.json", mark + R"({"pk":"e","n":5})");
  write("statements.sql", mark + "SELECT n FROM every WHERE pk = 'e'");
  write("models/marked/table.json", mark + read("models/every/table.json"));
  const struct {
    std::vector<std::string> words;
    std::string input;
  } rows[] = {
      {{"put", "every"}, mark + R"({"pk":"d","n":6})"},
      {{"put", "every", "--ddb-json"}, mark + R"({"pk":{"S":"d"},"n":{"N":"7"}})"},
      {{"put", "every", "@" + path("item.json")}, ""},
      {{"ddb", "sql", "--file", path("statements.sql")}, ""},
      {{"ddb", "sql"}, mark + "SELECT n FROM every WHERE pk = 'e'"},
      {{"ddb", "schema-load", "--model", "marked", "--update"}, ""},
      {{"init", "made", "--from", path("models/marked/table.json")}, ""},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator(row.words, row.input);
    EXPECT_EQ(outcome.code, 0) << row.words.front() << " " << row.words[1] << ": " << outcome.err;
  }
  // A name may start with the first bytes of a byte order mark.
  EXPECT_EQ(stator({"import", "every", "--format", "csv"}, "\xEF\xBC\xA1,pk,n\nx,d,4\n").code, 0);
  EXPECT_EQ(stator({"get", "every", "d", "4", "-q", "--output", "jsonl"}).out,
            "{\"\xEF\xBC\xA1\":\"x\",\"pk\":\"d\",\"n\":4}\n");
}

TEST_F(TransferCommands, TheRestOfABadLineIsNoItem) {
  const Outcome outcome = stator({"import", "every", "--format", "csv", "--skip-bad"},
                                 "pk,n\n\"a\"x,1\nb\"c,d\"e,2\nf,3\n\"a\"\"y,z\",4\n");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err,
            "standard input:2: text after a closing quote\n"
            "standard input:3: a quote inside a field that does not begin with one\n"
            "imported 2 items into table every, 2 bad items left out\n");
  EXPECT_EQ(stator({"count", "every", "-q"}).out, "2\n");
}

TEST_F(TransferCommands, AnExportIsOfAFormatThatItsFileNames) {
  ASSERT_EQ(stator({"import", "every"}, "{\"pk\":\"a\",\"n\":1}\n").code, 0);
  for (const char* name : {"out.xml", "out.xml.gz", "out.parquet", "out.JSONL"}) {
    const Outcome outcome = stator({"export", "every", path(name)});
    EXPECT_EQ(outcome.code, 2) << name;
    EXPECT_EQ(outcome.err, "stator: " + path(name) +
                               ": unknown format; use --format jsonl, ddb-json, csv or ion, or a name that ends in "
                               ".jsonl, .csv or .ion\n");
    EXPECT_FALSE(fs::exists(path(name)));
  }
  EXPECT_EQ(stator({"export", "every", path("out.xml"), "--format", "csv"}).code, 0);
  EXPECT_EQ(read("out.xml"), "pk:S,n:N\r\na,1\r\n");
  for (const char* name : {"out.json", "out.ndjson", "out"}) {
    EXPECT_EQ(stator({"export", "every", path(name)}).code, 0) << name;
    EXPECT_EQ(read(name), "{\"pk\":\"a\",\"n\":1}\n") << name;
  }
  // The format is detected from the content.
  fs::rename(path("out.json"), path("out.txt"));
  EXPECT_EQ(stator({"import", "every", path("out.txt")}).code, 0);
}

TEST_F(TransferCommands, ANameThatEndsInGzIsOfACompressedFile) {
  for (const char* text : {"{\"pk\":\"a\",\"n\":1}\n", "no gzip", ""}) {
    write("plain.jsonl.gz", text);
    const Outcome outcome = stator({"import", "every", path("plain.jsonl.gz")});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err,
              "stator: " + path("plain.jsonl.gz") + " is not compressed with gzip, although its name says so\n");
  }
}

TEST_F(TransferCommands, ASeedThatTheDatabaseRefusesIsNamedByNumber) {
  std::string items = "[";
  for (int n = 1; n <= 40; ++n)
    items += R"({"pk":{")" + std::string(n == 31 ? "N" : "S") + R"(":"1"},"n":{"N":")" + std::to_string(n) + "\"}},";
  items.back() = ']';
  write("models/every/seeds/items.json", items);
  const Outcome outcome = stator({"ddb", "seed"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.err.ends_with("; it is about item 31 of seeds/items.json\n")) << outcome.err;
}

TEST_F(TransferCommands, FilesThatAreNoTextInUtf8AreToldAsWhatTheyAre) {
  const std::pair<std::string, const char*> files[] = {
      {"\x1F\x8B\x08\x01more", "compressed with gzip"},
      {"\x28\xB5\x2F\xFDmore", "compressed with zstd"},
      {"PK\x03\x04more", "a ZIP archive"},
      {std::string("\xFF\xFEp\0k\0", 6), "UTF-16"},
      {std::string("\xFE\xFF\0p\0k", 6), "UTF-16"},
      {std::string("p\0k\0,\0", 6), "UTF-16 (iconv -f UTF-16LE"},
      {std::string("\0p\0k\0,", 6), "UTF-16 (iconv -f UTF-16BE"},
      {std::string("\xFF\xFE\0\0p\0\0\0", 8), "UTF-32"},
      {"BZh91AY", "compressed with bzip2"},
      {std::string("\xFD\x37zXZ\0", 6), "compressed with xz"},
      {"PAR1more", "Parquet"},
      {std::string("\xE0\x01\0\xEA", 4), "Amazon Ion in binary form"},
  };
  for (const auto& [text, what] : files) {
    for (const char* name : {"file.jsonl", "file.csv"}) {
      write(name, text);
      const Outcome outcome = stator({"import", "every", path(name)});
      EXPECT_EQ(outcome.code, 1);
      EXPECT_TRUE(outcome.err.starts_with("stator: " + path(name) + ":1: this is " + what)) << outcome.err;
      EXPECT_EQ(stator({"import", "every", "--skip-bad"}, text).err.rfind("stator: standard input:1: this is", 0), 0U);
    }
  }
}

TEST_F(TransferCommands, AmazonIonIsWrittenAndReadWithoutLoss) {
  ASSERT_EQ(stator({"import", "every"}, kItems).code, 0);
  const std::string before = checksum("every");
  for (const char* file : {"out.ion", "out.ion.gz"}) {
    ASSERT_EQ(stator({"export", "every", path(file)}).code, 0);
    begin_anew();
    EXPECT_EQ(stator({"import", "every", path(file)}).err, "imported 3 items into table every\n") << file;
    EXPECT_EQ(checksum("every"), before) << file;
  }
  const std::string text = read("out.ion");
  EXPECT_TRUE(text.starts_with("$ion_1_0 {Item:{")) << text;
  // Ion is recognised by its first bytes on standard input and in a file without an ending.
  write("items", text);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"import", "every", path("items")},
                                                {"import", "every"},
                                                {"import", "every", "--format", "ion"}}) {
    begin_anew();
    EXPECT_EQ(stator(words, words.size() == 3 ? "" : text).err, "imported 3 items into table every\n");
    EXPECT_EQ(checksum("every"), before);
  }
  // The folder of an AWS export.
  const std::string there = "ion/AWSDynamoDB/01693685827463-2d8752fd/";
  fs::create_directories(path(there + "data"));
  fs::copy_file(path("out.ion.gz"), path(there + "data/one.ion.gz"));
  write(there + "manifest-files.json", R"({"dataFileS3Key":"AWSDynamoDB/01693685827463-2d8752fd/data/one.ion.gz"})");
  begin_anew();
  EXPECT_EQ(stator({"import", "every", path("ion")}).err, "imported 3 items into table every\n");
  EXPECT_EQ(checksum("every"), before);
}

TEST_F(TransferCommands, ChangesOfAnIncrementalExportArePutAndDeleted) {
  // As in exports of new and old images, and of new images only. b is changed, c is deleted, d is created and deleted
  // again.
  const std::string json =
      R"({"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"pk":{"S":"b"},"n":{"N":"2"}},)"
      R"("NewImage":{"pk":{"S":"b"},"n":{"N":"2"},"Item":{"M":{}}},"OldImage":{"pk":{"S":"b"},"n":{"N":"2"}}})"
      "\n"
      R"({"Metadata":{"WriteTimestampMicros":{"N":"2"}},"Keys":{"pk":{"S":"c"},"n":{"N":"3.0"}},)"
      R"("OldImage":{"pk":{"S":"c"},"n":{"N":"3"}}})"
      "\n"
      R"({"Metadata":{"WriteTimestampMicros":{"N":"3"}},"Keys":{"pk":{"S":"d"},"n":{"N":"4"}}})"
      "\n";
  const std::string ion =
      "$ion_1_0 {Record:{Keys:{pk:\"b\",n:2.},Metadata:{WriteTimestampMicros:1.},OldImage:{pk:\"b\",n:2.},"
      "NewImage:{pk:\"b\",n:2.,Item:{}}}}\n"
      "$ion_1_0 {Record:{Keys:{pk:\"c\",n:3.},Metadata:{WriteTimestampMicros:2.},OldImage:{pk:\"c\",n:3.}}}\n"
      "$ion_1_0 {Record:{Keys:{pk:\"d\",n:4.},Metadata:{WriteTimestampMicros:3.}}}\n";
  const std::string requests =
      R"({"every":[{"PutRequest":{"Item":{"pk":{"S":"b"},"n":{"N":"2"},"Item":{"M":{}}}}},)"
      R"({"DeleteRequest":{"Key":{"pk":{"S":"c"},"n":{"N":"3"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"d"},"n":{"N":"4"}}}}]})";
  const std::string there = "bucket/prefix/AWSDynamoDB/";
  write(there + "01-a/manifest-files.json", R"({"dataFileS3Key":"prefix/AWSDynamoDB/data/one.json"})");
  write(there + "data/one.json", json);
  write(there + "02-b/manifest-files.json", R"({"dataFileS3Key":"prefix/AWSDynamoDB/data/two.ion"})");
  write(there + "data/two.ion", ion);
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{"import", "every", path(there + "01-a")}, ""},
      {{"import", "every", path(there + "02-b")}, ""},
      {{"import", "every"}, json},
      {{"import", "every"}, ion},
      {{"import", "every"}, requests},
      {{"import", "every", "--format", "ddb-json"}, json},
  };
  for (const auto& [words, text] : rows) {
    begin_anew();
    ASSERT_EQ(
        stator({"import", "every"}, "{\"pk\":\"a\",\"n\":1}\n{\"pk\":\"b\",\"n\":2}\n{\"pk\":\"c\",\"n\":3}\n").code,
        0);
    EXPECT_EQ(stator(words, text).err, "imported 3 items into table every, 2 of them deletions\n");
    std::string items = stator({"query", "every", "a", "--output", "jsonl", "-q"}).out;
    for (const char* key : {"b", "c", "d"}) items += stator({"query", "every", key, "--output", "jsonl", "-q"}).out;
    EXPECT_EQ(items, "{\"pk\":\"a\",\"n\":1}\n{\"pk\":\"b\",\"n\":2,\"Item\":{}}\n") << words.back() << text;
  }
  // The data/ beside the exports is not an export.
  EXPECT_NE(stator({"import", "every", path("bucket/prefix")}).err.find("holds 2 exports"), std::string::npos);
  EXPECT_NE(stator({"import", "every", path(there)}).err.find("holds 2 exports"), std::string::npos);
  const Outcome bad = stator({"import", "every"}, R"({"Metadata":{},"Keys":{"pk":{"S":"a"}}})");
  EXPECT_NE(bad.err.find(":1: the key attribute n (N) is missing"), std::string::npos) << bad.err;
}

TEST_F(TransferCommands, FaultsOfIonAreNamedByTheirLine) {
  const std::string good = "$ion_1_0 {Item:{pk:\"a\",n:1.}}\n";
  struct Row {
    std::string text;
    std::string fault;
  };
  const Row rows[] = {
      {good + "\n{Item:{pk:\"b\"}}\n", ":3: the key attribute n (N) is missing (1 item imported; --skip-bad"},
      {good + "{Item:{pk:2.,n:1.}}\n", ":2: the key attribute pk is of type N, not S (1 item imported; --skip-bad"},
      {good + "{Item:{pk:\"b\",n:1.,f:1e0}}\n",
       ":2: DynamoDB has no type for Ion's float (1 item imported; --skip-bad"},
      {good + "{Item:{pk:\"b\",n:1.,s:$dynamodb_SS::[]}}\n", ":2: One or more parameter values were invalid"},
      {good + "{Item:{pk:\"\xE9\",n:1.}}\n", ":2: not UTF-8 (to convert Windows-1252"},
      {good + "{Item:{\npk:\"b\",n=1}}\n", ":3: a colon was expected (1 item imported)"},
      {good + "{Item:{pk:\"b\"", ":2: the text ends within a value (1 item imported)"},
  };
  for (const Row& row : rows) {
    write("bad.ion", row.text);
    const Outcome outcome = stator({"import", "every", path("bad.ion"), "--restart"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.err.starts_with("stator: " + path("bad.ion") + row.fault)) << outcome.err << row.fault;
  }
  EXPECT_EQ(stator({"import", "every", "--format", "csv"}, good).err,
            "stator: standard input:1: this is Amazon Ion; read it with --format ion (0 items imported)\n");
}

TEST_F(TransferCommands, WhatIsNoUtf8IsToldWithHowItIsConverted) {
  for (const char* text : {"{\"pk\":\"\xE9\",\"n\":1}\n", "pk,n\n\xE9,1\n"}) {
    const Outcome outcome = stator({"import", "every", "--format", text[0] == '{' ? "jsonl" : "csv"}, text);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find("iconv -f WINDOWS-1252 -t UTF-8"), std::string::npos) << outcome.err;
  }
}

TEST_F(TransferCommands, FilesCompressedWithZstdAreRead) {
  // Two frames.
  const std::string bytes(
      "\x28\xb5\x2f\xfd\x04\x58\x89\0\0{\"pk\":\"a\",\"n\":1}\n\x14\x58\x18\x81"
      "\x28\xb5\x2f\xfd\x04\x58\x89\0\0{\"pk\":\"b\",\"n\":2}\n\x08\xd2\x81\x6a",
      60);
  write("items.jsonl.zst", bytes);
  EXPECT_EQ(stator({"import", "every", path("items.jsonl.zst")}).err, "imported 2 items into table every\n");
  write("cut.jsonl.zst", bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(stator({"import", "every", path("cut.jsonl.zst")}).err,
            "stator: " + path("cut.jsonl.zst") +
                ":3: the compressed file is damaged: the zstd data is cut off (2 items imported)\n");
  write("plain.csv.zst", "pk,n\na,1\n");
  EXPECT_EQ(stator({"import", "every", path("plain.csv.zst")}).err,
            "stator: " + path("plain.csv.zst") + " is not compressed with zstd, although its name says so\n");
  const Outcome written = stator({"export", "every", path("out.jsonl.zst")});
  EXPECT_EQ(written.code, 2);
  EXPECT_EQ(written.err,
            "stator: " + path("out.jsonl.zst") + ": export compresses with gzip alone: " + path("out.jsonl") + ".gz\n");
}

TEST_F(TransferCommands, CsvIsReadAsSpreadsheetsWriteIt) {
  for (const char* csv :
       {"pk,n,b:BOOL\r\na,1,TRUE\r\nb,2,False\r\n", "pk;n;b:BOOL\na;1;true\nb;2;false\n",
        "pk:S;n;b:BOOL;c\na;1;true;\nb;2;false;\n", "\xEF\xBB\xBFpk\tn\tb:BOOL\na\t1\ttrue\n\"b\"\t2\t\"false\"",
        "\"pk\";\"n\";\"b:BOOL\"\n\"a\";1;true\n\"b\";\"2\";false",
        "\xEF\xBB\xBF\n\"pk\"\tn\tb:BOOL\r\na\t1\ttrue\r\nb\t2\tfalse",
        "\"pk\",n,b:BOOL,\"c;\"\"d\n\"\na,1,true,\nb,2,false,\n", "pk,n,b:BOOL\ra,1,true\r\rb,2,false\r"}) {
    ASSERT_EQ(stator({"ddb", "drop", "every"}).code, 0);
    ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
    EXPECT_EQ(stator({"import", "every", "--format", "csv"}, csv).err, "imported 2 items into table every\n") << csv;
    EXPECT_EQ(stator({"get", "every", "a", "1", "-q", "--output", "jsonl"}).out, "{\"pk\":\"a\",\"n\":1,\"b\":true}\n");
    EXPECT_EQ(stator({"get", "every", "b", "2", "-q", "--output", "jsonl"}).out,
              "{\"pk\":\"b\",\"n\":2,\"b\":false}\n");
  }
}

TEST_F(TransferCommands, DocumentsAreReadAsLinesAre) {
  const std::string plain = R"({"pk":"a","n":1})";
  const std::string other = R"({"pk":"b","n":2,"s":"]}\\\",{"})";
  const std::string wire = R"({"pk":{"S":"a"},"n":{"N":"1"}})";
  const std::string wire_other = R"({"pk":{"S":"b"},"n":{"N":"2"},"s":{"S":"]}\\\",{"}})";
  const std::string documents[] = {
      plain + "\n" + other,
      wire + "\n" + wire_other,
      R"({"Item":)" + wire + "}\n" + R"({"Item":)" + wire_other + "}",
      "[" + plain + "," + other + "]",
      "\xEF\xBB\xBF [\r\n  " + plain + ",\r\n  " + other + "\r\n]\r\n",
      "[\n" + wire + "]\n[\n" + wire_other + "]\n[]\n",
      R"({"Items":[)" + wire + "," + wire_other + R"(],"Count":2,"ScannedCount":2,"ConsumedCapacity":null})",
      "{\n    \"Count\": 2, \"More\": {\"a\": [\"}\", []]},\n    \"Items\": [\n" + wire + ",\n" + wire_other + "\n]}\n",
      R"({"every": [{"PutRequest": {"Item": )" + wire + R"(}}, {"PutRequest": {"Item": )" + wire_other + "}}]}",
      "{\n  \"pk\": \"a\",\n  \"n\": 1\n}\n{\n  \"pk\": \"b\", \"n\": 2,\n  \"s\": \"]}\\\\\\\",{\"\n}\n",
      "{\n  \"Item\": " + wire + "\n}\n{ \"Item\":\n" + wire_other + "}",
      "{\n\"Items\": [" + plain + "," + other + "]}",
  };
  for (const std::string& document : documents) {
    ASSERT_EQ(stator({"ddb", "drop", "every"}).code, 0);
    ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
    const Outcome outcome = stator({"import", "every"}, document);
    EXPECT_EQ(outcome.err, "imported 2 items into table every\n") << document;
    EXPECT_EQ(stator({"get", "every", "a", "1", "-q", "--output", "jsonl"}).out, plain + "\n") << document;
    EXPECT_EQ(stator({"get", "every", "b", "2", "-q", "--output", "jsonl"}).out, other + "\n") << document;
  }
}

TEST_F(TransferCommands, DocumentsThatCannotBeReadAreToldByLine) {
  const std::string item = R"({"pk":"a","n":1})";
  const struct {
    std::string text;
    const char* err;
  } rows[] = {
      {"[\n" + item + ",\n" + R"({"pk":"b"}])", ":3: the key attribute n (N) is missing (1 item imported; --skip-bad"},
      {"[\n" + item + ",\n7]", ":3: expected an item, a JSON object (1 item imported; --skip-bad"},
      {"[\n" + item + ",\n{\"pk\":", ":3: the document is cut off (1 item imported)"},
      {"{\n  \"Items\": [\n", ":3: the document is cut off (0 items imported)"},
      {"{\n  \"Count\": 3\n}",
       ":3: this is neither an item, which has the key attribute pk, nor a document with a list of items (0 items"},
      {"{\n  \"shop\": [{}], \"carts\": []\n}",
       ":3: the document's items are of shop, carts, not of table every (0 items imported)"},
      {R"({"ModelName":"m","DataModel":[{"TableName":"every"}]})", ":1: a model of NoSQL Workbench; stator init"},
      {"{\n  \"ModelName\": \"m\",\n  \"DataModel\": []\n}", ":4: a model of NoSQL Workbench; stator init"},
      {"[\n" + item + "\n}", ":3: this is not JSON: expected ] (1 item imported)"},
      {"{\n  nothing\n}", ":2: this is not JSON: expected \" (0 items imported)"},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator({"import", "every"}, row.text);
    EXPECT_EQ(outcome.code, 1) << row.text;
    EXPECT_NE(outcome.err.find(row.err), std::string::npos) << outcome.err;
  }
  const Outcome skips = stator({"import", "every", "--skip-bad"}, "[7, " + item + ", {\"pk\":\"b\"}]");
  EXPECT_EQ(skips.code, 0);
  EXPECT_TRUE(skips.err.ends_with("imported 1 item into table every, 2 bad items left out\n")) << skips.err;
  const Outcome bad_first = stator({"import", "every", "--skip-bad"},
                                   "{\"pk\":\n"
                                   R"({"pk":{"S":"c"},"n":{"N":"3"}})");
  EXPECT_TRUE(bad_first.err.ends_with("imported 1 item into table every, 1 bad item left out\n")) << bad_first.err;
  EXPECT_EQ(stator({"import", "every", "--skip-bad"}, "[" + item).code, 1) << "what is behind the cut is not known";
  EXPECT_EQ(stator({"import", "every", "--skip-bad"}, "[" + item + "}").code, 1) << "nor behind what ends no list";
  const std::string terminal = "pk,n,b:BOOL\na,1,\x1B[2J\n";
  EXPECT_NE(stator({"import", "every", "--format", "csv", "--skip-bad"}, terminal).err.find(R"(found "\x1B[2J")"),
            std::string::npos);
  // A line of more than 16 MB is refused, whatever it starts with.
  const std::string blanks(std::size_t{16} * 1024 * 1024, ' ');
  for (const std::string& before : {std::string(), "\n" + item + "\n", std::string("\xEF\xBB\xBF")}) {
    const Outcome outcome = stator({"import", "every"}, before + blanks + item);
    EXPECT_NE(outcome.err.find(": a line of more than 16 MB ("), std::string::npos) << outcome.err;
  }
  const Outcome marked = stator({"import", "every"}, "\xEF\xBB\xBF[" + item + "," + blanks + R"({"pk":"b","n":2}])");
  EXPECT_EQ(marked.err, "imported 2 items into table every\n");
}

TEST_F(TransferCommands, WhatIsNeitherFormOfJsonIsToldWithoutAGuess) {
  for (const char* line : {R"({"Item":"a","n":1})", R"({"pk":{"a":"b"},"n":1})", R"({"Items":3})"}) {
    const std::string err = stator({"import", "every"}, line).err;
    EXPECT_EQ(err.find("; "), err.find("; --skip-bad")) << err;
  }
}

TEST_F(TransferCommands, OfItemsWithTheSameKeyTheLastOneStays) {
  std::string lines;
  for (int i = 0; i < 1000; ++i)
    lines += "{\"pk\":\"k" + std::to_string(i % 7) + "\",\"n\":" + (i % 2 == 0 ? "1" : "1.0") +
             ",\"v\":" + std::to_string(i) + "}\n";
  EXPECT_EQ(stator({"import", "every", "--jobs", "8"}, lines).code, 0);
  EXPECT_EQ(stator({"count", "every", "-q"}).out, "7\n");
  for (int key = 0; key < 7; ++key) {
    const int last = 999 - (999 - key) % 7;
    EXPECT_EQ(
        stator({"get", "every", "k" + std::to_string(key), "1", "--attributes", "v", "-q", "--output", "jsonl"}).out,
        "{\"v\":" + std::to_string(last) + "}\n");
  }
}

TEST_F(TransferCommands, CopyMakesTheTableAndVerifiesIt) {
  ASSERT_EQ(stator({"import", "every"}, kItems).code, 0);
  const Outcome copied = stator({"copy", "every", path("other") + "/twin"});
  EXPECT_EQ(copied.code, 0) << copied.err;
  EXPECT_NE(copied.err.find("created table twin (" + path("other") + ")\n"), std::string::npos) << copied.err;
  EXPECT_NE(copied.err.find("copied 3 items from every (" + path("data") + ") to twin"), std::string::npos);
  EXPECT_NE(copied.err.find("verified: 3 items, checksum "), std::string::npos) << copied.err;
  const Outcome described = run_line({"describe", "twin", "--data", path("other")});
  EXPECT_NE(described.out.find("index         by-n: n N; keys only\n"), std::string::npos) << described.out;
  EXPECT_EQ(stator({"diff", "every", path("other") + "/twin"}).code, 0);
  EXPECT_TRUE(fs::is_empty(directory_.path() / "state" / "stator")) << "a finished copy leaves no state";

  // Copying again changes nothing; diff finds the differences.
  EXPECT_EQ(stator({"copy", "every", path("other") + "/twin", "-q"}).code, 0);
  run_line({"put", "twin", R"({"pk":"z","n":9})", "--data", path("other")});
  run_line(
      {"update", "twin", "c", "0", "--set", "yes=false", "--set", "more=1", "--remove", "m", "--data", path("other")});
  run_line({"delete", "twin", "a", "12345678901234567890123456789012345678", "--data", path("other")});
  const Outcome differs = stator({"diff", "every", path("other") + "/twin", "--segments", "1"});
  EXPECT_EQ(differs.code, 1);
  EXPECT_NE(differs.out.find("+ {\"pk\":\"z\",\"n\":9}\n"), std::string::npos) << differs.out;
  EXPECT_NE(differs.out.find("~ {\"pk\":\"c\",\"n\":0}: m, more, yes\n"), std::string::npos) << differs.out;
  EXPECT_NE(differs.out.find("- {\"pk\":\"a\",\"n\":12345678901234567890123456789012345678}\n"), std::string::npos)
      << differs.out;
  EXPECT_TRUE(differs.err.starts_with("1 equal, 1 changed, 1 only in every (")) << differs.err;
  const std::string lines =
      stator({"diff", "every", path("other") + "/twin", "--segments", "1", "--output", "jsonl"}).out;
  EXPECT_NE(lines.find(R"({"difference":"~","key":{"pk":"c","n":0},"attributes":["m","more","yes"]})"
                       "\n"),
            std::string::npos)
      << lines;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 3);
  std::string list = lines.substr(0, lines.size() - 1);
  for (std::size_t at = 0; (at = list.find('\n', at)) != std::string::npos; at += 2) list.replace(at, 1, ",\n");
  EXPECT_EQ(stator({"diff", "every", path("other") + "/twin", "--segments", "1", "--output", "json"}).out,
            "[\n" + list + "\n]\n");
  EXPECT_EQ(stator({"diff", "every", "every", "--output", "json"}).out, "[]\n");
  const Outcome extra = stator({"copy", "every", path("other") + "/twin"});
  EXPECT_EQ(extra.code, 1);
  EXPECT_NE(extra.err.find("stator: the tables differ: 3 items were copied, and twin ("), std::string::npos)
      << extra.err;
  EXPECT_EQ(stator({"copy", "every", "every"}).code, 2);
  // A missing directory is not treated as an empty database, and an address creates no directory.
  EXPECT_EQ(stator({"copy", path("nowhere") + "/every", "twin"}).err,
            "stator: there is no directory " + path("nowhere") + "\n");
  EXPECT_EQ(stator({"diff", "every", path("nowhere") + "/every"}).code, 2);
  EXPECT_EQ(stator({"copy", "every", "localhost:18003/every"}).err,
            "stator: there is no directory localhost:18003; an address begins with http://, as "
            "http://localhost:18003\n");
  EXPECT_EQ(stator({"copy", "every", "prod/every"}).err,
            "stator: there is no directory prod; a table of production is prod:TABLE\n");
  EXPECT_EQ(stator({"copy", "every", "prod:every"}).err,
            "stator: this would mean copying into table every in production: confirm it with --yes every\n");
  for (const char* command : {"copy", "diff"}) {
    const Outcome same = stator({command, "prod:every", "twin", "--endpoint-url", "http://localhost:18003"});
    EXPECT_EQ(same.code, 2);
    EXPECT_NE(same.err.find("prod: leads to http://localhost:18003, too"), std::string::npos) << same.err;
  }
  EXPECT_EQ(stator({"copy", "every", "https://dynamodb.eu-west-3.amazonaws.com/every"}).err,
            "stator: this would mean copying into table every in production: confirm it with --yes every\n");
}

}  // namespace
}  // namespace stator::cli
