#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/config.h"
#include "core/log_sink.h"
#include "endpoint/endpoint.h"

namespace stator::remote {

/// Where a command is to work, by its flags and environment (read by cli::Session).
struct TargetOptions {
  /// Production: AWS, with region and credentials as AWS tools find them (docs/prod.md).
  bool prod = false;
  /// --endpoint-url, AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL; empty: none.
  std::string endpoint_url;
  /// --region and --profile: in the place of those of the environment; empty: not given.
  std::string region = {};
  std::string profile = {};
  /// The embedded engine's directory, created when missing. Empty: in memory.
  std::string data_directory;
  /// The caller is going to write: the directory is opened for writing at once, and not first for reading.
  bool will_write = false;
  /// The caller waits for a person between its calls: the directory is let go of meanwhile after a write, too.
  bool waits_for_user = false;
  /// The embedded engine's log; also gets a line about the process, or the address, that a command waits for.
  core::LogSink log = {};
  /// How long to wait for another process to leave the directory.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// The process's environment, with the region and the profile of these options.
aws::Environment environment_of(const TargetOptions& options);

/// Whether these options lead to production: the word `prod`, or one of AWS's own addresses.
bool is_production(const TargetOptions& options);

/// Chooses the endpoint:
/// 1. `prod`, or an `endpoint_url` of AWS itself (is_production): AWS over HTTPS, at `endpoint_url` where given.
///    Credentials and a region must be found.
/// 2. `endpoint_url`: that address. Credentials and region are those of the environment or profile, where these have
///    plain keys; else "local"/"local" and us-east-1, which local servers accept. A `profile` must have plain keys.
/// 3. A running `stator serve` that holds `data_directory` (discovery.h), with the same credentials.
/// 4. The engine in this process on `data_directory`. Until a request writes, the directory is only read: nothing in it
///    changes, and other processes may read it too; while no call is made for a moment, they may write. Where there is
///    no directory yet, reads find no tables, and the first write creates it. Where another process holds it, the call
///    waits (`patience`). Requests are of `region` where it is given, as they are for 3.
///
/// Where the directory turns out to be held by a server that has just started, that server is used.
/// Throws std::runtime_error (store::OpenError and ConfigurationError are such) with one line for the user.
std::unique_ptr<endpoint::Endpoint> open_target(const TargetOptions& options);

/// Calls `open`, which opens the data directory itself, until no other process holds it (`patience`). Where a server
/// does, returns its URL; otherwise nullopt, and what was opened is. Throws what `open` throws.
std::optional<std::string> open_or_find_server(const TargetOptions& options, const std::function<void()>& open);

}  // namespace stator::remote
