#pragma once

#include <rocksdb/status.h>

#include <algorithm>
#include <string>

namespace stator::store {

/// RocksDB's text of the status, on one line.
inline std::string one_line(const rocksdb::Status& status) {
  std::string text = status.ToString();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace stator::store
