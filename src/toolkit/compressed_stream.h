#pragma once

#include <istream>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>

/// Compressed files, as streams.
namespace stator::toolkit {

/// What is behind here in a compressed file cannot be read.
struct DamagedFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether the file's ending says that it is compressed: ".gz", or ".zst" (zstd), which is only read.
bool is_compressed_name(const std::string& file);
bool is_gzip_name(const std::string& file);
/// The name without such an ending.
std::string without_compressed_ending(const std::string& file);

/// Reads a file whose name ends so. Positions are those of the text inside. Throws std::runtime_error where it cannot
/// be opened or is not compressed as its name says; reading throws DamagedFile through the buffer.
std::unique_ptr<std::istream> open_compressed(const std::string& file);

/// Compresses what is written to it into `out` with gzip, and writes the rest when it is destroyed. A flush ends a
/// member of the file (RFC 1952, 2.2): what `out` has then is a whole file, to which more may be appended later.
std::unique_ptr<std::ostream> gzip_into(std::ostream& out);

}  // namespace stator::toolkit
