#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/log/deliveries.h"

/// Changes of items as DynamoDB sends them to Kinesis streams
/// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html).
namespace stator::kinesis {

struct Record {
  engine::LogNumber number = 0;
  /// What Kinesis chooses the shard by: the same for all changes of an item.
  std::string partition_key;
  /// JSON.
  std::string data;
};

/// `region` stands in the record as the table's.
Record make_record(const engine::Deliveries::Destination& destination, std::string_view region, std::uint32_t shard,
                   engine::LogNumber number, const engine::LogRecord& record);

}  // namespace stator::kinesis
