#pragma once

#include "api/call.h"

namespace stator::api {

/// The table that a restore is to create: `source` with the target's name and the request's overrides. Streams, time to
/// live, tags, table class and deletion protection are not restored. Throws ValidationException. Source of the rules
/// and texts: the AWS controller for Kubernetes' measurements, October 2026.
engine::Table read_restored_table(Call& call, const engine::Table& source);

/// Throws ValidationException if a restore from another region has no SSESpecificationOverride.
void check_restore_region(Call& call, std::string_view region);

/// Throws TableAlreadyExistsException if the target exists, TableInUseException if it is being restored.
void check_restore_target(Call& call);

}  // namespace stator::api
