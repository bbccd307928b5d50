#pragma once

#include <vector>

#include "store/key_encoding.h"
#include "store/store.h"

namespace stator::engine {

/// The spaces of tables, indexes and other ranges (docs/format.md): assigns their numbers, never one twice, and deletes
/// the contents of dropped spaces. For one thread at a time.
class Spaces {
 public:
  explicit Spaces(store::Store& store) : store_(store) {}

  /// Reads the next free number. Throws std::runtime_error if its row is malformed.
  void load();
  /// Returns a new space. Adds the row that reserves its number to `batch`.
  [[nodiscard]] store::SpaceId take(store::Batch& batch);

  /// Adds notes to `batch` that the spaces are to be deleted. If `drop` has not run by then, the next start does it.
  static void note_dropped(const std::vector<store::SpaceId>& spaces, store::Batch& batch);
  /// The spaces that were noted but not yet deleted. Throws std::runtime_error if a row is malformed.
  [[nodiscard]] std::vector<store::SpaceId> noted_as_dropped() const;
  /// Deletes the contents of the spaces, and the notes. No running write may use them.
  void drop(const std::vector<store::SpaceId>& spaces);

  [[nodiscard]] bool is_empty(store::SpaceId space) const;

 private:
  store::Store& store_;
  store::SpaceId next_ = 1;
};

}  // namespace stator::engine
