#pragma once

#include <string_view>

#include "json/reader.h"
#include "server/access_keys.h"
#include "server/route.h"

/// Whether a caller may do what its request says.
namespace stator::server {

/// Throws AccessDeniedException in AWS's words where the key's rules do not allow the operation or one of the tables
/// that the request names. Also denied is what cannot be decided: an unknown operation, and, for keys that
/// are limited to certain tables, a request that may touch tables which it does not name (ListTables, a statement that
/// is none). `region` and `account_id` are those of the ARNs in the error.
void authorize(const AccessKey& caller, std::string_view operation, const json::Value& request, std::string_view region,
               std::string_view account_id);

/// The same for one of the server's own paths: denied to keys that are limited to certain tables, as these paths are
/// about all of them.
void authorize(const AccessKey& caller, const Route& route, std::string_view account_id);

}  // namespace stator::server
