#pragma once

#include <string>
#include <string_view>

namespace stator::aws {

/// Appends the JSON text `text` in the style of the AWS CLI, which is Python's json.dumps: ", " and ": " as separators,
/// everything outside printable ASCII as \uXXXX, numbers unchanged. `text` must be JSON; returns false, and leaves
/// `out` unchanged, if its strings are invalid.
bool append_python_json(std::string_view text, std::string& out);

}  // namespace stator::aws
