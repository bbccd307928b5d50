#include "cli/saved_states.h"

#include "cli/server_paths.h"
#include "core/api_error.h"
#include "core/timestamp.h"
#include "engine/engine.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "remote/discovery.h"

namespace stator::cli {
namespace {

/// The snapshots of a running server, through its own paths.
class ServedStates final : public SavedStates {
 public:
  explicit ServedStates(std::string url) : url_(std::move(url)) {}
  void save(const std::string& name) override { change("save", name); }
  void save_settled(const std::string& name) override { change("save", name, true); }
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
  void change(const std::string& what, const std::string& name, bool settled = false) {
    std::string body;
    json::ObjectWriter writer(body);
    writer.text("name", name);
    if (settled) writer.flag("settled", true);
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
        throw CommandError("stator: " + std::string(text) + (reply.status >= 500 ? "; the server's log says why" : ""));
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
  /// The process ends before anything could be done in its background.
  void save(const std::string& name) override { save_settled(name); }
  void save_settled(const std::string& name) override { engine_->save_snapshot(name, store::CheckpointKind::kSettled); }
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

}  // namespace

std::unique_ptr<SavedStates> open_states(const Session& session) {
  if (session.production) throw CommandError("stator: snapshots are for Stator's own databases, not for AWS", 2);
  if (!session.endpoint_url.empty()) return std::make_unique<ServedStates>(session.endpoint_url);
  return open_states_of_directory(session);
}

std::unique_ptr<SavedStates> open_states_of_directory(const Session& session) {
  if (const auto url = remote::find_running_server(session.data_directory)) return std::make_unique<ServedStates>(*url);
  return std::make_unique<DirectoryStates>(session.data_directory);
}

}  // namespace stator::cli
