#pragma once

#include <istream>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>

/// Compressed files, as streams.
namespace stator::toolkit {

/// The rest of a compressed file, from the position reached, cannot be read.
struct DamagedFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether the file's name ends in ".gz" or ".zst" (zstd, which can only be read).
bool is_compressed_name(const std::string& file);
bool is_gzip_name(const std::string& file);
/// The name without ".gz" or ".zst".
std::string without_compressed_ending(const std::string& file);

/// Opens a file with such a name for reading. Positions are those in the uncompressed text. Throws std::runtime_error
/// if it cannot be opened or is not compressed although its name says so; reading from the buffer throws DamagedFile.
std::unique_ptr<std::istream> open_compressed(const std::string& file);

/// Compresses what is written to it into `out` with gzip, and writes the rest when it is destroyed. A flush ends a
/// member of the file (RFC 1952, 2.2): `out` then holds a complete file, to which more may be appended later.
std::unique_ptr<std::ostream> gzip_into(std::ostream& out);

}  // namespace stator::toolkit
