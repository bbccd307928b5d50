#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What a request would change, told from the request alone.
namespace stator::endpoint {

/// Whether the operation changes items, tables or settings. An operation that is not known, and a text that is
/// no PartiQL statement, is taken to write.
bool writes(std::string_view operation, std::string_view body);

/// The tables that a writing request changes, by name, each once, in the request's order; the resource where it is no
/// table (a backup's ARN); empty where the request does not say.
std::vector<std::string> written_tables(std::string_view operation, std::string_view body);

}  // namespace stator::endpoint
