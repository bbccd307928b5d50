#pragma once

#include <string>
#include <string_view>

#include "engine/table.h"

/// A table as the catalog keeps it: one JSON object (docs/format.md).
namespace stator::engine {

std::string table_to_json(const Table& table);
/// Throws std::runtime_error where the text is not such an object. The state is left null.
Table table_from_json(std::string_view text);

}  // namespace stator::engine
