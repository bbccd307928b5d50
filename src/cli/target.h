#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "endpoint/endpoint.h"
#include "model/model.h"
#include "toolkit/users.h"

/// What a command works on, out of the session's options.
namespace stator::cli {

/// The database. Throws one line for the user.
std::unique_ptr<endpoint::Endpoint> open_endpoint(const Session& session);

/// The model of that name; without a name the only one there is, or cruddur-messages among several. Throws CommandError
/// and model::ModelError.
model::Model load_model(const Session& session, const std::string& name);

/// PostgreSQL where a connection is configured or the private cluster runs, else the model's users.
std::unique_ptr<toolkit::UserDirectory> open_users(const Session& session, const model::Model& model);

/// Prints JSON with two spaces a level.
void print_json(const Session& session, const std::string& json);

/// In production: has the user type `name` before something is lost, or wants `yes`. Throws CommandError where the
/// answer is no or nobody can be asked. Elsewhere it returns at once.
void confirm_in_production(const Session& session, const std::string& what, const std::string& name, bool yes);

}  // namespace stator::cli
