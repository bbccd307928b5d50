#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "core/log_sink.h"
#include "engine/engine.h"

/// Sends the changes of tables with Kinesis destinations to a Kinesis endpoint.
namespace stator::kinesis {

struct Options {
  /// The URL of the endpoint, "http://localhost:4567".
  std::string url;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The file with the certificate authorities to trust; empty: as for http::Request.
  std::string authorities = {};
  core::LogSink log = {};
};

/// A thread that delivers changes while this object exists. Each change arrives at least once. It arrives again if an
/// earlier one of its request failed, or if the process ended, or the destination was removed, before its arrival was
/// recorded. Changes of an item arrive in order. A change that cannot be sent is tried again after growing pauses,
/// until it is a day old; one that the stream refuses as invalid is skipped and logged.
class Delivery {
 public:
  /// `engine` was opened with `delivers_to_kinesis` and must outlive this.
  Delivery(engine::Engine& engine, Options options);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

 private:
  class Sender;
  std::unique_ptr<Sender> sender_;
};

}  // namespace stator::kinesis
