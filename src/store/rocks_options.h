#pragma once

#include <rocksdb/options.h>

#include "store/store.h"

namespace stator::store {

/// RocksDB set up for us: small when idle, quick to open, point reads first. In memory what only a disk needs is left
/// out.
rocksdb::Options rocks_options(const Options& options);

}  // namespace stator::store
