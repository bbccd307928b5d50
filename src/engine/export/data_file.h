#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace stator::engine {

/// MD5 as exports have it: of `bytes`, in base64.
std::string md5_base64(std::string_view bytes);

/// A file of data that is compressed (gzip) and hashed as it is written.
class DataFile {
 public:
  /// Throws BucketError.
  explicit DataFile(const std::filesystem::path& path);
  ~DataFile();
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  /// Appends one line. Throws BucketError.
  void append(std::string_view line);
  /// Before compression.
  [[nodiscard]] std::uint64_t written_bytes() const;

  struct Sums {
    std::string md5_base64;
    /// As S3 names a file that came in one part.
    std::string etag;
  };
  /// Ends the file, durably. Nothing may be appended behind. Throws BucketError.
  Sums finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::engine
