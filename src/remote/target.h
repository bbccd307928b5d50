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

/// What a command works on, from its flags and environment (read by cli::Session).
struct TargetOptions {
  /// Production: AWS, with region and credentials as AWS tools find them (docs/prod.md).
  bool prod = false;
  /// --endpoint-url, AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL; empty if there is none.
  std::string endpoint_url;
  /// --region and --profile, which override those of the environment; empty if not given.
  std::string region = {};
  std::string profile = {};
  /// The embedded engine's directory, created if missing. Empty: in memory.
  std::string data_directory;
  /// The caller is going to write: open the directory for writing at once, not first for reading.
  bool will_write = false;
  /// The caller waits for the user between its calls: close the directory meanwhile, even after a write.
  bool waits_for_user = false;
  /// The embedded engine's log; also gets a line about the process or the address that a command waits for.
  core::LogSink log = {};
  /// How long to wait for another process to leave the directory.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// The process's environment, with the region and the profile of these options.
aws::Environment environment_of(const TargetOptions& options);

/// Whether these options lead to production: the word `prod`, or one of AWS's own addresses.
bool is_production(const TargetOptions& options);

/// Chooses the endpoint:
/// 1. `prod`, or an `endpoint_url` of AWS itself (is_production): AWS over HTTPS, at `endpoint_url` if given.
///    Credentials and a region must be found.
/// 2. `endpoint_url`: that address. Credentials and region come from the environment or profile if these have plain
///    keys; else they are "local"/"local" and us-east-1, which local servers accept. A `profile` must have plain keys.
/// 3. A running `stator serve` that holds `data_directory` (discovery.h), with the same credentials.
/// 4. The engine in this process on `data_directory`. Until a request writes, the directory is only read: nothing in it
///    changes, and other processes may read it, too; while no call is made for a moment, they may write. If there is no
///    directory yet, reads find no tables, and the first write creates it. If another process holds it, the call waits
///    (`patience`). Requests are for `region` if it is given, as in 3.
///
/// If the directory turns out to be held by a server that has just started, that server is used.
/// Throws std::runtime_error (including store::OpenError and ConfigurationError) with one line for the user.
std::unique_ptr<endpoint::Endpoint> open_target(const TargetOptions& options);

/// Calls `open`, which opens the data directory, again and again while another process holds it (up to `patience`).
/// Returns the URL of a server that holds it, or nullopt if `open` succeeded. Throws what `open` throws.
std::optional<std::string> open_or_find_server(const TargetOptions& options, const std::function<void()>& open);

}  // namespace stator::remote
