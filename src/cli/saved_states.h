#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"

namespace stator::cli {

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
  /// Saves a snapshot that will be copied elsewhere. See engine::Engine::save_snapshot.
  virtual void save_settled(const std::string& name) = 0;
  virtual void restore(const std::string& name) = 0;
  virtual void drop(const std::string& name) = 0;
  virtual Saved list() = 0;
};

/// Opens the snapshots of the session's database: those of the server at its endpoint or on its data directory, else of
/// the directory itself, waiting for another process that holds it. `read_only`: only to list them; the directory need
/// not be writable. Throws CommandError, store::OpenError.
std::unique_ptr<SavedStates> open_states(const Session& session, bool read_only = false);
/// Deletes a snapshot. Does not open the store of a data directory: on a full disk that fails, and this frees space.
void drop_snapshot(const Session& session, const std::string& name);
/// Like `open_states`, but always for the data directory, even if the session has an endpoint.
std::unique_ptr<SavedStates> open_states_of_directory(const Session& session, bool read_only = false);

}  // namespace stator::cli
