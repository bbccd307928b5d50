#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stator::engine {

/// A failed access to a bucket; `code` and the message become an export's or import's FailureCode and FailureMessage.
struct BucketError : std::runtime_error {
  BucketError(std::string failure_code, const std::string& message)
      : std::runtime_error(message), code(std::move(failure_code)) {}
  std::string code;
};

/// Writes one object sequentially. Without `finish`, part of the object may remain, either under its key or invisible,
/// as in the service.
class BucketWriter {
 public:
  virtual ~BucketWriter() = default;
  /// Throws BucketError.
  virtual void write(std::string_view bytes) = 0;
  /// Makes the object complete and durable. Throws BucketError.
  virtual void finish() = 0;
};

/// Reads one object sequentially from its start.
class BucketReader {
 public:
  virtual ~BucketReader() = default;
  /// Reads at most `capacity` bytes; returns how many, 0 at the end. Throws BucketError.
  virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
};

struct BucketObject {
  std::string key;
  std::uint64_t size_bytes = 0;
};

/// How objects are to be encrypted.
struct ObjectEncryption {
  /// "AES256" or "KMS"; empty: as the bucket is configured.
  std::string algorithm;
  /// With KMS; empty: the service's key.
  std::string kms_key;
};

/// A bucket: objects by key. To be used by one thread. All members throw BucketError.
class Bucket {
 public:
  virtual ~Bucket() = default;
  /// Sets the encryption of all objects written afterwards.
  virtual void set_encryption(const ObjectEncryption& encryption) = 0;
  /// Writes a small object, durably.
  virtual void put(std::string_view key, std::string_view content) = 0;
  [[nodiscard]] virtual std::unique_ptr<BucketWriter> create(std::string_view key) = 0;
  [[nodiscard]] virtual std::unique_ptr<BucketReader> open(std::string_view key) = 0;
  /// Does nothing if there is no such object.
  virtual void remove(std::string_view key) = 0;
  /// The objects whose keys begin with `prefix`, sorted by the bytes of their keys.
  [[nodiscard]] virtual std::vector<BucketObject> list(std::string_view prefix) = 0;
};

/// Finds buckets by name. Safe to use from several threads.
class Buckets {
 public:
  virtual ~Buckets() = default;
  /// `owner`: the account that the bucket must belong to, if buckets have owners; empty: any. Throws BucketError
  /// (S3NoSuchBucket, S3AccessDenied).
  [[nodiscard]] virtual std::unique_ptr<Bucket> bucket(const std::string& name, const std::string& owner) const = 0;
};

}  // namespace stator::engine
