// Read-only engines: the directory stays unchanged, whatever state it was left in.

#include <fstream>
#include <iterator>
#include <map>

#include "engine/raw_store.h"
#include "engine/support.h"
#include "store/store.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

/// Names, sizes, contents and times of everything below a directory.
std::map<std::string, std::string> picture_of(const fs::path& directory) {
  std::map<std::string, std::string> picture;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    std::string& text = picture[entry.path().lexically_relative(directory).string()];
    text = std::to_string(entry.last_write_time().time_since_epoch().count()) + " ";
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    text.append(std::istreambuf_iterator<char>(in), {});
  }
  return picture;
}

std::string numbered(int i) {
  return R"({"pk":{"S":"p)" + std::to_string(i) + R"("},"sk":{"S":"s"},"g":{"S":"g"},"ttl":{"N":"1"}})";
}

Index by_group() { return make_index("gsi", true, {{key_attribute("g")}, {}}); }

class ReadOnly : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Engine> open_for_reading() const {
    Options options;
    options.directory = path_;
    options.read_only = true;
    options.clock = &clock_;
    return Engine::open(options);
  }
  [[nodiscard]] std::unique_ptr<Engine> open_for_writing() const {
    Options options;
    options.directory = path_;
    options.clock = &clock_;
    options.transition_delay_ms = 1000;
    options.jobs_paused = true;
    return Engine::open(options);
  }

  const TemporaryDirectory root_;
  const fs::path path_ = root_.path() / "data";
  mutable ManualClock clock_;
};

TEST_F(ReadOnly, ReadsWhatIsThereAndLeavesTheDirectoryAsItIs) {
  {
    const auto engine = open_for_writing();
    engine->create_table(make_table("t", {by_group()}));
    clock_.advance(2000);
    for (int i = 0; i < 100; ++i) put(*engine, engine->usable_table("t"), numbered(i));
  }
  const auto before = picture_of(path_);
  {
    const auto engine = open_for_reading();
    const TablePtr table = engine->usable_table("t");
    EXPECT_EQ(read_all(*engine, scan(table)).size(), 100U);
    EXPECT_EQ(read_all(*engine, scan(table, "gsi")).size(), 100U);
    EXPECT_EQ(engine->counts(*table).table.items, 100U);
    EXPECT_EQ(engine->list_tables("", 10), (std::vector<std::string>{"t"}));
    EXPECT_TRUE(engine->jobs().empty());
  }
  EXPECT_EQ(picture_of(path_), before);
}

// A directory left by a killed process, with pending work: rows only in the log, statuses whose time is over, an index
// and expiry rows to build, a table to delete.
TEST_F(ReadOnly, AnswersWhatAStatusWouldHaveBecomeWithoutStoringIt) {
  const fs::path killed = root_.path() / "killed";
  {
    const auto engine = open_for_writing();
    for (const char* name : {"created", "deleted", "indexed"}) engine->create_table(make_table(name));
    clock_.advance(2000);
    for (int i = 0; i < 10; ++i) put(*engine, engine->usable_table("indexed"), numbered(i));
    engine->update_table("indexed", [](Table& table) { table.indexes.push_back(by_group()); });
    engine->annotate_table("indexed", [](Table& table) { table.ttl_attribute = "ttl"; });
    engine->create_table(make_table("new"));
    engine->delete_table("deleted");
    fs::copy(path_, killed, fs::copy_options::recursive);
  }
  fs::remove_all(path_);
  fs::rename(killed, path_);
  const auto before = picture_of(path_);
  {
    const auto engine = open_for_reading();
    EXPECT_EQ(engine->find_table("new")->status, TableStatus::kCreating);
    EXPECT_EQ(engine->find_table("deleted")->status, TableStatus::kDeleting);
    clock_.advance(2000);
    EXPECT_EQ(engine->list_tables("", 10), (std::vector<std::string>{"created", "indexed", "new"}));
    EXPECT_EQ(engine->find_table("new")->status, TableStatus::kActive);
    EXPECT_EQ(engine->find_table("deleted"), nullptr);
    EXPECT_EQ(read_all(*engine, scan(engine->usable_table("indexed"))).size(), 10U);
    EXPECT_TRUE(engine->find_table("indexed")->indexes.at(0).backfilling) << "nobody fills it";
    EXPECT_TRUE(engine->jobs().empty());
  }
  EXPECT_EQ(picture_of(path_), before);
  EXPECT_EQ(open_for_writing()->list_tables("", 10).size(), 3U);
}

TEST_F(ReadOnly, SeveralReadAtTheSameTimeButNobodyBesideAWriter) {
  open_for_writing()->create_table(make_table("t"));
  {
    const auto one = open_for_reading();
    const auto other = open_for_reading();
    EXPECT_NE(other->find_table("t"), nullptr);
    EXPECT_THROW(open_for_writing(), store::OpenError);
  }
  const auto writer = open_for_writing();
  EXPECT_THROW(open_for_reading(), store::OpenError);
}

TEST_F(ReadOnly, WritesAreRefused) {
  {
    const auto engine = open_for_writing();
    engine->create_table(make_table("t"));
    clock_.advance(2000);
  }
  const auto engine = open_for_reading();
  const TablePtr table = engine->usable_table("t");
  EXPECT_THROW(put(*engine, table, numbered(1)), store::StoreError);
  EXPECT_THROW(engine->create_table(make_table("u")), store::StoreError);
  EXPECT_EQ(get(*engine, table, numbered(1)), "");
  EXPECT_EQ(engine->find_table("u"), nullptr);
}

TEST_F(ReadOnly, NothingIsMadeWhereNothingIs) {
  EXPECT_THROW(open_for_reading(), store::NoStoreError);
  EXPECT_FALSE(fs::exists(path_));
  fs::create_directory(path_);
  EXPECT_THROW(open_for_reading(), store::NoStoreError);
  EXPECT_TRUE(fs::is_empty(path_));
}

}  // namespace
}  // namespace stator::engine
