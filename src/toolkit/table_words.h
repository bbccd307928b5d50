#pragma once

#include <string>
#include <vector>

#include "toolkit/table_update.h"

/// A new table, described by words of a command line.
namespace stator::toolkit {

/// A key attribute as commands name it: "pk", "pk:S", "id:N".
struct KeyWord {
  std::string name;
  std::string type;  // "S", "N" or "B"
};
/// Throws WordError.
KeyWord read_key_word(const std::string& word);

struct TableWords {
  std::string table;
  /// The partition key and, if there is one, the sort key.
  std::vector<std::string> keys;
  /// Global indexes of all attributes: "NAME=KEY[:TYPE]" or "NAME=KEY[:TYPE],SORT[:TYPE]".
  std::vector<std::string> indexes;
  /// Local indexes of all attributes: "NAME=SORT[:TYPE]".
  std::vector<std::string> local_indexes;
  /// "READ,WRITE" capacity units for the table and for each global index; empty: on demand.
  std::string capacity;
  /// A stream view type; empty: no stream.
  std::string stream;
  /// Empty if items do not expire.
  std::string time_to_live_attribute;
};

/// The table that the words describe. A type given once for an attribute holds wherever it is a key; without one, the
/// attribute holds text. Throws WordError, also if an attribute is given two types. Names, and everything else that
/// DynamoDB has rules for, are left to DynamoDB to check.
WantedTable table_of_words(const TableWords& words);

}  // namespace stator::toolkit
