#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/bucket/bucket.h"

namespace stator::engine {

/// The MD5 of `bytes` in base64.
std::string md5_base64(std::string_view bytes);

/// A data file of an export, compressed with gzip and hashed while it is written.
class DataFile {
 public:
  explicit DataFile(std::unique_ptr<BucketWriter> object);
  ~DataFile();
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  /// Appends one line. Throws BucketError.
  void append(std::string_view line);
  /// The bytes appended, before compression.
  [[nodiscard]] std::uint64_t written_bytes() const;

  struct Sums {
    std::string md5_base64;
    /// The ETag of an object uploaded to S3 in one part.
    std::string etag;
  };
  /// Completes the file and makes it durable; nothing may be appended afterwards. Throws BucketError.
  Sums finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::engine
