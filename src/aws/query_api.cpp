#include "aws/query_api.h"

#include "aws/clock_skew.h"
#include "aws/retry.h"
#include "aws/user_agent.h"
#include "aws/xml.h"
#include "core/api_error.h"
#include "http/url.h"

namespace stator::aws {

namespace {

core::ApiError refusal(const http::Reply& reply, const std::string& url) {
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
    body += (body.empty() ? "" : "&") + http::form_encode(name) + "=" + http::form_encode(value);
  }
  return body;
}

http::Request build_query_request(const QueryRequest& request, const std::string& body, const Credentials* credentials,
                                  std::int64_t now_ms) {
  http::Request http;
  http.method = "POST";
  http.url = request.url;
  http.body = body;
  http.authorities = request.authorities;
  http.fields = {{"Accept-Encoding", "identity"},
                 {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                 {"User-Agent", user_agent()}};
  if (credentials != nullptr) sign(http, request.scope, *credentials, now_ms);
  return http;
}

std::string call_query_api(const QueryRequest& request, const Credentials* credentials, const core::Clock& clock) {
  http::Client client;
  const std::string body = query_body(request.parameters);
  Backoff backoff;
  ServiceClock service_clock(clock);
  bool corrected = false;
  for (std::uint32_t attempt = 1;; ++attempt) {
    const bool last = attempt >= request.max_attempts;
    try {
      const std::int64_t signed_at_ms = service_clock.now_ms();
      http::Reply reply = client.send(build_query_request(request, body, credentials, signed_at_ms));
      if (reply.status >= 200 && reply.status < 300) return std::move(reply.body);
      const core::ApiError error = refusal(reply, request.url);
      const bool may_do = service_clock.correct(error.type, reply, signed_at_ms);
      if (may_do && !std::exchange(corrected, true)) continue;
      if (last || !is_worth_retrying(error)) throw error;
    } catch (const http::TransportError& error) {
      if (last || error.kind == http::TransportError::Kind::kFatal) throw;
    }
    backoff.wait(attempt);
  }
}

}  // namespace stator::aws
