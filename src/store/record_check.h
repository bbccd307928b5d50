#pragma once

#include <cstdint>
#include <filesystem>

/// Looks at RocksDB's record files (write-ahead logs and manifests) without RocksDB, which takes a damaged length for
/// the end of a file. Format: RocksDB wiki, "Write Ahead Log File Format": blocks of 32 KB; records of checksum (4
/// bytes), length (2), type (1) and payload; none crosses a block.
namespace stator::store {

enum class RecordsState : std::uint8_t {
  kSound,
  /// The last record is cut off, or some of it was never written: a power loss leaves zeros in the place of sectors, of
  /// any of them. It was never acknowledged.
  kTornEnd,
  /// Anything else.
  kDamaged,
};

struct RecordsFound {
  RecordsState state = RecordsState::kSound;
  /// How far records are sound, and whole: one that goes on in the next block counts when its last part is there.
  std::uint64_t sound_bytes = 0;
};

/// Throws std::system_error where the file cannot be read.
RecordsFound check_records(const std::filesystem::path& path);

}  // namespace stator::store
