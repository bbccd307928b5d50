#include "cli/server_paths.h"

#include <memory>

#include "aws/config.h"
#include "aws/sigv4.h"
#include "core/clock.h"

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
  return http::Client().send(request);
}

}  // namespace stator::cli
