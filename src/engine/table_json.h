#pragma once

#include <string>
#include <string_view>

#include "engine/table.h"

/// A table's row in the catalog: one JSON object (docs/format.md).
namespace stator::engine {

std::string table_to_json(const Table& table);
/// Throws std::runtime_error if the text is not such an object. Leaves Table::state null.
Table table_from_json(std::string_view text);

}  // namespace stator::engine
