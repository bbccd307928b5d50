#pragma once

#include <string_view>

#include "json/reader.h"
#include "server/access_keys.h"
#include "server/route.h"

/// Whether a caller may make its request.
namespace stator::server {

/// Throws AccessDeniedException in AWS's words if the key's rules do not allow the operation or a table that the
/// request names. Undecidable requests are denied too: unknown operations and, for keys limited to certain tables,
/// requests that may touch tables which they do not name (ListTables, an invalid statement). `region` and `account_id`
/// are those of the ARNs in the error.
void authorize(const AccessKey& caller, std::string_view operation, const json::Value& request, std::string_view region,
               std::string_view account_id);

/// The same for one of the server's own paths. Denied to keys that are limited to certain tables, as these paths
/// concern all tables.
void authorize(const AccessKey& caller, const Route& route, std::string_view account_id);

}  // namespace stator::server
