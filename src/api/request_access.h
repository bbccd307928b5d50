#pragma once

#include <functional>
#include <string_view>

#include "api/operations.h"
#include "json/reader.h"

/// The tables and the effect of a request, for authorization.
namespace stator::api {

/// Calls `visit` with the name of each table that the request names, by name, by ARN or in a statement, at any depth.
/// Names are found by the request's shape, but the request need not have been checked. A statement that cannot be
/// parsed names no table.
void for_each_table(std::string_view operation, const json::Value& request,
                    const std::function<void(std::string_view table)>& visit);

/// Whether the request reads or writes. Statements count as a read only if all of them are SELECTs.
Effect effect_of(const Operation& operation, const json::Value& request);

}  // namespace stator::api
