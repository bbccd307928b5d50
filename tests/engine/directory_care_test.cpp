#include "engine/check.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "engine/keys.h"
#include "engine/repair.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "engine/support.h"
#include "engine/time_to_live.h"
#include "store/store.h"

namespace stator::engine {
namespace {

namespace fs = std::filesystem;

constexpr int kItems = 2000;

std::string numbered(int i) {
  const std::string n = std::to_string(i);
  return R"({"pk":{"S":"p)" + std::to_string(i % 50) + R"("},"sk":{"S":")" + n + R"("},"l":{"S":"l)" + n +
         R"("},"g":{"S":"g)" + std::to_string(i % 7) + R"("},"data":{"S":")" + std::string(100, 'd') + n + "\"}}";
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> read_files(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[entry.path().string()] = read_file(entry.path());
  }
  return files;
}

void change_file(const fs::path& path, const std::function<void(std::string&)>& change) {
  std::string bytes = read_file(path);
  change(bytes);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A closed directory with three tables: one with a global and a local index and many items, one without items, and one
/// whose items expire.
class DirectoryCare : public testing::Test {
 protected:
  DirectoryCare() {
    const auto engine = open(data_);
    engine->create_table(make_table(
        "t", {make_index("lsi", false, {{key_attribute("pk")}, {key_attribute("l")}}, ProjectionType::kKeysOnly),
              make_index("gsi", true, {{key_attribute("g")}, {}})}));
    engine->create_table(make_table("empty"));
    engine->create_table(make_table("timed"));
    engine->annotate_table("timed", [](Table& timed) { timed.ttl_attribute = "expires"; });
    for (const char* const pk : {"a", "b"}) {
      put(*engine, engine->usable_table("timed"),
          R"({"pk":{"S":")" + std::string(pk) + R"("},"sk":{"S":"1"},"expires":{"N":"4102444800"}})");
    }
    EXPECT_TRUE(wait_until([&] { return !engine->usable_table("timed")->ttl_building; }));
    expiry_space_ = engine->usable_table("timed")->ttl_space;
    const TablePtr table = engine->usable_table("t");
    for (int i = 0; i < kItems; ++i) put(*engine, table, numbered(i));
    key_ = key_of(*table, numbered(7)).encoded;
    table_space_ = table->space;
    index_space_ = table->index("gsi")->space;
  }

  void change_rows(const std::function<void(store::Store&, store::Batch&)>& change) const {
    const auto store = store::Store::open({data_});
    store::Batch batch;
    change(*store, batch);
    store->write(batch);
  }

  [[nodiscard]] fs::path file_of_kind(std::string_view part) const {
    fs::path largest;
    for (const auto& entry : fs::directory_iterator(data_ / "store")) {
      if (entry.path().filename().string().find(part) == std::string::npos) continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    return largest;
  }

  static bool has(const std::vector<std::string>& lines, std::string_view part) {
    return std::any_of(lines.begin(), lines.end(),
                       [part](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  /// Repairs the directory and checks the result against the report, which it returns.
  RepairReport repair_and_check() const {
    const auto before = read_files(data_);
    RepairReport report = repair_directory(data_, repaired_);
    EXPECT_EQ(read_files(data_), before) << "the damaged directory was changed";
    const CheckReport check = check_directory(repaired_);
    EXPECT_TRUE(check.is_sound()) << joined(check.problems);
    const auto engine = open(repaired_);
    for (const RepairReport::TableSaved& saved : report.tables) {
      const TablePtr table = engine->usable_table(saved.name);
      EXPECT_EQ(read_all(*engine, scan(table)).size(), saved.items);
      EXPECT_EQ(engine->counts(*table).table.items, saved.items);
      for (const Index& index : table->indexes)
        EXPECT_EQ(read_all(*engine, scan(table, index.name)).size(), saved.items);
    }
    return report;
  }

  const TemporaryDirectory root_;
  const fs::path data_ = root_.path() / "data";
  const fs::path repaired_ = root_.path() / "repaired";
  std::string key_;
  store::SpaceId table_space_ = 0;
  store::SpaceId index_space_ = 0;
  store::SpaceId expiry_space_ = 0;
};

TEST_F(DirectoryCare, ACheckOfASoundDirectoryFindsEverythingAndChangesNothing) {
  const auto before = read_files(data_);
  const CheckReport report = check_directory(data_);
  EXPECT_TRUE(report.is_sound()) << joined(report.problems);
  ASSERT_EQ(report.tables.size(), 3U);
  EXPECT_EQ(report.tables[1].name, "t");
  EXPECT_EQ(report.tables[1].items, static_cast<std::uint64_t>(kItems));
  EXPECT_EQ(report.tables[1].indexes, 2U);
  EXPECT_EQ(read_files(data_), before);
}

TEST_F(DirectoryCare, ACheckFindsWhatIsWrongInTheRows) {
  struct Row {
    const char* what;
    std::function<void(store::Store&, store::Batch&)> change;
    std::vector<const char*> told;
  };
  const auto space_key = [](store::SpaceId space) {
    std::string key;
    store::append_space(space, key);
    return key;
  };
  const Row rows[] = {
      {"an item is gone",
       [this](store::Store&, store::Batch& batch) { batch.remove(key_); },
       {"table t, index lsi: 1 entries without an item", "table t: the counters say"}},
      {"an item cannot be read",
       [this](store::Store&, store::Batch& batch) { batch.put(key_, "?"); },
       {"table t, key "}},
      {"an item under another key",
       [this](store::Store& store, store::Batch& batch) {
         std::string value;
         ASSERT_TRUE(store.get(key_, value));
         batch.put(key_ + "x", value);
       },
       {"the item lies under the key of another"}},
      {"an index entry is gone",
       [&](store::Store& store, store::Batch& batch) {
         const auto cursor = store.cursor(space_key(index_space_), "");
         cursor->seek_to_first();
         batch.remove(cursor->key());
       },
       {"table t, index gsi: an entry is missing", "table t, index gsi: the counters say"}},
      {"an index entry differs",
       [&](store::Store& store, store::Batch& batch) {
         const auto cursor = store.cursor(space_key(index_space_), "");
         cursor->seek_to_first();
         std::string value(cursor->value());
         value.replace(value.find("ddd"), 1, "e");
         batch.put(cursor->key(), value);
       },
       {"table t, index gsi: an entry differs from its item"}},
      {"a row by expiry is gone",
       [&](store::Store& store, store::Batch& batch) {
         const auto cursor = store.cursor(space_key(expiry_space_), "");
         cursor->seek_to_first();
         batch.remove(cursor->key());
       },
       {"table timed: the row by which an item expires is missing"}},
      {"a row by expiry of no item",
       [&](store::Store&, store::Batch& batch) { batch.put(expiry_key(expiry_space_, 7, key_), ""); },
       {"table timed, rows by expiry: 1 without an item"}},
      {"rows of no table",
       [&](store::Store&, store::Batch& batch) { batch.put(space_key(12345) + "x", "y"); },
       {"there are rows in space 12345, which no table has"}},
      {"a table's row",
       [](store::Store&, store::Batch& batch) { batch.put(catalog_key(CatalogRow::kTable, "empty"), "{"); },
       {"table empty: its row in the catalog is damaged"}},
  };
  const auto sound = read_files(data_);
  for (const Row& row : rows) {
    change_rows(row.change);
    const CheckReport report = check_directory(data_);
    EXPECT_FALSE(report.is_sound()) << row.what;
    for (const char* told : row.told)
      EXPECT_TRUE(has(report.problems, told)) << row.what << ":\n" << joined(report.problems);
    fs::remove_all(data_ / "store");
    for (const auto& [path, bytes] : sound) {
      fs::create_directories(fs::path(path).parent_path());
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    }
  }
}

TEST_F(DirectoryCare, ARepairLeavesOutItemsThatCannotBeReadToTheirEnd) {
  // The first item is cut short at its end; of the second only the stated size is wrong.
  change_rows([this](store::Store& store, store::Batch& batch) {
    std::string value;
    ASSERT_TRUE(store.get(key_, value));
    batch.put(key_, value.substr(0, value.size() - 4));
    const auto cursor = store.cursor(key_.substr(0, 4), "");
    cursor->seek_to_first();
    ASSERT_NE(cursor->key(), key_);
    std::string other(cursor->value());
    other[1] = static_cast<char>(other[1] + 1);
    batch.put(cursor->key(), other);
  });
  const RepairReport report = repair_and_check();
  EXPECT_EQ(report.unreadable_items, 2U) << joined(report.lines);
  EXPECT_TRUE(has(report.lines, "table t: 2 items cannot be read")) << joined(report.lines);
}

TEST_F(DirectoryCare, ACheckFindsDamagedFiles) {
  const fs::path table = file_of_kind(".sst");
  change_file(table, [](std::string& bytes) { bytes[bytes.size() / 3] ^= 1; });
  CheckReport report = check_directory(data_);
  EXPECT_TRUE(has(report.problems, table.filename().string())) << joined(report.problems);
  change_file(file_of_kind("MANIFEST"), [](std::string& bytes) { bytes[5] ^= 0x40; });
  report = check_directory(data_);
  EXPECT_TRUE(has(report.problems, "is damaged")) << joined(report.problems);
}

TEST_F(DirectoryCare, ARepairOfASoundDirectoryIsACopy) {
  const RepairReport report = repair_and_check();
  EXPECT_FALSE(report.lost_anything());
  EXPECT_EQ(joined(report.lines), "");
  ASSERT_EQ(report.tables.size(), 3U);
  EXPECT_EQ(report.tables[1].items, static_cast<std::uint64_t>(kItems));
}

TEST_F(DirectoryCare, ARepairSavesAllThatDamageToTheListsOfFilesHides) {
  // The damage of the rows accumulates. Without a list of files nothing shows that no table is missing.
  struct Row {
    const char* what;
    std::function<void()> damage;
    bool may_have_lost;
  };
  const Row rows[] = {
      {"a length in the manifest",
       [this] { change_file(file_of_kind("MANIFEST"), [](std::string& bytes) { bytes[5] ^= 0x40; }); }, false},
      {"no manifest", [this] { fs::remove(file_of_kind("MANIFEST")); }, false},
      {"no CURRENT", [this] { fs::remove(data_ / "store" / "CURRENT"); }, false},
      {"no FILES", [this] { fs::remove(data_ / "FILES"); }, true},
      {"no STATOR", [this] { fs::remove(data_ / "STATOR"); }, true},
  };
  for (const auto& [what, damage, may_have_lost] : rows) {
    SCOPED_TRACE(what);
    damage();
    EXPECT_FALSE(check_directory(data_).is_sound());
    const RepairReport report = repair_and_check();
    EXPECT_EQ(report.lost_anything(), may_have_lost) << joined(report.lines);
    EXPECT_NE(joined(report.lines), "");
    ASSERT_EQ(report.tables.size(), 3U);
    EXPECT_EQ(report.tables[1].items, static_cast<std::uint64_t>(kItems));
    fs::remove_all(repaired_);
  }
}

TEST_F(DirectoryCare, ARepairPassesOverDamagedBlocksAndSaysHowMuchIsLost) {
  change_file(file_of_kind(".sst"), [](std::string& bytes) {
    // Damages some blocks of items; those of the indexes and the end of the file stay readable.
    for (const std::size_t at : {bytes.size() / 4, bytes.size() / 3}) bytes[at] ^= 1;
  });
  const RepairReport report = repair_and_check();
  ASSERT_EQ(report.tables.size(), 3U);
  const RepairReport::TableSaved& saved = report.tables[1];
  EXPECT_GT(saved.items, static_cast<std::uint64_t>(kItems) / 2);
  EXPECT_EQ(saved.items + saved.lost_items, static_cast<std::uint64_t>(kItems));
}

TEST_F(DirectoryCare, ARepairWithoutTheListOfTablesReadsTablesWithADamagedBlock) {
  change_file(file_of_kind(".sst"), [](std::string& bytes) { bytes[bytes.size() / 3] ^= 1; });
  fs::remove(data_ / "store" / "CURRENT");
  const RepairReport report = repair_and_check();
  ASSERT_EQ(report.tables.size(), 3U) << joined(report.lines);
  const RepairReport::TableSaved& saved = report.tables[1];
  EXPECT_GT(saved.items, static_cast<std::uint64_t>(kItems) / 2);
  EXPECT_EQ(saved.items + saved.lost_items, static_cast<std::uint64_t>(kItems));
}

TEST_F(DirectoryCare, ARepairAccountsForEveryItemWhicheverFileIsDamaged) {
  // Then rows of the catalog are in several files, and no file has all items.
  constexpr int kMore = 500;
  for (const int first : {kItems, kItems + kMore}) {
    const auto engine = open(data_);
    engine->create_table(make_table("u" + std::to_string(first)));
    const TablePtr table = engine->usable_table(first == kItems ? "t" : "u" + std::to_string(kItems));
    for (int i = first; i < first + kMore; ++i) put(*engine, table, numbered(i));
  }
  constexpr std::uint64_t kAll = kItems + 2 * kMore + 2;
  const fs::path sound = root_.path() / "sound";
  fs::rename(data_, sound);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(sound / "store")) {
    if (entry.path().extension() != ".sst") continue;
    ++files;
    for (const bool missing : {false, true}) {
      SCOPED_TRACE(entry.path().filename().string() + (missing ? " is missing" : " is damaged"));
      fs::copy(sound, data_, fs::copy_options::recursive);
      const fs::path file = data_ / "store" / entry.path().filename();
      if (missing) {
        fs::remove(file);
      } else {
        change_file(file, [](std::string& bytes) { bytes[bytes.size() / 4] ^= 1; });
      }
      const RepairReport report = repair_and_check();
      std::uint64_t accounted = report.unreadable_items;
      bool unknown = false;
      for (const RepairReport::TableSaved& table : report.tables) {
        accounted += table.items + table.lost_items;
        unknown = unknown || table.loss_is_unknown;
      }
      EXPECT_TRUE(accounted == kAll || unknown) << accounted << "\n" << joined(report.lines);
      EXPECT_TRUE(report.lost_anything());
      fs::remove_all(data_);
      fs::remove_all(repaired_);
    }
  }
  EXPECT_GT(files, 1U);
}

TEST_F(DirectoryCare, ARepairNamesTablesWhoseRowIsGone) {
  {
    const auto engine = open(data_);
    Table streamed = make_table("streamed");
    streamed.stream_view_type = "KEYS_ONLY";
    engine->create_table(std::move(streamed));
    put(*engine, engine->usable_table("streamed"), numbered(1));
    Table closed = make_table("closed");
    closed.stream_view_type = "KEYS_ONLY";
    engine->create_table(std::move(closed));
    engine->delete_table("closed");
  }
  struct Row {
    const char* what;
    bool counters;
    const char* t;
  };
  const Row rows[] = {
      {"the tables' rows", true, "had 2000 items (space "},
      {"their counters, too", false, "had 2000 items or entries of an index (space "},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    change_rows([&](store::Store&, store::Batch& batch) {
      for (const char* const name : {"t", "streamed"}) batch.remove(catalog_key(CatalogRow::kTable, name));
      if (row.counters) return;
      for (std::size_t part = 0; part < Counters::kParts; ++part) {
        batch.remove(catalog_key(CatalogRow::kCounters, table_space_) + static_cast<char>(part));
      }
    });
    const RepairReport report = repair_and_check();
    EXPECT_TRUE(report.lost_anything());
    EXPECT_EQ(report.tables.size(), 2U);
    EXPECT_TRUE(has(report.lines, "table streamed is lost: its row in the catalog is gone")) << joined(report.lines);
    EXPECT_FALSE(has(report.lines, "closed")) << joined(report.lines);
    EXPECT_TRUE(has(report.lines, row.t)) << joined(report.lines);
    EXPECT_TRUE(has(report.lines, "had 1 item (space ")) << joined(report.lines);
    // The new directory has no table for the items, but they are saved to a file.
    const fs::path lost = report.lost_tables / ("space-" + std::to_string(table_space_) + ".jsonl");
    std::ifstream in(lost);
    std::multiset<std::string> saved;
    for (std::string line; std::getline(in, line);) saved.insert(line);
    EXPECT_EQ(saved.size(), static_cast<std::size_t>(kItems)) << lost;
    EXPECT_TRUE(saved.contains(numbered(7))) << *saved.begin();
    EXPECT_TRUE(has(report.lines, ", which are in " + lost.string())) << joined(report.lines);
    EXPECT_EQ(fs::exists(report.lost_tables / ("space-" + std::to_string(index_space_) + ".jsonl")), !row.counters);
    fs::remove_all(repaired_);
  }
}

TEST_F(DirectoryCare, ARepairTakesNoNumberOfLostItemsFromPartsOfTheCounters) {
  change_rows([&](store::Store&, store::Batch& batch) {
    for (std::size_t part = 0; part < Counters::kParts; ++part) {
      batch.remove(catalog_key(CatalogRow::kCounters, table_space_) + static_cast<char>(part));
    }
    std::string below_zero;
    append_varint(table_space_, below_zero);
    append_varint(std::uint64_t{0} - 5, below_zero);
    append_varint(std::uint64_t{0} - 500, below_zero);
    batch.put(catalog_key(CatalogRow::kCounters, table_space_) + '\x07', below_zero);
  });
  const RepairReport report = repair_and_check();
  EXPECT_EQ(joined(report.lines), "");
  ASSERT_EQ(report.tables.size(), 3U);
  EXPECT_EQ(report.tables[1].items, static_cast<std::uint64_t>(kItems));
  EXPECT_EQ(report.tables[1].lost_items, 0U);
}

TEST_F(DirectoryCare, ARepairSavesWhatIsInADamagedLog) {
  const fs::path killed = root_.path() / "killed";
  {
    const auto engine = open(data_);
    for (int i = kItems; i < kItems + 20; ++i) put(*engine, engine->usable_table("t"), numbered(i));
    fs::copy(data_, killed, fs::copy_options::recursive);
  }
  fs::remove_all(data_);
  fs::rename(killed, data_);
  change_file(file_of_kind(".log"), [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
  EXPECT_THROW(open(data_), store::OpenError);
  const RepairReport report = repair_and_check();
  ASSERT_EQ(report.tables.size(), 3U);
  EXPECT_GE(report.tables[1].items, static_cast<std::uint64_t>(kItems));
  EXPECT_TRUE(report.lost_anything());
}

TEST_F(DirectoryCare, ACheckLooksAtNoEntriesOfAnIndexThatIsBeingDeleted) {
  {
    const auto engine = open(data_, nullptr, 3'600'000);
    engine->update_table(
        "t", [](Table& table) { std::erase_if(table.indexes, [](const Index& index) { return index.global; }); });
    const TablePtr table = engine->find_table("t");
    ASSERT_EQ(table->index("gsi")->status, TableStatus::kDeleting);
    put(*engine, table, numbered(kItems));
    put(*engine, table, R"({"pk":{"S":"p1"},"sk":{"S":"1"},"l":{"S":"l1"},"g":{"S":"another"}})");
    remove(*engine, table, R"({"pk":{"S":"p2"},"sk":{"S":"2"}})");
  }
  const CheckReport report = check_directory(data_);
  EXPECT_TRUE(report.is_sound()) << joined(report.problems);
}

TEST_F(DirectoryCare, ARepairClearsAwayTheCopiesThatAKilledOneLeft) {
  const fs::path copies = root_.path() / "repaired.salvage";
  fs::create_directories(copies);
  fs::copy(data_ / "store", copies / "store", fs::copy_options::recursive);
  change_file(copies / "store" / "CURRENT", [](std::string& bytes) { bytes = "MANIFEST-999999\n"; });
  EXPECT_EQ(joined(repair_and_check().lines), "");
  EXPECT_FALSE(fs::exists(copies));
}

TEST_F(DirectoryCare, ARepairLeavesAFolderThatIsInItsWayAsItIs) {
  const fs::path folder = root_.path() / "repaired.salvage";
  fs::create_directories(folder / "store");
  std::ofstream(folder / "store" / "photo.jpg") << "x";
  std::ofstream(folder / "letter.txt") << "x";
  EXPECT_THROW(repair_directory(data_, repaired_), store::OpenError);
  EXPECT_TRUE(fs::exists(folder / "store" / "photo.jpg"));
  EXPECT_FALSE(fs::exists(repaired_));
}

TEST_F(DirectoryCare, ARepairNeedsANewDirectory) {
  fs::create_directory(repaired_);
  std::ofstream(repaired_ / "photo.jpg") << "x";
  EXPECT_THROW(repair_directory(data_, repaired_), store::OpenError);
  EXPECT_THROW(repair_directory(root_.path() / "missing", root_.path() / "new"), store::OpenError);
  EXPECT_FALSE(fs::exists(root_.path() / "new"));
  const auto engine = open(data_);
  EXPECT_THROW(repair_directory(data_, root_.path() / "new"), store::OpenError) << "in use";
}

}  // namespace
}  // namespace stator::engine
