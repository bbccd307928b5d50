#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "store/rows.h"
#include "store/salvage.h"
#include "store/small_file.h"
#include "store/store.h"
#include "store/store_number.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// Both ways to keep a store.
class Restore : public ::testing::TestWithParam<bool> {
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
INSTANTIATE_TEST_SUITE_P(Places, Restore, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& place) {
  return place.param ? "OnDisk" : "InMemory";
});

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

/// A store on disk with a checkpoint "a".
class RestoreOnDisk : public ::testing::Test {
 protected:
  RestoreOnDisk() {
    options_.directory = directory_.path() / "data";
    store_ = Store::open(options_);
    put(*store_, "k", "saved");
    store_->checkpoint(place());
    put(*store_, "k", "later");
  }
  [[nodiscard]] fs::path place() const { return options_.directory / "snapshots" / "a"; }
  void reopen() {
    store_.reset();
    store_ = Store::open(options_);
  }
  [[nodiscard]] std::vector<std::uint64_t> stores() const { return stores_in(options_.directory); }

  TemporaryDirectory directory_;
  Options options_;
  std::unique_ptr<Store> store_;
};

TEST_F(RestoreOnDisk, LeavesOneStoreAfterACleanStop) {
  for (int i = 0; i < 5; ++i) store_->restore(i % 2 == 0 ? place() : fs::path());
  EXPECT_EQ(get(*store_, "k"), "saved");
  const std::uint64_t number = read_store_number(options_.directory).value();
  EXPECT_GT(number, 0U);
  store_.reset();
  EXPECT_EQ(stores(), std::vector{number}) << "neither replaced stores nor one that was prepared";
  EXPECT_FALSE(fs::exists(options_.directory / "FILES"));
  Options reading = options_;
  reading.read_only = true;
  EXPECT_EQ(get(*Store::open(reading), "k"), "saved");
  EXPECT_EQ(get(*Store::open(options_), "k"), "saved");
}

TEST_F(RestoreOnDisk, OfACheckpointThatWasReplacedBringsTheNewOne) {
  store_->restore(place());
  store_->restore(place());
  put(*store_, "k", "saved again");
  store_->remove_checkpoint(place());
  store_->checkpoint(place());
  put(*store_, "k", "later");
  store_->restore(place());
  EXPECT_EQ(get(*store_, "k"), "saved again");
  store_->remove_checkpoint(place());
  EXPECT_THROW(store_->restore(place()), StoreError);
  EXPECT_EQ(get(*store_, "k"), "saved again");
}

/// What a process leaves that dies during a restore: the new store, not yet in use, or the replaced one.
TEST_F(RestoreOnDisk, CutShortLeavesTheOldStateOrTheNewOne) {
  store_->restore(place());
  put(*store_, "k", "newest");
  store_.reset();
  const std::uint64_t number = read_store_number(options_.directory).value();
  for (const char* leftover : {"store.99", "store.1000", "store"}) {
    if (fs::exists(options_.directory / leftover)) continue;
    fs::create_directory(options_.directory / leftover);
    std::ofstream(options_.directory / leftover / "000099.sst") << "half";
    std::ofstream(options_.directory / leftover / "CURRENT") << "MANIFEST-000001\n";
  }
  for (const char* list : {"FILES.99", "FILES.98.new"}) std::ofstream(options_.directory / list) << "half";
  for (const char* draft : {"STORE.new", "STORE.new.99"}) std::ofstream(options_.directory / draft) << "store.99";
  store_ = Store::open(options_);
  EXPECT_EQ(get(*store_, "k"), "newest");
  EXPECT_EQ(stores(), std::vector{number});
  for (const char* gone : {"FILES.99", "FILES.98.new", "STORE.new", "STORE.new.99"}) {
    EXPECT_FALSE(fs::exists(options_.directory / gone)) << gone;
  }
  store_->restore(place());
  EXPECT_EQ(get(*store_, "k"), "saved");
}

/// The power fails after each disk operation in turn.
TEST_F(RestoreOnDisk, SurvivesAPowerLossWholeInEitherState) {
  store_.reset();
  bool finished = false;
  int old_states = 0;
  int new_states = 0;
  for (std::uint64_t at = 1; !finished; ++at) {
    ASSERT_LT(at, 10'000U);
    const TemporaryDirectory copy;
    fs::copy(options_.directory, copy.path() / "data", fs::copy_options::recursive);
    Options options = options_;
    options.directory = copy.path() / "data";
    options.sync = true;
    const auto files = std::make_shared<stator::testing::FaultyFileSystem>();
    options.resources.file_system = files;
    bool restored = false;
    {
      const auto store = Store::open(options);
      files->power_off_after(at);
      try {
        store->restore(options.directory / "snapshots" / "a");
        restored = true;
        finished = !files->is_off();
        put(*store, "other", "v");
      } catch (const std::exception&) {
        // the power is off
      }
    }
    files->lose_unsynced(static_cast<std::uint32_t>(at));
    options.resources.file_system = nullptr;
    const auto store = Store::open(options);
    const std::string found = get(*store, "k");
    ++(found == "saved" ? new_states : old_states);
    if (restored) {
      EXPECT_EQ(found, "saved") << at;
    } else {
      EXPECT_TRUE(found == "saved" || found == "later") << at << ": " << found;
    }
  }
  EXPECT_GT(old_states, 0);
  EXPECT_GT(new_states, 0);
}

TEST_F(RestoreOnDisk, RefusesADirectoryWhoseStoreIsNotKnown) {
  store_->restore(place());
  store_.reset();
  const fs::path file = options_.directory / "STORE";
  const std::string text = read_small_file(file).value();
  std::vector<std::string> damaged = {"", "\n", text.substr(0, text.size() - 1), text + "\n"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    damaged.push_back(text);
    damaged.back()[i] = static_cast<char>(text[i] ^ 1);
  }
  for (const std::string& content : damaged) {
    std::ofstream(file, std::ios::trunc) << content;
    EXPECT_THROW((void)Store::open(options_), DamagedError) << content;
  }
  fs::remove(file);
  EXPECT_THROW((void)Store::open(options_), DamagedError) << "it is missing";
  EXPECT_EQ(stores().size(), 1U) << "nothing was removed";
  std::ofstream(file) << text;
  EXPECT_EQ(get(*Store::open(options_), "k"), "saved");
}

TEST_F(RestoreOnDisk, CanBeRepairedWithoutKnowingWhichStoreCounts) {
  store_->restore(place());
  put(*store_, "k", "newest");
  store_.reset();
  // Left by a process that was killed while it prepared the next restore.
  fs::copy(store_folder(place(), 0), options_.directory / "store.99");
  for (const auto& entry : fs::directory_iterator(options_.directory / "store.99")) {
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  fs::remove(options_.directory / "STORE");
  std::vector<std::string> told;
  const Salvage salvage(options_.directory, directory_.path() / "scratch", told);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("the file STORE is missing; store."), std::string::npos) << told[0];
  std::string found;
  salvage.walk("k", "l", [&](std::string_view, std::string_view value) { found = value; });
  EXPECT_EQ(found, "newest");
}

/// The default file system, but creating a table waits until `allowed` is true.
class WithoutTables final : public rocksdb::FileSystemWrapper {
 public:
  explicit WithoutTables(const std::atomic<bool>& allowed)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), allowed_(allowed) {}
  const char* Name() const override { return "WithoutTables"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (path.ends_with(".sst")) allowed_.wait(false);
    return target()->NewWritableFile(path, options, file, debug);
  }

 private:
  const std::atomic<bool>& allowed_;
};

/// A store with two megabytes of writes in the log and none in a table.
class CheckpointAtOnce : public ::testing::Test {
 protected:
  CheckpointAtOnce() {
    options_.directory = directory_.path() / "data";
    // No table is written before the checkpoint exists, however fast the machine is.
    options_.resources.file_system = std::make_shared<WithoutTables>(may_write_tables_);
    store_ = Store::open(options_);
    fill("saved");
    put(*store_, "k", "saved");
    log_before_ = large_log(options_.directory / "store");
    store_->checkpoint(place(), CheckpointKind::kAtOnce);
    may_write_tables_ = true;
    may_write_tables_.notify_all();
    put(*store_, "k", "later");
  }
  void fill(const std::string& text) {
    const std::string large = text + std::string(3000, 'x');
    for (int i = 0; i < 1000; ++i) put(*store_, "k" + std::to_string(i), large);
  }
  void expect_saved(const Store& store) const {
    EXPECT_EQ(get(store, "k"), "saved");
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(get(store, "k" + std::to_string(i)), "saved" + std::string(3000, 'x'));
  }
  [[nodiscard]] fs::path place() const { return options_.directory / "snapshots" / "a"; }
  [[nodiscard]] std::uintmax_t bytes_of(const std::string& extension) const {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(place() / "store")) {
      if (entry.path().extension() == extension) bytes += entry.file_size();
    }
    return bytes;
  }

  /// The inode of the log of more than a megabyte in a store's folder.
  static ino_t large_log(const fs::path& store) {
    for (const auto& entry : fs::directory_iterator(store)) {
      struct stat status {};
      if (entry.path().extension() == ".log" && ::stat(entry.path().c_str(), &status) == 0 &&
          status.st_size > 1'000'000) {
        return status.st_ino;
      }
    }
    return 0;
  }

  TemporaryDirectory directory_;
  std::atomic<bool> may_write_tables_ = false;
  Options options_;
  std::unique_ptr<Store> store_;
  ino_t log_before_ = 0;
};

TEST_F(CheckpointAtOnce, HasTheLogAndIsADataDirectoryOfItsOwn) {
  EXPECT_GT(bytes_of(".log"), 2'000'000U);
  EXPECT_EQ(bytes_of(".sst"), 0U);
  EXPECT_NE(log_before_, 0U);
  EXPECT_EQ(large_log(place() / "store"), log_before_) << "linked, not copied";
  fill("later");
  expect_saved(*store_->open_checkpoint(place()));
  store_.reset();
  fs::remove_all(options_.directory / "store");
  options_.directory = place();
  expect_saved(*Store::open(options_));
}

TEST_F(CheckpointAtOnce, IsRestoredAsOftenAsWantedAndSettlesMeanwhile) {
  store_->settle_checkpoint(place());
  for (int round = 0; round < 3; ++round) {
    fill("later");
    store_->restore(place());
    expect_saved(*store_);
  }
  // The last restore may have left preparations for the next one running.
  store_.reset();
  EXPECT_LT(bytes_of(".log"), 1'000'000U);
  EXPECT_FALSE(fs::exists(options_.directory / "snapshots" / ".settled"));
  store_ = Store::open(options_);
  expect_saved(*store_);
}

TEST_F(CheckpointAtOnce, CanBeRemovedOrReplacedWhileItSettles) {
  store_->settle_checkpoint(place());
  store_->remove_checkpoint(place());
  put(*store_, "k", "saved again");
  store_->checkpoint(place(), CheckpointKind::kAtOnce);
  store_->settle_checkpoint(place());
  put(*store_, "k", "later");
  store_->restore(place());
  EXPECT_EQ(get(*store_, "k"), "saved again");
  store_->settle_checkpoint(place());
  store_->remove_checkpoint(place());
  store_.reset();
  EXPECT_FALSE(fs::exists(place()));
}

TEST(RestoreOfDamage, IsRefusedBeforeAnythingChanges) {
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
