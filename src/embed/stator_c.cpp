#include "stator/stator_c.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "core/json_string.h"
#include "embed/open_options.h"
#include "stator/stator.h"

struct stator_database {
  stator::Database database;
};

namespace {

/// Returns NULL if there is no memory.
char* copy_text(std::string_view text) noexcept {
  auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

/// Sets one line; replaces control characters, since `line` may quote the caller's text.
void set_error(char** error, std::string_view line) noexcept {
  if (error == nullptr) return;
  *error = copy_text(line);
  if (*error != nullptr) {
    std::replace_if(
        *error, *error + line.size(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, ' ');
  }
}

/// Runs `action(database)` and returns its result. If it throws or there is no database, returns `failed` and sets
/// `error` to the line.
template <class Value, class Action>
Value guarded(stator_database* database, char** error, Value failed, Action action) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    if (database != nullptr) return action(database->database);
    set_error(error, "there is no database");
  } catch (const std::exception& fault) {
    set_error(error, fault.what());
  } catch (...) {
    set_error(error, "unknown fault");
  }
  return failed;
}

template <class Action>
std::int32_t change(stator_database* database, char** error, Action action) noexcept {
  return guarded(database, error, -1, [&](stator::Database& open) {
    action(open);
    return 0;
  });
}

std::string_view view(const char* text) noexcept { return text == nullptr ? std::string_view() : text; }

/// Sets an answer that needs no memory.
void answer_fault(stator_reply& reply, const char* message, std::string_view body) noexcept {
  reply = {};
  reply.http_status = 500;
  reply.error_type = "InternalServerError";
  reply.error_message = message;
  reply.body = body.data();
  reply.body_bytes = body.size();
}

}  // namespace

uint32_t stator_abi_version(void) { return STATOR_ABI_VERSION; }

const char* stator_version(void) { return stator::version().data(); }

stator_database* stator_open(const char* options_json, stator_log_function* log, void* log_context, char** error) {
  if (error != nullptr) *error = nullptr;
  try {
    stator::OpenOptions options = stator::embed::read_open_options(view(options_json));
    if (log != nullptr) {
      options.log = [log, log_context](std::string_view line) { log(log_context, line.data(), line.size()); };
    }
    return new stator_database{stator::Database::open(options)};
  } catch (const std::exception& fault) {
    set_error(error, fault.what());
  } catch (...) {
    set_error(error, "unknown fault");
  }
  return nullptr;
}

void stator_close(stator_database* database) { delete database; }

int32_t stator_call(stator_database* database, const char* target, const char* region, const char* body,
                    size_t body_bytes, stator_reply* reply) {
  *reply = {};
  if (database == nullptr) {
    answer_fault(
        *reply, "there is no database",
        R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"there is no database"})");
    return reply->http_status;
  }
  try {
    const std::string_view request(body == nullptr ? "" : body, body == nullptr ? 0 : body_bytes);
    stator::Delivery delivery;
    auto* const result = new stator::Result(database->database.call(view(target), request, view(region), delivery));
    reply->http_status = result->http_status;
    reply->hold_ms = static_cast<uint32_t>(delivery.hold_ms);
    reply->error_type = result->error_type.c_str();
    reply->error_message = result->error_message.c_str();
    reply->body = result->body.c_str();
    reply->body_bytes = result->body.size();
    reply->owner = result;
  } catch (...) {
    // Only memory can run out here: Database::call answers everything else.
    answer_fault(*reply, "out of memory",
                 R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"out of memory"})");
  }
  return reply->http_status;
}

void stator_reply_free(stator_reply* reply) {
  if (reply == nullptr) return;
  delete static_cast<stator::Result*>(reply->owner);
  *reply = {};
}

int32_t stator_effort(stator_database* database, const char* target) {
  return guarded(database, nullptr, static_cast<int32_t>(STATOR_EFFORT_WAITS),
                 [target](stator::Database& open) { return static_cast<int32_t>(open.effort(view(target))); });
}

int32_t stator_save_snapshot(stator_database* database, const char* name, char** error) {
  return change(database, error, [name](stator::Database& open) { open.save_snapshot(view(name)); });
}

int32_t stator_restore_snapshot(stator_database* database, const char* name, char** error) {
  return change(database, error, [name](stator::Database& open) { open.restore_snapshot(view(name)); });
}

int32_t stator_drop_snapshot(stator_database* database, const char* name, char** error) {
  return change(database, error, [name](stator::Database& open) { open.drop_snapshot(view(name)); });
}

char* stator_snapshots(stator_database* database, char** error) {
  return guarded(database, error, static_cast<char*>(nullptr), [](stator::Database& open) {
    std::string list = "[";
    for (const std::string& name : open.snapshots()) {
      if (list.size() > 1) list += ',';
      stator::core::append_json_string(name, list);
    }
    return copy_text(list += ']');
  });
}

int32_t stator_reset(stator_database* database, char** error) {
  return change(database, error, [](stator::Database& open) { open.reset(); });
}

int32_t stator_simulate(stator_database* database, const char* rules_json, char** error) {
  return change(database, error, [rules_json](stator::Database& open) {
    open.simulate(rules_json == nullptr ? "{}" : std::string_view(rules_json));
  });
}

char* stator_simulated(stator_database* database, char** error) {
  return guarded(database, error, static_cast<char*>(nullptr),
                 [](stator::Database& open) { return copy_text(open.simulated()); });
}

int64_t stator_clock(stator_database* database) {
  return guarded(database, nullptr, static_cast<int64_t>(-1), [](stator::Database& open) { return open.clock_ms(); });
}

int32_t stator_set_clock(stator_database* database, int64_t now_ms, char** error) {
  return change(database, error, [now_ms](stator::Database& open) { open.set_clock(now_ms); });
}

int32_t stator_advance_clock(stator_database* database, int64_t by_ms, char** error) {
  return change(database, error, [by_ms](stator::Database& open) { open.advance_clock(by_ms); });
}

void stator_free(char* text) { std::free(text); }
