#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "endpoint/endpoint.h"
#include "model/model.h"
#include "toolkit/call.h"
#include "toolkit/users.h"

/// Loads a model's seeds, or a conversation from a file, into its table.
namespace stator::toolkit {

struct SeedOptions {
  /// A transcript instead of the model's own.
  std::filesystem::path transcript;
  /// A file of messages (JSON Lines or CSV) instead of the model's own; see message_reader.h.
  std::filesystem::path messages;
  /// The conversation's uuid; empty: the seed's.
  std::string message_group_uuid;
  /// Report bad lines and load the others. If false, nothing is loaded if there is a bad line.
  bool skip_bad = false;
};

/// Callbacks about the progress of a seeding.
struct SeedReporter {
  /// Called for a bad line, with its number.
  std::function<void(std::uint64_t line, const std::string& why)> bad_line = [](std::uint64_t, const std::string&) {};
  /// Called with the number of messages written, and of all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = [](std::uint64_t, std::uint64_t) {};
};

struct SeedResult {
  std::uint64_t users = 0;
  std::uint64_t entries = 0;
  std::uint64_t messages = 0;
  std::uint64_t items = 0;
  std::uint64_t bad_lines = 0;
};

/// The file has bad lines and skip_bad was not set. Nothing was written, and each line was reported.
struct BadFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Checks the whole file, then writes in batches: the model's items, the messages, and an entry for each of the two
/// people. Running it again changes nothing. Throws BadFile, OperationError, std::runtime_error.
SeedResult seed(endpoint::Endpoint& endpoint, const model::Model& model, UserDirectory& users,
                const SeedOptions& options, const SeedReporter& reporter = {}, const Sleep& sleep = sleep_for_real);

/// The uuid of a message, always the same for the same message: 128 bits of hash in the form of a version 8 UUID.
std::string message_uuid(std::string_view message_group_uuid, std::string_view time, std::string_view sender_uuid,
                         std::string_view text);

}  // namespace stator::toolkit
