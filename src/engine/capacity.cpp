#include <algorithm>

#include "core/limits.h"
#include "engine/engine.h"

namespace stator::engine {

void Capacity::add(const Capacity& other) {
  table_read += other.table_read;
  table_write += other.table_write;
  for (const ForIndex& theirs : other.indexes) {
    const auto ours = std::find_if(indexes.begin(), indexes.end(), [&theirs](const ForIndex& entry) {
      return entry.index->name == theirs.index->name && entry.index->global == theirs.index->global &&
             entry.index->vector.has_value() == theirs.index->vector.has_value();
    });
    if (ours == indexes.end()) {
      indexes.push_back(theirs);
    } else {
      ours->read += theirs.read;
      ours->write += theirs.write;
    }
  }
}

double Capacity::total() const {
  double sum = table_read + table_write;
  for (const ForIndex& entry : indexes) {
    if (!entry.index->vector) sum += entry.read + entry.write;
  }
  return sum;
}

double read_units(std::size_t bytes, bool consistent) {
  const std::size_t blocks =
      std::max<std::size_t>(1, (bytes + core::kReadUnitSizeBytes - 1) / core::kReadUnitSizeBytes);
  return static_cast<double>(blocks) * (consistent ? 1.0 : 0.5);
}

double write_units(std::size_t bytes) {
  return static_cast<double>(
      std::max<std::size_t>(1, (bytes + core::kWriteUnitSizeBytes - 1) / core::kWriteUnitSizeBytes));
}

}  // namespace stator::engine
