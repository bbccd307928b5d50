#include <algorithm>
#include <array>
#include <string>

#include "api/call.h"
#include "api/operations.h"
#include "api/reply.h"
#include "core/api_error.h"

/// The operations on global tables of version 2017.11.29. The service has them, but they find nothing: such tables
/// cannot be created, and those of version 2019.11.21 (replica_updates.h) do not count as such. Source: the AWS
/// controller for Kubernetes' measurements, October 2026.
namespace stator::api {
namespace {

/// The regions that had that version, in the order in which the service lists them.
constexpr std::array<std::string_view, 11> kLegacyRegions = {
    "eu-west-2",      "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-2", "eu-central-1",
    "ap-northeast-1", "us-east-1", "us-east-2",      "us-west-1",      "us-west-2"};

[[noreturn]] void throw_version(const Call& call) {
  const std::string refusal = "DynamoDB global tables version 2017.11.29 is not supported";
  const std::string& region = call.context.region;
  if (std::ranges::find(kLegacyRegions, region) != kLegacyRegions.end()) {
    core::throw_invalid_parameters(refusal +
                                   ". We recommend using DynamoDB global tables version 2019.11.21, instead of version "
                                   "2017.11.29 (Legacy).");
  }
  std::string regions;
  for (const std::string_view each : kLegacyRegions) regions.append(regions.empty() ? "" : ", ").append(each);
  core::throw_invalid_parameters(refusal + " in this region '" + region + "', supported regions are : [" + regions +
                                 "]");
}

[[noreturn]] void throw_not_there(const Call& call, std::string_view before = {}) {
  throw core::ApiError(core::ErrorCode::kGlobalTableNotFound,
                       std::string(before) + "Global table with name: '" +
                           std::string(call.request.required_text("GlobalTableName")) + "' does not exist.");
}

}  // namespace

void create_global_table(Call& call) { throw_version(call); }

void describe_global_table(Call& call) { throw_not_there(call, "Global table not found: "); }

void describe_global_table_settings(Call& call) { throw_not_there(call); }

void update_global_table_settings(Call& call) { throw_not_there(call); }

void update_global_table(Call& call) {
  bool deletes = false;
  for (const auto element : call.request.required_array("ReplicaUpdates")) {
    const Members update(element.get_object());
    if (update.has("Create")) throw_version(call);
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
