#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "engine/bucket/bucket.h"

namespace stator::engine {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd };

/// The data of an object cannot be decompressed: it has another compression than was given, or its end is missing.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The text of an object, decompressed. Files of several members (gzip) or frames (zstd) are read whole.
class InputStream {
 public:
  InputStream(std::unique_ptr<BucketReader> object, Compression compression);
  ~InputStream();
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  /// Appends some bytes; false at the end. Throws InputError and BucketError.
  bool append_to(std::string& text);
  /// Skips `bytes` bytes, or all that are left. Throws InputError and BucketError.
  void skip(std::uint64_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::engine
