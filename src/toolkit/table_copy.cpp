#include "toolkit/table_copy.h"

#include <chrono>
#include <string_view>

#include "toolkit/batch_writer.h"
#include "toolkit/expression_words.h"
#include "toolkit/same_table.h"
#include "toolkit/segment_scan.h"

namespace stator::toolkit {
namespace {

constexpr std::chrono::milliseconds kBetweenSaves{200};

}  // namespace

std::string vector_index_like(const json::Value& index) {
  RequestBuilder like;
  like.text("IndexName", text_of(index, "IndexName"));
  for (const char* member : {"VectorAttribute", "Dimensions", "DistanceFunction", "SearchSchema", "Projection"}) {
    json::Value value;
    if (index[member].get(value) == simdjson::SUCCESS) like.json(member, std::string(simdjson::minify(value)));
  }
  return like.str();
}

std::string create_request_like(const TableInfo& table, const std::string& name) {
  json::Parser parser;
  const json::Value root = parser.parse(table.description_json);
  std::string_view mode;
  // A description has the mode in BillingModeSummary, a CreateTable request in BillingMode.
  const bool on_demand = (root["BillingModeSummary"]["BillingMode"].get(mode) == simdjson::SUCCESS ||
                          root["BillingMode"].get(mode) == simdjson::SUCCESS) &&
                         mode == "PAY_PER_REQUEST";
  const auto throughput = [](const json::Value& owner) {
    RequestBuilder units;
    for (const char* member : {"ReadCapacityUnits", "WriteCapacityUnits"}) {
      std::uint64_t number = 0;
      // Descriptions of on-demand tables say 0, which requests may not.
      if (owner["ProvisionedThroughput"][member].get(number) != simdjson::SUCCESS || number == 0) number = 1;
      units.number(member, number);
    }
    return units.str();
  };
  RequestBuilder request;
  request.text("TableName", name);
  for (const char* member : {"AttributeDefinitions", "KeySchema"})
    request.json(member, std::string(simdjson::minify(root[member].value())));
  for (const char* member : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    json::Array indexes;
    if (root[member].get(indexes) != simdjson::SUCCESS || indexes.size() == 0) continue;
    std::string list;
    for (const json::Value index : indexes) {
      RequestBuilder each;
      each.text("IndexName", index["IndexName"].get_string().value());
      each.json("KeySchema", std::string(simdjson::minify(index["KeySchema"].value())));
      each.json("Projection", std::string(simdjson::minify(index["Projection"].value())));
      if (!on_demand && std::string_view(member) == "GlobalSecondaryIndexes")
        each.json("ProvisionedThroughput", throughput(index));
      list += (list.empty() ? "" : ",") + each.str();
    }
    request.json(member, "[" + list + "]");
  }
  json::Array vector_indexes;
  if (root["VectorIndexes"].get(vector_indexes) == simdjson::SUCCESS && vector_indexes.size() > 0) {
    std::string list;
    for (const json::Value index : vector_indexes) list += (list.empty() ? "" : ",") + vector_index_like(index);
    request.json("VectorIndexes", "[" + list + "]");
  }
  request.text("BillingMode", on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
  if (!on_demand) request.json("ProvisionedThroughput", throughput(root));
  json::Value stream;
  if (root["StreamSpecification"].get(stream) == simdjson::SUCCESS && !stream.is_null())
    request.json("StreamSpecification", std::string(simdjson::minify(stream)));
  return request.str();
}

TransferState begin_copy(std::uint32_t segments) {
  TransferState state;
  state.segments.resize(segments);
  return state;
}

TableChecksum copy_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                         const TableInfo& destination_table, TransferState& state, const StateFile& file,
                         const std::function<void(std::uint64_t items)>& progress, const Sleep& sleep) {
  auto saved_at = std::chrono::steady_clock::now();
  // Saved before the first page, so that the start of the copy is known whenever it ends.
  file.write(state);
  std::uint64_t items = state.total().items;
  SegmentScan scan;
  scan.table = source_table.name;
  scan.sleep = sleep;
  scan.work = [&](const json::Array& page, SegmentState& segment) {
    BatchWriter writer(destination, destination_table.name, sleep, [&](std::uint64_t place, OperationError error) {
      error.message += "; it is about the item " + key_of_item(source_table, simdjson::minify(page.at(place).value()));
      throw OperationError(error);
    });
    std::uint64_t place = 0;
    for (const json::Value value : page) {
      writer.put(std::string(simdjson::minify(value)), place++);
      segment.done.add(value.get_object().value());
    }
    // Only written items count as done.
    writer.flush();
    if (place > 0) segment.last_written = written_item(source_table, simdjson::minify(page.at(place - 1).value()));
  };
  scan.commit = [&](const json::Array& page) {
    const auto now = std::chrono::steady_clock::now();
    if (now - saved_at >= kBetweenSaves) {
      saved_at = now;
      file.write(state);
    }
    progress(items += page.size());
  };
  try {
    scan_segments(source, scan, state.segments);
  } catch (...) {
    file.write(state);
    throw;
  }
  file.write(state);
  return state.total();
}

}  // namespace stator::toolkit
