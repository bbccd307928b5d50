#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "toolkit/table_info.h"

/// Makes the files of a data model (docs/models.md) from an existing table or a description.
namespace stator::toolkit {

/// A query or read that was found in the source, beside those that follow from the keys alone.
struct FoundPattern {
  /// As a file's name: lower-case letters, digits and dashes.
  std::string name;
  std::string description;
  /// The index that it reads; empty: the table itself.
  std::string index;
  /// The key attributes' values, with placeholders: "CUSTOMER#${customer}". A sort key may be given in part.
  std::string partition_template;
  std::string sort_template;
  bool sort_is_prefix = false;
  /// An item that the pattern finds (wire JSON); empty if none is known.
  std::string example_item;
};

/// A table as a source describes it.
struct ModelSource {
  TableInfo table;
  /// Items (wire JSON), which become seeds and examples.
  std::vector<std::string> items;
  std::vector<FoundPattern> patterns;
  /// Empty if the table has none.
  std::string time_to_live_attribute;
};

/// Reads the tables in a file's text: DescribeTable's reply or its `Table` member, a CreateTable request, a
/// CloudFormation template or NoSQL Workbench data model (all its tables), or a OneTable schema (which has no table
/// name; `name` is used). Throws std::runtime_error with a message about what was expected.
std::vector<ModelSource> read_model_sources(std::string_view text, const std::string& name);

/// A table described in a few words.
struct TableDraft {
  struct Index {
    std::string name;
    KeyColumn partition_key;
    KeyColumn sort_key;  // without a name: none
  };
  std::string name;
  KeyColumn partition_key;
  KeyColumn sort_key;          // without a name: none
  std::vector<Index> indexes;  // global, of all attributes
};
TableInfo table_of_draft(const TableDraft& draft);

/// The patterns that the keys of the items suggest if several kinds of items share the table: "CUSTOMER#ann" with
/// "ORDER#1001" is an order of a customer.
std::vector<FoundPattern> patterns_of_items(const TableInfo& table, const std::vector<std::string>& items);

struct ModelFile {
  /// Relative to the model's folder.
  std::filesystem::path path;
  std::string text;
};
/// table.json, seeds/items.json if there are items, and the patterns: an item by its key, the items of a partition, one
/// for each index, and those found. The files refer to the JSON Schemas in ../schemas.
std::vector<ModelFile> model_files(const ModelSource& source);

}  // namespace stator::toolkit
