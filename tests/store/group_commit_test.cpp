#include "store/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/attempts.h"

namespace stator::store {
namespace {

/// Records each written key, as a log does, and takes a given time for each write.
class Disk : public rocksdb::WriteBatch::Handler {
 public:
  explicit Disk(std::chrono::microseconds takes) : takes_(takes) {}

  rocksdb::Status write(rocksdb::WriteBatch& batch) {
    EXPECT_FALSE(busy_.exchange(true)) << "two writes at once";
    std::this_thread::sleep_for(takes_);
    groups.push_back(batch.Count());
    const std::size_t before = keys.size();
    const rocksdb::Status status = batch.Iterate(this);
    EXPECT_EQ(keys.size() - before, batch.Count());
    busy_ = false;
    if (fails) return rocksdb::Status::IOError("the disk is gone");
    if (throws) throw std::bad_alloc();
    return status;
  }
  rocksdb::Status PutCF(std::uint32_t /*family*/, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    keys.push_back(key.ToString());
    bytes += value.size();
    return rocksdb::Status::OK();
  }

  std::vector<std::string> keys;
  std::vector<std::uint32_t> groups;
  std::size_t bytes = 0;
  bool fails = false;
  bool throws = false;

 private:
  const std::chrono::microseconds takes_;
  std::atomic<bool> busy_{false};
};

rocksdb::Status put(GroupCommit& commit, const std::string& key, const std::string& value = "value") {
  rocksdb::WriteBatch batch;
  EXPECT_TRUE(batch.Put(key, value).ok());
  return commit.write(batch);
}

/// Starts `threads` threads that each write `batches` batches in sequence.
void write_all(GroupCommit& commit, int threads, int batches, const std::string& value = "value") {
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&commit, t, batches, &value] {
      for (int i = 0; i < batches; ++i) {
        EXPECT_TRUE(put(commit, std::to_string(t) + " " + std::to_string(i), value).ok());
      }
    });
  }
  for (std::thread& thread : running) thread.join();
}

TEST(GroupCommit, WritesEachBatchOnceInTheOrderOfItsThread) {
  Disk disk(std::chrono::microseconds(50));
  GroupCommit commit([&disk](rocksdb::WriteBatch& batch) { return disk.write(batch); });
  write_all(commit, 8, 500);
  ASSERT_EQ(disk.keys.size(), 8 * 500U);
  std::map<std::string, int> next;
  for (const std::string& key : disk.keys) {
    const std::size_t space = key.find(' ');
    EXPECT_EQ(std::stoi(key.substr(space)), next[key.substr(0, space)]++) << key;
  }
}

TEST(GroupCommit, ThoseWhoComeBackGoTogether) {
  // With two groups a round it would be sixty writes. On a busy machine a thread may miss its group.
  const std::size_t writes = testing::least_of_ten(45, [] {
    Disk disk(std::chrono::milliseconds(10));
    GroupCommit commit([&disk](rocksdb::WriteBatch& batch) { return disk.write(batch); });
    write_all(commit, 8, 30);
    return disk.groups.size();
  });
  EXPECT_LE(writes, 45U);
}

TEST(GroupCommit, AGroupHasAnEnd) {
  Disk disk(std::chrono::milliseconds(1));
  GroupCommit commit([&disk](rocksdb::WriteBatch& batch) { return disk.write(batch); });
  write_all(commit, 8, 4, std::string(1 << 20, 'x'));
  EXPECT_EQ(disk.bytes, 8 * 4 * std::size_t{1 << 20});
  for (const std::uint32_t group : disk.groups) EXPECT_LE(group, 4U);
}

TEST(GroupCommit, EverybodyIsToldWhatWentWrong) {
  Disk disk(std::chrono::milliseconds(1));
  GroupCommit commit([&disk](rocksdb::WriteBatch& batch) { return disk.write(batch); });
  for (const bool throws : {false, true}) {
    disk.fails = !throws;
    disk.throws = throws;
    std::atomic<int> failed{0};
    std::vector<std::thread> running;
    for (int t = 0; t < 8; ++t) {
      running.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          const rocksdb::Status status = put(commit, "key");
          failed += throws ? status.IsMemoryLimit() : status.ToString() == "IO error: the disk is gone";
        }
      });
    }
    for (std::thread& thread : running) thread.join();
    EXPECT_EQ(failed.load(), 80);
  }
  disk.throws = false;
  EXPECT_TRUE(put(commit, "key").ok());
}

}  // namespace
}  // namespace stator::store
