#include "store/version_table.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

/// Compares the memtable, used through RocksDB, with a model. Nothing is flushed unless a test does so.
namespace stator::store {
namespace {

using rocksdb::Slice;

class VersionTable : public testing::Test {
 protected:
  VersionTable() : environment_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    rocksdb::Options options;
    options.env = environment_.get();
    options.create_if_missing = true;
    options.write_buffer_size = 256 << 20;
    options.memtable_factory = version_table_factory(options.write_buffer_size);
    options.allow_concurrent_memtable_write = false;
    rocksdb::DB* opened = nullptr;
    EXPECT_TRUE(rocksdb::DB::Open(options, "/table", &opened).ok());
    database_.reset(opened);
  }

  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(database_->Put(rocksdb::WriteOptions(), key, value).ok());
  }
  [[nodiscard]] std::string get(const Slice& key, const rocksdb::Snapshot* snapshot = nullptr) const {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    std::string value;
    return database_->Get(read, key, &value).ok() ? value : "(absent)";
  }
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> walk(const rocksdb::Snapshot* snapshot = nullptr) const {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(read));
  }

  std::unique_ptr<rocksdb::Env> environment_;
  std::unique_ptr<rocksdb::DB> database_;
};

using Model = std::map<std::string, std::string>;

/// Keys of any length, with zeros; many are prefixes of others or share their first 16 bytes.
std::string some_key(std::mt19937& random) {
  const auto number = [&random](std::size_t below) { return random() % below; };
  std::string key;
  if (number(2) == 0) key = std::string("0123456789abcdef").substr(0, number(17));
  for (std::size_t left = number(6); left > 0; --left) key.push_back("\0\1b\xff"[number(4)]);
  return key;
}

void expect_same_walks(rocksdb::Iterator& found, const Model& model, std::mt19937& random) {
  auto expected = model.begin();
  for (found.SeekToFirst(); found.Valid(); found.Next(), ++expected) {
    ASSERT_NE(expected, model.end());
    ASSERT_EQ(found.key().ToString(), expected->first);
    ASSERT_EQ(found.value().ToString(), expected->second);
  }
  ASSERT_EQ(expected, model.end());
  auto before = model.rbegin();
  for (found.SeekToLast(); found.Valid(); found.Prev(), ++before) {
    ASSERT_NE(before, model.rend());
    ASSERT_EQ(found.key().ToString(), before->first);
    ASSERT_EQ(found.value().ToString(), before->second);
  }
  ASSERT_EQ(before, model.rend());
  for (int i = 0; i < 50; ++i) {
    const std::string key = some_key(random);
    const auto from = model.lower_bound(key);
    found.Seek(key);
    ASSERT_EQ(found.Valid(), from != model.end());
    if (found.Valid()) {
      ASSERT_EQ(found.key().ToString(), from->first);
    }
    // One step back and one forward from there.
    if (found.Valid() && from != model.begin()) {
      found.Prev();
      ASSERT_TRUE(found.Valid());
      ASSERT_EQ(found.key().ToString(), std::prev(from)->first);
      found.Next();
      ASSERT_TRUE(found.Valid());
      ASSERT_EQ(found.key().ToString(), from->first);
    }
    const auto after = model.upper_bound(key);
    found.SeekForPrev(key);
    ASSERT_EQ(found.Valid(), after != model.begin());
    if (found.Valid()) {
      ASSERT_EQ(found.key().ToString(), std::prev(after)->first);
    }
  }
}

TEST_F(VersionTable, ShowsEachSnapshotWhatWasThere) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Model model;
    const auto left = walk();
    for (left->SeekToFirst(); left->Valid(); left->Next()) model[left->key().ToString()] = left->value().ToString();
    std::vector<std::pair<const rocksdb::Snapshot*, Model>> states;
    for (int i = 0; i < 2000; ++i) {
      const std::string key = some_key(random);
      if (random() % 4 == 0) {
        ASSERT_TRUE(database_->Delete(rocksdb::WriteOptions(), key).ok());
        model.erase(key);
      } else {
        put(key, std::to_string(seed) + "/" + std::to_string(i));
        model[key] = std::to_string(seed) + "/" + std::to_string(i);
      }
      // Walk after various numbers of new keys.
      if (i < 400 && i % 37 == 0) expect_same_walks(*walk(), model, random);
      if (i % 400 == 0) states.emplace_back(database_->GetSnapshot(), model);
    }
    states.emplace_back(database_->GetSnapshot(), model);
    for (const auto& [snapshot, then] : states) {
      expect_same_walks(*walk(snapshot), then, random);
      for (int i = 0; i < 200; ++i) {
        const std::string key = some_key(random);
        const auto expected = then.find(key);
        ASSERT_EQ(get(key, snapshot), expected == then.end() ? "(absent)" : expected->second);
      }
      database_->ReleaseSnapshot(snapshot);
    }
    if (HasFatalFailure()) return;
  }
  // The flushed content must equal the content before.
  const std::string before = [this] {
    std::string all;
    const auto found = walk();
    for (found->SeekToFirst(); found->Valid(); found->Next())
      all += found->key().ToString() + found->value().ToString();
    return all;
  }();
  ASSERT_TRUE(database_->Flush(rocksdb::FlushOptions()).ok());
  std::string after;
  const auto found = walk();
  for (found->SeekToFirst(); found->Valid(); found->Next())
    after += found->key().ToString() + found->value().ToString();
  EXPECT_EQ(after, before);
}

TEST_F(VersionTable, FindsAnyOfManyVersionsOfAKey) {
  constexpr int kVersions = 3000;
  put("a", "before");
  put("c", "after");
  std::vector<const rocksdb::Snapshot*> snapshots;
  for (int i = 0; i < kVersions; ++i) {
    put("b", std::to_string(i));
    snapshots.push_back(database_->GetSnapshot());
  }
  for (int i = 0; i < kVersions; i += 7) {
    const rocksdb::Snapshot* const snapshot = snapshots[static_cast<std::size_t>(i)];
    ASSERT_EQ(get("b", snapshot), std::to_string(i));
    const auto found = walk(snapshot);
    found->Seek("b");
    ASSERT_EQ(found->value().ToString(), std::to_string(i));
    found->Next();
    ASSERT_EQ(found->key().ToString(), "c");
    found->Prev();
    ASSERT_EQ(found->value().ToString(), std::to_string(i));
    found->Prev();
    ASSERT_EQ(found->key().ToString(), "a");
  }
  for (const rocksdb::Snapshot* snapshot : snapshots) database_->ReleaseSnapshot(snapshot);
}

TEST_F(VersionTable, EstimatesHowManyEntriesARangeHas) {
  const auto key = [](int i) { return std::to_string(1'000'000 + i); };
  for (int i = 0; i < 20'000; ++i) put(key(i), std::string(100, 'x'));
  const auto size_of = [this](const std::string& from, const std::string& to) {
    const rocksdb::Range range(from, to);
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    database_->GetApproximateMemTableStats(range, &count, &bytes);
    return count;
  };
  EXPECT_NEAR(static_cast<double>(size_of(key(0), key(20'000))), 20'000, 10'000);
  EXPECT_EQ(size_of(key(20'000), key(30'000)), 0U);
  EXPECT_GT(size_of(key(0), key(10'000)), size_of(key(0), key(200)));
  for (int i = 50'000; i < 50'010; ++i) put(key(i), "");
  EXPECT_GT(size_of(key(40'000), key(60'000)), 0U) << "keys that are new to the list";
}

/// A writer changes pairs of keys, always both in one batch, and adds new keys; readers must never see half a batch.
TEST_F(VersionTable, IsReadWhileItIsWrittenTo) {
  constexpr int kPairs = 50;
  constexpr int kRounds = 60;
  constexpr int kReaders = 3;
  const auto left = [](int pair) { return "left" + std::to_string(pair); };
  const auto right = [](int pair) { return "right" + std::to_string(pair); };
  std::atomic<bool> ended{false};
  std::atomic<int> wrong{0};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937 random(static_cast<std::uint32_t>(reader));
      std::vector<int> newest(kPairs, -1);
      while (!ended) {
        const int pair = static_cast<int>(random() % kPairs);
        const rocksdb::Snapshot* const snapshot = database_->GetSnapshot();
        const std::string one = get(left(pair), snapshot);
        if (get(right(pair), snapshot) != one) ++wrong;
        std::size_t count = 0;
        const auto found = walk(snapshot);
        for (found->SeekToLast(); found->Valid() && found->key().starts_with("right"); found->Prev()) ++count;
        std::size_t other = 0;
        for (found->Seek("left"); found->Valid() && found->key().starts_with("left"); found->Next()) ++other;
        if (count != other) ++wrong;
        // Walks backwards from among the keys that are being added, past them.
        std::size_t back = 0;
        int added = 0;
        for (found->SeekForPrev("o"); found->Valid() && found->key().starts_with("new"); found->Prev()) ++added;
        for (; found->Valid() && found->key().starts_with("left"); found->Prev()) ++back;
        if (back != other) ++wrong;
        database_->ReleaseSnapshot(snapshot);
        const int version = one == "(absent)" ? -1 : std::stoi(one);
        if (version >= 0 && added < version * kPairs + pair + 1) ++wrong;
        if (version < newest[static_cast<std::size_t>(pair)]) ++wrong;
        newest[static_cast<std::size_t>(pair)] = version;
        ++reads;
      }
    });
  }
  for (int round = 0; round < kRounds || reads < 100; ++round) {
    for (int pair = 0; pair < kPairs; ++pair) {
      rocksdb::WriteBatch batch;
      ASSERT_TRUE(batch.Put(left(pair), std::to_string(round)).ok());
      ASSERT_TRUE(batch.Put(right(pair), std::to_string(round)).ok());
      ASSERT_TRUE(batch.Put("new" + std::to_string(round * kPairs + pair), "").ok());
      ASSERT_TRUE(database_->Write(rocksdb::WriteOptions(), &batch).ok());
    }
  }
  ended = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace stator::store
