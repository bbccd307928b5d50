#include "engine/stripes.h"

#include <algorithm>

namespace stator::engine {

StripesLock::StripesLock(Stripes& all) {
  locks_.reserve(all.count());
  for (std::size_t stripe = 0; stripe < all.count(); ++stripe) locks_.emplace_back(all[stripe]);
}

StripesLock::StripesLock(Stripes& all, std::vector<std::size_t> stripes) {
  std::sort(stripes.begin(), stripes.end());
  stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
  locks_.reserve(stripes.size());
  for (const std::size_t stripe : stripes) locks_.emplace_back(all[stripe]);
}

}  // namespace stator::engine
