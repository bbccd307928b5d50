#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace stator::toolkit {

/// Another command is at the same transfer.
struct TransferInUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A lock on a file, held by the one command that works on a transfer: two that wrote the same draft, or the same notes
/// of what is done, would spoil each other's work. Where the file system has no locks, it is none.
class TransferLock {
 public:
  enum class AtTheEnd : std::uint8_t { kKeep, kRemove };

  /// Creates the file where it is missing. Throws TransferInUse, or std::system_error where it cannot be written.
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
