#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "postgres/result.h"

/// Writes the rows of a PostgreSQL result one by one, as they come.
namespace stator::toolkit {

class RowOutput {
 public:
  virtual ~RowOutput() = default;
  /// Called before the first row, or before finish() if there is none, but not for a statement that returns no rows.
  /// Throws postgres::Error (kUsage) for columns that the format cannot hold.
  virtual void begin(const std::vector<postgres::Column>& columns) = 0;
  virtual void write(const postgres::Row& row) = 0;
  /// Called instead of finish() if an error ends the output after the first row.
  virtual void close() {}
  /// `command`: "SELECT 2", "INSERT 0 2".
  virtual void finish(std::string_view command) = 0;
};

/// Columns under their names, numbers to the right, then "(3 rows)"; NULL is empty. Control characters are shown as
/// escapes, so that no value can move the cursor. Cells longer than `max_cell_characters` (0: no limit) end in "...".
/// For a statement that returns no rows, writes its command ("INSERT 0 1"). The columns are as wide as the first
/// thousand rows (or the first MB of them) need; a wider cell in a later row pushes the rest of its line to the right.
std::unique_ptr<RowOutput> make_row_table(std::ostream& out, std::size_t max_cell_characters = 0);

/// RFC 4180: a heading line, fields quoted only if they must be, lines end in LF. NULL is an empty field, an empty
/// string is `""`. `on_terminal`: control characters are written as escapes.
std::unique_ptr<RowOutput> make_row_csv(std::ostream& out, bool on_terminal = false);

/// One JSON array of objects (postgres::append_row_as_json); `[]` if there are no rows.
std::unique_ptr<RowOutput> make_row_json(std::ostream& out);
/// One JSON object a line.
std::unique_ptr<RowOutput> make_row_json_lines(std::ostream& out);

/// Writes rows to an output that it owns. If it is destroyed after the first row without finish(), because of an error,
/// it still closes the output, so that programs can read it.
class RowWriter {
 public:
  explicit RowWriter(std::unique_ptr<RowOutput> output) : output_(std::move(output)) {}
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  ~RowWriter();

  void begin(const std::vector<postgres::Column>& columns) { output_->begin(columns); }
  void write(const postgres::Row& row) {
    has_rows_ = true;
    output_->write(row);
  }
  void finish(std::string_view command) {
    is_finished_ = true;
    output_->finish(command);
  }
  [[nodiscard]] bool has_rows() const { return has_rows_; }

 private:
  std::unique_ptr<RowOutput> output_;
  bool has_rows_ = false;
  bool is_finished_ = false;
};

/// Writes a complete result.
void write_result(const postgres::Result& result, RowWriter& writer);

}  // namespace stator::toolkit
