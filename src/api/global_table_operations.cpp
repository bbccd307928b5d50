#include <string>

#include "api/call.h"
#include "api/operations.h"
#include "api/reply.h"
#include "core/api_error.h"

/// The operations on global tables of version 2017.11.29, which the service still has and which find nothing: no such
/// table can be made any more, and those of version 2019.11.21 (replica_updates.h) are none to them. Source: the AWS
/// controller for Kubernetes' measurements, October 2026.
namespace stator::api {
namespace {

[[noreturn]] void throw_version() {
  core::throw_invalid_parameters(
      "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version "
      "2019.11.21, instead of version 2017.11.29 (Legacy).");
}

[[noreturn]] void throw_not_there(const Call& call, std::string_view before = {}) {
  throw core::ApiError(core::ErrorCode::kGlobalTableNotFound,
                       std::string(before) + "Global table with name: '" +
                           std::string(call.request.required_text("GlobalTableName")) + "' does not exist.");
}

}  // namespace

void create_global_table(Call& /*call*/) { throw_version(); }

void describe_global_table(Call& call) { throw_not_there(call, "Global table not found: "); }

void describe_global_table_settings(Call& call) { throw_not_there(call); }

void update_global_table_settings(Call& call) { throw_not_there(call); }

void update_global_table(Call& call) {
  bool deletes = false;
  for (const auto element : call.request.required_array("ReplicaUpdates")) {
    const Members update(element.get_object());
    if (update.has("Create")) throw_version();
    deletes = deletes || update.has("Delete");
  }
  if (!deletes) core::throw_validation("One or more parameter values were invalid");
  throw_not_there(call);
}

void list_global_tables(Call& call) {
  ObjectWriter writer(call.reply);
  ArrayWriter(writer.key("GlobalTables")).end();
  writer.end();
}

}  // namespace stator::api
