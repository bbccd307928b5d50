#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/bucket/bucket.h"

/// Buckets of S3, or of another service that speaks its protocol.
namespace stator::s3 {

struct Options {
  /// "http://127.0.0.1:9000", "https://s3.eu-west-3.amazonaws.com": buckets are its first path segments.
  std::string url;
  std::string region;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The file of the authorities to trust; empty: as http::Request has it.
  std::string authorities = {};
  const core::Clock* clock = &core::Clock::system();
  /// Gets a line where the service's clock is another.
  core::LogSink log = {};
  /// Larger objects are written in parts of this size (S3 requires 5 MB, except of the last); objects are read in them.
  std::size_t part_bytes = std::size_t{8} << 20;
  /// The account of whoever asks where no real one is known: as a bucket's owner it says nothing.
  std::string unknown_account;
  /// For each request, while the service is busy, fails or cannot be reached.
  int max_attempts = 4;
};

/// Safe to use from several threads. Requests are signed (AWS Signature Version 4), where the service
/// refuses that for its time by the Date of its replies. When the last attempt
/// fails, throws BucketError with "S3" and the service's code: S3NoSuchBucket, S3AccessDenied, …
class S3Buckets final : public engine::Buckets {
 public:
  explicit S3Buckets(Options options);
  ~S3Buckets() override;
  /// Asks the service whether the bucket exists, and has it refuse all requests where it is not the owner's.
  [[nodiscard]] std::unique_ptr<engine::Bucket> bucket(const std::string& name,
                                                       const std::string& owner) const override;

 private:
  class Service;
  class ObjectWriter;
  class ObjectReader;
  class ServiceBucket;
  std::shared_ptr<Service> service_;
};

}  // namespace stator::s3
