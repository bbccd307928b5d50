#include "aws/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "core/descriptor.h"

namespace stator::aws {

void write_private_file(const std::filesystem::path& file, const std::string& text) {
  // Writes another file, one for each process, and renames it.
  const std::string draft = file.string() + "." + std::to_string(::getpid()) + ".new";
  const auto fail = [&] {
    ::unlink(draft.c_str());
    throw std::runtime_error("cannot write " + file.string());
  };
  ::unlink(draft.c_str());
  core::Descriptor descriptor(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (descriptor.number() < 0) fail();
  const bool written = ::write(descriptor.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(descriptor.number()) == 0;
  if (!descriptor.close() || !written || ::rename(draft.c_str(), file.c_str()) != 0) fail();
}

}  // namespace stator::aws
