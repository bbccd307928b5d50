#include "api/api.h"

#include "api/call.h"
#include "api/operations.h"
#include "api/resource_arn.h"
#include "api/shape.h"
#include "api/strict_reader.h"
#include "api/throttling.h"
#include "core/api_error.h"
#include "json/unique_names.h"

namespace stator::api {
namespace {

/// Throws if an ARN given as a table's name is not that of a table of this account, in the region of the request or
/// server.
void check_names_table(const Context& context, std::string_view arn) {
  constexpr std::string_view kTable = "table/";
  const TableArn parts = parse_arn(arn);
  const auto refuse = [arn](const char* why) {
    core::throw_validation("1 validation error detected: " + std::string(why) + " '" + std::string(arn) + "'");
  };
  check_arn_region(context, arn);
  if (parts.partition != "aws") refuse("Invalid AWS partition in");
  if (!parts.resource.starts_with(kTable)) refuse("Invalid resource type in");
  if (parts.service != "dynamodb" || parts.resource.find('/', kTable.size()) != std::string_view::npos) {
    refuse("Invalid table ARN");
  }
  if (parts.account != context.account_id) throw_access_denied();
}

json::Object object_of(const json::Value& value) {
  json::Object request;
  if (value.get(request) == simdjson::SUCCESS) return request;
  core::throw_serialization(value.is_array() ? "Start of list found where not expected"
                                             : "Unexpected value type in payload");
}

/// Checks the shape of the request `value`, which `parser` parsed last. If a name occurs twice in an object, sets
/// `value` to the request with only the last one, and checks that.
CheckedRequest check(const Operation& operation, json::Parser& parser, json::Value& value, bool lenient,
                     bool deviates) {
  try {
    CheckedRequest checked = check_shape(operation, object_of(value), lenient, deviates);
    if (!checked.repeats_name) return checked;
  } catch (const core::ApiError&) {
    if (!json::has_repeated_name(value)) throw;
  }
  value = parser.without_repeated(value);
  return check_shape(operation, object_of(value), lenient, deviates);
}

}  // namespace

void call(Context& context, std::string_view operation, std::string_view body, std::size_t padding_bytes,
          std::string& reply) {
  const Operation* const known = find_operation(operation);
  if (known == nullptr || known->answer == nullptr) throw core::ApiError(core::ErrorCode::kUnknownOperation, "");
  json::Parser& parser = json::Parser::of_this_thread();
  json::Value value = parser.parse_with_repeated(body, padding_bytes);
  if (known->special_rules.strict_reader && !context.lenient) check_strictly(*known, object_of(value), body);
  const bool region_deviates = deviates(known->special_rules.rollout, context.region);
  const CheckedRequest checked = check(*known, parser, value, context.lenient, region_deviates);
  for (const std::string_view arn : checked.table_arns) check_names_table(context, arn);
  const std::size_t length_before = reply.size();
  try {
    Call under_way{context, operation,         Members(object_of(value), checked.members),
                   reply,   checked.very_deep, region_deviates};
    known->answer(under_way);
  } catch (const engine::ThroughputExceeded& exceeded) {
    reply.resize(length_before);
    throw throttling_error(context, exceeded);
  } catch (const simdjson::simdjson_error&) {
    // A member was read as a wrong JSON type. check_shape should have refused it with a better message.
    reply.resize(length_before);
    core::throw_serialization("Unexpected field type");
  } catch (...) {
    reply.resize(length_before);
    throw;
  }
}

}  // namespace stator::api
