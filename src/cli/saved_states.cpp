#include "cli/saved_states.h"

#include "cli/server_paths.h"
#include "cli/target.h"
#include "core/timestamp.h"
#include "engine/engine.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "remote/discovery.h"
#include "remote/target.h"
#include "store/checkpoint.h"
#include "store/data_directory.h"

namespace stator::cli {
namespace {

/// The snapshots of a running server, through its /_stator paths.
class ServedStates final : public SavedStates {
 public:
  ServedStates(const Session& session, std::string url) : session_(session), url_(std::move(url)) {}
  void save(const std::string& name) override { change("save", name); }
  void save_settled(const std::string& name) override { change("save", name, true); }
  void restore(const std::string& name) override { change("restore", name); }
  void drop(const std::string& name) override { change("drop", name); }
  Saved list() override { return read(ask_server(session_, url_, "/_stator/snapshots")); }

 private:
  void change(const std::string& what, const std::string& name, bool settled = false) {
    std::string body;
    json::ObjectWriter writer(body);
    writer.text("name", name);
    if (settled) writer.flag("settled", true);
    writer.end();
    read(ask_server(session_, url_, "/_stator/snapshots/" + what, "POST", body));
  }

  /// Each of these paths returns the list.
  Saved read(const http::Reply& reply) const {
    const std::string otherwise = "keeps no snapshots: it is not a stator serve";
    const std::string text = read_reply(reply, url_, "snapshots", otherwise);
    return read_members(url_, otherwise, [&] {
      json::Parser parser;
      Saved saved;
      for (const json::Value snapshot : parser.parse(text)["snapshots"].get_array()) {
        saved.emplace_back(std::string(std::string_view(snapshot["name"])),
                           std::string(std::string_view(snapshot["saved"])));
      }
      return saved;
    });
  }

  const Session session_;
  const std::string url_;
};

/// The snapshots of a directory without a server.
class DirectoryStates final : public SavedStates {
 public:
  DirectoryStates(const std::string& directory, bool read_only)
      : engine_(engine::Engine::open(options(directory, read_only))) {}
  /// Settled, as the process ends before it could do anything in the background.
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
  static engine::Options options(const std::string& directory, bool read_only) {
    engine::Options options;
    options.directory = directory;
    options.read_only = read_only;
    options.create_if_missing = false;
    options.jobs_paused = true;
    return options;
  }

  std::unique_ptr<engine::Engine> engine_;
};

void drop_unopened(const std::string& directory, const std::string& name) {
  const store::DataDirectory held(directory, store::Access::kReadWrite);
  const std::filesystem::path snapshot = engine::Snapshots(directory).find(name);
  try {
    store::delete_checkpoint(snapshot);
  } catch (const std::system_error& error) {
    throw store::StoreError("cannot remove " + snapshot.string() + ": " + error.code().message());
  }
}

}  // namespace

void drop_snapshot(const Session& session, const std::string& name) {
  if (session.production || !session.endpoint_url.empty()) return open_states(session)->drop(name);
  auto url = remote::find_running_server(session.data_directory);
  if (!url) {
    url = remote::open_or_find_server(target_options(session), [&] { drop_unopened(session.data_directory, name); });
  }
  if (url) ServedStates(session, *url).drop(name);
}

std::unique_ptr<SavedStates> open_states(const Session& session, bool read_only) {
  if (session.production) throw CommandError("stator: snapshots are for Stator's own databases, not for AWS", 2);
  if (!session.endpoint_url.empty()) return std::make_unique<ServedStates>(session, session.endpoint_url);
  return open_states_of_directory(session, read_only);
}

std::unique_ptr<SavedStates> open_states_of_directory(const Session& session, bool read_only) {
  if (const auto url = remote::find_running_server(session.data_directory))
    return std::make_unique<ServedStates>(session, *url);
  std::unique_ptr<SavedStates> states;
  const auto url = remote::open_or_find_server(
      target_options(session), [&] { states = std::make_unique<DirectoryStates>(session.data_directory, read_only); });
  if (url) return std::make_unique<ServedStates>(session, *url);
  return states;
}

}  // namespace stator::cli
