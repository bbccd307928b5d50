#include "core/api_error.h"
#include "engine/import/record_reader.h"
#include "json/reader.h"

namespace stator::engine {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class JsonRecords final : public RecordReader {
 public:
  JsonRecords(std::unique_ptr<InputStream> stream, std::uint64_t position)
      : RecordReader(std::move(stream), position) {}

 protected:
  Parsed parse(std::string_view text, bool at_end, InputRecord& record) override {
    std::size_t begin = 0;
    while (begin < text.size() && is_space(text[begin])) ++begin;
    if (begin == text.size()) return {at_end ? Parsed::What::kEnd : Parsed::What::kMore, 0};
    if (text[begin] != '{') return garbage(record, "an object was expected");
    const std::size_t end = end_of_object(text, begin);
    if (end == std::string_view::npos) {
      if (!at_end) return {Parsed::What::kMore, 0};
      return garbage(record, "the text ends within an object");
    }
    record.json = text.substr(begin, end - begin);
    try {
      json::Parser::of_this_thread().parse(record.json);
    } catch (const core::ApiError&) {
      return garbage(record, "this is not JSON");
    }
    return {Parsed::What::kRecord, end};
  }

 private:
  static Parsed garbage(InputRecord& record, std::string_view why) {
    record.fault = why;
    return {Parsed::What::kGarbage, 0};
  }

  /// The position after the brace that closes the object; npos if the text has none.
  static std::size_t end_of_object(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    for (; at < text.size(); ++at) {
      at = text.find_first_of("{}\"", at);
      if (at == std::string_view::npos) break;
      if (text[at] == '{') {
        ++depth;
      } else if (text[at] == '}') {
        if (--depth == 0) return at + 1;
      } else {
        at = end_of_string(text, at);
        if (at == std::string_view::npos) break;
      }
    }
    return std::string_view::npos;
  }

  /// The position of the quote that closes the string.
  static std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at;; at += 2) {
      at = text.find_first_of("\"\\", at);
      if (at == std::string_view::npos || text[at] == '"') return at;
    }
  }
};

}  // namespace

std::unique_ptr<RecordReader> read_json_records(std::unique_ptr<InputStream> stream, std::uint64_t position) {
  return std::make_unique<JsonRecords>(std::move(stream), position);
}

}  // namespace stator::engine
