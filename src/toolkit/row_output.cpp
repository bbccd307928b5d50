#include "toolkit/row_output.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.h"
#include "toolkit/csv.h"
#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

/// int8, int2, int4, oid, float4, float8, numeric.
constexpr std::array<std::uint32_t, 7> kNumericTypes{20, 21, 23, 26, 700, 701, 1700};

std::string shorten(std::string text, std::size_t limit) {
  if (limit < 4 || display_width(text) <= limit) return text;
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (core::starts_character(text[i]) && ++seen > limit - 3) return text.substr(0, i) + "...";
  }
  return text;
}

class TableOutput : public RowOutput {
 public:
  TableOutput(std::ostream& out, std::size_t max_cell_characters) : out_(out), max_cell_(max_cell_characters) {}

  void begin(const std::vector<postgres::Column>& columns) override {
    for (const postgres::Column& column : columns) {
      names_.push_back(printable(column.name));
      widths_.push_back(display_width(names_.back()));
      right_.push_back(std::find(kNumericTypes.begin(), kNumericTypes.end(), column.type) != kNumericTypes.end());
    }
  }

  void write(const postgres::Row& row) override {
    constexpr std::size_t kMostHeldRows = 1000;
    constexpr std::size_t kMostHeldBytes = std::size_t{1} << 20U;
    ++count_;
    Line line;
    for (const postgres::Field& field : row) line.push_back(shorten(printable(field.value_or("")), max_cell_));
    if (has_heading_) return write_line(line);
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths_[i] = std::max(widths_[i], display_width(line[i]));
      held_bytes_ += line[i].size();
    }
    held_.push_back(std::move(line));
    if (held_.size() == kMostHeldRows || held_bytes_ >= kMostHeldBytes) write_held();
  }

  void close() override {
    if (!has_heading_) write_held();
  }

  void finish(std::string_view command) override {
    if (names_.empty()) {
      out_ << command << '\n';
      return;
    }
    close();
    out_ << '(' << count_ << (count_ == 1 ? " row)\n" : " rows)\n");
  }

 private:
  using Line = std::vector<std::string>;

  /// Writes the heading, which fixes the widths, and the rows held back until then.
  void write_held() {
    has_heading_ = true;
    write_line(names_);
    for (std::size_t i = 0; i < widths_.size(); ++i) out_ << (i == 0 ? "-" : "+-") << std::string(widths_[i] + 1, '-');
    out_ << '\n';
    for (const Line& line : std::exchange(held_, {})) write_line(line);
  }

  void write_line(const Line& line) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::size_t width = display_width(line[i]);
      const std::string pad(widths_[i] - std::min(width, widths_[i]), ' ');
      text += i == 0 ? " " : " | ";
      text += right_[i] ? pad + line[i] : line[i] + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out_ << text << '\n';
  }

  std::ostream& out_;
  std::size_t max_cell_;
  Line names_;
  std::vector<std::size_t> widths_;
  std::vector<bool> right_;
  std::vector<Line> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t count_ = 0;
  bool has_heading_ = false;
};

class CsvOutput : public RowOutput {
 public:
  CsvOutput(std::ostream& out, bool on_terminal) : out_(out), on_terminal_(on_terminal) {}

  void begin(const std::vector<postgres::Column>& columns) override {
    postgres::Row names;
    for (const postgres::Column& column : columns) names.emplace_back(column.name);
    if (!names.empty()) write(names);
  }

  void write(const postgres::Row& row) override {
    std::string record;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) record += ',';
      if (!row[i]) continue;
      if (row[i]->empty()) {
        record += "\"\"";
      } else {
        append_csv_field(on_terminal_ ? printable(*row[i]) : *row[i], record);
      }
    }
    out_ << record << '\n';
  }

  void finish(std::string_view /*command*/) override {}

 private:
  std::ostream& out_;
  bool on_terminal_;
};

class JsonOutput : public RowOutput {
 public:
  JsonOutput(std::ostream& out, bool in_lines) : out_(out), in_lines_(in_lines) {}

  void begin(const std::vector<postgres::Column>& columns) override {
    postgres::refuse_equal_names(columns);
    columns_ = columns;
  }

  void write(const postgres::Row& row) override {
    std::string text;
    if (!in_lines_) text = is_open_ ? "," : "[";
    is_open_ = true;
    postgres::append_row_as_json(columns_, row, text);
    if (in_lines_) text += '\n';
    out_ << text;
  }

  void close() override {
    if (!in_lines_) out_ << "]\n";
  }

  void finish(std::string_view /*command*/) override {
    if (!in_lines_ && !is_open_) out_ << '[';
    close();
  }

 private:
  std::ostream& out_;
  bool in_lines_;
  bool is_open_ = false;
  std::vector<postgres::Column> columns_;
};

}  // namespace

std::unique_ptr<RowOutput> make_row_table(std::ostream& out, std::size_t max_cell_characters) {
  return std::make_unique<TableOutput>(out, max_cell_characters);
}

std::unique_ptr<RowOutput> make_row_csv(std::ostream& out, bool on_terminal) {
  return std::make_unique<CsvOutput>(out, on_terminal);
}

std::unique_ptr<RowOutput> make_row_json(std::ostream& out) { return std::make_unique<JsonOutput>(out, false); }

std::unique_ptr<RowOutput> make_row_json_lines(std::ostream& out) { return std::make_unique<JsonOutput>(out, true); }

RowWriter::~RowWriter() {
  if (is_finished_ || !has_rows_) return;
  try {
    output_->close();
  } catch (const std::exception&) {  // another error is being thrown
  }
}

void write_result(const postgres::Result& result, RowWriter& writer) {
  writer.begin(result.columns);
  for (const postgres::Row& row : result.rows) writer.write(row);
  writer.finish(result.command);
}

}  // namespace stator::toolkit
