#include "cli/table_creation.h"

#include <ostream>

#include "cli/interrupt.h"
#include "cli/target.h"
#include "cli/word_text.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"

namespace stator::cli {
namespace {

/// Prints how an existing table differs from the wanted one.
void print_differences(Session& session, endpoint::Endpoint& endpoint, const toolkit::WantedTable& wanted,
                       const std::string& differs) {
  toolkit::TablePlan plan;
  try {
    plan = toolkit::plan_table(endpoint, wanted);
  } catch (const toolkit::OperationError&) {
    return;  // a caller who may create tables may not be allowed to read all their settings
  }
  if (plan.empty()) return;
  *session.err << differs << "\n";
  tell_plan(session, plan);
}

/// Whether the table exists. Needed in a dry run, which sends no CreateTable that would fail.
bool is_there(endpoint::Endpoint& endpoint, const std::string& table) {
  try {
    toolkit::call(endpoint, "DescribeTable", toolkit::RequestBuilder().text("TableName", table).str());
    return true;
  } catch (const toolkit::OperationError& error) {
    if (error.type != core::ErrorCode::kResourceNotFound) throw;
    return false;
  }
}

/// The message after Ctrl-C: what the database still does, and what is left to the user.
std::string goes_on(const toolkit::WantedTable& wanted) {
  std::string text = "the creation of table " + wanted.name + " goes on in the database";
  if (wanted.time_to_live_attribute.empty()) return text;
  return text + ", which then lacks its time to live: stator api UpdateTimeToLive " +
         quoted_for_shell(toolkit::time_to_live_request(wanted.name, wanted.time_to_live_attribute, true)) +
         " sets it once it is active";
}

}  // namespace

void tell_plan(Session& session, const toolkit::TablePlan& plan) {
  for (const std::string& line : plan.impossible) *session.err << "! " << line << "\n";
  for (const toolkit::TableChange& change : plan.changes) *session.err << change.text << "\n";
}

CreatedTable create_table(Session& session, const toolkit::WantedTable& wanted, bool if_not_exists,
                          const std::string& differs) {
  const auto endpoint = open_to_write(session, "creating table " + wanted.name, wanted.name);
  CreatedTable table{{}, endpoint->describe()};
  if (session.dry_run && is_there(*endpoint, wanted.name)) {
    table.description_json = toolkit::describe_table(*endpoint, wanted.name).description_json;
  } else {
    static_cast<toolkit::CreatedTable&>(table) = wait_for_database(goes_on(wanted), [&] {
      return toolkit::create_table(*endpoint, wanted.name, wanted.create_request, Interrupt::sleep);
    });
  }
  if (!table.created) {
    const std::string text = "table " + wanted.name + " already exists (" + table.place + ")";
    if (!if_not_exists) throw CommandError(text);
    *session.err << text << "\n";
    print_differences(session, *endpoint, wanted, differs);
  } else if (!wanted.time_to_live_attribute.empty()) {
    try {
      toolkit::call(*endpoint, "UpdateTimeToLive",
                    toolkit::time_to_live_request(wanted.name, wanted.time_to_live_attribute, true));
    } catch (const toolkit::OperationError& error) {
      throw CommandError("stator: table " + wanted.name +
                         " was created, but its time to live was not set: " + toolkit::describe(error));
    }
  }
  return table;
}

}  // namespace stator::cli
