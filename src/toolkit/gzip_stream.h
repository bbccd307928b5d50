#pragma once

#include <istream>
#include <memory>
#include <ostream>
#include <string>

/// Files compressed with gzip, as streams.
namespace stator::toolkit {

/// Reads a file. Positions are those of the text inside. Throws std::runtime_error where it cannot be opened or is not
/// compressed; reading throws it through the buffer where the file is damaged.
std::unique_ptr<std::istream> open_gzip(const std::string& file);

/// Compresses what is written to it into `out`, and writes the rest when it is destroyed. A flush ends a member of the
/// file (RFC 1952, 2.2): what `out` has then is a whole file, to which more may be appended later.
std::unique_ptr<std::ostream> gzip_into(std::ostream& out);

}  // namespace stator::toolkit
