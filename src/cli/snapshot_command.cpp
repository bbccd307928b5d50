#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/server_paths.h"
#include "cli/table.h"
#include "cli/target.h"
#include "core/api_error.h"
#include "core/timestamp.h"
#include "engine/engine.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "remote/discovery.h"

namespace stator::cli {
namespace {

/// Pairs of a snapshot's name and the time when it was saved, as text.
using Saved = std::vector<std::pair<std::string, std::string>>;

/// The snapshots of a database.
class SavedStates {
 public:
  SavedStates() = default;
  virtual ~SavedStates() = default;
  SavedStates(const SavedStates&) = delete;
  SavedStates& operator=(const SavedStates&) = delete;
  virtual void save(const std::string& name) = 0;
  virtual void restore(const std::string& name) = 0;
  virtual void drop(const std::string& name) = 0;
  virtual Saved list() = 0;
};

/// The snapshots of a running server, through its own paths.
class ServedStates final : public SavedStates {
 public:
  explicit ServedStates(std::string url) : url_(std::move(url)) {}
  void save(const std::string& name) override { change("save", name); }
  void restore(const std::string& name) override { change("restore", name); }
  void drop(const std::string& name) override { change("drop", name); }
  Saved list() override {
    const std::string reply = send("GET", "/_stator/snapshots", "");
    json::Parser parser;
    Saved saved;
    json::Object object;
    json::Value member;
    json::Array snapshots;
    if (parser.parse(reply).get(object) != simdjson::SUCCESS || !json::find_member(object, "snapshots", member) ||
        member.get(snapshots) != simdjson::SUCCESS) {
      throw CommandError("stator: " + url_ + " answers with something else than a list of snapshots");
    }
    for (const json::Value snapshot : snapshots) {
      saved.emplace_back(std::string(std::string_view(snapshot["name"])),
                         std::string(std::string_view(snapshot["saved"])));
    }
    return saved;
  }

 private:
  void change(const std::string& what, const std::string& name) {
    std::string body;
    json::ObjectWriter writer(body);
    writer.text("name", name);
    writer.end();
    send("POST", "/_stator/snapshots/" + what, body);
  }
  std::string send(const std::string& method, const std::string& path, const std::string& body) {
    const http::Reply reply = ask_server(url_, path, method, body);
    if (reply.status == 200) return reply.body;
    if (reply.status == 404) throw CommandError("stator: " + url_ + " keeps no snapshots: it is no stator serve");
    json::Parser parser;
    json::Value message;
    std::string_view text;
    try {
      json::Object object;
      if (parser.parse(reply.body).get(object) == simdjson::SUCCESS && json::find_member(object, "message", message) &&
          message.get(text) == simdjson::SUCCESS) {
        throw CommandError("stator: " + std::string(text));
      }
    } catch (const core::ApiError&) {
      // not JSON: reported below
    }
    throw CommandError("stator: " + url_ + " answers with status " + std::to_string(reply.status));
  }

  const std::string url_;
};

/// The snapshots of a directory without a server.
class DirectoryStates final : public SavedStates {
 public:
  explicit DirectoryStates(const std::string& directory) : engine_(engine::Engine::open(options(directory))) {}
  void save(const std::string& name) override { engine_->save_snapshot(name); }
  void restore(const std::string& name) override { engine_->restore_snapshot(name); }
  void drop(const std::string& name) override { engine_->drop_snapshot(name); }
  Saved list() override {
    Saved saved;
    for (const engine::SnapshotInfo& snapshot : engine_->snapshots().list()) {
      saved.emplace_back(snapshot.name, core::sortable({snapshot.saved_ms * 1000, 0}));
    }
    return saved;
  }

 private:
  static engine::Options options(const std::string& directory) {
    engine::Options options;
    options.directory = directory;
    options.create_if_missing = false;
    options.jobs_paused = true;
    return options;
  }

  std::unique_ptr<engine::Engine> engine_;
};

std::unique_ptr<SavedStates> open_states(const Session& session) {
  if (session.production) throw CommandError("stator: snapshots are for Stator's own databases, not for AWS", 2);
  if (!session.endpoint_url.empty()) return std::make_unique<ServedStates>(session.endpoint_url);
  if (const auto url = remote::find_running_server(session.data_directory)) return std::make_unique<ServedStates>(*url);
  return std::make_unique<DirectoryStates>(session.data_directory);
}

void list(Session& session) {
  require_human_or_json(session);
  const Saved saved = open_states(session)->list();
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

using Change = void (SavedStates::*)(const std::string& name);

void add_change(CLI::App& snapshot, Session& session, const std::string& word, const std::string& description,
                const std::string& done, Change change) {
  CLI::App* const command = snapshot.add_subcommand(word, description);
  const auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Letters, digits, hyphens, underscores and points")->required();
  command->footer("Example: stator snapshot " + word + " before-the-test");
  command->callback([name, done, change, word, &session] {
    if (session.read_only) throw CommandError("stator: --read-only refuses to " + word + " a snapshot");
    if (session.dry_run) {
      *session.out << "would " << word << " snapshot " << *name << "\n";
      return;
    }
    ((*open_states(session)).*change)(*name);
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
      "database as for a small one. Snapshots lie in the data directory, or in the memory of a server with "
      "--in-memory.\n"
      "Example: stator snapshot save before-the-test");
  add_change(*snapshot, session, "save", "Save the database, in the place of an earlier snapshot of that name", "saved",
             &SavedStates::save);
  add_change(*snapshot, session, "restore", "Make the database what a snapshot holds", "restored",
             &SavedStates::restore);
  add_change(*snapshot, session, "drop", "Forget a snapshot", "dropped", &SavedStates::drop);
  CLI::App* const list_command = snapshot->add_subcommand("list", "List the snapshots");
  list_command->footer("Example: stator snapshot list --output json");
  list_command->callback([&session] { list(session); });
}

}  // namespace stator::cli
