#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "store/store.h"
#include "support/attempts.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

/// Deletion of ranges that are large enough to fill whole tables.
namespace stator::store {
namespace {

constexpr int kRows = 12'000;
constexpr std::size_t kRowBytes = 1000;
constexpr std::size_t kAllBytes = kRows * kRowBytes;

/// Text that does not compress.
std::string random_text(std::mt19937_64& random) {
  std::string text(kRowBytes, ' ');
  for (char& letter : text) letter = static_cast<char>(random());
  return text;
}

std::unique_ptr<Store> open_full(Options options) {
  using Clock = std::chrono::steady_clock;
  options.resources.memtable_bytes = 1 << 20;
  auto store = Store::open(options);
  std::mt19937_64 random(7);
  const Clock::time_point began = Clock::now();
  for (int row = 0; row < kRows; row += 100) {
    Batch batch;
    for (int i = row; i < row + 100; ++i) batch.put("m" + std::to_string(i), random_text(random));
    store->write(batch);
  }
  // Waits until merges have ended; none takes longer than all the writes did. A merge that runs while the range is
  // deleted would keep its tables.
  const Clock::duration a_merge = Clock::now() - began;
  std::uint64_t size_bytes = 0;
  for (Clock::time_point changed = Clock::now(); Clock::now() - changed < a_merge;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::uint64_t now_bytes = store->approximate_size_bytes("m", "n");
    if (std::exchange(size_bytes, now_bytes) != now_bytes) changed = Clock::now();
  }
  return store;
}

int count_rows(const Store& store, const Snapshot* snapshot = nullptr) {
  int rows = 0;
  const auto cursor = store.cursor("m", "n", snapshot);
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) ++rows;
  return rows;
}

class LargeRange : public ::testing::TestWithParam<bool> {
 protected:
  Options options() {
    Options options;
    if (GetParam()) options.directory = directory_.path() / std::to_string(++stores_);
    return options;
  }
  const TemporaryDirectory directory_;
  int stores_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Places, LargeRange, ::testing::Bool(),
                         [](const auto& place) { return place.param ? "Disk" : "Memory"; });

TEST_P(LargeRange, GivesItsSpaceBackAtOnce) {
  const std::size_t left = stator::testing::least_of_ten(kAllBytes / 2, [this] {
    const auto store = open_full(options());
    EXPECT_GT(store->approximate_size_bytes("m", "n"), kAllBytes / 2);
    store->delete_range("m", "n");
    EXPECT_EQ(count_rows(*store), 0);
    return store->approximate_size_bytes("m", "n");
  });
  EXPECT_LT(left, kAllBytes / 2);
}

TEST_P(LargeRange, GivesItsSpaceBackBesideSnapshotsThatComeAndGo) {
  const std::size_t left = stator::testing::least_of_ten(kAllBytes / 2, [this] {
    const auto store = open_full(options());
    auto snapshot = store->snapshot();
    {
      // Like reads do: takes the next snapshot before it releases the last one.
      const std::jthread reads([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          snapshot = store->snapshot();
          std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
      });
      store->delete_range("m", "n");
    }
    EXPECT_EQ(count_rows(*store), 0);
    return store->approximate_size_bytes("m", "n");
  });
  EXPECT_LT(left, kAllBytes / 2);
}

TEST_P(LargeRange, IsThereForSnapshotsFromBefore) {
  const auto store = open_full(options());
  const auto snapshot = store->snapshot();
  store->delete_range("m", "n");
  EXPECT_EQ(count_rows(*store), 0);
  EXPECT_EQ(count_rows(*store, snapshot.get()), kRows);
}

TEST_P(LargeRange, LeavesWhatLiesAroundIt) {
  const auto store = open_full(options());
  Batch batch;
  batch.put("l", "before");
  batch.put("n", "behind");
  store->write(batch);
  store->delete_range("m10", "m9");
  EXPECT_EQ(count_rows(*store), 1 + 1 + 1111) << "m0, m1 and those from m9 on";
  std::string value;
  EXPECT_TRUE(store->get("l", value) && store->get("n", value));
}

// The deletion must be on the disk before tables are removed; otherwise a power loss could bring the other rows back.
TEST(LargeRangeOnDisk, IsThereWholeOrNotAfterAPowerLoss) {
  const TemporaryDirectory full;
  Options options;
  options.directory = full.path() / "data";
  open_full(options);
  int left = 0;
  bool finished = false;
  for (std::uint64_t at = 1; !finished; ++at) {
    ASSERT_LT(at, 1000U);
    const TemporaryDirectory copy;
    options.directory = copy.path() / "data";
    std::filesystem::copy(full.path() / "data", options.directory, std::filesystem::copy_options::recursive);
    const auto files = std::make_shared<stator::testing::FaultyFileSystem>();
    options.resources.file_system = files;
    {
      const auto store = Store::open(options);
      files->power_off_after(at);
      try {
        store->delete_range("m", "n");
        finished = !files->is_off();
        files->power_off_after(1);
      } catch (const std::exception&) {
        // the power is off
      }
    }
    files->lose_unsynced(static_cast<std::uint32_t>(at));
    options.resources.file_system = nullptr;
    const int rows = count_rows(*Store::open(options));
    EXPECT_TRUE(rows == 0 || rows == kRows) << at << ": " << rows;
    left += rows == 0 ? 0 : 1;
  }
  EXPECT_GT(left, 0);
}

}  // namespace
}  // namespace stator::store
