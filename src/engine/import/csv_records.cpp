#include <algorithm>
#include <set>

#include "engine/import/record_reader.h"
#include "json/object_writer.h"

namespace stator::engine {
namespace {

class CsvRecords final : public RecordReader {
 public:
  CsvRecords(std::unique_ptr<InputStream> stream, std::uint64_t position, CsvLayout layout,
             std::vector<std::string>& header)
      : RecordReader(std::move(stream), position), layout_(std::move(layout)), header_(header) {
    if (!layout_.header.empty()) header_ = layout_.header;
    // When reading continues in the middle, the caller has passed the header.
    has_header_ = !layout_.header.empty() || position > 0;
  }

 protected:
  Parsed parse(std::string_view text, bool at_end, InputRecord& record) override {
    std::size_t bytes = 0;
    for (;;) {
      std::size_t taken = 0;
      const Parsed::What what = read_fields(text.substr(bytes), at_end, taken);
      if (what == Parsed::What::kGarbage) record.fault = fault_;
      if (what != Parsed::What::kRecord) return {what, bytes};
      bytes += taken;
      if (fields_.size() == 1 && fields_.front().text.empty() && !fields_.front().quoted) continue;  // a blank line
      if (!has_header_) {
        if (!take_header(record)) return {Parsed::What::kGarbage, 0};
        continue;
      }
      make_item(record);
      return {Parsed::What::kRecord, bytes};
    }
  }

 private:
  struct Field {
    std::string text;
    bool quoted = false;
  };

  bool take_header(InputRecord& record) {
    header_.clear();
    std::set<std::string_view> names;
    for (const Field& field : fields_) header_.push_back(field.text);
    for (const std::string& name : header_) {
      if (name.empty()) record.fault = "a column has no name";
      if (!names.insert(name).second) record.fault = "two columns have the name " + name;
    }
    has_header_ = record.fault.empty();
    return has_header_;
  }

  void make_item(InputRecord& record) const {
    if (fields_.size() != header_.size()) {
      record.fault =
          "the record has " + std::to_string(fields_.size()) + " columns, the header " + std::to_string(header_.size());
      return;
    }
    json::ObjectWriter outer(record.json);
    json::ObjectWriter item(outer.key("Item"));
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].text.empty()) continue;
      json::ObjectWriter value(item.member(header_[i]));
      value.text(std::string_view(type_of(header_[i]), 1), fields_[i].text);
      value.end();
    }
    item.end();
    outer.end();
  }

  [[nodiscard]] const char* type_of(const std::string& name) const {
    const auto key = std::ranges::find(layout_.keys, name, &CsvLayout::KeyColumn::name);
    return key == layout_.keys.end() ? "S" : &key->type;
  }

  /// Reads one record into `fields_`.
  Parsed::What read_fields(std::string_view text, bool at_end, std::size_t& taken) {
    fields_.clear();
    if (text.empty()) return at_end ? Parsed::What::kEnd : Parsed::What::kMore;
    std::size_t at = 0;
    for (;;) {
      Field& field = fields_.emplace_back();
      if (at < text.size() && text[at] == '"') {
        if (!read_quoted(text, at, field.text)) return at_end ? garbage("a quote is not closed") : Parsed::What::kMore;
        field.quoted = true;
      } else {
        const std::size_t end = std::min(text.find_first_of(ends_, at), text.size());
        field.text.assign(text.substr(at, end - at));
        if (field.text.find('"') != std::string::npos) return garbage("a quote stands within a column without quotes");
        at = end;
      }
      if (at == text.size()) {
        taken = at;
        return at_end ? Parsed::What::kRecord : Parsed::What::kMore;
      }
      if (text[at] == layout_.delimiter) {
        ++at;
        continue;
      }
      if (text[at] == '\r') {
        if (at + 1 == text.size() && !at_end) return Parsed::What::kMore;
        if (at + 1 < text.size() && text[at + 1] == '\n') ++at;
        taken = at + 1;
        return Parsed::What::kRecord;
      }
      if (text[at] != '\n') return garbage("text follows the quote that closes a column");
      taken = at + 1;
      return Parsed::What::kRecord;
    }
  }

  /// Reads a quoted column and moves past its closing quote; false if the text has none.
  static bool read_quoted(std::string_view text, std::size_t& at, std::string& out) {
    for (++at;; at += 2) {
      const std::size_t quote = text.find('"', at);
      if (quote == std::string_view::npos) return false;
      out.append(text.substr(at, quote - at));
      at = quote;
      if (quote + 1 >= text.size() || text[quote + 1] != '"') break;
      out.push_back('"');
    }
    ++at;
    return true;
  }

  Parsed::What garbage(std::string_view why) {
    fault_ = why;
    return Parsed::What::kGarbage;
  }

  const CsvLayout layout_;
  std::vector<std::string>& header_;
  const std::string ends_ = std::string("\r\n") + layout_.delimiter;
  bool has_header_ = false;
  std::vector<Field> fields_;
  std::string fault_;
};

}  // namespace

std::unique_ptr<RecordReader> read_csv_records(std::unique_ptr<InputStream> stream, std::uint64_t position,
                                               CsvLayout layout, std::vector<std::string>& header) {
  return std::make_unique<CsvRecords>(std::move(stream), position, std::move(layout), header);
}

}  // namespace stator::engine
