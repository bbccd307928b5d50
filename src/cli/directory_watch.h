#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <filesystem>

namespace stator::cli {

/// Ends this process if the data directory that it serves was removed or replaced by another one. The store has its
/// files open, but creates and deletes files by path, so it would damage the files of the next process that serves
/// there. What was written stays in the moved directory; nothing is lost unless somebody deleted it.
class DirectoryWatch {
 public:
  /// To be constructed while the store has the directory open.
  explicit DirectoryWatch(const std::filesystem::path& directory);
  /// Ends the process if two calls in a row find another directory, or none.
  void check();

 private:
  enum class Found : std::uint8_t { kSame, kAnother, kUnknown };
  [[nodiscard]] Found find() const;

  std::filesystem::path directory_;
  /// Relative if the directory was given so: like the paths that the store opens, even if the working directory is
  /// moved.
  std::filesystem::path lock_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  /// Network file systems may give an open file another inode number. Its change time stays, as nobody writes the file.
  timespec changed_{};
  bool was_another_ = false;
};

}  // namespace stator::cli
