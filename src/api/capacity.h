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
void append_capacity(std::string_view table_name, const engine::Capacity& capacity, CapacityDetail detail,
                     bool transactional, std::string& out);

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
  /// Adds `"ConsumedCapacity":[…]` where ReturnConsumedCapacity asks for it.
  void write(ObjectWriter& writer, CapacityDetail detail, bool transactional) const;

 private:
  struct Entry {
    std::string table_name;
    engine::Capacity capacity;
  };
  std::vector<Entry> entries_;
};

}  // namespace stator::api
