#pragma once

#include <rocksdb/memtablerep.h>

#include <cstddef>
#include <memory>

namespace stator::store {

/// A memtable for RocksDB, suited to this store: many reads and writes of single keys, most writes replacing an earlier
/// version of their key.
///
/// Each key is in a skip list once; its versions are a chain behind it, newest first. A hash table maps a key to its
/// node, so reading or replacing an existing key takes one probe instead of a walk down the skip list, whose every step
/// is a cache miss in a large memtable; only new keys and seeking cursors walk. In the list, the first 16 bytes of each
/// key lie beside the links, so that most steps compare without following a pointer. New keys are first collected, and
/// then inserted into the list several at a time, so that their cache misses overlap; a cursor that seeks inserts the
/// collected keys before it walks.
///
/// One thread writes at a time (RocksDB's leader of writers); any number of threads read meanwhile, without a lock
/// except for a cursor's seek while keys are waiting.
///
/// `memtable_bytes`: the size at which RocksDB writes a memtable out (Options::write_buffer_size).
std::shared_ptr<rocksdb::MemTableRepFactory> version_table_factory(std::size_t memtable_bytes);

}  // namespace stator::store
