#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/jobs.h"
#include "engine/state.h"
#include "engine/vector/effort.h"
#include "engine/vector/vector_range.h"

namespace stator::engine {

class VectorRanges;

/// Builds the graph of a range whose vectors are loaded, then adds new vectors, as long as the index and the range
/// exist.
class GraphBuild final : public Job {
 public:
  GraphBuild(VectorRanges& ranges, std::shared_ptr<TableState> state, std::shared_ptr<VectorRange> range);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  enum class Phase : std::uint8_t { kBegin, kBuild, kMeasure, kExtend };
  JobStep step_of_phase(const Table& table, const Index& index);
  JobStep build();
  JobStep measure(const Table& table, const Index& index);
  JobStep extend();
  void log_result(const Table& table, const Index& index) const;

  VectorRanges& ranges_;
  const std::shared_ptr<TableState> state_;
  const std::shared_ptr<VectorRange> range_;
  Phase phase_ = Phase::kBegin;
  std::optional<EffortSearch> effort_;
  JobProgress progress_;
};

}  // namespace stator::engine
