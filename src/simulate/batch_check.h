#pragma once

#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::simulate {

/// Whether the service would accept a BatchGetItem or BatchWriteItem; parts of an invalid batch may be valid alone.
/// `object` is the request's body. Asks `upstream` to describe the tables, to learn their keys; if it refuses, makes
/// only the checks that do not need them.
bool is_faultless_batch(endpoint::Endpoint& upstream, const endpoint::Request& request, const json::Object& object);

}  // namespace stator::simulate
