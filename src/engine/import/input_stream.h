#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "engine/bucket/bucket.h"

namespace stator::engine {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd };

/// Thrown if an object cannot be decompressed: its compression is not the given one, or its end is missing.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The decompressed text of an object. Of a file with several members (gzip) or frames (zstd), all are read.
class InputStream {
 public:
  InputStream(std::unique_ptr<BucketReader> object, Compression compression);
  ~InputStream();
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  /// Appends some bytes to `text`; false at the end. Throws InputError and BucketError.
  bool append_to(std::string& text);
  /// Skips `bytes` bytes, or all that are left. Throws InputError and BucketError.
  void skip(std::uint64_t bytes);
  /// How many bytes of the object itself were read.
  [[nodiscard]] std::uint64_t bytes_read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::engine
