#pragma once

#include <filesystem>

namespace stator::cli {

/// The directory for this program's state of its user: $XDG_STATE_HOME/stator, else ~/.local/state/stator. A relative
/// XDG_STATE_HOME is ignored, as the XDG Base Directory Specification demands. Empty if there is no home directory.
std::filesystem::path state_directory();

}  // namespace stator::cli
