#pragma once

#include <string_view>

namespace stator::expression {

/// Whether an expression may not use this word, in any case, as an attribute name. Source: Developer Guide, "Reserved
/// words in DynamoDB" (573 words).
bool is_reserved_word(std::string_view name);

}  // namespace stator::expression
