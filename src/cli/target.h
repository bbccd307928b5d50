#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
#include "model/model.h"
#include "remote/target.h"
#include "toolkit/users.h"

/// What a command works on, out of the session's options.
namespace stator::cli {

/// Where the session's options lead.
remote::TargetOptions target_options(const Session& session);

/// The database, behind the guard that asks before production is written to. Throws one line for the user.
std::unique_ptr<endpoint::Endpoint> open_endpoint(const Session& session);
/// The same for a command that will write to `table`: asks first, with the command's words ("deleting table shop").
std::unique_ptr<endpoint::Endpoint> open_to_write(const Session& session, const std::string& what,
                                                  const std::string& table);

/// The two halves of that, for an endpoint that a command opens itself.
void ask_to_write(const Session& session, const std::string& what, const std::string& table);
std::unique_ptr<endpoint::Endpoint> guard_confirmed(const Session& session,
                                                    std::unique_ptr<endpoint::Endpoint> endpoint,
                                                    const std::string& table);

/// The folder of the model of that name; without a name of the default one (model::default_model). Throws CommandError
/// naming the models there are.
std::filesystem::path find_model(const Session& session, const std::string& name);
/// The same model, read. Throws CommandError and model::ModelError.
model::Model load_model(const Session& session, const std::string& name);

/// PostgreSQL where a connection is configured or the private cluster runs, else the model's users.
std::unique_ptr<toolkit::UserDirectory> open_users(const Session& session, const model::Model& model);

/// Refuses --output formats that are for lists of items.
void require_human_or_json(const Session& session);

/// Prints JSON with two spaces a level.
void print_json(const Session& session, const std::string& json);

/// Has the user type `name`, the `kind` of which is "table" or "database", before `what` is done in production; or
/// takes
/// --yes NAME for the answer. Throws CommandError where the answer is no, or where nobody can be asked.
void confirm(const Session& session, const std::string& what, const std::string& kind, const std::string& name);

}  // namespace stator::cli
