#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/members.h"
#include "engine/import/record_reader.h"

/// What the operations that read a bucket (ImportTable, StartBulkPutItems) and list what they did have in common.
namespace stator::api {

/// The member `InputCompressionType`; none where it is absent.
engine::Compression read_compression(const Members& members);

/// The NextToken after what has this ID: hexadecimal digits, as in the service, of the ID's first `bytes` bytes, filled
/// up with zeros.
std::string page_token(std::string_view id, std::size_t bytes);

}  // namespace stator::api
