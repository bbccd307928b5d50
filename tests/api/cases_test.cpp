#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "api/api.h"
#include "core/api_error.h"
#include "engine/engine.h"

/// Runs the cases in cases/*.json: tables of requests and the replies they must have. docs: tests/api/README.md.
namespace stator::api {

namespace {

using rapidjson::Value;

std::string text_of(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  value.Accept(writer);
  return buffer.GetString();
}

std::string compact(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// Texts captured from replies, by the names that the case gave them.
using Captured = std::map<std::string, std::string>;

/// Returns the name in `{"capture": name}` or similar; null if the value is something else.
const char* name_in(const Value& value, const char* word) {
  return value.IsObject() && value.MemberCount() == 1 && value.HasMember(word) ? value[word].GetString() : nullptr;
}

/// Concatenates a list of texts and {"captured": name}s.
std::string joined(const Value& parts, const Captured& captured) {
  std::string text;
  for (const auto& part : parts.GetArray()) {
    const char* const name = name_in(part, "captured");
    text += name == nullptr ? part.GetString() : captured.at(name);
  }
  return text;
}

/// "*" matches anything; {"begins with": text} a text that starts with it; {"capture": name} any text, which is stored
/// under that name; {"captured": name} that stored text; {"joined": [text, {"captured": name}, …]} the concatenation. A
/// list that begins with "unordered" matches in any order; an object that holds "...":true may have further members;
/// numbers compare by value.
bool matches(const Value& expected, const Value& actual, Captured& captured) {
  if (const char* name = name_in(expected, "capture")) {
    if (actual.IsString()) captured[name] = actual.GetString();
    return actual.IsString();
  }
  if (const char* name = name_in(expected, "captured"))
    return actual.IsString() && captured[name] == actual.GetString();
  if (const char* start = name_in(expected, "begins with"))
    return actual.IsString() && std::string_view(actual.GetString()).starts_with(start);
  if (expected.IsObject() && expected.HasMember("joined"))
    return actual.IsString() && joined(expected["joined"], captured) == actual.GetString();
  if (expected.IsString() && std::string_view(expected.GetString(), expected.GetStringLength()) == "*") return true;
  if (expected.IsNumber() && actual.IsNumber()) return expected.GetDouble() == actual.GetDouble();
  if (expected.IsObject() && actual.IsObject()) {
    const bool open = expected.HasMember("...");
    for (const auto& member : expected.GetObject()) {
      if (std::string_view(member.name.GetString()) == "...") continue;
      const auto found = actual.FindMember(member.name);
      if (found == actual.MemberEnd() || !matches(member.value, found->value, captured)) return false;
    }
    return open || expected.MemberCount() == actual.MemberCount();
  }
  if (expected.IsArray() && actual.IsArray()) {
    const bool unordered =
        !expected.Empty() && expected[0].IsString() && std::string_view(expected[0].GetString()) == "unordered";
    if (!unordered) {
      return std::equal(expected.Begin(), expected.End(), actual.Begin(), actual.End(),
                        [&](const Value& one, const Value& other) { return matches(one, other, captured); });
    }
    if (expected.Size() - 1 != actual.Size()) return false;
    std::vector<bool> taken(actual.Size());
    for (rapidjson::SizeType i = 1; i < expected.Size(); ++i) {
      rapidjson::SizeType j = 0;
      while (j < actual.Size() && (taken[j] || !matches(expected[i], actual[j], captured))) ++j;
      if (j == actual.Size()) return false;
      taken[j] = true;
    }
    return true;
  }
  return expected == actual;
}

/// Replaces `{"repeat":["a",5]}` anywhere in a request or reply by "aaaaa": long values without long files.
void expand(Value& value, rapidjson::Document::AllocatorType& allocator) {
  if (value.IsArray()) {
    for (auto& element : value.GetArray()) expand(element, allocator);
  } else if (value.IsObject()) {
    if (value.MemberCount() == 1 && value.HasMember("repeat")) {
      const std::string unit = value["repeat"][0].GetString();
      std::string text;
      for (int i = 0; i < value["repeat"][1].GetInt(); ++i) text += unit;
      value.SetString(text.c_str(), static_cast<rapidjson::SizeType>(text.size()), allocator);
      return;
    }
    for (auto& member : value.GetObject()) expand(member.value, allocator);
  }
}

/// Replaces each {"captured": name} of a request by its text.
void put_captured(Value& value, const Captured& captured, rapidjson::Document::AllocatorType& allocator) {
  if (const char* name = name_in(value, "captured")) {
    const auto found = captured.find(name);
    ASSERT_NE(found, captured.end()) << "nothing was captured as " << name;
    value.SetString(found->second.c_str(), static_cast<rapidjson::SizeType>(found->second.size()), allocator);
  } else if (value.IsArray()) {
    for (auto& element : value.GetArray()) put_captured(element, captured, allocator);
  } else if (value.IsObject()) {
    for (auto& member : value.GetObject()) put_captured(member.value, captured, allocator);
  }
}

/// The machine's clock, moved forward, or a clock that stands still between moves.
class MovedClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override {
    return (stands_at_ms_ != 0 ? stands_at_ms_ : core::Clock::now_ms()) + ahead_ms_;
  }
  void advance(std::int64_t ms) { ahead_ms_ += ms; }
  void stand_still() { stands_at_ms_ = core::Clock::now_ms(); }

 private:
  std::int64_t stands_at_ms_ = 0;
  std::atomic<std::int64_t> ahead_ms_{0};
};

struct Case {
  std::string file;
  std::string rule;
  std::shared_ptr<rapidjson::Document> document;
  const Value* body = nullptr;
};

void PrintTo(const Case& test_case, std::ostream* out) { *out << test_case.file << ": " << test_case.rule; }

std::shared_ptr<rapidjson::Document> load(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  auto document = std::make_shared<rapidjson::Document>();
  const std::string json = text.str();
  document->Parse<rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag>(json.c_str(), json.size());
  if (document->HasParseError()) {
    throw std::runtime_error(path.string() + ": offset " + std::to_string(document->GetErrorOffset()) + ": " +
                             rapidjson::GetParseError_En(document->GetParseError()));
  }
  expand(*document, document->GetAllocator());
  return document;
}

std::vector<Case> all_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(STATOR_API_CASES)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const auto& file : files) {
    if (file.stem() == "tables") continue;
    const auto document = load(file);
    for (const auto& body : document->GetArray()) {
      cases.push_back({file.stem().string(), body["rule"].GetString(), document, &body});
    }
  }
  return cases;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.index) + "_" + info.param.rule;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name.substr(0, 120);
}

class ApiCases : public testing::TestWithParam<Case> {};

/// Polls until the table and its indexes are ACTIVE, as an SDK's waiter does.
void wait_until_active(Context& context, const std::string& table) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    std::string reply;
    call(context, "DescribeTable", R"({"TableName":")" + table + "\"}", 0, reply);
    const bool busy = reply.find(R"("TableStatus":"ACTIVE")") == std::string::npos ||
                      reply.find(R"("IndexStatus":"CREATING")") != std::string::npos ||
                      reply.find(R"("IndexStatus":"DELETING")") != std::string::npos;
    if (!busy) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  FAIL() << table << " did not become ACTIVE";
}

/// Returns the reply as JSON text, or {"error": type, "message": …, …members} for an error.
std::string answer(Context& context, const std::string& operation, const std::string& request) {
  std::string reply;
  try {
    call(context, operation, request, 0, reply);
    return reply.empty() ? "{}" : reply;  // TagResource and UntagResource reply without a body
  } catch (const core::ApiError& error) {
    rapidjson::Document body;
    body.Parse(("{" + error.extra + "}").c_str());
    body.AddMember("error", Value(std::string(error.type.name()).c_str(), body.GetAllocator()), body.GetAllocator());
    body.AddMember("message", Value(error.message.c_str(), body.GetAllocator()), body.GetAllocator());
    EXPECT_TRUE(reply.empty()) << "a fault left part of a reply";
    return compact(body);
  }
}

/// Rejects members with unknown names: a misspelt one would be ignored, and the case would test something else and
/// pass.
void check_form(const Value& body) {
  constexpr std::array<std::string_view, 9> kMembers = {
      "rule",      "source",      "tables", "steps", "transition_delay_ms", "stream_shards", "enforce_throughput",
      "staleness", "clock_stands"};
  for (const auto& member : body.GetObject()) {
    EXPECT_NE(std::ranges::find(kMembers, std::string_view(member.name.GetString())), kMembers.end())
        << "cases have no member " << member.name.GetString();
  }
  EXPECT_FALSE(body["steps"].Empty());
  for (const auto& row : body["steps"].GetArray()) EXPECT_LE(row.Size(), 3U) << compact(row);
}

TEST_P(ApiCases, AnswersAsTheServiceDoes) {
  const Value& body = *GetParam().body;
  check_form(body);
  engine::Options options;
  MovedClock clock;
  options.clock = &clock;
  if (body.HasMember("transition_delay_ms")) options.transition_delay_ms = body["transition_delay_ms"].GetInt64();
  if (body.HasMember("stream_shards")) options.stream_shards = body["stream_shards"].GetUint();
  if (body.HasMember("clock_stands")) clock.stand_still();
  if (body.HasMember("enforce_throughput")) options.enforce_throughput = true;
  if (body.HasMember("staleness")) {
    const auto milliseconds = [&](const char* name) {
      const auto found = body["staleness"].FindMember(name);
      return found == body["staleness"].MemberEnd() ? 0 : found->value.GetInt64();
    };
    options.staleness = {.read_ms = milliseconds("read_ms"),
                         .index_ms = milliseconds("index_ms"),
                         .stream_ms = milliseconds("stream_ms"),
                         .seed = static_cast<std::uint64_t>(milliseconds("seed"))};
  }
  const auto engine = engine::Engine::open(options);
  Context context{*engine};
  static const auto tables = load(std::filesystem::path(STATOR_API_CASES) / "tables.json");
  if (body.HasMember("tables")) {
    for (const auto& name : body["tables"].GetArray()) {
      ASSERT_TRUE(tables->HasMember(name)) << "no such table in tables.json: " << name.GetString();
      std::string reply;
      call(context, "CreateTable", compact((*tables)[name]), 0, reply);
    }
  }
  int step = 0;
  Captured captured;
  for (const auto& row : body["steps"].GetArray()) {
    ++step;
    const std::string operation = row[0].GetString();
    if (operation == "wait") {
      wait_until_active(context, row[1].GetString());
      continue;
    }
    if (operation == "region") {
      context.region = row[1].GetString();
      continue;
    }
    if (operation == "account") {
      context.account_id = row[1].GetString();
      continue;
    }
    if (operation == "advance") {
      clock.advance(row[1].GetInt64());
      continue;
    }
    if (operation == "jobs") {
      ASSERT_TRUE(engine->run_due_jobs(std::chrono::seconds(60)));
      continue;
    }
    // A request given as text is sent unchanged; it need not be JSON.
    std::string request;
    if (row[1].IsString()) {
      request = row[1].GetString();
    } else {
      rapidjson::Document filled;
      filled.CopyFrom(row[1], filled.GetAllocator());
      put_captured(filled, captured, filled.GetAllocator());
      request = compact(filled);
    }
    rapidjson::Document actual;
    const std::string reply = answer(context, operation, request);
    actual.Parse(reply.c_str());
    ASSERT_FALSE(actual.HasParseError()) << operation << " answered what is no JSON: " << reply;
    if (row.Size() < 3) {
      EXPECT_FALSE(actual.HasMember("error")) << "step " << step << ' ' << operation << ' ' << request.substr(0, 500)
                                              << "\nmust succeed, answered " << text_of(actual);
      continue;
    }
    EXPECT_TRUE(matches(row[2], actual, captured))
        << "step " << step << ' ' << operation << ' ' << request.substr(0, 2000) << "\nexpected "
        << text_of(row[2]).substr(0, 4000) << "\nanswered " << text_of(actual).substr(0, 4000);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, ApiCases, testing::ValuesIn(all_cases()), name_of);

}  // namespace

}  // namespace stator::api
