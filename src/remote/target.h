#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/log_sink.h"
#include "endpoint/endpoint.h"

namespace stator::remote {

/// What a command was told about where to work (see cli::Session, which reads flags and environment).
struct TargetOptions {
  /// Production: AWS, with region and credentials as AWS tools find them (docs/prod.md).
  bool prod = false;
  /// --endpoint-url, AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL; empty: none.
  std::string endpoint_url;
  /// The embedded engine's directory, created when missing. Empty: in memory.
  std::string data_directory;
  /// The caller is going to write: the directory is opened for it at once, and not first for reading.
  bool will_write = false;
  /// Of the embedded engine; also told for whom a command waits.
  core::LogSink log = {};
  /// How long to wait for another process to leave the directory.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// Whether these options lead to production: the word `prod`, or one of AWS's own addresses.
bool is_production(const TargetOptions& options);

/// Chooses the endpoint:
/// 1. `prod`, or an `endpoint_url` of AWS itself (is_production): AWS over HTTPS; with an `endpoint_url` that address
/// instead, as AWS tools take it, but still with real
///    credentials and a region, which must be found;
/// 2. `endpoint_url`: that address. Credentials and region come from the environment or the profile where they are
/// plain
///    keys there; else "local"/"local" and us-east-1, which local servers accept;
/// 3. a running `stator serve` that holds `data_directory` (discovery.h);
/// 4. the engine in this process on `data_directory`. Until a request writes, it only reads: nothing in the directory
/// is
///    changed, and others may read it too. Where nothing is there yet, reads find no tables, and the first write
///    creates the directory. Held by another process, it is waited for.
/// Where opening the directory fails because a server has just taken it, looks for that server once more.
/// Throws std::runtime_error (store::OpenError and ConfigurationError are such) with one line for the user.
std::unique_ptr<endpoint::Endpoint> open_target(const TargetOptions& options);

}  // namespace stator::remote
