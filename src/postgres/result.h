#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A statement with a larger result fails, so that it cannot fill the memory.
inline constexpr std::size_t kMaxResultSizeBytes = std::size_t{256} * 1024 * 1024;

struct Column {
  std::string name;
  /// The type's object identifier (oid): 23 is integer, 25 text, …
  std::uint32_t type = 0;
  /// Of an array whose element type is not PostgreSQL's own (Connection::find_element_types): that type, of a domain
  /// the one below it, and the character between two elements. 0 for all other columns.
  std::uint32_t element_type = 0;
  char delimiter = ',';
};

/// NULL is nullopt; anything else is PostgreSQL's text form.
using Field = std::optional<std::string>;
using Row = std::vector<Field>;

struct Result {
  std::vector<Column> columns;
  std::vector<Row> rows;
  /// "SELECT 3", "INSERT 0 1", "CREATE TABLE".
  std::string command;
  /// Rows that the statement returned or changed; 0 for other statements.
  std::uint64_t affected_rows = 0;
};

/// Whether the type is not PostgreSQL's own: another one in each database.
bool has_type_of_database(const Column& column);
/// Throws Error (kUsage) where two columns have the same name, which a JSON object cannot hold.
void refuse_equal_names(const std::vector<Column>& columns);
/// Appends the row as a JSON object, columns in order. Numbers, booleans, json and arrays keep their type (those of
/// types that are not PostgreSQL's own need Column::element_type); others become strings; NULL is null; NaN and
/// infinities, which JSON lacks, are strings.
void append_row_as_json(const std::vector<Column>& columns, const Row& row, std::string& out);
/// All rows as a JSON array of objects, `[]` where there are none. Throws Error (kUsage) for columns of equal names.
std::string rows_as_json(const Result& result);

}  // namespace stator::postgres
