#include "remote/target.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "aws/config.h"
#include "endpoint/embedded.h"
#include "remote/discovery.h"
#include "remote/remote.h"
#include "store/store.h"

namespace stator::remote {

namespace {

std::shared_ptr<aws::CredentialsProvider> any_credentials() {
  return std::make_shared<aws::FixedCredentials>(aws::Credentials{"local", "local", "", std::nullopt});
}

void set_attempts(const aws::Environment& environment, RemoteOptions& remote) {
  const auto text = environment.variable("AWS_MAX_ATTEMPTS");
  if (!text) return;
  std::uint32_t attempts = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), attempts);
  if (error != std::errc() || end != text->data() + text->size() || attempts == 0 || attempts > 100) {
    throw aws::ConfigurationError("AWS_MAX_ATTEMPTS must be a number from 1 to 100, not \"" + *text + "\"");
  }
  remote.max_attempts = attempts;
  remote.max_connect_attempts = attempts;
}

std::unique_ptr<endpoint::Endpoint> open_prod(const TargetOptions& options) {
  const aws::Environment environment = aws::Environment::of_process();
  RemoteOptions remote;
  remote.region = aws::require_region(environment);
  remote.credentials = aws::find_credentials(environment);
  remote.aws_cli_bodies = true;
  set_attempts(environment, remote);
  if (options.endpoint_url.empty()) {
    remote.url = aws::service_url(environment, "dynamodb", remote.region);
    remote.description = "AWS " + remote.region;
  } else {
    remote.url = options.endpoint_url;
  }
  return std::make_unique<Remote>(std::move(remote));
}

std::unique_ptr<endpoint::Endpoint> open_url(const std::string& url) {
  const aws::Environment environment = aws::Environment::of_process();
  RemoteOptions remote;
  remote.url = url;
  set_attempts(environment, remote);
  // A local server takes any name, but some keep a database for each: what is set plainly is used, and a broken profile
  // is no reason not to talk to it.
  try {
    remote.credentials = aws::find_credentials(environment, aws::CredentialSources::kPlainKeys);
  } catch (const aws::ConfigurationError&) {
    remote.credentials = any_credentials();
  }
  try {
    remote.region = aws::find_region(environment, false).value_or(remote.region);
  } catch (const aws::ConfigurationError&) {
  }
  return std::make_unique<Remote>(std::move(remote));
}

std::unique_ptr<endpoint::Endpoint> open_server(const std::string& url) {
  RemoteOptions remote;
  remote.url = url;
  remote.credentials = any_credentials();
  return std::make_unique<Remote>(std::move(remote));
}

}  // namespace

std::unique_ptr<endpoint::Endpoint> open_target(const TargetOptions& options) {
  if (options.prod) return open_prod(options);
  if (!options.endpoint_url.empty()) return open_url(options.endpoint_url);
  engine::Options engine;
  engine.directory = options.data_directory;
  engine.log = options.log;
  if (options.data_directory.empty()) return std::make_unique<endpoint::Embedded>(engine);
  if (const auto url = find_running_server(engine.directory)) return open_server(*url);
  try {
    return std::make_unique<endpoint::Embedded>(engine);
  } catch (const store::OpenError&) {
    if (const auto url = find_running_server(engine.directory)) return open_server(*url);
    throw;
  }
}

}  // namespace stator::remote
