#include "cli/server_paths.h"

#include <memory>

#include "aws/clock_skew.h"
#include "aws/config.h"
#include "aws/sigv4.h"
#include "cli/command.h"
#include "cli/target.h"
#include "core/clock.h"
#include "remote/remote_error.h"

namespace stator::cli {

http::Reply ask_server(const Session& session, const std::string& url, const std::string& path,
                       const std::string& method, const std::string& body) {
  http::Request request;
  request.method = method;
  request.url = url;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.fields = {{"Content-Type", "application/json"}};
  request.body = body;
  request.use_proxy = false;
  const aws::Environment environment = aws_environment(session);
  std::shared_ptr<aws::CredentialsProvider> credentials;
  try {
    credentials = aws::find_credentials(environment, aws::CredentialSources::kPlainKeys);
  } catch (const aws::ConfigurationError&) {
    if (environment.profile_is_chosen) throw;
    credentials = std::make_shared<aws::FixedCredentials>(aws::Credentials{"local", "local", "", std::nullopt});
  }
  const aws::SigningScope scope = {aws::find_region(environment, false).value_or("us-east-1"), "dynamodb"};
  aws::ServiceClock clock(core::Clock::system(), url, target_options(session).log);
  http::Client client;
  const auto send = [&](std::int64_t now_ms) {
    http::Request signed_request = request;
    aws::sign(signed_request, scope, *credentials->get(), now_ms);
    return client.send(signed_request);
  };
  const std::int64_t signed_at_ms = clock.now_ms();
  http::Reply reply = send(signed_at_ms);
  constexpr int kBadRequest = 400;
  const bool signed_too_early_or_late =
      reply.status == kBadRequest && clock.correct(remote::parse_remote_error(reply, url).type, reply, signed_at_ms);
  return signed_too_early_or_late ? send(clock.now_ms()) : reply;
}

std::string read_reply(const http::Reply& reply, const std::string& url, std::string_view member,
                       const std::string& otherwise) {
  constexpr int kOk = 200;
  constexpr int kNotFound = 404;
  constexpr int kServerFault = 500;
  if (reply.status != kOk && reply.status != kNotFound) {
    const core::ApiError error = remote::parse_remote_error(reply, url);
    const std::string why = error.message.empty() ? url + " answers " + std::string(error.type.name()) : error.message;
    throw CommandError("stator: " + why + (reply.status >= kServerFault ? "; the server's log says why" : ""));
  }
  json::Parser parser;
  json::Object object;
  json::Value found;
  try {
    if (reply.status == kOk && parser.parse(reply.body).get(object) == simdjson::SUCCESS &&
        json::find_member(object, member, found))
      return reply.body;
  } catch (const core::ApiError&) {
    // not JSON: reported below
  }
  throw CommandError("stator: " + url + " " + otherwise);
}

}  // namespace stator::cli
