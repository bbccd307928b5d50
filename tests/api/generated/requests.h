#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/generated/json_tree.h"
#include "api/operations.h"

namespace stator::api::generated {

/// Requests around which the mutations are made: the rows of requests.json for this operation, and one that holds every
/// member of its shape with a value that the shape allows (it need not make sense as a whole, but an operation that is
/// added to the table of operations is probed from its first day).
std::vector<JsonTree> requests_of(const Operation& operation);

/// Only the rows: each must be answered without an error on the prepared tables.
std::vector<JsonTree> valid_requests_of(std::string_view operation);

/// Members of built operations that no valid request can have, as "CreateTable.VectorIndexes", with all below them.
std::vector<std::string> refused_members();
/// Operations that are built and refuse every request, as the service does.
std::vector<std::string> refused_operations();

/// "Item.*", "KeySchema.*.KeyType": the members of the operation's shape, elements and entries written as *.
std::vector<std::string> member_paths(const Operation& operation);
/// The same for what stands in a request.
std::vector<std::string> member_paths(const Operation& operation, const JsonTree& request);

}  // namespace stator::api::generated
