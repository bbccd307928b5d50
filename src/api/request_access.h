#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "json/reader.h"

/// What a request touches, for those who decide who may do what.
namespace stator::api {

enum class Effect : std::uint8_t { kRead, kWrite };

/// What a request may touch that names no table.
enum class WithoutTable : std::uint8_t {
  /// Nothing of any table ("DescribeLimits").
  kNothing,
  /// Tables that are not named ("ListTables", the text of a statement).
  kAnyTable,
};

struct OperationAccess {
  std::string_view name;
  Effect effect;
  WithoutTable without_table = WithoutTable::kAnyTable;
};

/// Null for an operation that the table does not know; it should be refused to everybody who may not do everything.
const OperationAccess* find_operation_access(std::string_view operation);

/// Calls `visit` with the name of each table that the request names, by name or by ARN, wherever it stands. Where names
/// stand is known from the shapes; the request need not have been checked against its shape.
void for_each_table(std::string_view operation, const json::Value& request,
                    const std::function<void(std::string_view table)>& visit);

}  // namespace stator::api
