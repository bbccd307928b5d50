#include "engine/vector/graph_build.h"

#include <cstdio>

#include "engine/vector/vector_load.h"
#include "engine/vector/vector_ranges.h"
#include "engine/vector/work_time.h"

namespace stator::engine {
namespace {

constexpr std::chrono::milliseconds kPause{500};
/// Up to so many new vectors stay outside of the graph, and searches compare each of them; more are added to it.
constexpr std::size_t kFewVectors = 1000;
constexpr std::size_t kFewVectorsShare = 64;

}  // namespace

GraphBuild::GraphBuild(VectorRanges& ranges, std::shared_ptr<TableState> state, std::shared_ptr<VectorRange> range)
    : ranges_(ranges), state_(std::move(state)), range_(std::move(range)) {}

JobStep GraphBuild::step() {
  const TablePtr table = state_->newest(nullptr);
  const Index* const index = index_of(table.get(), *range_);
  if (index == nullptr) return JobStep::end();
  try {
    return step_of_phase(*table, *index);
  } catch (const std::exception& error) {
    core::log(ranges_.log(), core::LogLevel::kError,
              "table " + table->name + ", index " + index->name +
                  ": the graph of its vectors is given up, and searches look at all: " + error.what());
    range_->drop_graph();
    return JobStep::end();
  }
}

JobStep GraphBuild::step_of_phase(const Table& table, const Index& index) {
  switch (phase_) {
    case Phase::kBegin:
      range_->begin_graph();
      if (!ranges_.reserve(*range_, range_->block().size_bytes() + range_->graph_to_build().size_bytes())) {
        range_->drop_graph();
        return JobStep::end();
      }
      phase_ = Phase::kBuild;
      return JobStep::more();
    case Phase::kBuild:
      return build();
    case Phase::kMeasure:
      return measure(table, index);
    case Phase::kExtend:
      break;
  }
  return extend();
}

JobStep GraphBuild::build() {
  VectorGraph& graph = range_->graph_to_build();
  const VectorBlock& block = range_->block();
  for (const WorkTime time; !time.is_over() && graph.slots() < block.slots();) {
    graph.add();
    ++progress_.items_read;
  }
  progress_.fraction = static_cast<double>(graph.slots()) / static_cast<double>(block.slots());
  if (graph.slots() < block.slots()) return JobStep::more();
  effort_.emplace(block, graph, range_->queries());
  phase_ = Phase::kMeasure;
  return JobStep::more();
}

JobStep GraphBuild::measure(const Table& table, const Index& index) {
  if (!effort_->step()) return JobStep::more();
  log_result(table, index);
  if (!effort_->effort()) {
    range_->drop_graph();
    return JobStep::end();
  }
  range_->serve_graph(*effort_->effort());
  effort_.reset();
  phase_ = Phase::kExtend;
  return JobStep::more();
}

void GraphBuild::log_result(const Table& table, const Index& index) const {
  char text[200];
  const auto effort = effort_->effort();
  std::snprintf(text, sizeof text,
                effort ? ": a graph of its %zu vectors finds %.3f of the nearest, and searches use it"
                       : ": a graph of its %zu vectors finds only %.3f of the nearest, so searches look at all vectors",
                range_->block().size(), effort_->recall());
  core::log(ranges_.log(), core::LogLevel::kInfo, "table " + table.name + ", index " + index.name + text);
}

JobStep GraphBuild::extend() {
  const std::size_t slots = range_->block().slots();
  const std::size_t few = std::max(kFewVectors, slots / kFewVectorsShare);
  if (slots - range_->graph_to_build().slots() <= few) return JobStep::later(kPause);
  progress_.items_changed += range_->extend_graph();
  return JobStep::more();
}

}  // namespace stator::engine
