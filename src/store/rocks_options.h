#pragma once

#include <rocksdb/options.h>

#include "store/store.h"

namespace stator::store {

/// RocksDB's options for Stator: small when idle, quick to open, fast point reads. In-memory stores go without what
/// only a disk needs.
rocksdb::Options rocks_options(const Options& options);

/// How many tables a store keeps open if its options do not say, derived from the process's current limit.
std::size_t open_tables();

}  // namespace stator::store
