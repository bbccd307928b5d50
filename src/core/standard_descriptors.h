#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace stator::core {

/// Opens those of standard input, output and error that are closed: otherwise the next opened file, perhaps the
/// database's, would get that number, and be read from or printed into. Each is opened in the opposite direction, so
/// that using it still fails.
inline void occupy_standard_descriptors() {
  for (const int descriptor : {0, 1, 2}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    const int opened = ::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    if (opened > 2) ::close(opened);  // another thread has opened something in the meantime
  }
}

}  // namespace stator::core
