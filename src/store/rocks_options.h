#pragma once

#include <rocksdb/options.h>

namespace stator::store {

/// RocksDB set up for us: small when idle, quick to open, point reads first. `in_memory` leaves out what only a disk
/// needs.
rocksdb::Options rocks_options(bool in_memory);

}  // namespace stator::store
