#pragma once

#include <functional>
#include <string_view>

#include "json/reader.h"

/// What a request touches, for those who decide who may do what.
namespace stator::api {

/// Calls `visit` with the name of each table that the request names, by name or by ARN, wherever it stands. Where names
/// stand is known from the shapes; the request need not have been checked against its shape.
void for_each_table(std::string_view operation, const json::Value& request,
                    const std::function<void(std::string_view table)>& visit);

}  // namespace stator::api
