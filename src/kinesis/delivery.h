#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "core/log_sink.h"
#include "engine/engine.h"

/// Sends the changes of tables with Kinesis destinations to a Kinesis endpoint.
namespace stator::kinesis {

struct Options {
  /// Of the endpoint, "http://localhost:4567".
  std::string url;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The file of the authorities to trust; empty: as http::Request has it.
  std::string authorities = {};
  core::LogSink log = {};
};

/// A thread that delivers while this lives. Each change arrives at least once: again only where the sender died, or its
/// destination went, between sending and noting it. Changes of one item arrive in their order. What cannot be sent is
/// tried again after growing pauses, until it is a day old.
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
