#include "cli/server_paths.h"

#include <memory>

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
  aws::sign(request, {aws::find_region(environment, false).value_or("us-east-1"), "dynamodb"}, *credentials->get(),
            core::Clock::system().now_ms());
  return http::Client().send(request);
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
    // no JSON: reported below
  }
  throw CommandError("stator: " + url + " " + otherwise);
}

}  // namespace stator::cli
