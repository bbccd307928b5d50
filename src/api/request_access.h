#pragma once

#include <functional>
#include <string_view>

#include "api/operations.h"
#include "json/reader.h"

/// What a request touches, for those who decide who may do what.
namespace stator::api {

/// Calls `visit` with the name of each table that the request names, by name, by ARN or in a statement, wherever it
/// stands. Where names stand is known from the shapes; the request need not have been checked against its shape. A
/// statement that cannot be parsed names none.
void for_each_table(std::string_view operation, const json::Value& request,
                    const std::function<void(std::string_view table)>& visit);

/// What the request does. Statements are as their text says: a read if every one of them is a SELECT.
Effect effect_of(const Operation& operation, const json::Value& request);

}  // namespace stator::api
