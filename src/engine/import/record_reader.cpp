#include "engine/import/record_reader.h"

namespace stator::engine {

bool RecordReader::read(InputRecord& record) {
  record.json.clear();
  record.fault.clear();
  while (!ended_) {
    const std::string_view text = std::string_view(text_).substr(at_);
    const Parsed parsed = parse(text, stream_ended_ && stream_fault_.empty(), record);
    if (parsed.what == Parsed::What::kRecord) {
      at_ += parsed.bytes;
      position_ += parsed.bytes;
      return true;
    }
    if (parsed.what == Parsed::What::kEnd) {
      position_ += text.size();
      ended_ = true;
      return false;
    }
    if (parsed.what == Parsed::What::kGarbage) {
      position_ += text.size();
      ended_ = true;
      record.json.clear();
      return true;
    }
    at_ += parsed.bytes;
    position_ += parsed.bytes;
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
