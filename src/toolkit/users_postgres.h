#pragma once

#include <filesystem>
#include <memory>

#include "toolkit/db_target.h"
#include "toolkit/users.h"

namespace stator::toolkit {

/// The users of PostgreSQL, found by the queries of `sql_directory` (models/NAME/sql): user-by-handle and users. Null
/// where PostgreSQL is not to be asked: no connection is configured, and the private cluster does not run or has no
/// table of users (then the model's own users serve). Cheap where it is null. Throws std::runtime_error
/// (postgres::Error), one line, where a configured server cannot be asked.
std::unique_ptr<UserDirectory> users_from_postgres(const DbRequest& request,
                                                   const std::filesystem::path& sql_directory);

}  // namespace stator::toolkit
