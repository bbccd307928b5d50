#include <memory>
#include <ostream>
#include <string>

#include "cli/command.h"
#include "cli/saved_states.h"
#include "cli/table.h"
#include "cli/target.h"
#include "json/object_writer.h"
#include "store/store.h"

namespace stator::cli {
namespace {

Saved saved_now(Session& session) {
  try {
    return open_states(session, true)->list();
  } catch (const store::NoStoreError&) {
    return {};
  }
}

void list(Session& session) {
  require_human_or_json(session);
  const Saved saved = saved_now(session);
  if (session.output == OutputFormat::kJson) {
    std::string text;
    json::ObjectWriter writer(text);
    json::ArrayWriter snapshots(writer.key("snapshots"));
    for (const auto& [name, when] : saved) {
      json::ObjectWriter one(snapshots.element());
      one.text("name", name);
      one.text("saved", when);
      one.end();
    }
    snapshots.end();
    writer.end();
    return print_json(session, text);
  }
  if (saved.empty()) {
    *session.err << "no snapshots\n";
    return;
  }
  Table table{"Snapshots", {"Name", "Saved"}, {}};
  for (const auto& [name, when] : saved) table.rows.push_back({name, when});
  draw(table, *session.out, session.colour);
}

using Change = void(const Session& session, const std::string& name);

void save(const Session& session, const std::string& name) { open_states(session)->save(name); }
void restore(const Session& session, const std::string& name) { open_states(session)->restore(name); }

void add_change(CLI::App& snapshot, Session& session, const std::string& word, const std::string& description,
                const std::string& done, Change* change) {
  CLI::App* const command = snapshot.add_subcommand(word, description);
  const auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Letters, digits, hyphens, underscores and dots")->required();
  command->footer("Example: stator snapshot " + word + " before-the-test");
  command->callback([name, done, change, word, &session] {
    if (session.read_only) throw CommandError("stator: --read-only refuses to " + word + " a snapshot");
    if (session.dry_run) {
      *session.out << "would " << word << " snapshot " << *name << "\n";
      return;
    }
    change(session, *name);
    if (!session.quiet) *session.err << done << " " << *name << "\n";
  });
}

}  // namespace

void add_snapshot_command(CLI::App& root, Session& session) {
  CLI::App* const snapshot = root.add_subcommand("snapshot", "Save and restore the whole database");
  snapshot->require_subcommand(1, 1);
  snapshot->footer(
      "A snapshot is all tables with all their items at one moment; saving and restoring take about as long for a "
      "large\n"
      "database as for a small one. Snapshots are in the data directory, or in the memory of a server with "
      "--in-memory.\n"
      "Example: stator snapshot save before-the-test");
  add_change(*snapshot, session, "save", "Save the database, replacing an earlier snapshot of that name", "saved",
             save);
  add_change(*snapshot, session, "restore", "Restore the database from a snapshot", "restored", restore);
  add_change(*snapshot, session, "drop", "Delete a snapshot", "dropped", drop_snapshot);
  CLI::App* const list_command = snapshot->add_subcommand("list", "List the snapshots");
  list_command->footer("Example: stator snapshot list --output json");
  list_command->callback([&session] { list(session); });
}

}  // namespace stator::cli
