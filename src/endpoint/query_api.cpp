#include "endpoint/query_api.h"

#include "core/api_error.h"
#include "endpoint/retry.h"
#include "endpoint/url.h"
#include "endpoint/user_agent.h"
#include "endpoint/xml.h"

namespace stator::endpoint {

namespace {

core::ApiError refusal(const HttpReply& reply, const std::string& url) {
  core::ApiError error(
      xml_text(reply.body, "Code").value_or("UnknownError"),
      xml_text(reply.body, "Message").value_or("HTTP status " + std::to_string(reply.status) + " from " + url));
  error.status = reply.status;
  return error;
}

}  // namespace

std::string query_body(const QueryParameters& parameters) {
  std::string body;
  for (const auto& [name, value] : parameters) {
    body += (body.empty() ? "" : "&") + form_encode(name) + "=" + form_encode(value);
  }
  return body;
}

HttpRequest build_query_request(const QueryRequest& request, const std::string& body, const Credentials* credentials,
                                std::int64_t now_ms) {
  HttpRequest http;
  http.method = "POST";
  http.url = request.url;
  http.body = body;
  http.fields = {{"Accept-Encoding", "identity"},
                 {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                 {"User-Agent", user_agent()}};
  if (credentials != nullptr) sign(http, request.scope, *credentials, now_ms);
  return http;
}

std::string call_query_api(const QueryRequest& request, const Credentials* credentials, const core::Clock& clock) {
  HttpClient client;
  const std::string body = query_body(request.parameters);
  Backoff backoff;
  for (std::uint32_t attempt = 1;; ++attempt) {
    const bool last = attempt >= request.max_attempts;
    try {
      HttpReply reply = client.send(build_query_request(request, body, credentials, clock.now_ms()));
      if (reply.status >= 200 && reply.status < 300) return std::move(reply.body);
      const core::ApiError error = refusal(reply, request.url);
      if (last || !is_worth_retrying(error)) throw error;
    } catch (const TransportError& error) {
      if (last || error.kind == TransportError::Kind::kFatal) throw;
    }
    backoff.wait(attempt);
  }
}

}  // namespace stator::endpoint
