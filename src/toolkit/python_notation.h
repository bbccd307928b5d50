#pragma once

#include <string>
#include <string_view>

#include "json/reader.h"

/// Items in Python notation, as print() shows those that boto3's Table resource returns.
namespace stator::toolkit {

/// One item: {'pk': 'a', 'n': Decimal('5')}. Sets are in stored order (Python's have no order).
std::string python_item(const json::Object& item);

}  // namespace stator::toolkit
