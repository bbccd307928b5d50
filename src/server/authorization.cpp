#include "server/authorization.h"

#include <string>

#include "api/operations.h"
#include "api/request_access.h"
#include "core/api_error.h"

namespace stator::server {
namespace {

[[noreturn]] void deny(const AccessKey& caller, std::string_view operation, std::string_view table,
                       std::string_view region) {
  const std::string action = "dynamodb:" + std::string(operation);
  throw core::ApiError(core::ErrorCode::kAccessDenied,
                       "User: arn:aws:iam::000000000000:user/" + caller.name + " is not authorized to perform: " +
                           action + " on resource: arn:aws:dynamodb:" + std::string(region) + ":000000000000:table/" +
                           std::string(table) + " because no identity-based policy allows the " + action + " action");
}

}  // namespace

void authorize(const AccessKey& caller, std::string_view operation, const json::Value& request,
               std::string_view region) {
  const AccessRules& rules = caller.rules;
  if (!rules.limited()) return;
  const api::Operation* const known = api::find_operation(operation);
  const bool wrong_effect =
      known == nullptr || (rules.read_only && api::effect_of(*known, request) == api::Effect::kWrite);
  bool names_a_table = false;
  api::for_each_table(operation, request, [&](std::string_view table) {
    names_a_table = true;
    if (wrong_effect || !rules.allows_table(table)) deny(caller, operation, table, region);
  });
  if (wrong_effect) deny(caller, operation, "*", region);
  const bool may_touch_any = !names_a_table && !known->peculiarities.names_no_table;
  if (may_touch_any && !rules.tables.empty()) deny(caller, operation, "*", region);
}

void authorize(const AccessKey& caller, const Route& route) {
  const AccessRules& rules = caller.rules;
  if (rules.tables.empty() && !(rules.read_only && route.changes)) return;
  throw core::ApiError(core::ErrorCode::kAccessDenied, "User: arn:aws:iam::000000000000:user/" + caller.name +
                                                           " is not authorized to perform: " + route.method + " on " +
                                                           route.path);
}

}  // namespace stator::server
