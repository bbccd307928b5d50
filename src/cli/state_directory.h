#pragma once

#include <filesystem>

namespace stator::cli {

/// Where this program keeps what it notes for its user: $XDG_STATE_HOME/stator, else ~/.local/state/stator. As the XDG
/// Base Directory Specification has it, a relative XDG_STATE_HOME does not count. Empty where there is no home.
std::filesystem::path state_directory();

}  // namespace stator::cli
