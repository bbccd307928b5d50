#pragma once

#include <rocksdb/options.h>

#include "store/store.h"

namespace stator::store {

/// RocksDB's options for Stator: small when idle, quick to open, fast point reads. In memory, without what only a disk
/// needs.
rocksdb::Options rocks_options(const Options& options);

/// How many tables a store keeps open where its options do not say: by the process's limit of now.
std::size_t open_tables();

}  // namespace stator::store
