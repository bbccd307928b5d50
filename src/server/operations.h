#pragma once

#include <string_view>

namespace stator::server {

/// Whether DynamoDB or DynamoDB Streams (API 2012-08-10) has an operation of that name. The endpoint decides what it
/// answers; this only says which complaint comes first when a request is wrong in several ways.
bool is_dynamodb_operation(std::string_view name);

}  // namespace stator::server
