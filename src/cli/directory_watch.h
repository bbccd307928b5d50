#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <filesystem>

namespace stator::cli {

/// Ends this process where the data directory that it serves was removed, or another one put in its place. The store
/// has its files open, but names those that it makes and deletes by their path, so it would get among the files of
/// whoever serves there next. What was written is where the directory has gone: nothing is lost that others have not
/// deleted.
class DirectoryWatch {
 public:
  /// To be made while the directory is open.
  explicit DirectoryWatch(const std::filesystem::path& directory);
  /// Two looks in a row must find another directory, or none.
  void look();

 private:
  enum class Found : std::uint8_t { kSame, kAnother, kUnknown };
  [[nodiscard]] Found find() const;

  std::filesystem::path directory_;
  /// As relative as the directory was given: so is what the store opens, also where the working directory is moved.
  std::filesystem::path lock_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  /// File systems over a network may number a file anew while it is open. Its change time stays, as nobody writes it.
  timespec changed_{};
  bool was_another_ = false;
};

}  // namespace stator::cli
