#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "store/record_check.h"

/// The bytes of RocksDB's newest write-ahead log, as left by a crash or a bad disk.
namespace {

namespace fs = std::filesystem;

/// After damage, every offset of a block is tried as the start of a record.
constexpr stator::fuzz::Bound kBound{.base_us = 50'000, .ns_per_byte = 100'000};

/// A directory in memory, if the system has one; removed at the end.
class LogDirectory {
 public:
  LogDirectory() {
    std::string pattern = (fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/stator-fuzz-XXXXXX");
    stator::fuzz::require(::mkdtemp(pattern.data()) != nullptr, "a temporary directory can be made");
    path_ = pattern;
  }
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;
  ~LogDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const LogDirectory kDirectory;
  std::ofstream(kDirectory.path() / "000004.log", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  stator::fuzz::within(kBound, size, [&] {
    const stator::store::RecordsFound found = stator::store::check_records(kDirectory.path() / "000004.log");
    stator::fuzz::require(found.sound_bytes <= size, "no more is sound than there is");
  });
  return 0;
}
