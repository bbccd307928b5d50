#pragma once

#include "api/call.h"

namespace stator::api {

/// The table that a restore is to create: that of the backup, under the target's name, with the request's overrides.
/// Streams, time to live, tags, table class and deletion protection are not restored. Throws ValidationException.
/// Source of the rules and their words: the AWS controller for Kubernetes' measurements, October 2026.
engine::Table read_restored_table(Call& call, const engine::Table& source);

/// Throws where a restore from another region lacks SSESpecificationOverride.
void check_restore_region(Call& call, std::string_view region);

/// Throws TableAlreadyExistsException, and TableInUseException where the target is being restored itself.
void check_restore_target(Call& call);

}  // namespace stator::api
