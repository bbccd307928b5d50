#pragma once

#include <string>
#include <string_view>

#include "json/reader.h"

/// Items as Python's print() shows what boto3's Table resource returns, which is what the journal's scan prints.
namespace stator::toolkit {

/// One item: {'pk': 'a', 'n': Decimal('5')}. Sets are in stored order (Python's have none).
std::string python_item(const json::Object& item);

}  // namespace stator::toolkit
