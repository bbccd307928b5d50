#include "engine/stripes.h"

#include <algorithm>

namespace stator::engine {

StripesLock::StripesLock(Stripes& all, std::vector<std::size_t> stripes) {
  std::sort(stripes.begin(), stripes.end());
  stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
  locks_.reserve(stripes.size());
  for (const std::size_t stripe : stripes) locks_.emplace_back(all[stripe]);
}

CounterPart::CounterPart(Stripes& all, std::size_t stripe) : number_(stripe % Stripes::kCounterParts) {
  for (std::size_t tried = 0; tried < Stripes::kCounterParts; ++tried) {
    lock_ = std::unique_lock(all.counter_part(number_), std::try_to_lock);
    if (lock_.owns_lock()) return;
    number_ = (number_ + 1) % Stripes::kCounterParts;
  }
  lock_ = std::unique_lock(all.counter_part(number_));
}

CounterPartsLock::CounterPartsLock(Stripes& all) {
  locks_.reserve(Stripes::kCounterParts);
  for (std::size_t part = 0; part < Stripes::kCounterParts; ++part) locks_.emplace_back(all.counter_part(part));
}

}  // namespace stator::engine
