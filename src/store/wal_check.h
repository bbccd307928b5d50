#pragma once

#include <filesystem>

namespace stator::store {

/// Whether what is wrong with RocksDB's write-ahead logs in `store_path` is a torn end: in the newest log, after the
/// first record that fails its checksum, no sound record follows. Then nothing that was acknowledged lies behind the
/// damage. False where the logs are sound (the damage is elsewhere), where an older log is damaged, or where sound
/// records follow. Format: RocksDB wiki, "Write Ahead Log File Format" (32 KB blocks, records of checksum, length,
/// type).
bool log_damage_is_at_the_end(const std::filesystem::path& store_path);

/// Whether the last block of a log holds a sound record behind a damaged one. RocksDB takes a damaged length there for
/// the end of the log, and would drop acknowledged writes without a word.
bool log_end_is_damaged(const std::filesystem::path& store_path);

}  // namespace stator::store
