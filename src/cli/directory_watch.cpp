#include "cli/directory_watch.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace stator::cli {

DirectoryWatch::DirectoryWatch(const std::filesystem::path& directory)
    : directory_(directory), lock_(directory / "LOCK") {
  struct stat found {};
  if (::stat(lock_.c_str(), &found) != 0) return;
  device_ = found.st_dev;
  inode_ = found.st_ino;
  changed_ = found.st_ctim;
}

DirectoryWatch::Found DirectoryWatch::find() const {
  if (inode_ == 0) return Found::kUnknown;
  struct stat found {};
  if (::stat(lock_.c_str(), &found) == 0) {
    if (found.st_dev == device_ && found.st_ino == inode_) return Found::kSame;
    const bool same_time = found.st_ctim.tv_sec == changed_.tv_sec && found.st_ctim.tv_nsec == changed_.tv_nsec;
    return same_time ? Found::kUnknown : Found::kAnother;
  }
  return errno == ENOENT || errno == ENOTDIR ? Found::kAnother : Found::kUnknown;
}

void DirectoryWatch::check() {
  const bool is_another = find() == Found::kAnother;
  if (!std::exchange(was_another_, is_another) || !is_another) return;
  spdlog::critical(
      "the data directory {} was removed, moved or replaced while it was served; the server ends at once, so that "
      "it changes nothing there",
      directory_.string());
  spdlog::default_logger()->flush();
  ::_exit(1);
}

}  // namespace stator::cli
