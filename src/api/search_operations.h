#pragma once

#include "api/requests/search_requests.h"
#include "engine/engine.h"

namespace stator::api {

/// Checks the search against the table's index. Throws ValidationException if the index is missing or still being
/// filled, if the vector is invalid or has the wrong length, or if a condition is on an attribute that the index lacks
/// or has the wrong type. Source of the texts: others' measurements, August 2026.
engine::VectorSearch resolve(const engine::TablePtr& table, const SearchVectors& request);

}  // namespace stator::api
