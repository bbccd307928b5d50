#pragma once

#include <string_view>

#include "stator/stator.h"

namespace stator::embed {

/// The options of stator_open (include/stator/stator_c.h): a JSON object, or nothing for all defaults. Throws
/// std::runtime_error with one line where it is no object, has a member that is not known, or one of a wrong type or
/// out of range.
OpenOptions read_open_options(std::string_view json);

/// Throws std::runtime_error with one line where an option is out of range. For programs in C++, which fill them in.
void check_open_options(const OpenOptions& options);

}  // namespace stator::embed
