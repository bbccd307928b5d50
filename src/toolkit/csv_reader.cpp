#include "toolkit/csv_reader.h"

#include <utility>

#include "core/utf8.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMaxRecordBytes = 4 * 1024 * 1024;
constexpr int kEnd = std::char_traits<char>::eof();

}  // namespace

void CsvReader::fail(std::uint64_t line, const char* what) {
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
    if (++bytes > kMaxRecordBytes) fail(record_line_, "a record of more than 4 MB");
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
          fail(line_, "text behind a closing quote");
      }
    } else if (c == '"' && field.text.empty() && !field.quoted) {
      in_quotes = true;
      field.quoted = true;
    } else if (c == delimiter_ || c == '\n' || c == '\r' || c == kEnd) {
      if (c == '\r' && in.sgetc() == '\n') continue;
      if (c == '\r') ++line_;  // the end of a line by itself, as on old Macs
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
