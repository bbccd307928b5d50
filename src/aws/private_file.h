#pragma once

#include <filesystem>
#include <string>

namespace stator::aws {

/// Puts `text` in the place of the file's content, as a whole or not at all; only its owner may read the file, from the
/// start. Throws std::runtime_error.
void write_private_file(const std::filesystem::path& file, const std::string& text);

}  // namespace stator::aws
