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
/// `failed_units` are in the sum alone.
void append_capacity(std::string_view table_name, const engine::Capacity& capacity, CapacityDetail detail,
                     bool transactional, std::string& out, double failed_units = 0);

/// Adds `"ConsumedCapacity":{…}` where ReturnConsumedCapacity asks for it.
void write_capacity(ObjectWriter& writer, std::string_view table_name, const engine::Capacity& capacity,
                    CapacityDetail detail);
/// The same under the name or ARN that the request's TableName gives the table.
void write_capacity(ObjectWriter& writer, const Members& request, const engine::Capacity& capacity,
                    CapacityDetail detail);

/// Capacity summed by table over a batch or transaction, in the order in which tables first occur.
class CapacityByTable {
 public:
  void add(std::string_view table_name, const engine::Capacity& capacity);
  /// Write units of a member that failed: they count where another member on the table succeeds. Source: dynoxide's
  /// measurements of August 2026.
  void add_failed(std::string_view table_name, double units);
  /// Adds `"ConsumedCapacity":[…]` where ReturnConsumedCapacity asks for it.
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
