#pragma once

#include <filesystem>
#include <memory>

#include "toolkit/db_target.h"
#include "toolkit/users.h"

namespace stator::toolkit {

/// The users of PostgreSQL, found by the queries of `sql_directory` (models/NAME/sql): user-by-handle and users.
/// Returns null if no connection is configured and the private cluster is not running, has no table of users, or may
/// not be used (production); the model's own users then serve. Cheap in that case. Throws std::runtime_error
/// (postgres::Error), one line, if a configured server cannot be queried.
std::unique_ptr<UserDirectory> users_from_postgres(const DbRequest& request,
                                                   const std::filesystem::path& sql_directory);

}  // namespace stator::toolkit
