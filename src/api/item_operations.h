#pragma once

#include <string>

#include "api/requests/item_requests.h"
#include "engine/engine.h"

/// Doing what requests on single items ask for, whoever read them. Each looks the table up, holds the request against
/// it and acts. Throws ApiError: ResourceNotFoundException, ValidationException, ConditionalCheckFailedException.
namespace stator::api {

/// A write that was done: its table (as it was resolved), its key and its outcome.
struct ItemWritten {
  engine::TablePtr table;
  engine::Key key;
  engine::WriteOutcome outcome;
};
ItemWritten run(engine::Engine& engine, const PutItem& request);
ItemWritten run(engine::Engine& engine, const DeleteItem& request);
ItemWritten run(engine::Engine& engine, const UpdateItem& request);
/// The same for those who have looked the table up already.
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

/// Appends an item, or what a projection takes of it.
void append_item(std::string_view item_json, const std::optional<expression::Projection>& projection, std::string& out);

/// Takes out of an outcome what ReturnValues asks for, as a JSON object; empty where the reply has no Attributes.
/// `paths`: what the update wrote; null for a put or a delete.
std::string returned_attributes(ReturnValues values, engine::WriteOutcome& outcome,
                                const std::vector<expression::Path>* paths);

}  // namespace stator::api
