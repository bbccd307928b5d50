#include "endpoint/target.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "endpoint/aws_config.h"
#include "endpoint/discovery.h"
#include "endpoint/embedded.h"
#include "endpoint/remote.h"
#include "store/store.h"

namespace stator::endpoint {

namespace {

std::shared_ptr<CredentialsProvider> any_credentials() {
  return std::make_shared<FixedCredentials>(Credentials{"local", "local", "", std::nullopt});
}

void set_attempts(const AwsEnvironment& environment, RemoteOptions& remote) {
  const auto text = environment.variable("AWS_MAX_ATTEMPTS");
  if (!text) return;
  std::uint32_t attempts = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), attempts);
  if (error != std::errc() || end != text->data() + text->size() || attempts == 0 || attempts > 100) {
    throw ConfigurationError("AWS_MAX_ATTEMPTS must be a number from 1 to 100, not \"" + *text + "\"");
  }
  remote.max_attempts = attempts;
  remote.max_connect_attempts = attempts;
}

std::unique_ptr<Endpoint> open_prod(const TargetOptions& options) {
  const AwsEnvironment environment = AwsEnvironment::of_process();
  RemoteOptions remote;
  remote.region = require_region(environment);
  remote.credentials = find_credentials(environment);
  remote.aws_cli_bodies = true;
  set_attempts(environment, remote);
  if (options.endpoint_url.empty()) {
    remote.url = service_url(environment, "dynamodb", remote.region);
    remote.description = "AWS " + remote.region;
  } else {
    remote.url = options.endpoint_url;
  }
  return std::make_unique<Remote>(std::move(remote));
}

std::unique_ptr<Endpoint> open_url(const std::string& url) {
  const AwsEnvironment environment = AwsEnvironment::of_process();
  RemoteOptions remote;
  remote.url = url;
  set_attempts(environment, remote);
  // A local server takes any name, but some keep a database for each: what is set plainly is used, and a broken profile
  // is no reason not to talk to it.
  try {
    remote.credentials = find_credentials(environment, CredentialSources::kPlainKeys);
  } catch (const ConfigurationError&) {
    remote.credentials = any_credentials();
  }
  try {
    remote.region = find_region(environment, false).value_or(remote.region);
  } catch (const ConfigurationError&) {
  }
  return std::make_unique<Remote>(std::move(remote));
}

std::unique_ptr<Endpoint> open_server(const std::string& url) {
  RemoteOptions remote;
  remote.url = url;
  remote.credentials = any_credentials();
  return std::make_unique<Remote>(std::move(remote));
}

}  // namespace

std::unique_ptr<Endpoint> open_target(const TargetOptions& options) {
  if (options.prod) return open_prod(options);
  if (!options.endpoint_url.empty()) return open_url(options.endpoint_url);
  engine::Options engine;
  engine.directory = options.data_directory;
  engine.log = options.log;
  if (options.data_directory.empty()) return std::make_unique<Embedded>(engine);
  if (const auto url = find_running_server(engine.directory)) return open_server(*url);
  try {
    return std::make_unique<Embedded>(engine);
  } catch (const store::OpenError&) {
    if (const auto url = find_running_server(engine.directory)) return open_server(*url);
    throw;
  }
}

}  // namespace stator::endpoint
