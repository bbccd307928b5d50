#include "cli/target.h"

#include <algorithm>
#include <istream>
#include <ostream>

#include "json/writer.h"
#include "remote/target.h"
#include "toolkit/users_postgres.h"

namespace stator::cli {
namespace {

constexpr const char* kDefaultModel = "cruddur-messages";

}  // namespace

std::unique_ptr<endpoint::Endpoint> open_endpoint(const Session& session) {
  remote::TargetOptions options;
  options.prod = session.prod;
  options.endpoint_url = session.endpoint_url;
  options.data_directory = session.data_directory;
  options.log = [err = session.err](core::LogLevel level, std::string_view line) {
    if (level != core::LogLevel::kInfo) *err << "stator: " << line << std::endl;
  };
  return remote::open_target(options);
}

model::Model load_model(const Session& session, const std::string& name) {
  if (session.models_directory.empty())
    throw CommandError("stator: no models found; say where with --models or STATOR_MODELS");
  const std::vector<std::string> names = model::list_models(session.models_directory);
  if (names.empty()) throw CommandError("stator: no models in " + session.models_directory);
  std::string wanted = name;
  if (wanted.empty()) wanted = names.size() == 1 ? names.front() : kDefaultModel;
  if (std::find(names.begin(), names.end(), wanted) == names.end()) {
    std::string list;
    for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
    throw CommandError(
        "stator: " + (name.empty() ? "which model? --model takes one of: " : "no model " + name + "; there are: ") +
        list);
  }
  return model::load_model(std::filesystem::path(session.models_directory) / wanted);
}

std::unique_ptr<toolkit::UserDirectory> open_users(const Session& session, const model::Model& model) {
  toolkit::DbRequest request;
  request.production = session.prod;
  request.data_directory = session.data_directory;
  if (auto users = toolkit::users_from_postgres(request, model.directory / "sql")) return users;
  return toolkit::users_from_model(model);
}

void print_json(const Session& session, const std::string& json) { *session.out << json::pretty(json, false) << "\n"; }

void confirm_in_production(const Session& session, const std::string& what, const std::string& name, bool yes) {
  if (!session.prod || yes) return;
  if (!session.in_is_terminal)
    throw CommandError("stator: " + what + " in production needs --yes where nobody can be asked");
  session.out->flush();
  *session.err << what << " in production, for good. Type its name to go on: " << std::flush;
  std::string answer;
  std::getline(*session.in, answer);
  if (answer != name) throw CommandError("stator: nothing was done");
}

}  // namespace stator::cli
