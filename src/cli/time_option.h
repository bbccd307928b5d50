#pragma once

#include <string>

namespace stator::cli {

/// Parses an option's value that is a time: "2026-11-25T10:00:00Z", a date (meaning its beginning), or seconds since
/// 1970. Returns seconds since 1970. Throws CommandError.
double read_time(const std::string& option, const std::string& text);

}  // namespace stator::cli
