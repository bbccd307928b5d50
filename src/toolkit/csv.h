#pragma once

#include <string>
#include <string_view>

namespace stator::toolkit {

/// Appends one CSV field (RFC 4180), quoted if it holds a comma, a quote or a line break.
void append_csv_field(std::string_view text, std::string& out);

}  // namespace stator::toolkit
