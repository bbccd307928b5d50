#include "store/memory_budget.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "core/api_error.h"
#include "store/small_file.h"

namespace stator::store {
namespace {

/// One tenth for data; the rest is for the program, its threads, requests and caches, and for RocksDB's copies.
constexpr std::uint64_t kDataPart = 10;
constexpr std::uint64_t kLeastBytes = 16 << 20;

std::uint64_t process_limit() {
  std::uint64_t bytes = UINT64_MAX;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) bytes = limit.rlim_cur;
  const std::string group = read_small_file("/sys/fs/cgroup/memory.max", 64).value_or("");
  std::uint64_t group_bytes = 0;
  if (std::from_chars(group.data(), group.data() + group.size(), group_bytes).ec == std::errc()) {
    bytes = std::min(bytes, group_bytes);
  }
  return bytes;
}

std::uint64_t property(rocksdb::DB& database, const std::string& name) {
  std::uint64_t value = 0;
  return database.GetIntProperty(name, &value) ? value : 0;
}

std::map<std::string, std::uint64_t> live_files(rocksdb::DB& database) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  database.GetLiveFilesMetaData(&tables);
  std::map<std::string, std::uint64_t> files;
  for (const rocksdb::LiveFileMetaData& table : tables)
    files.emplace(table.name + " " + std::to_string(table.size), table.size);
  return files;
}

}  // namespace

std::uint64_t default_memory_limit() {
  const std::uint64_t bytes = process_limit();
  if (bytes == UINT64_MAX) return bytes;
  return std::max(kLeastBytes, bytes / kDataPart);
}

void MemoryBudget::measure(rocksdb::DB& database) {
  since_bytes_ = 0;
  used_bytes_ = property(database, rocksdb::DB::Properties::kTotalSstFilesSize) +
                property(database, rocksdb::DB::Properties::kSizeAllMemTables) + held_bytes(database);
}

void MemoryBudget::hold(const std::string& name, rocksdb::DB& database) {
  std::map<std::string, std::uint64_t> files = live_files(database);
  const std::lock_guard<std::mutex> lock(held_mutex_);
  held_[name] = std::move(files);
}

void MemoryBudget::release(const std::string& name) {
  const std::lock_guard<std::mutex> lock(held_mutex_);
  if (held_.erase(name) > 0) removed_ = true;
}

std::uint64_t MemoryBudget::held_bytes(rocksdb::DB& database) {
  const std::lock_guard<std::mutex> lock(held_mutex_);
  if (held_.empty()) return 0;
  std::map<std::string, std::uint64_t> counted = live_files(database);
  std::uint64_t bytes = 0;
  for (const auto& [checkpoint, files] : held_) {
    for (const auto& [name, size_bytes] : files) {
      if (counted.emplace(name, size_bytes).second) bytes += size_bytes;
    }
  }
  return bytes;
}

void MemoryBudget::check(rocksdb::DB& database, std::uint64_t bytes, bool removes) {
  if (limit_bytes_ == UINT64_MAX) return;
  if (removes) removed_ = true;
  if (since_bytes_.fetch_add(bytes) + bytes < kStepBytes && fits(0, removes)) return;
  measure(database);
  if (fits(bytes, removes)) return;
  if (!removes && removed_.exchange(false)) {
    // Deleted rows take memory until a compaction, and nothing else would start one.
    const std::lock_guard<std::mutex> lock(compacting_);
    database.CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).PermitUncheckedError();
    measure(database);
    if (fits(bytes, removes)) return;
  }
  throw core::ApiError(core::ErrorCode::kLimitExceeded,
                       "The memory that this in-memory store may use (" + std::to_string(limit_bytes_ >> 20) +
                           " MB) is full. Delete items or tables, or start with a higher --max-memory.");
}

}  // namespace stator::store
