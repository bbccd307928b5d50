#include "store/restore.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "store/store.h"
#include "store/temporary_directory.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

void put(Store& store, std::string_view key, std::string_view value) {
  Batch batch;
  batch.put(key, value);
  store.write(batch);
}

std::string get(const Store& store, std::string_view key) {
  std::string value;
  return store.get(key, value) ? value : "(absent)";
}

/// Both ways to keep a store.
class Restore : public testing::TestWithParam<bool> {
 protected:
  Restore() : store_(Store::open(options())) {}

  [[nodiscard]] Options options() const {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    options.resources.memtable_bytes = 256 << 10;
    return options;
  }
  [[nodiscard]] fs::path place(std::string_view name) const {
    return (GetParam() ? directory_.path() / "data" : fs::path("/")) / "snapshots" / name;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Places, Restore, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(Restore, BringsBackWhatACheckpointHoldsAsOftenAsWanted) {
  const std::string large(1000, 'a');
  for (int i = 0; i < 1000; ++i) put(*store_, "k" + std::to_string(i), large);
  put(*store_, "single", "one");
  store_->checkpoint(place("a"));
  for (int round = 0; round < 3; ++round) {
    put(*store_, "single", "two");
    for (int i = 0; i < 1000; ++i) put(*store_, "k" + std::to_string(i), std::string(1000, 'b'));
    store_->delete_range("k5", "k6");
    store_->restore(place("a"));
    EXPECT_EQ(get(*store_, "single"), "one") << round;
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(get(*store_, "k" + std::to_string(i)), large) << i;
  }
  put(*store_, "single", "three");
  if (!GetParam()) return;
  store_.reset();
  store_ = Store::open(options());
  EXPECT_EQ(get(*store_, "single"), "three") << "a restored store goes on like any other";
}

TEST_P(Restore, OfNothingEmptiesTheStore) {
  put(*store_, "k", "v");
  store_->checkpoint(place("a"));
  store_->restore({});
  EXPECT_EQ(get(*store_, "k"), "(absent)");
  put(*store_, "new", "v");
  EXPECT_EQ(get(*store_, "new"), "v");
  store_->restore(place("a"));
  EXPECT_EQ(get(*store_, "k"), "v");
  EXPECT_EQ(get(*store_, "new"), "(absent)");
}

TEST_P(Restore, OfWhatIsNotThereChangesNothing) {
  put(*store_, "k", "v");
  EXPECT_THROW(store_->restore(place("no")), StoreError);
  ASSERT_TRUE(store_->is_open());
  EXPECT_EQ(get(*store_, "k"), "v");
}

TEST_P(Restore, KeepsBranchesApart) {
  put(*store_, "k", "1");
  store_->checkpoint(place("one"));
  put(*store_, "k", "2");
  store_->checkpoint(place("two"));
  store_->restore(place("one"));
  put(*store_, "k", "3");
  store_->checkpoint(place("three"));
  for (const auto& [name, value] : {std::pair("two", "2"), std::pair("one", "1"), std::pair("three", "3")}) {
    store_->restore(place(name));
    EXPECT_EQ(get(*store_, "k"), value);
  }
}

/// The directory as a process leaves it that dies after each step of a restore.
TEST(RestoreCutShort, IsFinishedByTheNextStart) {
  struct Cut {
    const char* name;
    std::function<void(const fs::path& data)> leave;
  };
  const Cut cuts[] = {
      {"only noted", [](const fs::path&) {}},
      {"the new store is there in part",
       [](const fs::path& data) {
         fs::create_directory(data / "store.new");
         std::ofstream(data / "store.new" / "000099.sst") << "half";
       }},
      {"the old store is set aside", [](const fs::path& data) { fs::rename(data / "store", data / "store.old"); }},
      {"the new store is in place, with the list of the old one",
       [](const fs::path& data) {
         fs::rename(data / "store", data / "store.old");
         fs::create_directory(data / "store");
         link_store(*rocksdb::Env::Default(), data / "snapshots" / "a" / "store", data / "store");
       }},
      {"the old store is deleted in part",
       [](const fs::path& data) {
         fs::rename(data / "store", data / "store.old");
         fs::create_directory(data / "store");
         link_store(*rocksdb::Env::Default(), data / "snapshots" / "a" / "store", data / "store");
         fs::copy_file(data / "snapshots" / "a" / "FILES", data / "FILES", fs::copy_options::overwrite_existing);
         fs::remove(data / "store.old" / "CURRENT");
       }},
  };
  for (const Cut& cut : cuts) {
    const TemporaryDirectory directory;
    Options options;
    options.directory = directory.path() / "data";
    {
      const auto store = Store::open(options);
      put(*store, "k", "saved");
      store->checkpoint(options.directory / "snapshots" / "a");
      put(*store, "k", "later");
    }
    {
      const DataDirectory data(options.directory, Access::kReadWrite);
      begin_restore(data, options.directory / "snapshots" / "a", true);
      cut.leave(options.directory);
    }
    Options reading = options;
    reading.read_only = true;
    EXPECT_THROW((void)Store::open(reading), OpenError) << cut.name;
    for (int start = 0; start < 2; ++start) {
      const auto store = Store::open(options);
      EXPECT_EQ(get(*store, "k"), "saved") << cut.name;
    }
    EXPECT_FALSE(fs::exists(options.directory / "RESTORE")) << cut.name;
    EXPECT_FALSE(fs::exists(options.directory / "store.old")) << cut.name;
  }
}

TEST(RestoreCutShort, OfADamagedCheckpointIsRefusedBeforeAnythingChanges) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  const auto store = Store::open(options);
  put(*store, "k", "v");
  store->checkpoint(options.directory / "snapshots" / "a");
  fs::resize_file(options.directory / "snapshots" / "a" / "store" / "CURRENT", 0);
  put(*store, "k", "later");
  EXPECT_THROW(store->restore(options.directory / "snapshots" / "a"), StoreError);
  ASSERT_TRUE(store->is_open());
  EXPECT_EQ(get(*store, "k"), "later");
}

}  // namespace
}  // namespace stator::store
