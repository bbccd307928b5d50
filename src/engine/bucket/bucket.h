#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stator::engine {

/// The failure of an export or import, for its FailureCode and FailureMessage.
struct BucketError : std::runtime_error {
  BucketError(std::string failure_code, const std::string& message)
      : std::runtime_error(message), code(std::move(failure_code)) {}
  std::string code;
};

/// A bucket that is a folder: keys are paths in it.
class Bucket {
 public:
  /// `buckets` is the folder of buckets; empty: there are none. Throws BucketError (S3NoSuchBucket).
  Bucket(const std::filesystem::path& buckets, const std::string& name);

  /// The file of a key; creates its folders. Throws BucketError: the key leads out of the bucket, or creating failed.
  [[nodiscard]] std::filesystem::path file(std::string_view key) const;
  /// Puts a small object there, durably. Throws BucketError.
  void put(std::string_view key, std::string_view content) const;
  /// Removes the object; does nothing where there is none.
  void remove(std::string_view key) const;

 private:
  std::filesystem::path root_;
};

}  // namespace stator::engine
