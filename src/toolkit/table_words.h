#pragma once

#include <string>
#include <vector>

#include "toolkit/table_update.h"

/// A new table in words of a command line.
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
  /// The partition key, and the sort key where there is one.
  std::vector<std::string> keys;
  /// Global indexes of all attributes: "NAME=KEY[:TYPE]" or "NAME=KEY[:TYPE],SORT[:TYPE]".
  std::vector<std::string> indexes;
  /// Local indexes of all attributes: "NAME=SORT[:TYPE]".
  std::vector<std::string> local_indexes;
  /// "READ,WRITE" capacity units, of the table and of each global index; empty: on demand.
  std::string capacity;
  /// A stream view type; empty: no stream.
  std::string stream;
  /// Empty: items do not expire.
  std::string time_to_live_attribute;
};

/// The table that the words describe. An attribute whose type is said once has it wherever it is a key; one whose type
/// is not said holds text. Throws WordError, also where an attribute is said to have two types; names and what else
/// DynamoDB has rules for are left to it.
WantedTable table_of_words(const TableWords& words);

}  // namespace stator::toolkit
