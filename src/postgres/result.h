#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// A statement with a larger result fails, so that it cannot exhaust memory.
inline constexpr std::size_t kMaxResultSizeBytes = std::size_t{256} * 1024 * 1024;

struct Column {
  std::string name;
  /// The type's object identifier (oid): 23 is integer, 25 text, …
  std::uint32_t type = 0;
  /// For an array whose element type is not built into PostgreSQL (Connection::find_element_types): that type, or the
  /// base type of a domain, and the character between two elements. 0 for all other columns.
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

/// Whether the type is not built into PostgreSQL, so that its oid differs between databases.
bool has_type_of_database(const Column& column);
/// Throws Error (kUsage) if two columns have the same name, which a JSON object cannot hold.
void refuse_equal_names(const std::vector<Column>& columns);
/// Appends the row as a JSON object, columns in order. Numbers, booleans, json and arrays keep their type (arrays of
/// types that are not built in need Column::element_type). Other types become strings; NULL is null; NaN and
/// infinities, which JSON lacks, are strings.
void append_row_as_json(const std::vector<Column>& columns, const Row& row, std::string& out);

}  // namespace stator::postgres
