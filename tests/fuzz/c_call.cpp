#include <cstring>
#include <string>

#include "embed/open_options.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "stator/stator_c.h"

/// Arbitrary input for include/stator/stator_c.h: the first line is a target, the second a region, the rest a request
/// body. The body is also read as options, which must be refused with a message if they are invalid (the database is
/// not opened with them, as they may name any directory), and as the rules of a simulator, which must be refused with
/// one line.
namespace {

using stator::fuzz::require;

constexpr stator::fuzz::Bound kBound{.base_us = 300'000, .ns_per_byte = 5'000};

void check_reply(const stator_reply& reply, std::int32_t returned) {
  require(returned == reply.http_status, "a status that is not the reply's");
  require(reply.body != nullptr && std::strlen(reply.body) <= reply.body_bytes, "a body without an end");
  const bool is_error = reply.http_status != 200;
  require(!is_error || (reply.http_status >= 400 && reply.http_status <= 599), "a status that is none");
  require(is_error == (reply.error_type[0] != '\0'), "an error without a type, or a type without an error");
  require(reply.http_status != 500, "an internal error");
}

void read_options(const std::string& text) {
  try {
    stator::embed::read_open_options(text);
  } catch (const std::runtime_error& refused) {
    require(*refused.what() != '\0', "refused without a word");
  }
}

void set_rules(stator_database* database, const std::string& text) {
  char* error = nullptr;
  const bool taken = stator_simulate(database, text.c_str(), &error) == 0;
  require(taken == (error == nullptr), "refused without a word, or taken with one");
  require(taken || (*error != '\0' && std::strchr(error, '\n') == nullptr), "not one line");
  stator_free(error);
  char* state = stator_simulated(database, nullptr);
  require(state != nullptr, "no state");
  stator_free(state);
  require(stator_simulate(database, nullptr, nullptr) == 0, "rules that stay");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static stator_database* const database = stator_open(nullptr, nullptr, nullptr, nullptr);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string target(stator::fuzz::take_until(rest, '\n'));
  const std::string region(stator::fuzz::take_until(rest, '\n'));
  const std::string body(rest);
  stator::fuzz::within(kBound, size, [&] {
    read_options(body);
    set_rules(database, body);
    stator_reply reply;
    check_reply(reply, stator_call(database, target.c_str(), region.c_str(), body.data(), body.size(), &reply));
    stator_reply_free(&reply);
  });
  const std::int32_t effort = stator_effort(database, target.c_str());
  require(effort >= STATOR_EFFORT_ITEM && effort <= STATOR_EFFORT_WAITS, "an effort that is none");
  require(stator_reset(database, nullptr) == 0,
          "no way back to an empty database");  // so that inputs do not depend on each other
  return 0;
}
