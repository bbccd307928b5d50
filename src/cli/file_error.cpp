#include "cli/file_error.h"

#include <cerrno>
#include <cstring>

namespace stator::cli {

CommandError file_error(const std::string& doing, const std::string& file) {
  const int code = errno;
  return CommandError("stator: cannot " + doing + " " + file +
                      (code == 0 ? std::string() : std::string(": ") + std::strerror(code)));
}

}  // namespace stator::cli
