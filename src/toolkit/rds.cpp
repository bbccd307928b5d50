#include "toolkit/rds.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/api_error.h"
#include "http/client.h"
#include "http/url.h"
#include "toolkit/word_error.h"

namespace stator::toolkit {

namespace {

constexpr const char* kCheckIpUrl = "https://checkip.amazonaws.com";
constexpr std::uint32_t kCheckIpTimeoutMs = 10'000;
constexpr std::size_t kMaxDescription = 255;

enum class AddressFamily : std::uint8_t { kNone, kIpv4, kIpv6 };

AddressFamily family_of(const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return AddressFamily::kIpv4;
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return AddressFamily::kIpv6;
  return AddressFamily::kNone;
}

std::string cidr_of(const std::string& address, const std::string& source) {
  switch (family_of(address)) {
    case AddressFamily::kIpv4:
      return address + "/32";
    case AddressFamily::kIpv6:
      return address + "/128";
    case AddressFamily::kNone:
      break;
  }
  throw std::runtime_error("\"" + address.substr(0, 64) + "\" (" + source + ") is not an IP address");
}

std::string look_up_address(const aws::Environment& environment) {
  http::Request request;
  request.url = environment.variable("STATOR_CHECKIP_URL").value_or(kCheckIpUrl);
  request.timeout_ms = kCheckIpTimeoutMs;
  request.max_reply_bytes = 1024;
  const std::string hint = "; give it with --ip or DB_SG_IP";
  http::Reply reply;
  try {
    reply = http::Client().send(request);
  } catch (const http::TransportError& error) {
    throw std::runtime_error(std::string("our address is not known: ") + error.what() + hint);
  }
  if (reply.status != 200) {
    throw std::runtime_error("our address is not known: HTTP status " + std::to_string(reply.status) + " from " +
                             request.url + hint);
  }
  while (!reply.body.empty() && (reply.body.back() == '\n' || reply.body.back() == '\r')) reply.body.pop_back();
  return cidr_of(reply.body, request.url);
}

void check_id(const std::string& id, const std::string& variable) {
  const bool usable = std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (!usable || id.size() > 255)
    throw std::runtime_error(variable + " is not an id: it contains spaces or unusual characters");
}

}  // namespace

SecurityGroupRule find_security_group_rule(const aws::Environment& environment,
                                           const SecurityGroupRuleOptions& options) {
  std::vector<std::string> missing;
  const auto need = [&](const char* name) {
    auto value = environment.variable(name);
    if (!value) missing.emplace_back(name);
    return value.value_or("");
  };
  SecurityGroupRule rule;
  rule.group_id = need("DB_SG_ID");
  rule.rule_id = need("DB_SG_RULE_ID");
  if (!missing.empty()) {
    std::string names = missing.front();
    if (missing.size() > 1) names += " and " + missing.back();
    throw std::runtime_error(names + (missing.size() > 1 ? " are" : " is") +
                             " not set: the security group's id (sg-…) is DB_SG_ID, its rule's (sgr-…) DB_SG_RULE_ID");
  }
  check_id(rule.group_id, "DB_SG_ID");
  check_id(rule.rule_id, "DB_SG_RULE_ID");
  rule.description = options.description;
  if (rule.description.empty()) rule.description = environment.variable("DB_SG_DESCRIPTION").value_or("stator");
  if (rule.description.size() > kMaxDescription)
    throw std::runtime_error("--description is longer than 255 characters");
  rule.port = options.port;
  if (!options.ip.empty()) {
    try {
      rule.cidr = cidr_of(options.ip, "--ip");
    } catch (const std::runtime_error& error) {
      throw WordError(error.what());
    }
  } else if (const auto ip = environment.variable("DB_SG_IP")) {
    rule.cidr = cidr_of(*ip, "DB_SG_IP");
  } else {
    rule.cidr = look_up_address(environment);
  }
  return rule;
}

aws::QueryRequest modify_security_group_rules(const aws::Environment& environment, const SecurityGroupRule& rule,
                                              const std::string& endpoint_url) {
  aws::QueryRequest request;
  request.scope = {aws::require_region(environment), "ec2"};
  request.authorities = aws::authorities_file(environment);
  request.url = endpoint_url;
  for (const char* variable : {"AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"}) {
    if (request.url.empty()) request.url = environment.variable(variable).value_or("");
  }
  if (request.url.empty()) request.url = aws::service_url(environment, "ec2", request.scope.region);
  if (!request.url.ends_with('/')) request.url += '/';
  http::parse_url(request.url);
  const std::string prefix = "SecurityGroupRule.1.SecurityGroupRule.";
  const bool is_ipv6 = rule.cidr.find(':') != std::string::npos;
  request.parameters = {{"Action", "ModifySecurityGroupRules"},
                        {"Version", "2016-11-15"},
                        {"GroupId", rule.group_id},
                        {"SecurityGroupRule.1.SecurityGroupRuleId", rule.rule_id},
                        {prefix + "Description", rule.description},
                        {prefix + "IpProtocol", "tcp"},
                        {prefix + "FromPort", std::to_string(rule.port)},
                        {prefix + "ToPort", std::to_string(rule.port)},
                        {prefix + (is_ipv6 ? "CidrIpv6" : "CidrIpv4"), rule.cidr}};
  return request;
}

void print_request(const aws::QueryRequest& request, std::ostream& out) {
  const std::string body = aws::query_body(request.parameters);
  const http::Request http = aws::build_query_request(request, body, nullptr, 0);
  const http::Url url = http::parse_url(request.url);
  out << "POST " << request.url << "\n"
      << "Host: " << url.host_header() << "\n";
  for (const auto& [name, value] : http.fields) out << name << ": " << value << "\n";
  out << "Authorization: (signed for " << request.scope.service << " in " << request.scope.region << " when sent)\n"
      << "Content-Length: " << body.size() << "\n\n"
      << body << "\n";
}

void send_security_group_rule(const aws::Environment& environment, const aws::QueryRequest& request) {
  const auto provider = aws::find_credentials(environment);
  aws::call_query_api(request, provider->get().get(), *environment.clock);
}

}  // namespace stator::toolkit
