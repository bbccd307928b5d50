#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "aws/config.h"
#include "cli/command.h"
#include "model/model.h"
#include "remote/target.h"
#include "toolkit/call.h"
#include "toolkit/users.h"

/// The endpoints, models and users that a command works on, by the session's options.
namespace stator::cli {

/// The session's options for remote::open_target.
remote::TargetOptions target_options(const Session& session);

/// The process's environment as AWS tools read it, with the session's --region and --profile.
aws::Environment aws_environment(const Session& session);

/// Whether a command waits for the user between its calls (at a prompt, for an editor). If so, others may use the data
/// directory meanwhile.
enum class Waits : std::uint8_t { kNever, kForUser };

/// Opens the database behind the guard that asks before production is written to. Throws errors with one line.
std::unique_ptr<endpoint::Endpoint> open_endpoint(const Session& session, Waits waits = Waits::kNever);
/// The same for a command that will write to `table`: asks first, naming `what` it does ("deleting table shop").
std::unique_ptr<endpoint::Endpoint> open_to_write(const Session& session, const std::string& what,
                                                  const std::string& table, Waits waits = Waits::kNever);

/// The two steps of open_to_write, for an endpoint that a command opens itself.
void ask_to_write(const Session& session, const std::string& what, const std::string& table);
std::unique_ptr<endpoint::Endpoint> guard_confirmed(const Session& session,
                                                    std::unique_ptr<endpoint::Endpoint> endpoint,
                                                    const std::string& table);

/// Throws CommandError (2) if the word does not name a data directory. With `may_be_new` the directory may be missing,
/// unless its name must mean something else: "prod", or an address without http://.
void check_directory(const std::string& directory, bool may_be_new);

/// The folder of the model with that name, or of the default one (model::default_model). Throws a CommandError that
/// names the existing models.
std::filesystem::path find_model(const Session& session, const std::string& name);
/// Finds and reads the model. Throws CommandError and model::ModelError.
model::Model load_model(const Session& session, const std::string& name);

/// The error of a request on the model's table; if the table is missing, with the command that creates it.
CommandError model_table_error(const toolkit::OperationError& error, const model::Model& model);

/// The users in PostgreSQL if a connection is configured or the private cluster is running, else those of the model.
std::unique_ptr<toolkit::UserDirectory> open_users(const Session& session, const model::Model& model);

/// Throws CommandError for --output formats that are only for lists of items.
void require_human_or_json(const Session& session);

/// Prints JSON, indented by two spaces a level.
void print_json(const Session& session, const std::string& json);

/// Called before `what` is done in production: asks the user to type `name`, the name of a `kind` ("table",
/// "database"), unless --yes names it. Throws CommandError if the answer differs, or if there is no terminal to ask on.
void confirm(const Session& session, const std::string& what, const std::string& kind, const std::string& name);

}  // namespace stator::cli
