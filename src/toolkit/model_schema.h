#pragma once

#include <string>

/// JSON Schemas (draft 7) of a model's files, with which editors complete and check them. They are made from the shapes
/// that requests are checked against.
namespace stator::toolkit {

/// The schema of table.json, as indented JSON.
std::string table_schema();
/// The schema of patterns/*.json. The shape of `request` depends on the pattern's operation.
std::string pattern_schema();

}  // namespace stator::toolkit
