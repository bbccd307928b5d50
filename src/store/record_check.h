#pragma once

#include <cstdint>
#include <filesystem>

/// Checks RocksDB's record files (write-ahead logs and manifests) without RocksDB, which takes a damaged length as the
/// end of a file. Format: RocksDB wiki, "Write Ahead Log File Format": blocks of 32 KB; records of checksum (4
/// bytes), length (2), type (1) and payload; none crosses a block.
namespace stator::store {

enum class RecordsState : std::uint8_t {
  kSound,
  /// The last record is cut off, or parts of it were never written: a power loss may leave zeros in place of any
  /// sector. It was never acknowledged.
  kTornEnd,
  /// Anything else.
  kDamaged,
};

struct RecordsFound {
  RecordsState state = RecordsState::kSound;
  /// Length of the prefix of whole, sound records; one that spans blocks counts when its last part is there.
  std::uint64_t sound_bytes = 0;
};

/// Throws std::system_error where the file cannot be read.
RecordsFound check_records(const std::filesystem::path& path);

}  // namespace stator::store
