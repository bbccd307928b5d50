#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>

#include "cli/command.h"
#include "cli/target.h"
#include "core/json_string.h"
#include "toolkit/rds.h"

namespace stator::cli {

namespace {

constexpr std::uint32_t kMaxWaitSeconds = 24 * 60 * 60;

struct UpdateOptions {
  toolkit::SecurityGroupRuleOptions rule;
};

struct WaitOptions {
  std::string host;
  std::uint16_t port = 5432;
  std::string connection_url;
  std::uint32_t timeout_s = 60;
};

void update_rule(const CLI::App& root, UpdateOptions options, Session& session) {
  require_human_or_json(session);
  // A DynamoDB endpoint in the environment does not apply to EC2; only one on the command line does.
  const CLI::Option* const endpoint = root.get_option_no_throw("--endpoint-url");
  if (endpoint != nullptr && endpoint->count() > 0) options.rule.endpoint_url = session.endpoint_url;
  const auto environment = aws_environment(session);
  const toolkit::SecurityGroupRule rule = toolkit::find_security_group_rule(environment, options.rule);
  const aws::QueryRequest request = toolkit::modify_security_group_rules(environment, rule, options.rule.endpoint_url);
  if (session.dry_run) {
    toolkit::print_request(request, *session.out);
    return;
  }
  if (session.read_only) throw CommandError("stator: --read-only: changing the security group was refused");
  toolkit::send_security_group_rule(environment, request);
  if (session.output == OutputFormat::kHuman) {
    *session.out << "rule " << rule.rule_id << " of " << rule.group_id << " now lets " << rule.cidr
                 << " in on tcp port " << rule.port << " (" << rule.description << ")\n";
    return;
  }
  std::string json = "{\"GroupId\":";
  core::append_json_string(rule.group_id, json);
  json += ",\"SecurityGroupRuleId\":";
  core::append_json_string(rule.rule_id, json);
  json += ",\"Cidr\":";
  core::append_json_string(rule.cidr, json);
  json += ",\"Port\":" + std::to_string(rule.port) + ",\"Description\":";
  core::append_json_string(rule.description, json);
  *session.out << json << "}\n";
}

std::string environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

toolkit::HostAndPort wait_target(const WaitOptions& options, const Session& session) {
  if (!options.host.empty()) return {options.host, options.port};
  if (!options.connection_url.empty()) return toolkit::parse_connection_url(options.connection_url);
  std::string url = environment_variable("PROD_CONNECTION_URL");
  if (url.empty() && !session.prod) url = environment_variable("CONNECTION_URL");
  if (url.empty()) {
    throw CommandError(session.prod ? "stator: nothing to wait for: set PROD_CONNECTION_URL, or give --host or "
                                      "--connection-url"
                                    : "stator: nothing to wait for: set PROD_CONNECTION_URL or CONNECTION_URL, or give "
                                      "--host or --connection-url");
  }
  return toolkit::parse_connection_url(url);
}

void wait(const WaitOptions& options, Session& session) {
  require_human_or_json(session);
  const toolkit::HostAndPort target = wait_target(options, session);
  const std::string name = target.host + " port " + std::to_string(target.port);
  std::string why;
  if (!toolkit::wait_for_port(target, std::uint64_t{options.timeout_s} * 1000, why)) {
    throw CommandError("stator: " + name + " did not answer within " + std::to_string(options.timeout_s) +
                       " s: " + why);
  }
  if (session.output == OutputFormat::kHuman) {
    *session.out << name << " answers\n";
    return;
  }
  std::string json = "{\"Host\":";
  core::append_json_string(target.host, json);
  *session.out << json << ",\"Port\":" << target.port << "}\n";
}

}  // namespace

void add_rds_commands(CLI::App& root, Session& session) {
  CLI::App* const family = root.add_subcommand("rds", "AWS settings around the production database");
  family->require_subcommand(1);
  family->footer("Example:\n  stator rds update-sg-rule");

  const auto update = std::make_shared<UpdateOptions>();
  CLI::App* const update_command =
      family->add_subcommand("update-sg-rule", "Allow our address in the database's security group");
  update_command->add_option("--ip", update->rule.ip, "Our address (else DB_SG_IP, else looked up)")
      ->type_name("ADDRESS");
  update_command
      ->add_option("--description", update->rule.description,
                   "The rule's description (else DB_SG_DESCRIPTION, else stator)")
      ->type_name("TEXT");
  update_command->add_option("--port", update->rule.port, "TCP port")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  update_command->footer(
      "Example:\n"
      "  DB_SG_ID=sg-0123 DB_SG_RULE_ID=sgr-4567 stator rds update-sg-rule --ip 203.0.113.7\n"
      "\n"
      "Calls EC2's ModifySecurityGroupRules, always on AWS. DB_SG_ID and DB_SG_RULE_ID name the security group and its "
      "rule;\n"
      "region and credentials are found as AWS tools find them. --endpoint-url, AWS_ENDPOINT_URL_EC2 or "
      "AWS_ENDPOINT_URL send\n"
      "it elsewhere; STATOR_CHECKIP_URL is where our address is looked up (default https://checkip.amazonaws.com).");
  update_command->callback([&root, &session, update] { update_rule(root, *update, session); });

  const auto waiting = std::make_shared<WaitOptions>();
  CLI::App* const wait_command = family->add_subcommand("wait", "Wait until the database's port answers");
  CLI::Option* const host = wait_command->add_option("--host", waiting->host, "Its host")->type_name("HOST");
  wait_command->add_option("--port", waiting->port, "Its port, with --host")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str()
      ->needs(host);
  wait_command
      ->add_option("--connection-url", waiting->connection_url,
                   "Its URL (else PROD_CONNECTION_URL, else CONNECTION_URL)")
      ->type_name("URL")
      ->excludes(host);
  wait_command->add_option("--timeout", waiting->timeout_s, "Maximum seconds to wait")
      ->check(CLI::Range(std::uint32_t{0}, kMaxWaitSeconds))
      ->type_name("SECONDS")
      ->capture_default_str();
  wait_command->footer("Example:\n  stator rds wait --timeout 120");
  wait_command->callback([&session, waiting] { wait(*waiting, session); });
}

}  // namespace stator::cli
