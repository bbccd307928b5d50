#pragma once

#include <string>
#include <string_view>

#include "store/store.h"

/// Helpers that write and read single rows of a store.
namespace stator::store {

inline void put(Store& store, std::string_view key, std::string_view value) {
  Batch batch;
  batch.put(key, value);
  store.write(batch);
}

/// Returns "(absent)" if the row does not exist.
inline std::string get(const Store& store, std::string_view key) {
  std::string value;
  return store.get(key, value) ? value : "(absent)";
}

}  // namespace stator::store
