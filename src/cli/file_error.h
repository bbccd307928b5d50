#pragma once

#include <string>

#include "cli/command.h"

namespace stator::cli {

/// "stator: cannot read items.csv: Permission denied", with the reason from errno, or without one if errno is 0.
CommandError file_error(const std::string& doing, const std::string& file);

}  // namespace stator::cli
