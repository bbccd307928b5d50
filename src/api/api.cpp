#include "api/api.h"

#include <algorithm>
#include <array>

#include "api/call.h"
#include "api/operations.h"
#include "api/shape.h"
#include "core/api_error.h"

namespace stator::api {

namespace {

struct Operation {
  std::string_view name;
  void (*answer)(Call&);
};

/// Sorted by name.
constexpr std::array kOperations = {
    Operation{"BatchGetItem", batch_get_item},
    Operation{"BatchWriteItem", batch_write_item},
    Operation{"CreateTable", create_table},
    Operation{"DeleteItem", delete_item},
    Operation{"DeleteTable", delete_table},
    Operation{"DescribeEndpoints", describe_endpoints},
    Operation{"DescribeLimits", describe_limits},
    Operation{"DescribeTable", describe_table},
    Operation{"DescribeTimeToLive", describe_time_to_live},
    Operation{"GetItem", get_item},
    Operation{"ListTables", list_tables},
    Operation{"ListTagsOfResource", list_tags_of_resource},
    Operation{"PutItem", put_item},
    Operation{"Query", query},
    Operation{"Scan", scan},
    Operation{"TagResource", tag_resource},
    Operation{"TransactGetItems", transact_get_items},
    Operation{"TransactWriteItems", transact_write_items},
    Operation{"UntagResource", untag_resource},
    Operation{"UpdateItem", update_item},
    Operation{"UpdateTable", update_table},
    Operation{"UpdateTimeToLive", update_time_to_live},
};
static_assert(std::ranges::is_sorted(kOperations, {}, &Operation::name));

}  // namespace

void call(Context& context, std::string_view operation, std::string_view body, std::size_t padding_bytes,
          std::string& reply) {
  const auto found = std::ranges::lower_bound(kOperations, operation, {}, &Operation::name);
  if (found == kOperations.end() || found->name != operation) {
    throw core::ApiError("UnknownOperationException", "");
  }
  const json::Value value = json::Parser::of_this_thread().parse(body, padding_bytes);
  json::Object request;
  if (value.get(request) != simdjson::SUCCESS) {
    core::throw_serialization(value.is_array() ? "Start of list found where not expected"
                                               : "Unexpected value type in payload");
  }
  const CheckedRequest checked = check_shape(operation, request);
  for (const std::string_view arn : checked.table_arns) check_arn_region(context, arn);
  const std::size_t length_before = reply.size();
  try {
    Call under_way{context, operation, Members(request), reply};
    found->answer(under_way);
  } catch (const simdjson::simdjson_error&) {
    // A member of another JSON type than it is read as: the shape should have said so, in better words.
    reply.resize(length_before);
    core::throw_serialization("Unexpected field type");
  } catch (...) {
    reply.resize(length_before);
    throw;
  }
}

}  // namespace stator::api
