#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What a request would change, judged by the request alone.
namespace stator::endpoint {

/// Whether the operation changes items, tables or settings. Unknown operations and invalid PartiQL statements count as
/// writes.
bool writes(std::string_view operation, std::string_view body);

/// The names of the tables that a writing request changes, each once, in the request's order; the resource itself if it
/// is not a table (a backup's ARN); empty if the request names none.
std::vector<std::string> written_tables(std::string_view operation, std::string_view body);

}  // namespace stator::endpoint
