#include "store/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <random>

#include "store/rows.h"
#include "support/temporary_directory.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

std::string walk(Cursor& cursor, bool forward = true) {
  std::string keys;
  for (forward ? cursor.seek_to_first() : cursor.seek_to_last(); cursor.valid();
       forward ? cursor.next() : cursor.prev()) {
    keys.append(cursor.key()).append(" ");
  }
  return keys;
}

/// Returns the one line with which opening `options` fails, or "".
std::string open_error(const Options& options) {
  try {
    Store::open(options);
  } catch (const OpenError& error) {
    return error.what();
  }
  return "";
}

/// Runs on a store on disk and on one in memory.
class AnyStore : public testing::TestWithParam<bool> {
 protected:
  AnyStore() {
    Options options;
    if (GetParam()) options.directory = directory_.path() / "data";
    store_ = Store::open(options);
  }
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Places, AnyStore, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& place) { return place.param ? "OnDisk" : "InMemory"; });

TEST_P(AnyStore, ReadsWhatWasWritten) {
  Batch batch;
  EXPECT_TRUE(batch.empty());
  batch.put("a", "1");
  batch.put("b", "he", "llo");
  batch.put("c", "3");
  batch.remove("c");
  EXPECT_FALSE(batch.empty());
  store_->write(batch);
  EXPECT_EQ(get(*store_, "a"), "1");
  EXPECT_EQ(get(*store_, "b"), "hello");
  EXPECT_EQ(get(*store_, "c"), "(absent)");
  std::string seen;
  EXPECT_TRUE(store_->visit("b", [&seen](std::string_view value) { seen = value; }));
  EXPECT_EQ(seen, "hello");
  EXPECT_FALSE(store_->visit("nothing", [](std::string_view) { FAIL(); }));
}

TEST_P(AnyStore, CursorsStayWithinTheirBounds) {
  for (const char* key : {"a", "b", "ba", "c", "d"}) put(*store_, key, "");
  EXPECT_EQ(walk(*store_->cursor("b", "d")), "b ba c ");
  EXPECT_EQ(walk(*store_->cursor("b", "d"), false), "c ba b ");
  EXPECT_EQ(walk(*store_->cursor("bb", "")), "c d ");
  EXPECT_EQ(walk(*store_->cursor("", "b")), "a ");
  EXPECT_EQ(walk(*store_->cursor("x", "z")), "");
  const auto cursor = store_->cursor("b", "d");
  cursor->seek("bb");
  EXPECT_EQ(cursor->key(), "c");
  cursor->seek_for_prev("bb");
  EXPECT_EQ(cursor->key(), "ba");
}

TEST_P(AnyStore, SnapshotsAndCursorsDoNotSeeLaterWrites) {
  put(*store_, "a", "old");
  const auto snapshot = store_->snapshot();
  const auto cursor = store_->cursor("", "");
  put(*store_, "a", "new");
  put(*store_, "b", "new");
  std::string value;
  EXPECT_TRUE(store_->get("a", value, snapshot.get()));
  EXPECT_EQ(value, "old");
  EXPECT_FALSE(store_->get("b", value, snapshot.get()));
  EXPECT_EQ(walk(*cursor), "a ");
  EXPECT_EQ(walk(*store_->cursor("", "", snapshot.get())), "a ");
}

TEST_P(AnyStore, DeletesRangesOfFewAndOfManyKeys) {
  for (const int count : {3, 5000}) {
    for (int i = 0; i < count; ++i) put(*store_, "m" + std::to_string(i), "x");
    put(*store_, "l", "before");
    put(*store_, "n", "behind");
    store_->delete_range("m", "n");
    EXPECT_EQ(walk(*store_->cursor("", "")), "l n ") << count;
  }
}

/// Reads `count` keys from `first` on; beyond 50 keys, some of them twice.
void expect_each(const Store& store, const std::map<std::string, std::string>& model, const std::string& first,
                 int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(std::to_string(std::stoi(first) + i % 50));
  std::vector<std::string> values(keys.size(), "what was there");
  std::vector<Lookup> lookups(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) lookups[i] = {keys[i], &values[i], {}};
  store.get_each(lookups, count % 2 == 0 ? CachePolicy::kNothing : CachePolicy::kBlock);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto in_model = model.find(keys[i]);
    ASSERT_EQ(lookups[i].found, std::optional(in_model != model.end())) << keys[i];
    EXPECT_EQ(values[i], in_model == model.end() ? "" : in_model->second) << keys[i];
  }
}

TEST_P(AnyStore, AgreesWithAMapUnderRandomOperations) {
  std::mt19937 random(7);
  const auto number = [&random](int last) { return std::uniform_int_distribution<int>(0, last)(random); };
  std::map<std::string, std::string> model;
  for (int round = 0; round < 300; ++round) {
    Batch batch;
    for (int i = number(5); i >= 0; --i) {
      const std::string key = std::to_string(number(200));
      if (number(3) == 0) {
        batch.remove(key);
        model.erase(key);
      } else {
        const std::string value(static_cast<std::size_t>(number(3000)), 'v');
        batch.put(key, value);
        model[key] = value;
      }
    }
    store_->write(batch);
    if (round % 100 == 50) store_->flush();
    // Some reads put rows into the cache, and later ones find them there.
    (void)store_->visit(
        std::to_string(number(200)), [](std::string_view) {}, nullptr, CachePolicy::kRow);
    expect_each(*store_, model, std::to_string(number(200)), number(60));
  }
  std::string expected;
  for (const auto& [key, value] : model) {
    expected.append(key).append(" ");
    EXPECT_EQ(get(*store_, key), value);
  }
  EXPECT_EQ(walk(*store_->cursor("", "")), expected);
}

TEST(Store, KeepsItsDataOnDisk) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "deep" / "data";
  { put(*Store::open(options), "a", "1"); }
  EXPECT_EQ(get(*Store::open(options), "a"), "1");
  options.create_if_missing = false;
  EXPECT_EQ(get(*Store::open(options), "a"), "1");
}

/// The number of bytes in the write-ahead logs.
std::uintmax_t log_bytes(const fs::path& directory) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(directory / "store")) {
    if (entry.path().extension() == ".log") bytes += entry.file_size();
  }
  return bytes;
}

TEST(Store, ACleanStopLeavesNothingToReplay) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  {
    const auto store = Store::open(options);
    put(*store, "a", std::string(1000, 'x'));
    EXPECT_GT(log_bytes(directory.path()), 1000U);
  }
  EXPECT_EQ(log_bytes(directory.path()), 0U);
}

/// Makes a directory as left by a killed process, with the keys k0…k99 in the log only: a copy of the files of an open
/// store.
void make_killed_store(const fs::path& directory, int keys = 100, std::size_t value_bytes = 50) {
  const TemporaryDirectory alive;
  Options options;
  options.directory = alive.path();
  const auto store = Store::open(options);
  for (int i = 0; i < keys; ++i) put(*store, "k" + std::to_string(i), std::string(value_bytes, 'x'));
  fs::copy(alive.path(), directory, fs::copy_options::recursive);
}

fs::path newest_log(const fs::path& directory) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(directory / "store")) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

void flip_byte(const fs::path& path, std::uintmax_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x40));
}

TEST(Store, LosesNoAcknowledgedWriteWhenKilled) {
  const TemporaryDirectory directory;
  make_killed_store(directory.path());
  Options options;
  options.directory = directory.path();
  const auto store = Store::open(options);
  for (int i = 0; i < 100; ++i) EXPECT_NE(get(*store, "k" + std::to_string(i)), "(absent)") << i;
}

TEST(Store, ToleratesATornLastRecord) {
  const TemporaryDirectory directory;
  make_killed_store(directory.path());
  const fs::path log = newest_log(directory.path());
  fs::resize_file(log, fs::file_size(log) - 20);
  Options options;
  options.directory = directory.path();
  const auto store = Store::open(options);
  EXPECT_NE(get(*store, "k98"), "(absent)");
  EXPECT_EQ(get(*store, "k99"), "(absent)");
}

TEST(Store, ToleratesALastRecordThatReachedTheDiskInPart) {
  // As after a power loss: the file has its full length, but the last bytes were never written.
  for (const bool big : {false, true}) {
    const TemporaryDirectory directory;
    make_killed_store(directory.path(), 100, big ? 5000 : 50);
    const fs::path log = newest_log(directory.path());
    const std::uintmax_t size = fs::file_size(log);
    fs::resize_file(log, size - 20);
    fs::resize_file(log, size);
    Options options;
    options.directory = directory.path();
    const auto store = Store::open(options);
    EXPECT_NE(get(*store, "k98"), "(absent)");
    EXPECT_EQ(get(*store, "k99"), "(absent)");
  }
}

std::size_t count_logs(const fs::path& directory) {
  std::size_t logs = 0;
  for (const auto& entry : fs::directory_iterator(directory / "store")) logs += entry.path().extension() == ".log";
  return logs;
}

TEST(Store, ThatIsOnlyReadLeavesNoPileOfEmptyLogs) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  put(*Store::open(options), "a", "1");
  const std::size_t after_one_write = count_logs(options.directory);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(*Store::open(options), "a"), "1");
  EXPECT_LE(count_logs(options.directory), after_one_write + 1);
}

TEST(Store, ReportsDamageWithinTheLogInsteadOfDroppingWrites) {
  struct Case {
    const char* what;
    int keys;
    std::uintmax_t offset;
  };
  // In a record the payload follows a header of 7 bytes (checksum, length, type).
  constexpr Case kCases[] = {{"payload of the first record", 100, 30}, {"length of the first record", 100, 5},
                             {"type of the first record", 100, 6},     {"checksum of the first record", 100, 0},
                             {"an early block of several", 3000, 40},  {"the length in an early block", 3000, 5}};
  for (const Case& damage : kCases) {
    const TemporaryDirectory directory;
    make_killed_store(directory.path(), damage.keys);
    flip_byte(newest_log(directory.path()), damage.offset);
    Options options;
    options.directory = directory.path();
    const std::string error = open_error(options);
    EXPECT_NE(error.find("is damaged"), std::string::npos) << damage.what << ": " << error;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(Store, ReportsDamagedFilesInOneLine) {
  const auto make = [](const fs::path& path) {
    Options options;
    options.directory = path;
    put(*Store::open(options), "a", std::string(5000, 'x'));
  };
  struct Case {
    const char* what;
    std::function<void(const fs::path&)> damage;
  };
  const Case cases[] = {
      {"no CURRENT", [](const fs::path& path) { fs::remove(path / "store" / "CURRENT"); }},
      {"CURRENT names nothing",
       [](const fs::path& path) { std::ofstream(path / "store" / "CURRENT") << "MANIFEST-999999\n"; }},
      {"CURRENT is garbage", [](const fs::path& path) { std::ofstream(path / "store" / "CURRENT") << "garbage"; }},
      {"a table is missing",
       [](const fs::path& path) {
         for (const auto& entry : fs::directory_iterator(path / "store")) {
           if (entry.path().extension() == ".sst") fs::remove(entry.path());
         }
       }},
      {"a table is cut off",
       [](const fs::path& path) {
         for (const auto& entry : fs::directory_iterator(path / "store")) {
           if (entry.path().extension() == ".sst") fs::resize_file(entry.path(), 100);
         }
       }},
      {"the manifest is overwritten",
       [](const fs::path& path) {
         for (const auto& entry : fs::directory_iterator(path / "store")) {
           if (entry.path().filename().string().starts_with("MANIFEST")) std::ofstream(entry.path()) << "garbage!!!";
         }
       }},
      {"the marker is garbage", [](const fs::path& path) { std::ofstream(path / "STATOR") << "hello"; }},
      {"the marker is empty", [](const fs::path& path) { std::ofstream(path / "STATOR") << ""; }},
  };
  for (const Case& damage : cases) {
    const TemporaryDirectory directory;
    make(directory.path());
    damage.damage(directory.path());
    Options options;
    options.directory = directory.path();
    const std::string error = open_error(options);
    EXPECT_NE(error.find(directory.path().string()), std::string::npos) << damage.what << ": " << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << damage.what;
  }
}

TEST(Store, RefusesForeignAndLaterDirectories) {
  const TemporaryDirectory root;
  Options options;

  options.directory = root.path() / "foreign";
  fs::create_directory(options.directory);
  std::ofstream(options.directory / "photo.jpg") << "x";
  EXPECT_NE(open_error(options).find("is not a Stator data directory"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(options.directory), fs::directory_iterator()), 1)
      << "a foreign directory was touched";

  options.directory = root.path() / "later";
  fs::create_directory(options.directory);
  std::ofstream(options.directory / "STATOR") << "stator format 3\n";
  EXPECT_NE(open_error(options).find("format 3"), std::string::npos);

  options.directory = root.path() / "file";
  std::ofstream(options.directory) << "x";
  EXPECT_NE(open_error(options).find("is a file"), std::string::npos);

  options.directory = root.path() / "file" / "below";
  EXPECT_NE(open_error(options).find("Not a directory"), std::string::npos);

  options.directory = "/proc/stator";
  EXPECT_NE(open_error(options).find("cannot use /proc/stator"), std::string::npos);

  options.create_if_missing = false;
  options.directory = root.path() / "missing";
  EXPECT_NE(open_error(options).find("there is no data directory"), std::string::npos);
  options.directory = root.path() / "empty";
  fs::create_directory(options.directory);
  EXPECT_NE(open_error(options).find("there is no Stator data in"), std::string::npos);
}

TEST(Store, TakesADirectoryWhereOnlyOtherPartsOfStatorHaveBeen) {
  const TemporaryDirectory directory;
  fs::create_directory(directory.path() / "postgres");
  std::ofstream(directory.path() / "server.json") << "{}";
  Options options;
  options.directory = directory.path();
  EXPECT_EQ(open_error(options), "");
}

TEST(Store, SaysWhoHoldsTheDirectory) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  auto store = Store::open(options);
  const auto notice = [&](int process_id) {
    std::ofstream(directory.path() / "server.json")
        << "{\"pid\":" << process_id << R"(,"url":"http://127.0.0.1:8000","id":"x"})";
  };
  EXPECT_EQ(open_error(options), "data directory " + directory.path().string() + " is open in this process already");
  notice(7);
  EXPECT_EQ(open_error(options), "data directory " + directory.path().string() + " is open in this process already")
      << "the notice of a server that is gone";
  notice(::getpid());
  EXPECT_EQ(open_error(options), "data directory " + directory.path().string() +
                                     " is open in this process already, serving at http://127.0.0.1:8000");
  store.reset();
  EXPECT_EQ(open_error(options), "");
}

/// A child process that does nothing until it is killed.
class Child {
 public:
  template <class Begin>
  explicit Child(Begin begin) : id_(::fork()) {
    if (id_ != 0) return;
    begin();
    for (;;) ::pause();
  }
  ~Child() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t id_;
};

TEST(Store, SaysThatAnotherProcessHoldsTheDirectory) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  EXPECT_EQ(open_error(options), "");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const Child child([&] {
    const int lock = ::open((directory.path() / "LOCK").c_str(), O_RDWR);
    ::flock(lock, LOCK_EX);
    [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(open_error(options), "data directory " + directory.path().string() + " is in use by another process");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Store, IsNotHeldByChildrenOfWhoClosedIt) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path();
  auto store = Store::open(options);
  const Child child([] {});
  store.reset();
  EXPECT_EQ(open_error(options), "");
}

}  // namespace
}  // namespace stator::store
