#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/generated/json_tree.h"
#include "api/operations.h"

namespace stator::api::generated {

/// Requests to mutate: the rows of requests.json for this operation, and one that holds every member of its shape with
/// a value that the shape allows. The latter need not make sense as a whole, but through it an operation that is added
/// to the table of operations is tested at once.
std::vector<JsonTree> requests_of(const Operation& operation);

/// Returns only the rows of requests.json: each must succeed on the prepared tables.
std::vector<JsonTree> valid_requests_of(std::string_view operation);

/// Members of implemented operations that no valid request can have, such as "CreateTable.VectorIndexes", with all
/// members below them.
std::vector<std::string> refused_members();
/// Operations that are implemented but refuse every request, as the service does.
std::vector<std::string> refused_operations();

/// The members of the operation's shape, with elements and entries written as *: "Item.*", "KeySchema.*.KeyType".
std::vector<std::string> member_paths(const Operation& operation);
/// The same for the members of a request.
std::vector<std::string> member_paths(const Operation& operation, const JsonTree& request);

}  // namespace stator::api::generated
