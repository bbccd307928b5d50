#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace stator::toolkit {

/// Another command is working on the same transfer.
struct TransferInUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A lock on a file, held by the only command that works on a transfer: two that wrote the same unfinished file, or the
/// same state, would spoil each other's work. Without locks in the file system it has no effect.
class TransferLock {
 public:
  enum class AtTheEnd : std::uint8_t { kKeep, kRemove };

  /// Creates the file if it is missing. Throws TransferInUse, or std::system_error if the file cannot be written.
  TransferLock(std::filesystem::path file, AtTheEnd at_the_end);
  ~TransferLock();
  TransferLock(const TransferLock&) = delete;
  TransferLock& operator=(const TransferLock&) = delete;

 private:
  std::filesystem::path file_;
  AtTheEnd at_the_end_;
  int descriptor_ = -1;
};

}  // namespace stator::toolkit
