#pragma once

#include <filesystem>
#include <string>

namespace stator::aws {

/// Atomically replaces the file's content by `text`; from the start only its owner may read it. Throws
/// std::runtime_error.
void write_private_file(const std::filesystem::path& file, const std::string& text);

}  // namespace stator::aws
