#include "cli/directory_watch.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace stator::cli {

DirectoryWatch::DirectoryWatch(const std::filesystem::path& directory)
    : directory_(directory), lock_(std::filesystem::absolute(directory) / "LOCK") {
  struct stat found {};
  if (::stat(lock_.c_str(), &found) != 0) return;
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

DirectoryWatch::Found DirectoryWatch::find() const {
  if (inode_ == 0) return Found::kUnknown;
  struct stat found {};
  if (::stat(lock_.c_str(), &found) == 0)
    return found.st_dev == device_ && found.st_ino == inode_ ? Found::kSame : Found::kAnother;
  return errno == ENOENT || errno == ENOTDIR ? Found::kAnother : Found::kUnknown;
}

void DirectoryWatch::look() {
  const bool is_another = find() == Found::kAnother;
  if (!std::exchange(was_another_, is_another) || !is_another) return;
  spdlog::critical(
      "the data directory {} was removed or replaced while it was served; the server ends at once, so that "
      "it changes nothing there",
      directory_.string());
  spdlog::default_logger()->flush();
  ::_exit(1);
}

}  // namespace stator::cli
