#include "store/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <memory>

namespace stator::store {
namespace {

constexpr std::size_t kMemtableBytes = 32 << 20;
constexpr std::size_t kBlockCacheBytes = 64 << 20;
/// The arena takes memory in such steps; the default, an eighth of the memtable, would be most of an idle process.
constexpr std::size_t kArenaBlockBytes = 256 << 10;

class SilentLogger : public rocksdb::Logger {
 public:
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

}  // namespace

rocksdb::Options rocks_options(bool in_memory) {
  rocksdb::Options options;
  options.info_log = std::make_shared<SilentLogger>();
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;

  options.paranoid_checks = true;
  // A torn last record is what a killed process leaves; anything else wrong in a log is damage and must be told
  // (store.cpp then looks whether the damage is at the very end).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.avoid_flush_during_shutdown = in_memory;

  options.max_open_files = 1024;
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;

  options.write_buffer_size = kMemtableBytes;
  options.max_write_buffer_number = 3;
  options.arena_block_size = kArenaBlockBytes;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.01;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = in_memory ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;

  rocksdb::BlockBasedTableOptions table;
  rocksdb::LRUCacheOptions cache;
  cache.capacity = kBlockCacheBytes;
  cache.num_shard_bits = 4;
  table.block_cache = rocksdb::NewLRUCache(cache);
  table.block_size = 8 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace stator::store
