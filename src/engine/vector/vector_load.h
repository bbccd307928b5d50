#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/jobs.h"
#include "engine/state.h"
#include "engine/stripes.h"
#include "engine/vector/vector_range.h"
#include "store/store.h"

namespace stator::engine {

class VectorRanges;

/// The index that `range` belongs to; null if the index or the range is gone.
const Index* index_of(const Table* table, const VectorRange& range);

/// Loads the vectors of a range, then keeps them up to date with changes, as long as the index and the range exist.
class VectorLoad final : public Job {
 public:
  VectorLoad(store::Store& store, Stripes& stripes, VectorRanges& ranges, std::shared_ptr<TableState> state,
             std::shared_ptr<VectorRange> range);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  enum class Phase : std::uint8_t { kBegin, kRead, kCatchUp, kKeepUp };
  JobStep step_of_phase(const TablePtr& table, const Index& index);
  JobStep read_entries();
  JobStep apply_changes(const TablePtr& table, const Index& index);
  /// Reserves the memory that the range takes now; false if there is no room for it.
  [[nodiscard]] bool reserve_memory();
  /// The same; also begins to reload the range if too many of its slots are obsolete.
  [[nodiscard]] bool reserve_and_reload_if_worn(const TablePtr& table, const Index& index);
  JobStep give_up();

  store::Store& store_;
  Stripes& stripes_;
  VectorRanges& ranges_;
  const std::shared_ptr<TableState> state_;
  const std::shared_ptr<VectorRange> range_;
  Phase phase_ = Phase::kBegin;
  std::string after_;  // the key of the last entry read
  JobProgress progress_;
};

}  // namespace stator::engine
