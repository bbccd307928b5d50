#include "store/memory_budget.h"

#include <gtest/gtest.h>

#include "core/api_error.h"
#include "store/store.h"

namespace stator::store {
namespace {

constexpr std::uint64_t kLimitBytes = 8 << 20;
constexpr std::size_t kValueBytes = 4000;

/// Writes keys from `first` on until one is refused; returns the number of successful writes.
int write_until_refused(Store& store, int first, std::string& told) {
  for (int i = first; i < first + 100'000; ++i) {
    Batch batch;
    batch.put("k" + std::to_string(i), std::string(kValueBytes, 'x'));
    try {
      store.write(batch);
    } catch (const core::ApiError& error) {
      told = std::string(error.type.name()) + ": " + error.message;
      return i - first;
    }
  }
  return 100'000;
}

TEST(MemoryBudget, AFullStoreRefusesWritesAndGoesOnReadingAndDeleting) {
  Options options;
  options.resources.max_memory_bytes = kLimitBytes;
  options.resources.memtable_bytes = 1 << 20;
  const auto store = Store::open(options);
  std::string told;
  const int taken = write_until_refused(*store, 0, told);
  EXPECT_GT(taken * kValueBytes, kLimitBytes / 4);
  EXPECT_LE(taken * kValueBytes, kLimitBytes);
  EXPECT_EQ(
      told,
      "LimitExceededException: The memory that this in-memory store may use (8 MB) is full. Delete items or tables, "
      "or start with a higher --max-memory.");
  std::string value;
  for (int i = 0; i < taken; ++i) ASSERT_TRUE(store->get("k" + std::to_string(i), value)) << i;

  for (int i = 0; i < taken; ++i) {
    Batch batch;
    batch.remove("k" + std::to_string(i));
    store->write(batch);
  }
  EXPECT_GT(write_until_refused(*store, 1'000'000, told), taken / 2) << "what was deleted makes no room";
}

TEST(MemoryBudget, ARowCanBeReplacedForEver) {
  Options options;
  options.resources.max_memory_bytes = 2 * kLimitBytes;
  const auto store = Store::open(options);
  for (int i = 0; i * kValueBytes < 8 * kLimitBytes; ++i) {
    Batch batch;
    batch.put("k", std::string(kValueBytes, static_cast<char>('a' + i % 26)));
    ASSERT_NO_THROW(store->write(batch)) << i;
  }
}

}  // namespace
}  // namespace stator::store
