// A machine crash loses the parts of each log that were not synced. The test's own fdatasync records the length of each
// file at its last sync.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "store/store.h"
#include "support/temporary_directory.h"

namespace {

std::mutex synced_mutex;
std::map<std::string, std::uintmax_t>& synced_bytes() {
  static std::map<std::string, std::uintmax_t> bytes;
  return bytes;
}

/// The number of bytes of the file that are certainly on the disk.
std::uintmax_t synced_bytes_of(const std::string& path) {
  const std::lock_guard<std::mutex> lock(synced_mutex);
  const auto found = synced_bytes().find(path);
  return found == synced_bytes().end() ? 0 : found->second;
}

}  // namespace

/// Replaces the C library's function for the whole program, RocksDB included.
extern "C" int fdatasync(int file) {
  struct stat before = {};
  const bool known = ::fstat(file, &before) == 0;
  const long result = ::syscall(SYS_fdatasync, file);
  std::array<char, 4096> path = {};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  if (result == 0 && known && ::readlink(link.c_str(), path.data(), path.size() - 1) > 0) {
    const std::lock_guard<std::mutex> lock(synced_mutex);
    synced_bytes()[path.data()] = static_cast<std::uintmax_t>(before.st_size);
  }
  return static_cast<int>(result);
}

namespace stator::store {
namespace {

namespace fs = std::filesystem;

constexpr int kThreads = 4;
constexpr int kWrites = 20;

/// Returns the number of keys that are left if the machine crashes after concurrent writes were acknowledged.
int keys_after_power_loss(bool sync) {
  const TemporaryDirectory alive;
  const TemporaryDirectory dead;
  Options options;
  options.directory = fs::canonical(alive.path());
  options.sync = sync;
  const auto store = Store::open(options);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < kWrites; ++i) {
        Batch batch;
        batch.put(std::to_string(t) + "-" + std::to_string(i), "x");
        store->write(batch);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  fs::copy(options.directory, dead.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  for (const auto& entry : fs::directory_iterator(options.directory / "store")) {
    if (entry.path().extension() != ".log") continue;
    fs::resize_file(dead.path() / "store" / entry.path().filename(), synced_bytes_of(entry.path().string()));
  }
  options.directory = dead.path();
  const auto again = Store::open(options);
  int found = 0;
  std::string value;
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kWrites; ++i) {
      found += again->get(std::to_string(t) + "-" + std::to_string(i), value) && value == "x" ? 1 : 0;
    }
  }
  return found;
}

TEST(PowerLoss, TakesNoSyncedWrite) { EXPECT_EQ(keys_after_power_loss(true), kThreads * kWrites); }

TEST(PowerLoss, TakesWritesThatWereNotSynced) {
  EXPECT_LT(keys_after_power_loss(false), kThreads * kWrites) << "else the test above shows nothing";
}

}  // namespace
}  // namespace stator::store
