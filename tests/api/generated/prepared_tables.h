#pragma once

#include <memory>

#include "endpoint/embedded.h"

namespace stator::api::generated {

/// An engine in memory with what the rows of requests.json speak of: the table `probe` (pk and sk texts, the local
/// index byL, the global index byG, a tag, a time-to-live attribute) with a few items that have attributes of every
/// type.
std::unique_ptr<endpoint::Embedded> prepared_tables();

/// Puts those items again, as they were: much cheaper than new tables. Items of other keys stay.
void put_prepared_items(endpoint::Embedded& endpoint);

}  // namespace stator::api::generated
