#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/bucket/bucket.h"

/// Buckets of S3, or of another service with its protocol.
namespace stator::s3 {

struct Options {
  /// "http://127.0.0.1:9000", "https://s3.eu-west-3.amazonaws.com": buckets are its first path segments.
  std::string url;
  std::string region;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The file with the certificate authorities to trust; empty: as for http::Request.
  std::string authorities = {};
  const core::Clock* clock = &core::Clock::system();
  /// Gets a line if the service's clock differs.
  core::LogSink log = {};
  /// Larger objects are written in parts of this size (S3 requires 5 MB, except for the last part); objects are read in
  /// such parts.
  std::size_t part_bytes = std::size_t{8} << 20;
  /// The account of callers whose real account is unknown: a bucket's owner is not checked against it.
  std::string unknown_account;
  /// The most attempts for each request if the service is busy, fails or cannot be reached.
  int max_attempts = 4;
};

/// Safe to use from several threads. Requests are signed (AWS Signature Version 4); if the service refuses the time of
/// a signature, by the Date of its replies. When the last attempt fails, throws BucketError with "S3" and the service's
/// code: S3NoSuchBucket, S3AccessDenied, …
class S3Buckets final : public engine::Buckets {
 public:
  explicit S3Buckets(Options options);
  ~S3Buckets() override;
  /// Asks the service whether the bucket exists, and makes it refuse all requests unless the bucket belongs to `owner`.
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
