#include "api/capacity.h"

#include <algorithm>
#include <optional>

#include "api/table_description.h"

namespace stator::api {

namespace {

void append_units(double read, double write, bool transactional, std::string& out) {
  ObjectWriter units(out);
  units.real("CapacityUnits", read + write);
  if (transactional) {
    if (read != 0) units.real("ReadCapacityUnits", read);
    if (write != 0) units.real("WriteCapacityUnits", write);
  }
  units.end();
}

void append_vector_bytes(double bytes, std::string& out) {
  ObjectWriter writer(out);
  writer.real("VectorWriteRequestBytes", bytes);
  writer.end();
}

void write_indexes(ObjectWriter& writer, std::string_view member, const engine::Capacity& capacity,
                   bool transactional) {
  std::optional<ObjectWriter> indexes;
  for (const auto& used : capacity.indexes) {
    if (list_name(*used.index) != member) continue;
    if (!indexes) indexes.emplace(writer.key(member));
    std::string& out = indexes->member(used.index->name);
    used.index->vector ? append_vector_bytes(used.write, out) : append_units(used.read, used.write, transactional, out);
  }
  if (indexes) indexes->end();
}

}  // namespace

void append_capacity(std::string_view table_name, const engine::Capacity& capacity, CapacityDetail detail,
                     bool transactional, std::string& out, double failed_units) {
  double read = capacity.table_read;
  double write = capacity.table_write;
  for (const auto& index : capacity.indexes) {
    if (index.index->vector) continue;
    read += index.read;
    write += index.write;
  }
  ObjectWriter writer(out);
  writer.text("TableName", table_name);
  writer.real("CapacityUnits", read + write + failed_units);
  if (transactional) {
    if (read != 0) writer.real("ReadCapacityUnits", read);
    if (write != 0) writer.real("WriteCapacityUnits", write);
  }
  if (detail == CapacityDetail::kIndexes) {
    append_units(capacity.table_read, capacity.table_write, transactional, writer.key("Table"));
    for (const std::string_view member : kIndexLists) write_indexes(writer, member, capacity, transactional);
  }
  writer.end();
}

void write_capacity(ObjectWriter& writer, std::string_view table_name, const engine::Capacity& capacity,
                    CapacityDetail detail) {
  if (detail == CapacityDetail::kNone) return;
  append_capacity(table_name, capacity, detail, false, writer.key("ConsumedCapacity"));
}

void write_capacity(ObjectWriter& writer, const Members& request, const engine::Capacity& capacity,
                    CapacityDetail detail) {
  if (detail == CapacityDetail::kNone) return;
  write_capacity(writer, request.text("TableName").value_or(std::string_view{}), capacity, detail);
}

void CapacityByTable::add(std::string_view table_name, const engine::Capacity& capacity) {
  const auto found = std::ranges::find(entries_, table_name, &Entry::table_name);
  if (found == entries_.end()) {
    entries_.push_back({std::string(table_name), capacity});
  } else {
    found->capacity.add(capacity);
  }
}

void CapacityByTable::add_failed(std::string_view table_name, double units) {
  failed_.push_back({std::string(table_name), units});
}

void CapacityByTable::write(ObjectWriter& writer, CapacityDetail detail, bool transactional) const {
  if (detail == CapacityDetail::kNone) return;
  ArrayWriter list(writer.key("ConsumedCapacity"));
  for (const auto& entry : entries_) {
    double failed_units = 0;
    for (const Failed& failed : failed_) failed_units += failed.table_name == entry.table_name ? failed.units : 0;
    append_capacity(entry.table_name, entry.capacity, detail, transactional, list.element(), failed_units);
  }
  list.end();
}

}  // namespace stator::api
