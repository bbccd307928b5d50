#include "engine/import/record_reader.h"

#include <algorithm>

namespace stator::engine {
namespace {

std::uint64_t count_line_ends(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

/// Moves the position past `text`.
void RecordReader::pass(std::string_view text) {
  position_ += text.size();
  line_ends_ += count_line_ends(text);
}

bool RecordReader::read(InputRecord& record) {
  record.json.clear();
  record.fault.clear();
  while (!ended_) {
    const std::string_view text = std::string_view(text_).substr(at_);
    const Parsed parsed = parse(text, stream_ended_ && stream_fault_.empty(), record);
    line_ends_before_record_ = line_ends_ + count_line_ends(text.substr(0, parsed.begin));
    if (parsed.what == Parsed::What::kRecord) {
      at_ += parsed.bytes;
      pass(text.substr(0, parsed.bytes));
      return true;
    }
    if (parsed.what == Parsed::What::kEnd) {
      pass(text);
      ended_ = true;
      return false;
    }
    if (parsed.what == Parsed::What::kGarbage) {
      pass(text);
      ended_ = true;
      record.json.clear();
      return true;
    }
    at_ += parsed.bytes;
    pass(text.substr(0, parsed.bytes));
    if (text.size() - parsed.bytes >= kMaxRecordBytes) {
      ended_ = true;
      record.fault = "a record is larger than any item can be";
      return true;
    }
    if (stream_ended_) {
      ended_ = true;
      record.fault = stream_fault_;
      return true;
    }
    // Doubles the text, so that a long record is not parsed many times.
    text_.erase(0, at_);
    at_ = 0;
    const std::size_t wanted = text_.size() * 2 + 1;
    try {
      while (!stream_ended_ && text_.size() < wanted) stream_ended_ = !stream_->append_to(text_);
    } catch (const InputError& error) {
      // The records before the fault are still read.
      stream_ended_ = true;
      stream_fault_ = error.what();
    }
  }
  return false;
}

}  // namespace stator::engine
