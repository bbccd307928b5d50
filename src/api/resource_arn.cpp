#include "api/resource_arn.h"

#include <string>

#include "core/api_error.h"

namespace stator::api {
namespace {

constexpr std::string_view kTable = "table/";

}  // namespace

ResourceName read_resource_arn(const Call& call, std::string_view arn, const std::function<void()>& other_service) {
  const auto invalid = [arn](const char* why) {
    core::throw_invalid_parameters(std::string(why).append(": ").append(arn));
  };
  if (!arn.starts_with("arn:")) invalid("ARNs must start with 'arn:'");
  ResourceName name;
  name.arn = parse_arn(arn);
  if (name.arn.service != "dynamodb") other_service();
  constexpr std::string_view kStream = "/stream/";
  if (!name.arn.resource.starts_with(kTable)) invalid("Provided Arn is not a DynamoDB resource arn");
  const std::string_view path = name.arn.resource.substr(kTable.size());
  name.table = path.substr(0, path.find('/'));
  const std::string_view below = path.substr(name.table.size());
  if (below.starts_with("/index/")) {
    invalid("Invalid resource arn provided, only table or stream is accepted. Provided resource arn");
  }
  if (!below.empty() && !below.starts_with(kStream)) invalid("Provided Arn is not a DynamoDB resource arn");
  if (!below.empty()) name.stream_label = below.substr(kStream.size());
  name.own_partition_and_region = name.arn.partition == "aws" && is_own_region(call.context, name.arn.region);
  return name;
}

void throw_access_denied() { throw core::ApiError(core::ErrorCode::kAccessDenied, "Access is denied"); }

std::optional<TablePart> read_table_part(std::string_view resource, std::string_view kind) {
  if (!resource.starts_with(kTable)) return std::nullopt;
  const std::string_view path = resource.substr(kTable.size());
  const std::size_t at = path.find(kind, 1);
  if (at == std::string_view::npos) return std::nullopt;
  return TablePart{path.substr(0, at), path.substr(at + kind.size())};
}

}  // namespace stator::api
