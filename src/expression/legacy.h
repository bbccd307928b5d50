#pragma once

#include <optional>
#include <string_view>

#include "expression/expression.h"
#include "json/item.h"
#include "json/reader.h"

/// The parameters from before expressions, translated into the same programs. The shape of the JSON (types, enums,
/// required members) has been checked already; these functions apply the service's further rules (argument counts,
/// argument types, …) with its messages. `conditional_operator` is the text sent, or empty; the current rules check it
/// before the values. Source: Developer Guide, "Legacy conditional parameters".
namespace stator::expression {

Condition condition_from_expected(const json::Object& expected, std::string_view conditional_operator,
                                  const json::ValueRules& rules = json::kCurrentRules);
/// QueryFilter and ScanFilter.
Condition condition_from_filter(const json::Object& filter, std::string_view conditional_operator,
                                const json::ValueRules& rules = json::kCurrentRules);
KeyCondition key_condition_from_key_conditions(const json::Object& key_conditions);
Update update_from_attribute_updates(const json::Object& attribute_updates,
                                     const json::ValueRules& rules = json::kCurrentRules);
/// AttributesToGet: top-level names only (dots and brackets are part of the name). Throws if one is repeated.
Projection projection_from_attributes_to_get(const json::Array& attributes);

}  // namespace stator::expression
