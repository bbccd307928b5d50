#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "aws/config.h"
#include "aws/query_api.h"

/// The rds commands. They throw aws::ConfigurationError or std::runtime_error with one line, and core::ApiError if EC2
/// refuses the request.
namespace stator::toolkit {

/// The options of `stator rds update-sg-rule`; the other settings come from the environment.
struct SecurityGroupRuleOptions {
  std::string ip;           // empty: DB_SG_IP, else looked up
  std::string description;  // empty: DB_SG_DESCRIPTION, else "stator"
  std::uint16_t port = 5432;
  std::string endpoint_url;  // empty: AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, else AWS
};

/// The rule after the change.
struct SecurityGroupRule {
  std::string group_id;  // DB_SG_ID
  std::string rule_id;   // DB_SG_RULE_ID
  std::string cidr;      // "203.0.113.7/32", "2001:db8::1/128"
  std::string description;
  std::uint16_t port = 0;
};

/// Reads the environment, and looks up this machine's public address if none is given (STATOR_CHECKIP_URL, else
/// https://checkip.amazonaws.com). The error for missing variables names all of them.
SecurityGroupRule find_security_group_rule(const aws::Environment& environment,
                                           const SecurityGroupRuleOptions& options);

/// The request for EC2's ModifySecurityGroupRules
/// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html), with the parameters in
/// the AWS CLI's order.
aws::QueryRequest modify_security_group_rules(const aws::Environment& environment, const SecurityGroupRule& rule,
                                              const std::string& endpoint_url);

/// Prints the request as it would be sent, with a placeholder for the signature; needs and shows no credentials.
void print_request(const aws::QueryRequest& request, std::ostream& out);

/// Sends the request. Throws core::ApiError with EC2's Code and Message, and std::runtime_error if EC2 cannot be
/// reached.
void send_security_group_rule(const aws::Environment& environment, const aws::QueryRequest& request);

struct HostAndPort {
  std::string host;
  std::uint16_t port = 5432;
};
/// The host and port of a PostgreSQL URL, or of "host=… port=…". Throws std::runtime_error for anything else; its
/// message does not repeat the URL, which may hold a password.
HostAndPort parse_connection_url(const std::string& url);

/// Tries to connect until the port answers. Returns false after `timeout_ms`; `why` then says what the last fault was.
bool wait_for_port(const HostAndPort& target, std::uint64_t timeout_ms, std::string& why);

}  // namespace stator::toolkit
