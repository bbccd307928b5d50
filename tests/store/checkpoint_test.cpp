#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "core/api_error.h"
#include "store/rows.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// A small memtable, so that the store writes tables.
Options small(const fs::path& directory) {
  Options options;
  options.directory = directory;
  options.resources.memtable_bytes = 256 << 10;
  return options;
}

std::string numbered(int i) { return std::to_string(1'000'000 + i); }

/// Runs on a store on disk and on one in memory.
class Checkpoint : public testing::TestWithParam<bool> {
 protected:
  Checkpoint() : store_(Store::open(small(GetParam() ? directory_.path() / "data" : fs::path()))) {}

  void put(std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(key, value);
    store_->write(batch);
  }
  void fill(int count, std::string_view value) {
    for (int i = 0; i < count; ++i) put(numbered(i), value);
  }
  [[nodiscard]] fs::path place(std::string_view name) const {
    return GetParam() ? directory_.path() / "cuts" / name : fs::path("/cuts") / name;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Places, Checkpoint, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(Checkpoint, HoldsWhatWasWrittenBeforeAndNothingLater) {
  const std::string old_value(1000, 'o');
  const std::string new_value(1000, 'n');
  fill(2000, old_value);
  put("single", "old");
  store_->checkpoint(place("a"));
  put("single", "new");
  fill(2000, new_value);
  store_->delete_range("1", "2");
  put("later", "x");

  const auto cut = store_->open_checkpoint(place("a"));
  EXPECT_TRUE(cut->is_read_only());
  EXPECT_EQ(get(*cut, "single"), "old");
  EXPECT_EQ(get(*cut, "later"), "(absent)");
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(get(*cut, numbered(i)), old_value) << i;
  EXPECT_EQ(get(*store_, numbered(7)), "(absent)");
}

TEST_P(Checkpoint, OutlivesOthersAndItsStore) {
  put("k", "1");
  store_->checkpoint(place("one"));
  put("k", "2");
  store_->checkpoint(place("two"));
  put("k", "3");
  store_->remove_checkpoint(place("one"));
  store_->remove_checkpoint(place("one"));
  EXPECT_THROW((void)store_->open_checkpoint(place("one")), OpenError);
  const auto cut = store_->open_checkpoint(place("two"));
  store_.reset();
  EXPECT_EQ(get(*cut, "k"), "2");
}

TEST_P(Checkpoint, IsRefusedWhereThereIsOne) {
  put("k", "1");
  store_->checkpoint(place("a"));
  put("k", "2");
  EXPECT_THROW(store_->checkpoint(place("a")), StoreError);
  EXPECT_EQ(get(*store_->open_checkpoint(place("a")), "k"), "1");
}

/// Each batch moves one from an account to another: every checkpoint must hold the same total and all acknowledged
/// batches.
TEST_P(Checkpoint, HoldsWholeBatchesWhileWritersGoOn) {
  constexpr int kAccounts = 8;
  constexpr int kCuts = 8;
  for (int i = 0; i < kAccounts; ++i) put("account" + std::to_string(i), "1000");
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::thread writer([&] {
    std::vector<int> balances(kAccounts, 1000);
    const std::string ballast(2000, 'x');
    for (int i = 1; !stop; ++i) {
      const auto from = static_cast<std::size_t>(i % kAccounts);
      const auto to = static_cast<std::size_t>(i / 3 % kAccounts);
      --balances[from];
      ++balances[to];
      Batch batch;
      batch.put("account" + std::to_string(from), std::to_string(balances[from]));
      batch.put("account" + std::to_string(to), std::to_string(balances[to]));
      batch.put("count", std::to_string(i));
      batch.put(numbered(i % 500), ballast);
      store_->write(batch);
      acknowledged = i;
    }
  });
  std::vector<int> before;
  for (int i = 0; i < kCuts; ++i) {
    before.push_back(acknowledged);
    store_->checkpoint(place(std::to_string(i)), i % 2 == 0 ? CheckpointKind::kSettled : CheckpointKind::kAtOnce);
  }
  stop = true;
  writer.join();
  for (int i = 0; i < kCuts; ++i) {
    const auto cut = store_->open_checkpoint(place(std::to_string(i)));
    int sum = 0;
    for (int account = 0; account < kAccounts; ++account) {
      sum += std::stoi(get(*cut, "account" + std::to_string(account)));
    }
    EXPECT_EQ(sum, 1000 * kAccounts);
    if (before[static_cast<std::size_t>(i)] > 0) {
      EXPECT_GE(std::stoi(get(*cut, "count")), before[static_cast<std::size_t>(i)]);
    }
  }
}

class DiskCheckpoint : public testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(DiskCheckpoint, IsADataDirectoryOfItsOwn) {
  const auto store = Store::open(small(directory_.path() / "data"));
  store->require(Feature::kExpiryRows);
  for (int i = 0; i < 2000; ++i) put(*store, numbered(i), std::string(1000, 'x'));
  store->checkpoint(directory_.path() / "cut");

  // The checkpoint can be opened and written to; neither it nor the store sees the other's changes.
  for (const char* value : {"first", "second"}) {
    const auto cut = Store::open(small(directory_.path() / "cut"));
    for (int i = 0; i < 2000; ++i) put(*cut, numbered(i), value);
  }
  std::string value;
  EXPECT_TRUE(store->get(numbered(5), value));
  EXPECT_EQ(value, std::string(1000, 'x'));
  EXPECT_EQ(fs::status(directory_.path() / "cut").permissions(), fs::perms::owner_all);
  std::ifstream marker(directory_.path() / "cut" / "STATOR");
  const std::string text{std::istreambuf_iterator<char>(marker), {}};
  EXPECT_NE(text.find("expiry-rows"), std::string::npos);
}

TEST_F(DiskCheckpoint, LinksTablesInsteadOfCopyingThem) {
  const auto store = Store::open(small(directory_.path() / "data"));
  for (int i = 0; i < 2000; ++i) put(*store, numbered(i), std::string(1000, 'x'));
  store->checkpoint(directory_.path() / "cut");
  int tables = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path() / "cut" / "store")) {
    if (entry.path().extension() != ".sst") continue;
    ++tables;
    const fs::path original = directory_.path() / "data" / "store" / entry.path().filename();
    std::error_code none;
    // A compaction may have deleted the original at any moment.
    EXPECT_TRUE(fs::equivalent(entry.path(), original, none) || !fs::exists(original));
  }
  EXPECT_GT(tables, 0);
}

TEST_F(DiskCheckpoint, DamageIsFound) {
  const auto store = Store::open(small(directory_.path() / "data"));
  for (int i = 0; i < 2000; ++i) put(*store, numbered(i), std::string(1000, 'x'));
  store->checkpoint(directory_.path() / "cut");
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path() / "cut" / "store")) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) fs::resize_file(entry.path(), 40);
  }
  EXPECT_THROW((void)store->open_checkpoint(directory_.path() / "cut"), DamagedError);
}

/// An incomplete checkpoint, as a killed process leaves it: everything but the marker.
TEST_F(DiskCheckpoint, OneThatWasNotFinishedIsNoStore) {
  const auto store = Store::open(small(directory_.path() / "data"));
  put(*store, "k", "v");
  store->checkpoint(directory_.path() / "cut");
  fs::remove(directory_.path() / "cut" / "STATOR");
  EXPECT_THROW((void)store->open_checkpoint(directory_.path() / "cut"), OpenError);
  store->remove_checkpoint(directory_.path() / "cut");
  EXPECT_FALSE(fs::exists(directory_.path() / "cut"));
}

/// A checkpoint of a single memtable is written in the background while writers continue.
TEST(MemoryCheckpoint, IsThatOfTheCallThoughItIsFinishedBehindIt) {
  const auto store = Store::open({});
  const auto put = [&store](int i, std::string_view value) {
    Batch batch;
    batch.put(numbered(i), value);
    store->write(batch);
  };
  const auto get = [](const Store& from, int i) {
    std::string value;
    return from.get(numbered(i), value) ? value : "(absent)";
  };
  constexpr int kRows = 20'000;
  for (int round = 0; round < 5; ++round) {
    const std::string value = std::to_string(round);
    for (int i = 0; i < kRows; ++i) put(i, value);
    store->delete_range(numbered(kRows), numbered(kRows + 1));
    store->checkpoint("/cuts/" + value);
    for (int i = 0; i < kRows; i += 7) put(i, "later");
    put(kRows, "later");
    if (round % 2 == 0) {
      const auto cut = store->open_checkpoint("/cuts/" + value);
      for (int i = 0; i < kRows; ++i) ASSERT_EQ(get(*cut, i), value) << i;
      EXPECT_EQ(get(*cut, kRows), "(absent)");
    } else {
      store->restore("/cuts/" + value);
      for (int i = 0; i < kRows; ++i) ASSERT_EQ(get(*store, i), value) << i;
      EXPECT_EQ(get(*store, kRows), "(absent)");
    }
  }
  // Removes a checkpoint, and closes the store, while a checkpoint is being written.
  for (int i = 0; i < kRows; ++i) put(i, "last");
  store->checkpoint("/cuts/removed");
  store->remove_checkpoint("/cuts/removed");
  EXPECT_THROW((void)store->open_checkpoint("/cuts/removed"), OpenError);
  store->checkpoint("/cuts/closed");
}

TEST(MemoryCheckpoint, CountsAgainstTheLimit) {
  Options options = small({});
  options.resources.max_memory_bytes = 20 << 20;
  const auto store = Store::open(options);
  const std::string value(4000, 'x');
  const auto fill_again = [&] {
    for (int i = 0; i < 1000; ++i) {
      Batch batch;
      batch.put(numbered(i), value);
      store->write(batch);
    }
  };
  fill_again();
  bool refused = false;
  int cuts = 0;
  for (; cuts < 10 && !refused; ++cuts) {
    try {
      store->checkpoint("/cuts/" + std::to_string(cuts));
      fill_again();
    } catch (const core::ApiError&) {
      refused = true;
    }
  }
  EXPECT_TRUE(refused) << "cuts hold tables that were replaced long since";
  for (int i = 0; i < cuts; ++i) store->remove_checkpoint("/cuts/" + std::to_string(i));
  fill_again();
}

}  // namespace
}  // namespace stator::store
