#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What a request would change, by the request alone.
namespace stator::endpoint {

/// Whether the operation changes items, tables or settings. Unknown operations, and texts that are not PartiQL
/// statements, count as writes.
bool writes(std::string_view operation, std::string_view body);

/// The tables that a writing request changes, by name, each once, in the request's order; the resource where it is no
/// table (a backup's ARN); empty where the request names none.
std::vector<std::string> written_tables(std::string_view operation, std::string_view body);

}  // namespace stator::endpoint
