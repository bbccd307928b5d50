#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "json/reader.h"

/// Writes a stream of items, each as it comes.
namespace stator::toolkit {

enum class ItemFormat : std::uint8_t {
  kPython,          // a line each, as Python prints boto3's items
  kJson,            // one array of wire JSON
  kJsonLines,       // wire JSON, a line each
  kCsv,             // RFC 4180 with a line of names; plain values
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
  /// The columns of CSV and tables that come first, in this order (the table's keys); others follow in the order they
  /// are met. Since those are known only at the end, CSV goes through a temporary file.
  std::vector<std::string> first_columns = {};
  /// The width of a table in columns of the terminal; 0: no limit.
  std::size_t width = 0;
  /// Headings of a table in bold.
  bool colour = false;
  /// CSV for a terminal: control characters as escapes.
  bool on_terminal = false;
};

/// Writes items to an output that it owns. Where an error ends it after the first item, what was written is finished
/// all the same (a JSON array is closed), so that programs can read it.
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
