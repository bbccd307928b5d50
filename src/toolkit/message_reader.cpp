#include "toolkit/message_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "core/api_error.h"
#include "core/utf8.h"
#include "files/files.h"
#include "json/reader.h"
#include "model/text.h"
#include "toolkit/csv_reader.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

enum Field : std::uint8_t { kSender, kTime, kText, kFieldCount };

constexpr std::array<std::array<std::string_view, 4>, kFieldCount> kNames = {{
    {"sender", "handle", "user_handle", "sender_handle"},
    {"time", "timestamp", "created_at", "sk"},
    {"text", "message", "", ""},
}};

std::optional<Field> field_of(std::string_view name) {
  for (std::size_t field = 0; field < kFieldCount; ++field) {
    for (const std::string_view known : kNames[field]) {
      if (!known.empty() && known == name) return static_cast<Field>(field);
    }
  }
  return std::nullopt;
}

[[noreturn]] void throw_unreadable(const std::filesystem::path& file) {
  throw std::runtime_error("cannot read " + file.string() + ": " + std::strerror(errno));
}

/// Opens a file of messages. Throws if it cannot be read twice.
std::unique_ptr<std::istream> opened(const std::filesystem::path& file) {
  if (const auto inside = files::built_in(file)) return std::make_unique<std::istringstream>(std::string(*inside));
  auto in = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*in) throw_unreadable(file);
  std::error_code fault;
  if (std::filesystem::is_directory(file, fault)) {
    errno = EISDIR;
    throw_unreadable(file);
  }
  if (!files::is_file(file)) throw std::runtime_error(file.string() + ": must be a file, since it is read twice");
  return in;
}

/// Reads a file byte by byte, through a buffer.
class ByteSource {
 public:
  explicit ByteSource(const std::filesystem::path& file) : in_(opened(file)), file_(file) {
    buffer_.resize(kBufferBytes);
    fill();
    if (std::string_view(buffer_.data(), size_).starts_with(core::kByteOrderMark))
      position_ = core::kByteOrderMark.size();
  }
  /// The next byte without taking it; -1 at the end.
  int peek() {
    if (position_ == size_ && !fill()) return -1;
    return static_cast<unsigned char>(buffer_[position_]);
  }
  int take() {
    const int byte = peek();
    if (byte >= 0) {
      ++position_;
      if (byte == '\n') ++line_;
    }
    return byte;
  }
  [[nodiscard]] std::uint64_t line() const { return line_; }

  /// The next line without its end; false at the end of the file. Throws BadLine on lines that are too long.
  bool take_line(std::string& out) {
    out.clear();
    if (peek() < 0) return false;
    const std::uint64_t at = line_;
    bool too_long = false;
    for (int byte = take(); byte >= 0 && byte != '\n'; byte = take()) {
      if (out.size() < kMaxLineBytes) {
        out += static_cast<char>(byte);
      } else {
        too_long = true;
      }
    }
    if (too_long) throw BadLine(at, "longer than 1 MB");
    if (!out.empty() && out.back() == '\r') out.pop_back();
    return true;
  }

 private:
  bool fill() {
    in_->read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    size_ = static_cast<std::size_t>(in_->gcount());
    position_ = 0;
    if (in_->bad()) throw_unreadable(file_);
    return size_ > 0;
  }

  std::unique_ptr<std::istream> in_;
  std::filesystem::path file_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;
  std::uint64_t line_ = 1;
};

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void require_text(std::string_view text, std::uint64_t line) {
  if (!model::is_utf8(text)) throw BadLine(line, "not UTF-8");
  if (trimmed(text).empty()) throw BadLine(line, "the text is empty");
}

/// Makes a message of the fields read.
void finish(std::array<std::string, kFieldCount>& fields, std::uint64_t line, Message& out) {
  for (const std::string& field : fields) {
    if (!model::is_utf8(field)) throw BadLine(line, "not UTF-8");
  }
  if (fields[kSender].empty()) throw BadLine(line, "the sender is empty");
  const auto time = core::parse_timestamp(fields[kTime]);
  if (!time) {
    throw BadLine(line, "expected a time such as 2023-03-20T10:00:00+00:00, found \"" +
                            std::string(model::first_code_points(fields[kTime], 40)) + "\"");
  }
  require_text(fields[kText], line);
  out.sender_handle = std::move(fields[kSender]);
  out.time = *time;
  out.text = std::move(fields[kText]);
  out.line = line;
}

class TranscriptReader : public MessageReader {
 public:
  TranscriptReader(const std::filesystem::path& file, const model::ConversationSeed& seed)
      : source_(file), seed_(seed) {}

  bool next(Message& out) override {
    std::string line;
    std::uint64_t at = 0;
    do {
      at = source_.line();
      if (!source_.take_line(line)) return false;
    } while (is_blank(line));
    const model::ConversationSeed::Speaker* speaker = nullptr;
    for (const auto& candidate : seed_.speakers) {
      if (line.starts_with(candidate.label + ":")) speaker = &candidate;
    }
    if (speaker == nullptr) {
      throw BadLine(at, "expected \"" + seed_.speakers[0].label + ": …\" or \"" + seed_.speakers[1].label + ": …\"");
    }
    const std::string_view text = trimmed(std::string_view(line).substr(speaker->label.size() + 1));
    require_text(text, at);
    out.sender_handle = speaker->handle;
    out.text = text;
    out.line = at;
    out.time = seed_.start;
    out.time.microseconds += static_cast<std::int64_t>(count_++) * seed_.step_microseconds;
    return true;
  }

 private:
  ByteSource source_;
  const model::ConversationSeed& seed_;
  std::uint64_t count_ = 0;
};

class JsonLinesReader : public MessageReader {
 public:
  explicit JsonLinesReader(const std::filesystem::path& file) : source_(file) {}

  bool next(Message& out) override {
    std::uint64_t at = 0;
    do {
      at = source_.line();
      if (!source_.take_line(line_)) return false;
    } while (is_blank(line_));
    json::Object object;
    try {
      if (parser_.parse(line_).get(object) != simdjson::SUCCESS) throw BadLine(at, "expected a JSON object");
    } catch (const core::ApiError&) {
      throw BadLine(at, model::is_utf8(line_) ? "not JSON" : "not UTF-8");
    }
    std::array<std::string, kFieldCount> fields;
    std::array<bool, kFieldCount> seen{};
    for (const auto member : object) {
      const auto field = field_of(member.key);
      if (!field) continue;
      std::string_view text;
      if (member.value.get(text) != simdjson::SUCCESS)
        throw BadLine(at, "expected a string for " + std::string(member.key));
      fields[*field] = text;
      seen[*field] = true;
    }
    for (std::size_t field = 0; field < kFieldCount; ++field) {
      if (!seen[field]) throw BadLine(at, "expected a member \"" + std::string(kNames[field][0]) + "\"");
    }
    finish(fields, at, out);
    return true;
  }

 private:
  ByteSource source_;
  json::Parser parser_;
  std::string line_;
};

class CsvMessageReader : public MessageReader {
 public:
  explicit CsvMessageReader(const std::filesystem::path& file)
      : in_(opened(file)), reader_(*in_, kMaxLineBytes >> 20U) {}

  bool next(Message& out) override {
    do {
      if (!read_record()) return false;
    } while (is_first_ && read_names());
    if (record_.size() != columns_) {
      throw BadLine(reader_.line(),
                    "expected " + std::to_string(columns_) + " columns, found " + std::to_string(record_.size()));
    }
    std::array<std::string, kFieldCount> fields;
    for (std::size_t field = 0; field < kFieldCount; ++field)
      fields[field] = std::move(record_[column_of_[field]].text);
    finish(fields, reader_.line(), out);
    return true;
  }

 private:
  /// Reads the next record that is not blank; false at the end.
  bool read_record() {
    const auto is_name = [](std::string_view) { return false; };
    try {
      do {
        const bool is_first = std::exchange(is_unread_, false);
        if (!(is_first ? reader_.read_first(record_, is_name) : reader_.read(record_))) return false;
      } while (record_.size() == 1 && is_blank(record_[0].text));
    } catch (const CsvError& error) {
      throw BadLine(error.line, error.what());
    }
    return true;
  }

  /// True if the record holds the names of the columns.
  bool read_names() {
    is_first_ = false;
    std::array<std::optional<std::size_t>, kFieldCount> found;
    for (std::size_t column = 0; column < record_.size(); ++column) {
      std::string name(trimmed(record_[column].text));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
      });
      if (const auto field = field_of(name)) found[*field] = column;
    }
    if (!found[kSender] || !found[kTime] || !found[kText]) return false;
    for (std::size_t field = 0; field < kFieldCount; ++field) column_of_[field] = *found[field];
    columns_ = record_.size();
    return true;
  }

  std::unique_ptr<std::istream> in_;
  CsvReader reader_;
  std::vector<CsvField> record_;
  bool is_unread_ = true;
  bool is_first_ = true;
  std::size_t columns_ = kFieldCount;
  std::array<std::size_t, kFieldCount> column_of_ = {0, 1, 2};
};

bool begins_with_brace(const std::filesystem::path& file) {
  ByteSource source(file);
  int byte = source.peek();
  while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
    source.take();
    byte = source.peek();
  }
  return byte == '{';
}

}  // namespace

std::unique_ptr<MessageReader> read_transcript(const std::filesystem::path& file, const model::ConversationSeed& seed) {
  return std::make_unique<TranscriptReader>(file, seed);
}

std::unique_ptr<MessageReader> read_messages(const std::filesystem::path& file) {
  if (begins_with_brace(file)) return std::make_unique<JsonLinesReader>(file);
  return std::make_unique<CsvMessageReader>(file);
}

}  // namespace stator::toolkit
