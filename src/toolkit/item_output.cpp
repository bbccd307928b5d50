#include "toolkit/item_output.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "json/writer.h"
#include "toolkit/csv.h"
#include "toolkit/plain_json.h"
#include "toolkit/python_notation.h"
#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

class PythonOutput : public ItemOutput {
 public:
  explicit PythonOutput(std::ostream& out) : out_(out) {}
  void write(const json::Object& item) override { out_ << python_item(item) << "\n"; }
  void finish() override {}

 private:
  std::ostream& out_;
};

class JsonLinesOutput : public ItemOutput {
 public:
  explicit JsonLinesOutput(std::ostream& out) : out_(out) {}
  void write(const json::Object& item) override { out_ << simdjson::minify(item) << "\n"; }
  void finish() override {}

 private:
  std::ostream& out_;
};

class JsonOutput : public ItemOutput {
 public:
  explicit JsonOutput(std::ostream& out) : out_(out) {}
  void write(const json::Object& item) override { out_ << (count_++ == 0 ? "[\n" : ",\n") << simdjson::minify(item); }
  void finish() override { out_ << (count_ == 0 ? "[]\n" : "\n]\n"); }

 private:
  std::ostream& out_;
  std::uint64_t count_ = 0;
};

/// The text of a scalar, or the plain JSON of a set, list or map; a set is written without its mark.
std::string csv_text(const json::Value& wire) {
  json::Object object;
  if (wire.get(object) != simdjson::SUCCESS || object.begin() == object.end()) return {};
  const auto member = *object.begin();
  if (member.key == "NULL") return {};
  std::string_view text;
  if (member.value.get(text) == simdjson::SUCCESS) return std::string(text);
  if (member.key != "L" && member.key != "M") return simdjson::minify(member.value);
  std::string plain;
  append_plain_value(wire, plain);
  return plain;
}

class CsvOutput : public ItemOutput {
 public:
  CsvOutput(std::ostream& out, ItemOutputOptions options)
      : out_(out),
        on_terminal_(options.on_terminal),
        columns_(std::move(options.first_columns)),
        known_(columns_.begin(), columns_.end()),
        spool_(std::tmpfile()) {
    if (!spool_) throw std::runtime_error("cannot make a temporary file");
  }

  void write(const json::Object& item) override {
    for (const auto member : item) {
      if (known_.emplace(member.key).second) columns_.emplace_back(member.key);
    }
    const std::string line = std::string(simdjson::minify(item)) + "\n";
    if (std::fwrite(line.data(), 1, line.size(), spool_.get()) != line.size())
      throw std::runtime_error("cannot write to a temporary file");
  }

  void finish() override {
    write_record([this](std::size_t column) { return columns_[column]; });
    // Seeking also writes what is buffered.
    if (std::fseek(spool_.get(), 0, SEEK_SET) != 0) throw std::runtime_error("cannot write to a temporary file");
    json::Parser parser;
    std::string line;
    while (read_line(line)) {
      json::Object item;
      if (parser.parse(line).get(item) != simdjson::SUCCESS) throw std::runtime_error("the temporary file is damaged");
      write_record([&](std::size_t column) {
        json::Value value;
        return json::find_member(item, columns_[column], value) ? csv_text(value) : std::string();
      });
    }
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  template <class Cell>
  void write_record(const Cell& cell) {
    std::string record;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column > 0) record += ',';
      append_csv_field(on_terminal_ ? printable(cell(column)) : cell(column), record);
    }
    out_ << record << "\r\n";
  }

  bool read_line(std::string& line) {
    line.clear();
    for (int c = std::fgetc(spool_.get()); c != EOF; c = std::fgetc(spool_.get())) {
      if (c == '\n') return true;
      line += static_cast<char>(c);
    }
    return false;
  }

  std::ostream& out_;
  bool on_terminal_;
  std::vector<std::string> columns_;
  std::set<std::string, std::less<>> known_;
  std::unique_ptr<std::FILE, Closer> spool_;
};

class PlainJsonLinesOutput : public ItemOutput {
 public:
  explicit PlainJsonLinesOutput(std::ostream& out) : out_(out) {}
  void write(const json::Object& item) override {
    line_.clear();
    append_plain_item(item, line_);
    out_ << line_ << "\n";
  }
  void finish() override {}

 private:
  std::ostream& out_;
  std::string line_;
};

class PlainJsonOutput : public ItemOutput {
 public:
  explicit PlainJsonOutput(std::ostream& out) : out_(out) {}
  void write(const json::Object& item) override {
    std::string text;
    append_plain_item(item, text);
    text = json::pretty(text, false);
    out_ << (count_++ == 0 ? "[\n" : ",\n");
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out_ << (at == 0 ? "  " : "\n  ") << std::string_view(text).substr(at, end - at);
      at = end + 1;
    }
  }
  void finish() override { out_ << (count_ == 0 ? "[]\n" : "\n]\n"); }

 private:
  std::ostream& out_;
  std::uint64_t count_ = 0;
};

/// Draws a table for each block of items, as the columns of all items are known only at the end.
class TableOutput : public ItemOutput {
 public:
  TableOutput(std::ostream& out, ItemOutputOptions options) : out_(out), options_(std::move(options)) {}
  void write(const json::Object& item) override {
    for (const auto member : item) table_.set(std::string(member.key), cell_of(member.value));
    table_.end_row();
    constexpr std::size_t kBlock = 1000;
    if (table_.row_count() == kBlock) draw();
  }
  void finish() override { draw(); }

 private:
  static TextTable::Cell cell_of(const json::Value& wire) {
    json::Object object;
    if (wire.get(object) != simdjson::SUCCESS || object.size() != 1) return {};
    const auto [type, content] = *object.begin();
    std::string_view text;
    if (type == "S" && content.get(text) == simdjson::SUCCESS) return {std::string(text), false};
    std::string plain;
    append_plain_value(wire, plain);
    return {plain, type == "N"};
  }
  void draw() {
    table_.draw(out_, options_.width, options_.colour);
    table_ = TextTable(options_.first_columns);
  }

  std::ostream& out_;
  ItemOutputOptions options_;
  TextTable table_{options_.first_columns};
};

}  // namespace

ItemWriter::~ItemWriter() {
  if (is_finished_ || !has_items_) return;
  try {
    output_->finish();
  } catch (const std::exception&) {  // another error is being thrown
  }
}

std::unique_ptr<ItemOutput> make_item_output(ItemFormat format, std::ostream& out, ItemOutputOptions options) {
  switch (format) {
    case ItemFormat::kPython:
      return std::make_unique<PythonOutput>(out);
    case ItemFormat::kJson:
      return std::make_unique<JsonOutput>(out);
    case ItemFormat::kJsonLines:
      return std::make_unique<JsonLinesOutput>(out);
    case ItemFormat::kCsv:
      return std::make_unique<CsvOutput>(out, std::move(options));
    case ItemFormat::kPlainJson:
      return std::make_unique<PlainJsonOutput>(out);
    case ItemFormat::kPlainJsonLines:
      return std::make_unique<PlainJsonLinesOutput>(out);
    case ItemFormat::kTable:
      return std::make_unique<TableOutput>(out, std::move(options));
  }
  return nullptr;
}

}  // namespace stator::toolkit
