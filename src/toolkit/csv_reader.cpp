#include "toolkit/csv_reader.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/utf8.h"

namespace stator::toolkit {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();

}  // namespace

void CsvReader::check_size(std::uint64_t line, std::size_t bytes) {
  if (bytes > max_record_mb_ << 20U) fail(line, "a record of more than " + std::to_string(max_record_mb_) + " MB");
}

std::string CsvReader::take_first(const std::function<bool(std::string_view line)>& is_name) {
  constexpr std::string_view kLineEnds = "\r\n";
  constexpr std::string_view kDelimiters = ",;\t";
  std::streambuf& in = *in_.rdbuf();
  std::string text;
  std::string met;  // the delimiters outside of quotes
  bool in_quotes = false;
  bool begins_field = true;
  for (int c = in.sbumpc(); c != kEnd; c = in.sbumpc()) {
    const char byte = std::char_traits<char>::to_char_type(c);
    text += byte;
    check_size(line_, text.size());
    if (in_quotes) {
      if (byte == '"' && in.sgetc() == c)
        text += std::char_traits<char>::to_char_type(in.sbumpc());
      else
        in_quotes = byte != '"';
      continue;
    }
    if (kDelimiters.find(byte) != kDelimiters.npos) met += byte;
    in_quotes = byte == '"' && begins_field;
    const bool ends_line = kLineEnds.find(byte) != kLineEnds.npos;
    begins_field = ends_line || kDelimiters.find(byte) != kDelimiters.npos || text == core::kByteOrderMark;
    if (!ends_line || core::without_byte_order_mark(text).find_first_not_of(kLineEnds) == text.npos) continue;
    if (byte == '\r' && in.sgetc() == '\n') text += std::char_traits<char>::to_char_type(in.sbumpc());
    break;
  }
  std::string_view line = core::without_byte_order_mark(text);
  line.remove_prefix(std::min(line.find_first_not_of(kLineEnds), line.size()));
  line = line.substr(0, line.find_last_not_of(kLineEnds) + 1);
  if (!met.empty() && met.find(',') == met.npos && !is_name(line)) delimiter_ = met.front();
  return text;
}

bool CsvReader::read_first(std::vector<CsvField>& record, const std::function<bool(std::string_view line)>& is_name) {
  at_start_ = false;
  const std::string text = take_first(is_name);
  std::istringstream in(text);
  CsvReader first(in, max_record_mb_);
  first.delimiter_ = delimiter_;
  try {
    const bool found = first.read(record);
    line_ = first.line_;
    record_line_ = first.record_line_;
    return found;
  } catch (const CsvError&) {
    line_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    throw;
  }
}

void CsvReader::fail(std::uint64_t line, const std::string& what) {
  std::streambuf& in = *in_.rdbuf();
  while (in.sgetc() != '\n' && in.sgetc() != kEnd) in.sbumpc();
  throw CsvError(line, what);
}

bool CsvReader::read(std::vector<CsvField>& record) {
  std::streambuf& in = *in_.rdbuf();
  CsvField field;
  if (std::exchange(at_start_, false)) {
    for (const char expected : core::kByteOrderMark) {
      if (in.sgetc() != std::char_traits<char>::to_int_type(expected)) break;
      field.text += static_cast<char>(in.sbumpc());
    }
    if (field.text == core::kByteOrderMark) field.text.clear();
  }
  while (in.sgetc() == '\n' || in.sgetc() == '\r') {
    if (in.sbumpc() == '\n' || in.sgetc() != '\n') ++line_;
  }
  record.clear();
  record_line_ = line_;
  if (in.sgetc() == kEnd && field.text.empty()) return false;
  bool in_quotes = false;
  std::size_t bytes = 0;
  for (;;) {
    const int c = in.sbumpc();
    if (c == '\n') ++line_;
    check_size(record_line_, ++bytes);
    if (in_quotes) {
      if (c == kEnd) throw CsvError(record_line_, "a quote is not closed");
      if (c != '"') {
        field.text += static_cast<char>(c);
      } else if (in.sgetc() == '"') {
        field.text += static_cast<char>(in.sbumpc());
      } else {
        in_quotes = false;
        const int next = in.sgetc();
        if (next != delimiter_ && next != '\r' && next != '\n' && next != kEnd)
          fail(line_, "text after a closing quote");
      }
    } else if (c == '"' && field.text.empty() && !field.quoted) {
      in_quotes = true;
      field.quoted = true;
    } else if (c == delimiter_ || c == '\n' || c == '\r' || c == kEnd) {
      if (c == '\r' && in.sgetc() == '\n') continue;
      if (c == '\r') ++line_;  // a line end by itself, as on old Macs
      record.push_back(std::move(field));
      field = {};
      if (c != delimiter_) return true;
    } else {
      if (c == '"') fail(line_, "a quote inside a field that does not begin with one");
      field.text += static_cast<char>(c);
    }
  }
}

}  // namespace stator::toolkit
