#include "engine/backup/held_checkpoint.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "store/marker.h"

namespace stator::engine {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

/// Appends the paths of the files below the folder `name` in `parent`, with `prefix` before them.
void append_files(int parent, const char* name, const std::string& prefix, std::vector<std::string>& files) {
  const int descriptor = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return;
  if (descriptor < 0) fail();
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(descriptor));
  if (folder == nullptr) {
    ::close(descriptor);
    fail();
  }
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) fail();
    if (entry == nullptr) return;
    const std::string_view found = entry->d_name;
    struct stat status {};
    // A file that was removed meanwhile makes the checkpoint incomplete, which is noticed at the end.
    if (::fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      if (found != "." && found != "..") append_files(descriptor, entry->d_name, prefix + entry->d_name + "/", files);
    } else if (S_ISREG(status.st_mode) && found != "LOCK") {
      files.push_back(prefix + entry->d_name);
    }
  }
}

}  // namespace

HeldCheckpoint::HeldCheckpoint(const std::filesystem::path& folder)
    : path_(folder), folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!is_open() && errno != ENOENT) fail();
}

bool HeldCheckpoint::is_whole() const { return ::faccessat(descriptor(), store::kMarkerFile, F_OK, 0) == 0; }

std::vector<std::string> HeldCheckpoint::files() const {
  std::vector<std::string> files;
  append_files(descriptor(), ".", "", files);
  return files;
}

}  // namespace stator::engine
