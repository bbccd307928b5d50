#include "server/authorization.h"

#include <string>

#include "api/operations.h"
#include "api/request_access.h"
#include "core/api_error.h"

namespace stator::server {
namespace {

/// "User: ARN is not authorized to perform: "
std::string refused(const AccessKey& caller, std::string_view account_id) {
  return "User: arn:aws:iam::" + std::string(account_id) + ":user/" + caller.name + " is not authorized to perform: ";
}

}  // namespace

void authorize(const AccessKey& caller, std::string_view operation, const json::Value& request, std::string_view region,
               std::string_view account_id) {
  const AccessRules& rules = caller.rules;
  if (!rules.limited()) return;
  const auto deny = [&](std::string_view table) {
    const std::string action = "dynamodb:" + std::string(operation);
    throw core::ApiError(core::ErrorCode::kAccessDenied,
                         refused(caller, account_id) + action + " on resource: arn:aws:dynamodb:" +
                             std::string(region) + ":" + std::string(account_id) + ":table/" + std::string(table) +
                             " because no identity-based policy allows the " + action + " action");
  };
  const api::Operation* const known = api::find_operation(operation);
  const bool wrong_effect =
      known == nullptr || (rules.read_only && api::effect_of(*known, request) == api::Effect::kWrite);
  bool names_a_table = false;
  api::for_each_table(operation, request, [&](std::string_view table) {
    names_a_table = true;
    if (wrong_effect || !rules.allows_table(table)) deny(table);
  });
  if (wrong_effect) deny("*");
  const bool may_touch_any = !names_a_table && !known->special_rules.names_no_table;
  if (may_touch_any && !rules.tables.empty()) deny("*");
}

void authorize(const AccessKey& caller, const Route& route, std::string_view account_id) {
  const AccessRules& rules = caller.rules;
  if (rules.tables.empty() && !(rules.read_only && route.changes)) return;
  throw core::ApiError(core::ErrorCode::kAccessDenied,
                       refused(caller, account_id) + route.method + " on " + route.path);
}

}  // namespace stator::server
