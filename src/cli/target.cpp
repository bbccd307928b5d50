#include "cli/target.h"

#include <algorithm>
#include <chrono>
#include <istream>
#include <ostream>
#include <stdexcept>

#include "cache/caching.h"
#include "cli/interrupt.h"
#include "json/writer.h"
#include "remote/target.h"
#include "toolkit/guard.h"
#include "toolkit/users_postgres.h"

namespace stator::cli {

remote::TargetOptions target_options(const Session& session) {
  remote::TargetOptions options;
  options.prod = session.prod;
  options.endpoint_url = session.endpoint_url;
  options.region = session.region;
  options.profile = session.profile;
  options.data_directory = session.data_directory;
  options.log = [err = session.err](core::LogLevel level, std::string_view line) {
    if (level != core::LogLevel::kInfo) *err << "stator: " << line << "\n" << std::flush;
  };
  return options;
}

aws::Environment aws_environment(const Session& session) { return remote::environment_of(target_options(session)); }

namespace {

toolkit::GuardOptions guard_options(const Session& session) {
  toolkit::GuardOptions options;
  options.read_only = session.read_only;
  if (session.dry_run) options.show = session.out;
  // A name given with --yes is checked outside production, too: a different name means that another table was meant.
  if (session.production || !session.yes.empty()) {
    options.confirm = [session](const std::string& what, const std::string& table) {
      confirm(session, what, "table", table);
    };
  }
  return options;
}

cache::Options cache_options(const Session& session) {
  cache::Options options;
  if (session.cache != "memory") {
    try {
      options.shared = cache::parse_redis_url(session.cache);
    } catch (const std::invalid_argument& error) {
      throw CommandError("stator: --cache takes memory or the URL of a Redis: " + std::string(error.what()), 2);
    }
  }
  for (const std::string& lifetime : session.cache_lifetimes) {
    try {
      options.lifetimes.set(lifetime);
    } catch (const std::invalid_argument& error) {
      throw CommandError("stator: --cache-ttl " + lifetime + ": " + error.what(), 2);
    }
  }
  options.log = [err = session.err](core::LogLevel level, std::string_view line) {
    if (level != core::LogLevel::kInfo) *err << "stator: " << line << "\n" << std::flush;
  };
  return options;
}

/// The target, with a cache before it if one was asked for.
std::unique_ptr<endpoint::Endpoint> open(const Session& session, const remote::TargetOptions& target) {
  if (session.cache.empty()) {
    if (session.cache_lifetimes.empty()) return remote::open_target(target);
    throw CommandError("stator: --cache-ttl is for --cache", 2);
  }
  cache::Options options = cache_options(session);
  std::unique_ptr<endpoint::Endpoint> upstream = remote::open_target(target);
  options.shared_name = upstream->describe();
  const bool is_shared = options.shared.has_value();
  auto caching = std::make_unique<cache::Caching>(std::move(upstream), std::move(options));
  // Nothing is cached before the shared level is connected; do not wait long for it.
  constexpr std::chrono::milliseconds kPatience{500};
  if (is_shared) caching->wait_for_shared_level(kPatience);
  return caching;
}

}  // namespace

std::unique_ptr<endpoint::Endpoint> open_endpoint(const Session& session, Waits waits) {
  remote::TargetOptions target = target_options(session);
  target.waits_for_user = waits == Waits::kForUser;
  return std::make_unique<toolkit::Guard>(open(session, target), guard_options(session));
}

std::unique_ptr<endpoint::Endpoint> open_to_write(const Session& session, const std::string& what,
                                                  const std::string& table, Waits waits) {
  toolkit::ask_to_write(guard_options(session), what, table);
  remote::TargetOptions target = target_options(session);
  target.waits_for_user = waits == Waits::kForUser;
  target.will_write = !target.waits_for_user && !session.read_only && !session.dry_run;
  return guard_confirmed(session, open(session, target), table);
}

std::unique_ptr<endpoint::Endpoint> guard_confirmed(const Session& session,
                                                    std::unique_ptr<endpoint::Endpoint> endpoint,
                                                    const std::string& table) {
  return std::make_unique<toolkit::Guard>(std::move(endpoint), guard_options(session), std::set<std::string>{table});
}

void ask_to_write(const Session& session, const std::string& what, const std::string& table) {
  toolkit::ask_to_write(guard_options(session), what, table);
}

namespace {

/// Whether the text is "HOST:PORT", an address that lacks http://.
bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         text.find('/') == std::string_view::npos &&
         text.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

}  // namespace

void check_directory(const std::string& directory, bool may_be_new) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  std::string hint;
  if (is_host_and_port(directory)) hint = "; an address begins with http://, as http://" + directory;
  if (directory == "prod") hint = "; a table of production is prod:TABLE";
  if (may_be_new && hint.empty()) return;
  throw CommandError("stator: there is no directory " + directory + hint, 2);
}

std::filesystem::path find_model(const Session& session, const std::string& name) {
  const std::vector<std::string> names = model::list_models(session.models_directory);
  if (names.empty()) throw CommandError("stator: no models in " + session.models_directory);
  const std::string wanted = name.empty() ? model::default_model(session.models_directory) : name;
  if (std::find(names.begin(), names.end(), wanted) == names.end()) {
    std::string list;
    for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
    throw CommandError(
        "stator: " + (name.empty() ? "which model? --model takes one of: " : "no model " + name + "; there are: ") +
            list,
        2);
  }
  return std::filesystem::path(session.models_directory) / wanted;
}

model::Model load_model(const Session& session, const std::string& name) {
  return model::load_model(find_model(session, name));
}

CommandError model_table_error(const toolkit::OperationError& error, const model::Model& model) {
  std::string text = toolkit::describe(error);
  if (error.type == core::ErrorCode::kResourceNotFound) {
    text += " (stator ddb schema-load --model " + model.directory.filename().string() + " creates table " +
            model.table_name + ")";
  }
  return CommandError(text);
}

std::unique_ptr<toolkit::UserDirectory> open_users(const Session& session, const model::Model& model) {
  toolkit::DbRequest request;
  request.production = session.production;
  request.data_directory = session.data_directory;
  request.database = model::database_name(model.directory);
  if (auto users = toolkit::users_from_postgres(request, model.directory / "sql")) return users;
  return toolkit::users_from_model(model);
}

void require_human_or_json(const Session& session) {
  if (session.output != OutputFormat::kHuman && session.output != OutputFormat::kJson)
    throw CommandError("stator: this command prints with --output human or json; the other formats are for items", 2);
}

void print_json(const Session& session, const std::string& json) { *session.out << json::pretty(json, false) << "\n"; }

void confirm(const Session& session, const std::string& what, const std::string& kind, const std::string& name) {
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  if (!session.yes.empty()) {
    if (std::find(session.yes.begin(), session.yes.end(), name) != session.yes.end()) return;
    throw CommandError("stator: nothing was done: --yes " + session.yes.front() + " is not the " + kind +
                       "'s name, which is " + quoted(name));
  }
  if (!session.in_is_terminal) {
    const bool is_word = name.find(' ') == std::string::npos;
    throw CommandError("stator: this would mean " + what + " in production: confirm it with --yes " +
                       (is_word ? name : "'" + name + "'"));
  }
  session.out->flush();
  *session.err << what << " in production, for good. Type the " << kind << "'s name (" << name
               << ") to go on: " << std::flush;
  std::string answer;
  try {
    std::getline(*session.in, answer);
  } catch (const Interrupted&) {
    throw CommandError("stator: interrupted: nothing was done", kInterruptedExit);
  }
  if (answer != name) {
    throw CommandError("stator: nothing was done: " + quoted(answer) + " is not the " + kind + "'s name, which is " +
                       quoted(name));
  }
}

}  // namespace stator::cli
