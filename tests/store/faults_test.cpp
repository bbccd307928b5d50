#include <gtest/gtest.h>
#include <pthread.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "core/damage_error.h"
#include "store/background_errors.h"
#include "store/disk_store.h"
#include "store/rows.h"
#include "store/salvage.h"
#include "store/store.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

/// Disk faults, and the store's state after them.
namespace stator::store {
namespace {

using rocksdb::IOStatus;
using testing::FaultyFileSystem;
using Operation = FaultyFileSystem::Operation;

constexpr std::chrono::seconds kPatience{30};
/// Rows of 1000 bytes, in a memtable of 64 KB.
constexpr int kMemtableRows = 64;

bool try_put(Store& store, const std::string& key, const std::string& value) {
  try {
    put(store, key, value);
    return true;
  } catch (const StoreError&) {
    return false;
  }
}

/// A store with memtables of a few kilobytes, whose log lines are kept.
class Faults : public ::testing::Test {
 protected:
  Faults() {
    options_.directory = directory_.path() / "data";
    options_.resources.file_system = files_;
    options_.resources.memtable_bytes = 64 << 10;
    options_.log = [this](core::LogLevel, std::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.emplace_back(line);
    };
    store_ = Store::open(options_);
  }

  /// Writes until a write fails; returns false if none did.
  bool write_until_refused() {
    for (int i = 0; i < 2000; ++i) {
      const std::string key = "k" + std::to_string(written_);
      if (!try_put(*store_, key, std::string(1000, 'x'))) return true;
      ++written_;
    }
    return false;
  }

  static bool wait_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool works_again() {
    return wait_until([this] { return try_put(*store_, "again", "1"); });
  }

  void expect_all_there() {
    for (int i = 0; i < written_; ++i) ASSERT_NE(get(*store_, "k" + std::to_string(i)), "(absent)") << i;
  }

  /// Expects that writes work and that all rows are there, also after a restart.
  void expect_works_again() {
    ASSERT_TRUE(works_again());
    expect_all_there();
    store_.reset();
    store_ = Store::open(options_);
    EXPECT_EQ(get(*store_, "again"), "1");
    expect_all_there();
  }

  std::ptrdiff_t lines_with(std::string_view part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::count_if(lines_.begin(), lines_.end(),
                         [part](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  TemporaryDirectory directory_;
  std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
  std::mutex mutex_;
  std::vector<std::string> lines_;
  Options options_;
  std::unique_ptr<Store> store_;
  int written_ = 0;
};

TEST_F(Faults, WritesWorkAgainOnceThereAreDescriptors) {
  files_->set_rule([](Operation operation, const std::string& path) {
    return operation == Operation::kCreate ? IOStatus::IOError(path, "Too many open files") : IOStatus::OK();
  });
  ASSERT_TRUE(write_until_refused());
  expect_all_there();
  for (int i = 0; i < 5; ++i) try_put(*store_, "refused", "");
  EXPECT_EQ(lines_with("takes no writes"), 1);
  EXPECT_EQ(lines_with("Too many open files"), 1);
  files_->set_rule({});
  ASSERT_TRUE(works_again());
  EXPECT_EQ(lines_with("takes writes again"), 1);
  store_.reset();
  store_ = Store::open(options_);
  EXPECT_EQ(get(*store_, "again"), "1");
  expect_all_there();
}

TEST_F(Faults, WritesWorkAgainOnceThereIsRoomOnTheDisk) {
  files_->set_room(300'000);
  ASSERT_TRUE(write_until_refused());
  EXPECT_GE(lines_with("takes no writes"), 1);
  expect_all_there();
  files_->set_room(UINT64_MAX);
  ASSERT_TRUE(works_again());
  EXPECT_GE(lines_with("takes writes again"), 1);
  expect_all_there();
  store_.reset();
  store_ = Store::open(options_);
  EXPECT_EQ(get(*store_, "again"), "1");
  expect_all_there();
}

/// If the memtable is empty, resuming alone would keep using the log in which the write failed.
TEST_F(Faults, WritesWorkAgainAfterTheFirstOneInALogHasFailed) {
  struct Row {
    const char* name;
    bool sync;
    Operation failing;
    bool after_a_flush;
  };
  for (const Row& row : {Row{"the first of all", false, Operation::kAppend, false},
                         {"after a flush", false, Operation::kAppend, true},
                         {"synced", true, Operation::kAppend, true},
                         {"a sync", true, Operation::kSync, true}}) {
    SCOPED_TRACE(row.name);
    store_.reset();
    options_.directory = directory_.path() / row.name;
    options_.sync = row.sync;
    store_ = Store::open(options_);
    if (row.after_a_flush) {
      put(*store_, "before", "1");
      store_->flush();
    }
    files_->set_rule([&row](Operation operation, const std::string& path) {
      return operation == row.failing && path.ends_with(".log") ? IOStatus::NoSpace(path, "No space left on device")
                                                                : IOStatus::OK();
    });
    EXPECT_FALSE(store_->figures().failing);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(try_put(*store_, "refused", "1"));
    // Long enough for attempts to resume.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_FALSE(try_put(*store_, "refused", "1"));
    EXPECT_TRUE(store_->figures().failing);
    files_->set_rule({});
    ASSERT_TRUE(works_again());
    // The store notices shortly after writes work.
    for (int i = 0; i < 1000 && store_->figures().failing; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_FALSE(store_->figures().failing);
    EXPECT_GE(store_->figures().failures, 1U);
    for (int i = 0; i < 100; ++i) put(*store_, "after" + std::to_string(i), std::string(1000, 'x'));
    store_.reset();
    store_ = Store::open(options_);
    EXPECT_EQ(get(*store_, "again"), "1");
    EXPECT_EQ(get(*store_, "after99").size(), 1000U);
    EXPECT_EQ(get(*store_, "refused"), "(absent)");
    EXPECT_EQ(get(*store_, "before"), row.after_a_flush ? "1" : "(absent)");
  }
}

/// A write fails, and resuming waits for a flush, which fails too.
TEST_F(Faults, WritesWorkAgainAfterAFlushAndAWriteHaveFailedTogether) {
  std::atomic<bool> flushes = false;
  std::atomic<bool> log_failed = false;
  files_->set_rule([&](Operation operation, const std::string& path) {
    if (operation != Operation::kAppend) return IOStatus::OK();
    if (path.ends_with(".sst")) {
      flushes = true;
      while (!log_failed) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      // Long enough for an attempt to resume.
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return IOStatus::NoSpace(path, "No space left on device");
    }
    if (!flushes || !path.ends_with(".log")) return IOStatus::OK();
    log_failed = true;
    return IOStatus::NoSpace(path, "No space left on device");
  });
  // The flush of the first memtable starts in the background.
  for (int i = 0; i < kMemtableRows || !flushes; ++i) {
    ASSERT_LT(i, 100 * kMemtableRows);
    if (!try_put(*store_, "k" + std::to_string(written_), std::string(1000, 'x'))) break;
    ++written_;
    if (i > kMemtableRows) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(try_put(*store_, "refused", "1"));
  ASSERT_TRUE(log_failed);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  files_->set_rule({});
  expect_works_again();
}

/// The write that starts a new memtable fails before the flush of the full one starts.
TEST_F(Faults, WritesWorkAgainAfterAFlushHasBegunLate) {
  std::atomic<bool> log_begun = false;
  files_->set_rule([&](Operation operation, const std::string& path) {
    if (!path.ends_with(".log")) return IOStatus::OK();
    if (operation == Operation::kCreate && !log_begun.exchange(true)) {
      // Keeps the flush thread busy for a while.
      rocksdb::Env::Default()->Schedule([](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(300)); },
                                        nullptr, rocksdb::Env::HIGH);
    }
    return operation == Operation::kAppend && log_begun ? IOStatus::NoSpace(path, "No space left on device")
                                                        : IOStatus::OK();
  });
  ASSERT_TRUE(write_until_refused());
  ASSERT_TRUE(log_begun);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  files_->set_rule({});
  expect_works_again();
}

TEST_F(Faults, WritesGoOnWhereThereIsNoRoomForAMerge) {
  files_->set_rule([](Operation operation, const std::string& path) {
    if (operation != Operation::kAppend) return IOStatus::OK();
    std::array<char, 16> thread{};
    ::pthread_getname_np(::pthread_self(), thread.data(), thread.size());
    if (std::string_view(thread.data()) == "rocksdb:low") return IOStatus::NoSpace(path, "No space left on device");
    // Makes flushes slower than writes, which must wait for them.
    if (path.ends_with(".sst")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return IOStatus::OK();
  });
  const auto write_memtables = [this](int count) {
    for (int i = 0; i < count * kMemtableRows; ++i, ++written_) {
      put(*store_, "k" + std::to_string(written_), std::string(1000, 'x'));
    }
  };
  // Enough tables for a merge.
  write_memtables(8);
  ASSERT_TRUE(wait_until([this] { return lines_with("merges no tables") == 1; }));
  write_memtables(8);
  EXPECT_EQ(lines_with("takes no writes"), 0);
  files_->set_rule({});
  EXPECT_TRUE(wait_until([this] { return lines_with("merges tables again") == 1; }));
  expect_all_there();
}

TEST_F(Faults, AStartOnAFullDiskIsRefusedInOneLineAndLosesNothing) {
  ASSERT_FALSE([&] {
    for (int i = 0; i < 40; ++i, ++written_) put(*store_, "k" + std::to_string(written_), std::string(1000, 'x'));
    return false;
  }());
  // The process dies and leaves its files as they are.
  files_->power_off_after(1);
  store_.reset();
  const auto full = std::make_shared<FaultyFileSystem>();
  full->set_room(100);
  Options options = options_;
  options.resources.file_system = full;
  try {
    Store::open(options);
    ADD_FAILURE() << "opened on a full disk";
  } catch (const OpenError& error) {
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
  }
  full->set_room(UINT64_MAX);
  store_ = Store::open(options);
  expect_all_there();
}

TEST_F(Faults, TheListOfFilesGoesOnBehindTheLineThatAFullDiskHasCut) {
  for (const std::uint64_t room : {0, 1, 10, 20, 30}) {
    SCOPED_TRACE(room);
    put(*store_, "a", "1");
    files_->set_room(room);
    EXPECT_THROW(store_->flush(), StoreError);
    files_->set_room(UINT64_MAX);
    ASSERT_TRUE(works_again());
    store_->flush();
    put(*store_, "b", "2");
    // As after a kill: the store cannot be closed properly.
    files_->power_off_after(1);
    store_.reset();
    files_ = std::make_shared<FaultyFileSystem>();
    options_.resources.file_system = files_;
    store_ = Store::open(options_);
    EXPECT_EQ(get(*store_, "a"), "1");
    EXPECT_EQ(get(*store_, "b"), "2");
  }
}

TEST_F(Faults, ALogWhoseSizeCannotBeReadIsNotListedAsEmpty) {
  files_->set_rule([](Operation operation, const std::string& path) {
    return operation == Operation::kLook && path.ends_with(".log") ? IOStatus::IOError(path, "Input/output error")
                                                                   : IOStatus::OK();
  });
  put(*store_, "a", "1");
  EXPECT_THROW(store_->flush(), StoreError);
  files_->set_rule({});
  store_.reset();
  store_ = Store::open(options_);
  EXPECT_EQ(get(*store_, "a"), "1");
}

TEST_F(Faults, ACheckpointLooksForNoArchiveOfLogs) {
  files_->set_rule([](Operation operation, const std::string& path) {
    return operation == Operation::kLook && path.ends_with("/archive") ? IOStatus::IOError(path, "Input/output error")
                                                                       : IOStatus::OK();
  });
  put(*store_, "a", "1");
  store_->checkpoint(directory_.path() / "copy");
  EXPECT_EQ(get(*store_->open_checkpoint(directory_.path() / "copy"), "a"), "1");
}

TEST_F(Faults, AWriteThatFailedInAnErrorThatIsOverBeginsNoOther) {
  const std::unique_ptr<rocksdb::Env> memory(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  rocksdb::Options options;
  options.env = memory.get();
  options.create_if_missing = true;
  Database database({});
  database.open(options, "/database", false, "the database");
  BackgroundErrors& errors = database.errors();
  const IOStatus failed = IOStatus::IOError("Input/output error");
  // Two writes fail at the same time; the second failure is reported after the recovery.
  const std::uint64_t before = errors.recoveries();
  errors.on_write_failed(failed, before);
  EXPECT_EQ(errors.failures().count, 1U);
  ASSERT_TRUE(wait_until([&] { return !errors.failures().under_way; }));
  errors.on_write_failed(failed, before);
  EXPECT_FALSE(errors.failures().under_way);
  EXPECT_EQ(errors.failures().count, 1U);
  errors.on_write_failed(failed, errors.recoveries());
  EXPECT_EQ(errors.failures().count, 2U);
}

TEST_F(Faults, AFileThatCannotBeReadIsNamedAndNotTakenForDamage) {
  put(*store_, "a", "1");
  store_.reset();
  for (const char* const name : {"STATOR", "FILES", "store/CURRENT"}) {
    SCOPED_TRACE(name);
    const std::filesystem::path file = options_.directory / name;
    const std::filesystem::path aside = directory_.path() / "aside";
    std::filesystem::rename(file, aside);
    std::filesystem::create_directory(file);
    try {
      Store::open(options_);
      ADD_FAILURE() << "it was opened";
    } catch (const DamagedError& error) {
      ADD_FAILURE() << error.what();
    } catch (const OpenError& error) {
      EXPECT_NE(std::string_view(error.what()).find("Is a directory"), std::string_view::npos) << error.what();
    }
    std::filesystem::remove(file);
    std::filesystem::rename(aside, file);
  }
  store_ = Store::open(options_);
  EXPECT_EQ(get(*store_, "a"), "1");
}

/// Without that, the write would block RocksDB's queue of writers for ever.
TEST_F(Faults, AWriteThatThrowsEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  files_->set_rule([](Operation operation, const std::string& path) {
    if (operation == Operation::kAppend && path.ends_with(".log")) throw std::bad_alloc();
    return IOStatus::OK();
  });
  EXPECT_EXIT(try_put(*store_, "a", "1"), ::testing::KilledBySignal(SIGABRT), "");
}

TEST_F(Faults, AFailedSyncIsNotAcknowledged) {
  store_.reset();
  options_.sync = true;
  store_ = Store::open(options_);
  put(*store_, "a", "1");
  files_->set_rule([](Operation operation, const std::string& path) {
    return operation == Operation::kSync ? IOStatus::IOError(path, "Input/output error") : IOStatus::OK();
  });
  EXPECT_FALSE(try_put(*store_, "b", "2"));
  EXPECT_EQ(get(*store_, "a"), "1");
  files_->set_rule({});
  EXPECT_TRUE(works_again());
}

/// The result of a run of random writes: the last acknowledged value of each key, and the writes in progress when the
/// power failed.
struct History {
  std::map<std::string, std::string> acknowledged;
  std::map<std::string, std::string> under_way;
};

void write_until_power_off(Store& store, FaultyFileSystem& files, std::mt19937& random, History& run) {
  const auto number = [&random](int last) { return std::uniform_int_distribution<int>(0, last)(random); };
  for (int i = 0; i < 3000 && !files.is_off(); ++i) {
    const std::string key = "k" + std::to_string(number(50));
    const std::string value = std::to_string(i) + std::string(static_cast<std::size_t>(number(3000)), 'v');
    if (!try_put(store, key, value)) {
      run.under_way[key] = value;
      break;
    }
    run.acknowledged[key] = value;
  }
}

void expect_has(const History& run, const std::string& key, const std::string& value, const std::string& found,
                int seed) {
  const auto under_way = run.under_way.find(key);
  if (under_way != run.under_way.end() && found == under_way->second) return;
  EXPECT_EQ(found.substr(0, 50), value.substr(0, 50)) << "seed " << seed << ", key " << key;
}

void expect_has_all(const History& run, const Store& store, int seed) {
  for (const auto& [key, value] : run.acknowledged) expect_has(run, key, value, get(store, key), seed);
}

/// Opens a store, writes and loses power, twice on one directory. The power fails at a random operation, also while
/// opening or closing; the second run starts with the recovery from the first power loss. Throws OpenError if an open
/// is refused while the power is on.
History write_and_lose_power_twice(Options options, int seed) {
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  options.sync = true;
  options.resources.memtable_bytes = 64 << 10;
  History run;
  for (int life = 0; life < 2; ++life) {
    const auto files = std::make_shared<FaultyFileSystem>();
    options.resources.file_system = files;
    {
      // Sometimes the power fails during the open.
      if (life > 0 && seed % 3 == 0)
        files->power_off_after(std::uniform_int_distribution<std::uint64_t>(1, 40)(random));
      std::unique_ptr<Store> store;
      try {
        store = Store::open(options);
      } catch (const OpenError&) {
        if (!files->is_off()) throw;
      }
      if (store != nullptr && !files->is_off()) {
        expect_has_all(run, *store, seed);
        // If a write in progress took effect, it must stay.
        for (const auto& [key, value] : run.under_way) {
          if (get(*store, key) == value) run.acknowledged[key] = value;
        }
        run.under_way.clear();
        files->power_off_after(std::uniform_int_distribution<std::uint64_t>(1, 700)(random));
        write_until_power_off(*store, *files, random, run);
      }
    }
    files->lose_unsynced(static_cast<std::uint32_t>(seed));
  }
  return run;
}

/// Few seeds: RocksDB sleeps a second after each failed flush, which is most of the time that a seed takes.
int last_seed() { return std::getenv("STATOR_LONG") != nullptr ? 300 : 30; }

TEST(PowerLoss, SyncedWritesSurviveItAtAnyOperation) {
  for (int seed = 1; seed <= last_seed(); ++seed) {
    const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
    Options options;
    options.directory = directory.path() / "data";
    try {
      const History run = write_and_lose_power_twice(options, seed);
      // A repair of the directory must keep all of it, too.
      std::vector<std::string> told;
      std::map<std::string, std::string> saved;
      Salvage(options.directory, directory.path() / "scratch", told).walk("", "", [&](auto key, auto value) {
        saved.emplace(key, value);
      });
      for (const auto& [key, value] : run.acknowledged) expect_has(run, key, value, saved[key], seed);
      EXPECT_EQ(told, std::vector<std::string>()) << "seed " << seed;
      expect_has_all(run, *Store::open(options), seed);
    } catch (const OpenError& error) {
      ADD_FAILURE() << "seed " << seed << ": " << error.what();
    }
  }
}

TEST(PowerLoss, ATornRecordIsPassedOverByReadersAndCutBeforeAnythingIsWritten) {
  namespace fs = std::filesystem;
  const TemporaryDirectory root;
  Options options;
  options.directory = root.path() / "alive";
  {
    const auto store = Store::open(options);
    for (int i = 0; i < 10; ++i) put(*store, "k" + std::to_string(i), "x");
    fs::copy(options.directory, root.path() / "data", fs::copy_options::recursive);
  }
  options.directory = root.path() / "data";
  fs::path log;
  for (const auto& entry : fs::directory_iterator(options.directory / "store")) {
    if (entry.path().extension() == ".log") log = entry.path();
  }
  const std::uintmax_t torn_bytes = fs::file_size(log) - 3;
  fs::resize_file(log, torn_bytes);

  options.read_only = true;
  EXPECT_EQ(get(*Store::open(options), "k8"), "x");
  EXPECT_EQ(get(*Store::open(options), "k9"), "(absent)");
  EXPECT_EQ(fs::file_size(log), torn_bytes);

  options.read_only = false;
  // The power fails right after the log was truncated.
  const auto files = std::make_shared<FaultyFileSystem>();
  files->power_off_after(3);
  options.resources.file_system = files;
  EXPECT_THROW(Store::open(options), OpenError);
  files->lose_unsynced(1);
  EXPECT_LT(fs::file_size(log), torn_bytes);
  options.resources.file_system = nullptr;
  const auto store = Store::open(options);
  EXPECT_EQ(get(*store, "k8"), "x");
  EXPECT_EQ(get(*store, "k9"), "(absent)");
}

}  // namespace
}  // namespace stator::store
