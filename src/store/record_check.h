#pragma once

#include <cstdint>
#include <filesystem>

/// Checks RocksDB's record files (write-ahead logs and manifests) without RocksDB, which treats a damaged length as the
/// end of the file. Format: RocksDB wiki, "Write Ahead Log File Format": blocks of 32 KB; records of checksum (4
/// bytes), length (2), type (1) and payload; no record crosses a block.
namespace stator::store {

enum class RecordsState : std::uint8_t {
  kSound,
  /// The last record is cut off, or parts of it were never written: a power loss may leave zeros in place of any
  /// sector. The record was never acknowledged.
  kTornEnd,
  /// Any other fault.
  kDamaged,
};

struct RecordsFound {
  RecordsState state = RecordsState::kSound;
  /// Length of the prefix of whole, sound records; a record that spans blocks counts only with its last part.
  std::uint64_t sound_bytes = 0;
};

/// Throws std::system_error if the file cannot be read.
RecordsFound check_records(const std::filesystem::path& path);

}  // namespace stator::store
