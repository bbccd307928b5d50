#include "store/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdarg>
#include <memory>

#include "store/version_table.h"

namespace stator::store {
namespace {

/// Tables whose descriptors stay open, if the process's limit allows as many.
constexpr std::size_t kMaxOpenTables = 1024;
constexpr std::size_t kMinOpenTables = 32;
/// For logs, manifest, directories, files being written and the list of files.
constexpr std::size_t kOtherDescriptors = 32;
/// Tables may take one part in this many of the process's descriptors, after subtracting those that stores and a small
/// server cannot do without.
constexpr std::size_t kTablesPart = 4;
constexpr std::size_t kLeastOfOthers = 160;
/// Bytes of a table that a merge reads at once, instead of single blocks.
constexpr std::size_t kMergeReadBytes = 256 << 10;
/// Index keys are stored in groups that share their prefix: the index of a table of 64 MB takes 44 KB instead of 150,
/// and a search touches fewer cache lines.
constexpr int kIndexKeysTogether = 16;
/// Bits per key in a table's filter: of a thousand lookups in tables without the key, one or two read a block in vain;
/// with 10 bits, ten. In a large store, six tables are searched for a new item.
constexpr double kFilterBits = 14;

std::size_t max_open_tables(std::size_t process_limit) {
  const std::size_t left = process_limit - std::min(process_limit, kLeastOfOthers);
  return std::clamp(left / kTablesPart, kMinOpenTables, kMaxOpenTables);
}

std::size_t process_descriptors() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur;
}

class SilentLogger : public rocksdb::Logger {
 public:
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

}  // namespace

std::size_t open_tables() { return max_open_tables(process_descriptors()); }

std::size_t descriptors_needed(std::size_t process_limit) {
  // After a restore, the replaced store is being closed and the next one prepared, with few open tables.
  constexpr std::size_t kUsedStores = 2;
  return kUsedStores * max_open_tables(process_limit) + (kUsedStores + 1) * kOtherDescriptors;
}

rocksdb::Options rocks_options(const Options& store) {
  const bool in_memory = store.directory.empty();
  rocksdb::Options options;
  options.info_log = std::make_shared<SilentLogger>();
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;

  // BackgroundErrors calls Resume(), with pauses of its own.
  options.max_bgerror_resume_count = 0;
  options.paranoid_checks = true;
  // A killed process may leave a torn last record; other faults in a log are damage (file_check.h).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.avoid_flush_during_shutdown = in_memory;
  options.statistics = store.resources.statistics;

  options.max_open_files =
      static_cast<int>(store.resources.open_tables != 0 ? store.resources.open_tables : open_tables());
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;

  options.write_buffer_size = store.resources.memtable_bytes;
  options.max_write_buffer_number = 3;
  // The memtable has its own memory; little is in RocksDB's arena.
  options.arena_block_size = 16 << 10;
  options.memtable_factory = version_table_factory(store.resources.memtable_bytes);
  // The memtable has one writer at a time.
  options.allow_concurrent_memtable_write = false;
  options.level_compaction_dynamic_level_bytes = true;
  options.compaction_readahead_size = kMergeReadBytes;
  // Levels above the last, a tenth of a large store, are soon merged into the next and not compressed; so a store that
  // consists of memtables and the first tables is not compressed.
  options.compression = rocksdb::kNoCompression;
  options.bottommost_compression = in_memory ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;

  rocksdb::BlockBasedTableOptions table;
  rocksdb::LRUCacheOptions cache;
  cache.capacity = store.resources.block_cache_bytes;
  cache.num_shard_bits = 4;
  table.block_cache = rocksdb::NewLRUCache(cache);
  table.block_size = 8 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBits));
  table.whole_key_filtering = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.index_block_restart_interval = kIndexKeysTogether;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace stator::store
