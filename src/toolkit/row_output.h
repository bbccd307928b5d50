#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "postgres/result.h"

/// Writes the rows of a PostgreSQL result, each as it comes.
namespace stator::toolkit {

class RowOutput {
 public:
  virtual ~RowOutput() = default;
  /// Before the first row, or before finish() where there is none; not for a statement that has no rows. Throws
  /// postgres::Error (kUsage) for columns that the form cannot hold.
  virtual void begin(const std::vector<postgres::Column>& columns) = 0;
  virtual void write(const postgres::Row& row) = 0;
  /// In the place of finish() where an error ends the rows behind the first.
  virtual void close() {}
  /// `command`: "SELECT 2", "INSERT 0 2".
  virtual void finish(std::string_view command) = 0;
};

/// Columns under their names, numbers to the right, then "(3 rows)"; NULL is empty. Control characters are shown as
/// escapes, so that no value can move the cursor. Cells longer than `max_cell_characters` (0: no limit) end in "...". A
/// statement without rows shows its command ("INSERT 0 1"). The columns are as wide as the first thousand rows need (or
/// the first MB of them); a wider cell behind these pushes the rest of its line to the right.
std::unique_ptr<RowOutput> make_row_table(std::ostream& out, std::size_t max_cell_characters = 0);

/// RFC 4180: a heading line, fields quoted where they must be, lines end in LF. NULL is an empty field, an empty string
/// `""`. `on_terminal`: control characters as escapes.
std::unique_ptr<RowOutput> make_row_csv(std::ostream& out, bool on_terminal = false);

/// One JSON array of objects (postgres::append_row_as_json); `[]` where there are no rows.
std::unique_ptr<RowOutput> make_row_json(std::ostream& out);
/// An object a line.
std::unique_ptr<RowOutput> make_row_json_lines(std::ostream& out);

/// Writes rows to an output that it owns. Where an error ends it after the first row, what was written is closed all
/// the same, so that programs can read it.
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

/// Writes a result that is there as a whole.
void write_result(const postgres::Result& result, RowWriter& writer);

}  // namespace stator::toolkit
