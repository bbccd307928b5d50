#pragma once

#include <string>

/// JSON Schemas (draft 7) of a model's files, so that editors complete and check them. They are made from the shapes
/// that requests are checked against.
namespace stator::toolkit {

/// Of table.json. Pretty JSON.
std::string table_schema();
/// Of patterns/*.json: the request by the operation that the pattern names.
std::string pattern_schema();

}  // namespace stator::toolkit
