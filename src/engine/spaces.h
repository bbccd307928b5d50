#pragma once

#include <vector>

#include "store/key_encoding.h"
#include "store/store.h"

namespace stator::engine {

/// The spaces of tables, indexes and other ranges (docs/format.md): gives out their numbers, none of them twice, and
/// deletes what is in those that are not needed any more. For one thread at a time.
class Spaces {
 public:
  explicit Spaces(store::Store& store) : store_(store) {}

  /// Reads which numbers are taken. Throws std::runtime_error where the row makes no sense.
  void load();
  /// A new space; `batch` gets the row by which its number is taken.
  [[nodiscard]] store::SpaceId take(store::Batch& batch);

  /// Puts into `batch` that the spaces are to be deleted, which a restart does if nobody has done it until then.
  static void note_dropped(const std::vector<store::SpaceId>& spaces, store::Batch& batch);
  /// Those that were noted and are still there. Throws std::runtime_error where a row makes no sense.
  [[nodiscard]] std::vector<store::SpaceId> noted_as_dropped() const;
  /// Deletes all that is in the spaces, and the notes. No write that knows them may be running.
  void drop(const std::vector<store::SpaceId>& spaces);

  [[nodiscard]] bool is_empty(store::SpaceId space) const;

 private:
  store::Store& store_;
  store::SpaceId next_ = 1;
};

}  // namespace stator::engine
