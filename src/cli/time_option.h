#pragma once

#include <string>

namespace stator::cli {

/// Reads the value of an option that is a time: "2026-11-25T10:00:00Z", a date (its beginning), or seconds since 1970.
/// Throws CommandError.
double read_time(const std::string& option, const std::string& text);

}  // namespace stator::cli
