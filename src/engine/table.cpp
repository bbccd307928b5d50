#include "engine/table.h"

#include <algorithm>

namespace stator::engine {

bool Index::projects(std::string_view attribute, const core::KeySchema& table_schema) const {
  return projection == ProjectionType::kAll || key_schema.find(attribute) != nullptr ||
         table_schema.find(attribute) != nullptr ||
         std::find(non_key_attributes.begin(), non_key_attributes.end(), attribute) != non_key_attributes.end();
}

const Index* Table::index(std::string_view index_name) const {
  for (const Index& candidate : indexes) {
    if (candidate.name == index_name) return &candidate;
  }
  return nullptr;
}

const Replica* Table::replica(std::string_view region) const {
  const auto found = std::ranges::find(replicas, region, &Replica::region);
  return found == replicas.end() ? nullptr : &*found;
}

Replica* Table::replica(std::string_view region) {
  const auto found = std::ranges::find(replicas, region, &Replica::region);
  return found == replicas.end() ? nullptr : &*found;
}

}  // namespace stator::engine
