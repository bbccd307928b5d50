#pragma once

#include <rocksdb/memtablerep.h>

#include <cstddef>
#include <memory>

namespace stator::store {

/// RocksDB's memtables as this store uses them: many reads and writes of single keys, most writes replacing an earlier
/// version of their key.
///
/// Keys are in a skip list, once each; a key's versions are a chain behind it, the newest first. A hash table leads
/// from a key to its place. So reading or replacing a key that is there takes a probe of the table instead of a walk
/// down the skip list, whose every step is a cache miss in a large memtable; only new keys, and cursors that seek,
/// walk. In the list, the first 16 bytes of each key lie beside the links, so that most steps compare without following
/// a pointer. New keys walk several at a time, each while the memory is at work for the others: they wait for that, or
/// for a cursor, which finds all of them in the list.
///
/// One thread writes at a time (RocksDB's leader of writers); any number read meanwhile, without a lock but for a
/// cursor's seek where keys wait.
///
/// `memtable_bytes`: at how many bytes RocksDB writes a memtable out (Options::write_buffer_size).
std::shared_ptr<rocksdb::MemTableRepFactory> version_table_factory(std::size_t memtable_bytes);

}  // namespace stator::store
