#include "toolkit/seed.h"

#include <xxhash.h>

#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>

#include "core/limits.h"
#include "json/reader.h"
#include "toolkit/batch_writer.h"
#include "toolkit/message_reader.h"
#include "toolkit/time_slots.h"

namespace stator::toolkit {
namespace {

constexpr std::uint64_t kProgressEvery = 25;
/// The longest text of a message. Leaves room for the item's other attributes within 400 KB.
constexpr std::size_t kMostTextBytes = core::kMaxItemSizeBytes - 8 * 1024;

/// The last message of the conversation, which the entries show.
struct LastMessage {
  std::int64_t microseconds = 0;
  std::string text;
};

class ConversationSeeder {
 public:
  ConversationSeeder(endpoint::Endpoint& endpoint, const model::Model& model, UserDirectory& users,
                     const SeedOptions& options, const SeedReporter& reporter)
      : endpoint_(endpoint),
        model_(model),
        conversation_(*model.conversation),
        users_(users),
        options_(options),
        reporter_(reporter),
        group_(options.message_group_uuid.empty() ? conversation_.message_group_uuid : options.message_group_uuid) {}

  /// First pass: everything is checked, nothing is written.
  void check() {
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
    std::uint64_t first_bad = 0;
    each_message(
        [&](const Message& message, const model::User&) {
          slots_.add(message.time.microseconds);
          ++good;
        },
        [&](const BadLine& line) {
          if (bad++ == 0) first_bad = line.line;
          reporter_.bad_line(line.line, line.what());
        });
    slots_.seal();
    result.bad_lines = bad;
    total_ = good;
    if (bad > 0 && !options_.skip_bad) {
      throw BadFile(file().string() + ": " +
                    (bad == 1 ? "line " + std::to_string(first_bad) + " is" : std::to_string(bad) + " lines are") +
                    " bad; nothing was written (--skip-bad loads the others)");
    }
    if (good == 0) throw BadFile(file().string() + ": holds no messages; nothing was written");
  }

  void write(BatchWriter& writer) {
    LastMessage last;
    std::string item;
    each_message(
        [&](const Message& message, const model::User& sender) {
          const std::int64_t moment = slots_.assign(message.time.microseconds);
          const std::string time = core::sortable({moment, 0});
          const std::string uuid = message_uuid(group_, time, sender.uuid, message.text);
          item.clear();
          conversation_.message.append(
              {group_, time, uuid, message.text, sender.uuid, sender.handle, sender.display_name}, item);
          writer.put(item);
          if (result.messages == 0 || moment >= last.microseconds) last = {moment, message.text};
          if (++result.messages % kProgressEvery == 0) reporter_.progress(result.messages, total_);
        },
        [](const BadLine&) {});
    reporter_.progress(result.messages, total_);
    if (result.messages != total_) throw std::runtime_error(file().string() + ": changed while it was read");
    write_entries(writer, last);
  }

  SeedResult result;

 private:
  [[nodiscard]] std::filesystem::path file() const {
    if (!options_.messages.empty()) return options_.messages;
    return options_.transcript.empty() ? conversation_.transcript : options_.transcript;
  }

  template <class OnMessage, class OnBad>
  void each_message(const OnMessage& on_message, const OnBad& on_bad) {
    const auto reader =
        options_.messages.empty() ? read_transcript(file(), conversation_) : read_messages(options_.messages);
    Message message;
    for (;;) {
      try {
        if (!reader->next(message)) return;
        const model::User& sender = participant(message);
        if (message.text.size() > kMostTextBytes)
          throw BadLine(message.line,
                        "the text is longer than an item may be (" + std::to_string(kMostTextBytes) + " bytes)");
        on_message(message, sender);
      } catch (const BadLine& line) {
        on_bad(line);
      }
    }
  }

  /// The sender, who must be one of the conversation's two people.
  const model::User& participant(const Message& message) {
    const auto known = participants_.find(message.sender_handle);
    if (known != participants_.end()) return known->second;
    if (unknown_.contains(message.sender_handle))
      throw BadLine(message.line, "no user has the handle \"" + message.sender_handle + "\"");
    auto user = users_.find_by_handle(message.sender_handle);
    if (!user) {
      constexpr std::size_t kMostRemembered = 10'000;
      if (unknown_.size() < kMostRemembered) unknown_.emplace(message.sender_handle, true);
      throw BadLine(message.line, "no user has the handle \"" + message.sender_handle + "\"");
    }
    if (participants_.size() == 2)
      throw BadLine(message.line, "\"" + message.sender_handle + "\" is a third person; a conversation has two");
    return participants_.emplace(message.sender_handle, *std::move(user)).first->second;
  }

  /// If only one person wrote, the other one is the seed's.
  void complete_participants() {
    for (const auto& speaker : conversation_.speakers) {
      if (participants_.size() >= 2) return;
      if (!participants_.contains(speaker.handle))
        participants_.emplace(speaker.handle, require_user(users_, speaker.handle));
    }
  }

  void write_entries(BatchWriter& writer, const LastMessage& last) {
    complete_participants();
    const model::User& one = participants_.begin()->second;
    const model::User& two = participants_.rbegin()->second;
    const std::string time = core::sortable({last.microseconds, 0});
    writer.flush();
    for (const auto& [user, other] : {std::pair(&one, &two), std::pair(&two, &one)}) {
      std::string item;
      conversation_.entry.append(
          {group_, time, last.text, user->uuid, user->handle, other->uuid, other->handle, other->display_name}, item);
      if (!give_way_to(item)) continue;
      writer.put(item);
      ++result.entries;
    }
  }

  /// Removes older entries of the same conversation; false if there is a newer one.
  bool give_way_to(const std::string& item) {
    if (conversation_.entry_one_per.empty() || model_.sort_key.empty()) return true;
    json::Parser parser;
    const json::Value entry = parser.parse(item);
    json::Value partition;
    json::Value sort;
    json::Value same;
    if (entry[model_.partition_key].get(partition) != simdjson::SUCCESS ||
        entry[model_.sort_key].get(sort) != simdjson::SUCCESS ||
        entry[conversation_.entry_one_per].get(same) != simdjson::SUCCESS)
      return true;
    const std::string sort_json = simdjson::minify(sort);
    RequestBuilder names;
    names.text("#p", model_.partition_key).text("#s", model_.sort_key).text("#o", conversation_.entry_one_per);
    RequestBuilder values;
    values.json(":p", std::string(simdjson::minify(partition))).json(":o", std::string(simdjson::minify(same)));
    bool is_newest = true;
    std::string start;
    do {
      RequestBuilder request;
      request.text("TableName", model_.table_name)
          .text("KeyConditionExpression", "#p = :p")
          .text("FilterExpression", "#o = :o")
          .text("ProjectionExpression", "#p, #s")
          .json("ExpressionAttributeNames", names.str())
          .json("ExpressionAttributeValues", values.str());
      if (!start.empty()) request.json("ExclusiveStartKey", start);
      start = remove_older(call(endpoint_, "Query", request.str()), sort_json, is_newest);
    } while (!start.empty());
    return is_newest;
  }

  /// Deletes the entries of a page that are older than `sort_json`; returns the start of the next page.
  std::string remove_older(const std::string& page, const std::string& sort_json, bool& is_newest) {
    json::Parser parser;
    const json::Value root = parser.parse(page);
    std::vector<std::string> older;
    json::Array items;
    if (root["Items"].get(items) == simdjson::SUCCESS) {
      for (const json::Value item : items) {
        const std::string found = simdjson::minify(item[model_.sort_key].value());
        // Both are {"S":"<sortable time>"}, so that text order is time order.
        if (found > sort_json) is_newest = false;
        if (found < sort_json) older.push_back(simdjson::minify(item));
      }
    }
    json::Value last;
    std::string start;
    if (root["LastEvaluatedKey"].get(last) == simdjson::SUCCESS) start = simdjson::minify(last);
    for (const std::string& key : older) {
      call(endpoint_, "DeleteItem", RequestBuilder().text("TableName", model_.table_name).json("Key", key).str());
    }
    return start;
  }

  endpoint::Endpoint& endpoint_;
  const model::Model& model_;
  const model::ConversationSeed& conversation_;
  UserDirectory& users_;
  const SeedOptions& options_;
  const SeedReporter& reporter_;
  const std::string group_;
  std::map<std::string, model::User> participants_;
  std::map<std::string, bool> unknown_;
  TimeSlots slots_;
  std::uint64_t total_ = 0;
};

}  // namespace

SeedResult seed(endpoint::Endpoint& endpoint, const model::Model& model, UserDirectory& users,
                const SeedOptions& options, const SeedReporter& reporter, const Sleep& sleep) {
  const bool has_file = !options.transcript.empty() || !options.messages.empty();
  if (!model.conversation && has_file) throw std::runtime_error("model " + model.name + " has no conversation to load");
  if (!model.conversation && model.items.empty()) throw std::runtime_error("model " + model.name + " has no seeds");
  BatchWriter writer(endpoint, model.table_name, sleep, [](std::uint64_t number, OperationError error) {
    if (number > 0) error.message += "; it is about item " + std::to_string(number) + " of seeds/items.json";
    throw OperationError(error);
  });
  std::optional<ConversationSeeder> conversation;
  if (model.conversation) {
    conversation.emplace(endpoint, model, users, options, reporter);
    conversation->check();
  }
  if (!has_file) {
    for (std::uint64_t number = 1; const std::string& item : model.items) writer.put(item, number++);
    writer.flush();
  }
  if (conversation) conversation->write(writer);
  writer.flush();
  SeedResult result;
  if (conversation) {
    result = conversation->result;
    result.users = 2;
  }
  result.items = writer.written();
  return result;
}

std::string message_uuid(std::string_view message_group_uuid, std::string_view time, std::string_view sender_uuid,
                         std::string_view text) {
  std::string name;
  for (const std::string_view part : {message_group_uuid, time, sender_uuid, text}) {
    name += part;
    name += '\0';
  }
  const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
  const std::uint64_t high = (hash.high64 & 0xFFFF'FFFF'FFFF'0FFFULL) | 0x8000ULL;
  const std::uint64_t low = (hash.low64 & 0x3FFF'FFFF'FFFF'FFFFULL) | 0x8000'0000'0000'0000ULL;
  std::array<char, 40> out{};
  const int length = std::snprintf(
      out.data(), out.size(), "%08llx-%04llx-%04llx-%04llx-%012llx", static_cast<unsigned long long>(high >> 32U),
      static_cast<unsigned long long>((high >> 16U) & 0xFFFFU), static_cast<unsigned long long>(high & 0xFFFFU),
      static_cast<unsigned long long>(low >> 48U), static_cast<unsigned long long>(low & 0xFFFF'FFFF'FFFFULL));
  return {out.data(), static_cast<std::size_t>(length)};
}

}  // namespace stator::toolkit
