#pragma once

#include <string_view>

#include "stator/stator.h"

namespace stator::embed {

/// Parses the options of stator_open (include/stator/stator_c.h): a JSON object, or an empty text for all defaults.
/// Throws std::runtime_error with one line if it is not an object, or has a member that is unknown, of the wrong type
/// or out of range.
OpenOptions read_open_options(std::string_view json);

/// Throws std::runtime_error with one line if an option is out of range. For C++ programs, which fill in the struct
/// themselves.
void check_open_options(const OpenOptions& options);

}  // namespace stator::embed
