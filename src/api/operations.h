#pragma once

#include "api/call.h"

/// The operations that are built; each appends its reply. `call` (api.h) finds them by name.
namespace stator::api {

// table_operations.cpp
void create_table(Call& call);
void describe_table(Call& call);
void list_tables(Call& call);
void delete_table(Call& call);

// update_table.cpp
void update_table(Call& call);

// item_operations.cpp
void put_item(Call& call);
void get_item(Call& call);
void update_item(Call& call);
void delete_item(Call& call);

// page_operations.cpp
void query(Call& call);
void scan(Call& call);

// batch_operations.cpp
void batch_get_item(Call& call);
void batch_write_item(Call& call);

// transaction_operations.cpp
void transact_get_items(Call& call);
void transact_write_items(Call& call);

// account_operations.cpp
void tag_resource(Call& call);
void untag_resource(Call& call);
void list_tags_of_resource(Call& call);
void describe_time_to_live(Call& call);
void update_time_to_live(Call& call);
void describe_limits(Call& call);
void describe_endpoints(Call& call);

}  // namespace stator::api
