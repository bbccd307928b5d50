#include "server/reloadable.h"

#include <sys/stat.h>

namespace stator::server {

WatchedFiles::WatchedFiles(std::vector<std::filesystem::path> files)
    : files_(std::move(files)), read_(states()), seen_(read_) {}

bool WatchedFiles::changed() {
  const std::vector<FileState> before = std::exchange(seen_, states());
  return seen_ != read_ && seen_ == before;
}

void WatchedFiles::require_regular() const {
  for (const std::filesystem::path& file : files_) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) continue;
    throw std::runtime_error(file.string() + " is not a regular file, so it is not read again");
  }
}

WatchedFiles::FileState WatchedFiles::state_of(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  return {found.st_dev, found.st_ino, static_cast<std::uint64_t>(found.st_size),
          static_cast<std::uint64_t>(found.st_mtim.tv_sec) * kNanoseconds + found.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(found.st_ctim.tv_sec) * kNanoseconds + found.st_ctim.tv_nsec};
}

std::vector<WatchedFiles::FileState> WatchedFiles::states() const {
  std::vector<FileState> states;
  states.reserve(files_.size());
  for (const std::filesystem::path& file : files_) states.push_back(state_of(file));
  return states;
}

}  // namespace stator::server
