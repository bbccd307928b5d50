#pragma once

#include <string>

#include "api/requests/item_requests.h"
#include "engine/engine.h"

/// Runs typed requests on single items. Each function looks up the table, checks the request against it and calls the
/// engine. Throws ApiError: ResourceNotFoundException, ValidationException, ConditionalCheckFailedException.
namespace stator::api {

/// The result of a write: the version of the table that was used, the key and the outcome.
struct ItemWritten {
  engine::TablePtr table;
  engine::Key key;
  engine::WriteOutcome outcome;
};
ItemWritten run(engine::Engine& engine, const PutItem& request);
ItemWritten run(engine::Engine& engine, const DeleteItem& request);
ItemWritten run(engine::Engine& engine, const UpdateItem& request);
/// The same for a table that was already looked up.
ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const PutItem& request);
ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const DeleteItem& request);
ItemWritten run(engine::Engine& engine, const engine::TablePtr& table, const UpdateItem& request);

struct ItemRead {
  engine::TablePtr table;
  bool found = false;
  std::size_t size_bytes = 0;  // of the whole item
  engine::Capacity capacity;
};
/// Reads the whole item into `json`; the projection is for `append_item`.
ItemRead run(const engine::Engine& engine, const GetItem& request, std::string& json);
ItemRead run(const engine::Engine& engine, const engine::TablePtr& table, const GetItem& request, std::string& json);

/// Appends an item, or the projected part of it.
void append_item(std::string_view item_json, const std::optional<expression::Projection>& projection, std::string& out);

/// The attributes of an outcome that ReturnValues selects, as a JSON object; empty if the reply has no Attributes.
/// `paths`: the paths that the update wrote; null for a put or a delete.
std::string returned_attributes(ReturnValues values, engine::WriteOutcome& outcome,
                                const std::vector<expression::Path>* paths);

}  // namespace stator::api
