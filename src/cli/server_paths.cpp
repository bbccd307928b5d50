#include "cli/server_paths.h"

#include <memory>

#include "aws/config.h"
#include "aws/sigv4.h"
#include "cli/command.h"
#include "core/clock.h"
#include "json/text_check.h"

namespace stator::cli {

http::Reply ask_server(const std::string& url, const std::string& path, const std::string& method,
                       const std::string& body) {
  http::Request request;
  request.method = method;
  request.url = url;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.fields = {{"Content-Type", "application/json"}};
  request.body = body;
  request.use_proxy = false;
  const aws::Environment environment = aws::Environment::of_process();
  std::shared_ptr<aws::CredentialsProvider> credentials;
  try {
    credentials = aws::find_credentials(environment, aws::CredentialSources::kPlainKeys);
  } catch (const aws::ConfigurationError&) {
    credentials = std::make_shared<aws::FixedCredentials>(aws::Credentials{"local", "local", "", std::nullopt});
  }
  aws::sign(request, {aws::find_region(environment, false).value_or("us-east-1"), "dynamodb"}, *credentials->get(),
            core::Clock::system().now_ms());
  http::Reply reply = http::Client().send(request);
  constexpr int kOk = 200;
  if (reply.status == kOk && !json::is_object(reply.body)) {
    throw CommandError("stator: what answers at " + url + " is none of Stator's servers: its reply is " +
                       (reply.body.empty() ? "empty" : "no whole JSON object"));
  }
  return reply;
}

}  // namespace stator::cli
