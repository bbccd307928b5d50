#pragma once

#include "api/requests/search_requests.h"
#include "engine/engine.h"

namespace stator::api {

/// The search held against the table's index. Throws ValidationException, in the service's words as others measured
/// them in August 2026: an index that is not there or still filled, a vector that is none or of another length,
/// conditions on attributes that the index does not have or in another type than they are defined.
engine::VectorSearch resolve(const engine::TablePtr& table, const SearchVectors& request);

}  // namespace stator::api
