#pragma once

#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::simulate {

/// Whether a BatchGetItem or BatchWriteItem is one that the service takes: parts of a faulty one may be faultless.
/// `object` is the request's body. Asks `upstream` to describe the tables, for their keys; where it refuses to, only
/// what can be seen without them is checked.
bool is_faultless_batch(endpoint::Endpoint& upstream, const endpoint::Request& request, const json::Object& object);

}  // namespace stator::simulate
