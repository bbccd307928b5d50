#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "json/reader.h"

/// Writes items one by one, as they come.
namespace stator::toolkit {

enum class ItemFormat : std::uint8_t {
  kPython,          // a line each, as Python prints boto3's items
  kJson,            // one array of wire JSON
  kJsonLines,       // wire JSON, a line each
  kCsv,             // RFC 4180 with a heading line; plain values
  kPlainJson,       // one array of plain JSON (plain_json.h), indented
  kPlainJsonLines,  // plain JSON, a line each
  kTable,           // a table, cut to the width of the terminal
};

class ItemOutput {
 public:
  virtual ~ItemOutput() = default;
  virtual void write(const json::Object& item) = 0;
  /// After the last item.
  virtual void finish() = 0;
};

struct ItemOutputOptions {
  /// The first columns of CSV and tables, in this order (the table's keys); others follow in the order in which they
  /// first occur. As these are known only at the end, CSV goes through a temporary file.
  std::vector<std::string> first_columns = {};
  /// The width of a table in columns of the terminal; 0: no limit.
  std::size_t width = 0;
  /// Table headings in bold.
  bool colour = false;
  /// CSV goes to a terminal: control characters are written as escapes.
  bool on_terminal = false;
};

/// Writes items to an output that it owns. If it is destroyed after the first item without finish(), because of an
/// error, it still finishes the output (closes the JSON array), so that programs can read it.
class ItemWriter {
 public:
  explicit ItemWriter(std::unique_ptr<ItemOutput> output) : output_(std::move(output)) {}
  ItemWriter(const ItemWriter&) = delete;
  ItemWriter& operator=(const ItemWriter&) = delete;
  ~ItemWriter();

  void write(const json::Object& item) {
    has_items_ = true;
    output_->write(item);
  }
  void finish() {
    is_finished_ = true;
    output_->finish();
  }

 private:
  std::unique_ptr<ItemOutput> output_;
  bool has_items_ = false;
  bool is_finished_ = false;
};

std::unique_ptr<ItemOutput> make_item_output(ItemFormat format, std::ostream& out, ItemOutputOptions options = {});

}  // namespace stator::toolkit
