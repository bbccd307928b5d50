#pragma once

#include <string>

#include "cli/command.h"

namespace stator::cli {

/// "stator: cannot read items.csv: Permission denied", with the reason in errno; without one where that is 0.
CommandError file_error(const std::string& doing, const std::string& file);

}  // namespace stator::cli
