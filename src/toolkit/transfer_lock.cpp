#include "toolkit/transfer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace stator::toolkit {
namespace {

/// False if the previous holder of the lock has renamed or removed the file.
bool still_has_its_name(int descriptor, const std::filesystem::path& file) {
  struct stat held = {};
  struct stat named = {};
  return ::fstat(descriptor, &held) == 0 && ::stat(file.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

}  // namespace

TransferLock::TransferLock(std::filesystem::path file, AtTheEnd at_the_end)
    : file_(std::move(file)), at_the_end_(at_the_end) {
  for (;;) {
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "cannot write " + file_.string());
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(descriptor_);
      throw TransferInUse("another command is running the same transfer (" + file_.string() + ")");
    }
    if (still_has_its_name(descriptor_, file_)) return;
    ::close(descriptor_);
  }
}

TransferLock::~TransferLock() {
  if (at_the_end_ == AtTheEnd::kRemove) ::unlink(file_.c_str());
  ::close(descriptor_);
}

}  // namespace stator::toolkit
