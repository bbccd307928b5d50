#include "cli/table_creation.h"

#include <ostream>

#include "cli/interrupt.h"
#include "cli/target.h"
#include "toolkit/call.h"

namespace stator::cli {
namespace {

/// Reports where an existing table differs from the wanted one.
void print_differences(Session& session, endpoint::Endpoint& endpoint, const toolkit::WantedTable& wanted,
                       const std::string& differs) {
  toolkit::TablePlan plan;
  try {
    plan = toolkit::plan_table(endpoint, wanted);
  } catch (const toolkit::OperationError&) {
    return;  // a caller who may create tables may lack the right to read all their settings
  }
  if (plan.empty()) return;
  *session.err << differs << "\n";
  tell_plan(session, plan);
}

}  // namespace

void tell_plan(Session& session, const toolkit::TablePlan& plan) {
  for (const std::string& line : plan.impossible) *session.err << "! " << line << "\n";
  for (const toolkit::TableChange& change : plan.changes) *session.err << change.text << "\n";
}

CreatedTable create_table(Session& session, const toolkit::WantedTable& wanted, bool if_not_exists,
                          const std::string& differs) {
  const auto endpoint = open_to_write(session, "creating table " + wanted.name, wanted.name);
  const CreatedTable table{
      wait_for_database(
          "the creation of table " + wanted.name + " goes on in the database",
          [&] { return toolkit::create_table(*endpoint, wanted.name, wanted.create_request, Interrupt::sleep); }),
      endpoint->describe()};
  if (!table.created) {
    const std::string text = "table " + wanted.name + " exists already (" + table.place + ")";
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
