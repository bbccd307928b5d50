#include "toolkit/csv_reader.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMaxRecordBytes = 4 * 1024 * 1024;
constexpr int kEnd = std::char_traits<char>::eof();

}  // namespace

bool CsvReader::read(std::vector<CsvField>& record) {
  std::streambuf& in = *in_.rdbuf();
  while (in.sgetc() == '\n' || in.sgetc() == '\r') {
    if (in.sbumpc() == '\n') ++line_;
  }
  record.clear();
  record_line_ = line_;
  if (in.sgetc() == kEnd) return false;
  CsvField field;
  bool in_quotes = false;
  std::size_t bytes = 0;
  for (;;) {
    const int c = in.sbumpc();
    if (c == '\n') ++line_;
    if (++bytes > kMaxRecordBytes) throw CsvError(record_line_, "a record of more than 4 MB");
    if (in_quotes) {
      if (c == kEnd) throw CsvError(record_line_, "a quote is not closed");
      if (c != '"') {
        field.text += static_cast<char>(c);
      } else if (in.sgetc() == '"') {
        field.text += static_cast<char>(in.sbumpc());
      } else {
        in_quotes = false;
        const int next = in.sgetc();
        if (next != ',' && next != '\r' && next != '\n' && next != kEnd)
          throw CsvError(line_, "text behind a closing quote");
      }
    } else if (c == '"' && field.text.empty() && !field.quoted) {
      in_quotes = true;
      field.quoted = true;
    } else if (c == ',' || c == '\n' || c == kEnd) {
      record.push_back(std::move(field));
      field = {};
      if (c != ',') return true;
    } else if (c != '\r' || in.sgetc() != '\n') {
      if (c == '"') throw CsvError(line_, "a quote inside a field that does not begin with one");
      field.text += static_cast<char>(c);
    }
  }
}

}  // namespace stator::toolkit
