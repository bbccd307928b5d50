#pragma once

#include <string>
#include <string_view>

namespace stator::core {

/// Appends `text` (UTF-8) as a JSON string with its quotes, escaping only what JSON demands: quote, backslash and
/// control characters below 0x20. The escapes are deterministic, so equal texts give equal bytes.
void append_json_string(std::string_view text, std::string& out);

}  // namespace stator::core
