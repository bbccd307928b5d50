#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "api/reply.h"
#include "api/requests/options.h"
#include "engine/engine.h"

namespace stator::api {

/// Appends one ConsumedCapacity structure. `transactional` adds read and write units as separate members.
/// `failed_units` are added to the sum only.
void append_capacity(std::string_view table_name, const engine::Capacity& capacity, CapacityDetail detail,
                     bool transactional, std::string& out, double failed_units = 0);

/// Adds `"ConsumedCapacity":{…}` if ReturnConsumedCapacity asks for it.
void write_capacity(ObjectWriter& writer, std::string_view table_name, const engine::Capacity& capacity,
                    CapacityDetail detail);
/// The same, with the table's name or ARN as in the request's TableName.
void write_capacity(ObjectWriter& writer, const Members& request, const engine::Capacity& capacity,
                    CapacityDetail detail);

/// Capacity summed by table over a batch or transaction, in the order in which tables first occur.
class CapacityByTable {
 public:
  void add(std::string_view table_name, const engine::Capacity& capacity);
  /// Adds the write units of a failed member of a batch. They count if another member for the same table succeeds.
  /// Source: dynoxide's measurements of August 2026.
  void add_failed(std::string_view table_name, double units);
  /// Adds `"ConsumedCapacity":[…]` if ReturnConsumedCapacity asks for it.
  void write(ObjectWriter& writer, CapacityDetail detail, bool transactional) const;

 private:
  struct Entry {
    std::string table_name;
    engine::Capacity capacity;
  };
  struct Failed {
    std::string table_name;
    double units;
  };
  std::vector<Entry> entries_;
  std::vector<Failed> failed_;
};

}  // namespace stator::api
