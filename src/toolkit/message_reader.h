#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"

/// Reads messages from files: transcripts ("Person 1: …"), JSON Lines and CSV. Reads one message at a time, so memory
/// does not depend on the length of the file.
namespace stator::toolkit {

/// A line (for CSV: the record that begins on it) that is not a message. `line` counts from 1.
struct BadLine : std::runtime_error {
  BadLine(std::uint64_t at, const std::string& why) : std::runtime_error(why), line(at) {}
  std::uint64_t line;
};

struct Message {
  std::string sender_handle;
  core::Timestamp time;
  std::string text;
  std::uint64_t line = 0;
};

inline constexpr std::size_t kMaxLineBytes = 1024 * 1024;

class MessageReader {
 public:
  virtual ~MessageReader() = default;
  /// Reads the next message; false at the end. Throws BadLine, after which the next call reads the next line, and
  /// std::runtime_error if the file cannot be read.
  virtual bool next(Message& out) = 0;
};

/// Reads lines "LABEL: text" with the seed's two labels; blank lines are skipped. The times of the messages begin with
/// the seed's start and are one step apart.
std::unique_ptr<MessageReader> read_transcript(const std::filesystem::path& file, const model::ConversationSeed& seed);

/// Reads JSON Lines if the first character is {, else CSV (RFC 4180, UTF-8; also with semicolons or tabs). Names:
/// sender, handle or user_handle; time, timestamp, created_at or sk; text or message. CSV without a heading line has
/// the columns sender, time, text.
std::unique_ptr<MessageReader> read_messages(const std::filesystem::path& file);

}  // namespace stator::toolkit
