#include "cli/state_directory.h"

#include <cstdlib>

namespace stator::cli {

std::filesystem::path state_directory() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  if (const auto state = variable("XDG_STATE_HOME"); state.is_absolute()) return state / "stator";
  const auto home = variable("HOME");
  return home.empty() ? home : home / ".local" / "state" / "stator";
}

}  // namespace stator::cli
