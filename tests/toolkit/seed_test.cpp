#include "toolkit/seed.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "json/reader.h"
#include "support/temporary_directory.h"
#include "toolkit/pattern_check.h"
#include "toolkit/pattern_run.h"
#include "toolkit/scan.h"
#include "toolkit/tables.h"

namespace stator::toolkit {
namespace {

namespace fs = std::filesystem;

const model::Model& messages_model() {
  static const model::Model model = model::load_model(fs::path(STATOR_SOURCE_DIR) / "models" / "cruddur-messages");
  return model;
}

/// The empty table of the messages model, in memory.
class Seeding : public ::testing::Test {
 protected:
  Seeding() { create_table(*database_, model_.table_name, model_.create_table_json); }

  SeedResult seed_it(const SeedOptions& options = {}) {
    SeedReporter reporter;
    bad_lines_.clear();
    reporter.bad_line = [this](std::uint64_t line, const std::string& why) {
      bad_lines_.push_back(std::to_string(line) + ": " + why);
    };
    return seed(*database_, model_, *users_, options, reporter);
  }
  SeedResult seed_text(const std::string& text, bool skip_bad = false) {
    const fs::path file = directory_.path() / "messages";
    std::ofstream(file, std::ios::binary) << text;
    SeedOptions options;
    options.messages = file;
    options.skip_bad = skip_bad;
    return seed_it(options);
  }
  /// Returns every item as "pk sk message", sorted.
  std::vector<std::string> items() {
    std::vector<std::string> lines;
    ScanOptions options;
    options.table = model_.table_name;
    scan(*database_, options, [&](const json::Object& item) {
      const auto text = [&](const char* name) { return std::string(item[name]["S"].get_string().value()); };
      lines.push_back(text("pk") + " " + text("sk").substr(0, 26) + " " + text("message"));
    });
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  const model::Model& model_ = messages_model();
  std::unique_ptr<endpoint::Endpoint> database_ = open_in_memory();
  std::unique_ptr<UserDirectory> users_ = users_from_model(model_);
  TemporaryDirectory directory_;
  std::vector<std::string> bad_lines_;
};

const std::string kGroup = "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399 ";
const std::string kAndrew = "GRP#8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11 ";
const std::string kBayko = "GRP#f2b7c8d4-1e3a-4c6b-8f90-7a6d5c4b3e22 ";

TEST_F(Seeding, LoadsTheModelsConversationAMinuteApartWithAnEntryForEach) {
  const SeedResult result = seed_it();
  EXPECT_EQ(result.messages, 56U);
  EXPECT_EQ(result.entries, 2U);
  EXPECT_EQ(result.items, 58U);
  const std::vector<std::string> lines = items();
  ASSERT_EQ(lines.size(), 58U);
  EXPECT_EQ(lines[0], kAndrew + "2023-03-20T10:55:00.000000 It always is, once the trailer lights work.");
  EXPECT_EQ(lines[1], kBayko + "2023-03-20T10:55:00.000000 It always is, once the trailer lights work.");
  EXPECT_TRUE(lines[2].starts_with(kGroup + "2023-03-20T10:00:00.000000 Morning!"));
  EXPECT_TRUE(lines[3].starts_with(kGroup + "2023-03-20T10:01:00.000000 "));
}

TEST_F(Seeding, TwiceChangesNothing) {
  seed_it();
  const auto once = items();
  const SeedResult again = seed_it();
  EXPECT_EQ(again.items, 58U);
  EXPECT_EQ(items(), once);
}

TEST_F(Seeding, WritesNothingOfAFileWithABadLine) {
  const std::string text = "andrewbrown,2023-03-21T10:00:00Z,hello\nnobody,2023-03-21T10:01:00Z,hi\nbayko,later,hi\n";
  EXPECT_THROW(seed_text(text), BadFile);
  EXPECT_EQ(bad_lines_,
            (std::vector<std::string>{"2: no user has the handle \"nobody\"",
                                      "3: expected a time such as 2023-03-20T10:00:00+00:00, found \"later\""}));
  EXPECT_TRUE(items().empty());
  const SeedResult result = seed_text(text, true);
  EXPECT_EQ(result.messages, 1U);
  EXPECT_EQ(result.bad_lines, 2U);
  EXPECT_EQ(items().size(), 3U);
}

TEST_F(Seeding, RefusesAFileWithoutMessages) { EXPECT_THROW(seed_text("\n\n"), BadFile); }

TEST_F(Seeding, KeepsMessagesOfOneMomentApart) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "bayko,2023-03-21T10:00:00Z,message " + std::to_string(i) + "\n";
  seed_text(text);
  const auto lines = items();
  ASSERT_EQ(lines.size(), 62U);
  EXPECT_EQ(lines[2], kGroup + "2023-03-21T10:00:00.000000 message 0");
  EXPECT_EQ(lines[61], kGroup + "2023-03-21T10:00:00.000059 message 59");
}

TEST_F(Seeding, LeavesOneEntryAConversationWhichIsTheNewest) {
  seed_text("bayko,2023-03-21T10:00:00Z,first\n");
  seed_text("andrewbrown,2023-03-22T10:00:00Z,newer\n");
  seed_text("andrewbrown,2023-03-20T10:00:00Z,older\n");
  const auto lines = items();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], kAndrew + "2023-03-22T10:00:00.000000 newer");
  EXPECT_EQ(lines[1], kBayko + "2023-03-22T10:00:00.000000 newer");
}

TEST_F(Seeding, TakesAnotherTranscriptAndGroup) {
  const fs::path file = directory_.path() / "talk.txt";
  std::ofstream(file) << "Person 2: one\nPerson 1: two\n";
  SeedOptions options;
  options.transcript = file;
  options.message_group_uuid = "11111111-2222-3333-4444-555555555555";
  EXPECT_EQ(seed_it(options).messages, 2U);
  EXPECT_EQ(items()[2], "MSG#11111111-2222-3333-4444-555555555555 2023-03-20T10:00:00.000000 one");
}

TEST_F(Seeding, RefusesAThirdPerson) {
  model::Model model = model_;
  model.users.push_back({"00000000-0000-0000-0000-000000000001", "third", "Third", ""});
  const auto users = users_from_model(model);
  const fs::path file = directory_.path() / "messages.csv";
  std::ofstream(file)
      << "bayko,2023-03-21T10:00:00Z,a\nandrewbrown,2023-03-21T10:00:01Z,b\nthird,2023-03-21T10:00:02Z,c\n";
  SeedOptions options;
  options.messages = file;
  EXPECT_THROW(seed(*database_, model, *users, options), BadFile);
}

TEST_F(Seeding, FailsWithTheServicesErrorWhereTheTableIsMissing) {
  drop_table(*database_, model_.table_name);
  try {
    seed_it();
    ADD_FAILURE();
  } catch (const OperationError& error) {
    EXPECT_EQ(error.type, "ResourceNotFoundException");
  }
}

TEST(MessageUuid, IsStableAndWellFormed) {
  const std::string uuid = message_uuid("g", "t", "s", "x");
  EXPECT_EQ(uuid, message_uuid("g", "t", "s", "x"));
  EXPECT_NE(uuid, message_uuid("g", "t", "sx", ""));
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '8');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

// --- patterns ------------------------------------------------------------------------------------------------------

const model::Pattern& pattern(const std::string& name) {
  for (const model::Pattern& candidate : messages_model().patterns) {
    if (candidate.name == name) return candidate;
  }
  throw std::out_of_range(name);
}

TEST_F(Seeding, PatternsPageThroughAConversation) {
  seed_it();
  PatternRequest request;
  request.parameters["limit"] = "25";
  std::vector<std::size_t> counts;
  std::string first_line;
  do {
    const PatternReply reply = run_pattern(*database_, pattern("get-conversation"), *users_, request);
    const auto page = items_of_reply(reply.json);
    if (counts.empty()) first_line = format_line(pattern("get-conversation").printing.columns, page.at(0));
    counts.push_back(page.size());
    request.next_token = reply.next_token;
  } while (!request.next_token.empty());
  EXPECT_EQ(counts, (std::vector<std::size_t>{25, 25, 6}));
  EXPECT_EQ(first_line, "bayko           2023-03-20 10:55 AM   It always is, once the trailer lights wo...");
}

TEST(PatternLines, GiveAnItemNoSayOverTheTerminal) {
  model::Column text;
  text.attribute = "text";
  EXPECT_EQ(format_line({text}, R"({"text":{"S":"a\u001b[2J\u007f\r\n\tb é\u009b2J"}})"), "a [2J    b é 2J");
}

TEST_F(Seeding, PatternsRefuseTokensOfOthers) {
  seed_it();
  PatternRequest request;
  request.parameters["limit"] = "5";
  const std::string token = run_pattern(*database_, pattern("get-conversation"), *users_, request).next_token;
  for (const std::string& bad : {std::string("x"), std::string("!!!!"), token.substr(4), token + "AAAA"}) {
    PatternRequest next{{}, bad};
    EXPECT_THROW(run_pattern(*database_, pattern("get-conversation"), *users_, next), model::ParameterError) << bad;
  }
  EXPECT_THROW(run_pattern(*database_, pattern("list-conversations"), *users_, {{}, token}), model::ParameterError);
}

TEST_F(Seeding, ListConversationsFindsTheUserByHandle) {
  seed_it();
  const PatternReply reply =
      run_pattern(*database_, pattern("list-conversations"), *users_, {{{"handle", "bayko"}}, {}});
  EXPECT_EQ(reply.heading, "my-uuid: f2b7c8d4-1e3a-4c6b-8f90-7a6d5c4b3e22");
  EXPECT_EQ(items_of_reply(reply.json).size(), 1U);
  EXPECT_EQ(capacity_of_reply(reply.json), 0.5);
  EXPECT_THROW(run_pattern(*database_, pattern("list-conversations"), *users_, {{{"handle", "nobody"}}, {}}),
               std::runtime_error);
}

TEST(PatternCheck, PassesTheProjectsModels) {
  const auto verdicts = check_patterns({messages_model()});
  ASSERT_EQ(verdicts.size(), 6U);
  for (const PatternVerdict& verdict : verdicts) EXPECT_EQ(verdict.fault, "") << verdict.pattern << verdict.variant;
  EXPECT_EQ(verdicts[2].variant, "--from --to");
  EXPECT_EQ(verdicts[2].items, 16U) << "five past to twenty past, a message a minute";
  EXPECT_EQ(verdicts[0].items, 2U) << "an entry for each of two people, through the index";
  EXPECT_EQ(verdicts[1].items, 20U);
}

TEST(PatternCheck, FailsVariantsWithoutAnExampleAndThoseThatFindNothing) {
  const std::string group = R"({"S": "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399"})";
  const auto variant = [&](const std::string& example) {
    model::Model model = messages_model();
    model.patterns = {model::read_pattern(
        model::Document::parse("p.json", R"({"description": "d", "operation": "Query", "budget": 5, "parameters": {"at":
            {"type": "string", "description": "d"}}, "request": {"KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": )" +
                                             group + R"(}}, "variants": [{"when": ["at"], )" + example + R"("request":
            {"KeyConditionExpression": "pk = :pk AND sk = :at", "ExpressionAttributeValues": {":at": {"S": "${at}"}}}}]})"),
        "p", "m", "cruddur-messages")};
    const auto verdicts = check_patterns({model});
    EXPECT_EQ(verdicts.at(0).fault, "");
    return verdicts.at(1).fault;
  };
  EXPECT_EQ(variant(""), "the variant has no example for --at");
  EXPECT_EQ(variant(R"("example": {"at": "x"}, )"), "returns nothing");
  EXPECT_EQ(variant(R"("example": {"at": "2023-03-20T10:05:00.000000+00:00"}, )"), "");
}

TEST(PatternCheck, SaysWhatACacheSaves) {
  const auto verdict_of = [](const std::string& operation, const std::string& request) {
    model::Model model = messages_model();
    model.patterns = {model::read_pattern(
        model::Document::parse("p.json", R"({"description": "d", "operation": ")" + operation + R"(", "request": )" +
                                             request + R"(, "budget": 5, "cache": {"ttl_s": 60}})"),
        "p", "m", "cruddur-messages")};
    return check_patterns({model}).at(0);
  };
  const std::string group = R"("MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399")";
  const PatternVerdict kept = verdict_of(
      "Query", R"({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": )" + group + "}}}");
  EXPECT_EQ(kept.fault, "");
  EXPECT_EQ(kept.cache_ttl_s, 60);
  EXPECT_GT(kept.capacity, 0);
  EXPECT_EQ(kept.saved, kept.capacity);
  const PatternVerdict consistent = verdict_of(
      "BatchGetItem", R"({"RequestItems": {"cruddur-messages": {"ConsistentRead": true, "Keys": [{"pk": {"S": )" +
                          group + R"(}, "sk": {"S": "2023-03-20T10:05:00.000000+00:00"}}]}}})");
  EXPECT_EQ(consistent.fault, "a cache would not answer it");
  EXPECT_EQ(consistent.saved, 0);
}

TEST(PatternCheck, FailsPatternsThatScanOverspendOrFindNothing) {
  const auto make = [](const std::string& operation, const std::string& key, const std::string& budget) {
    const std::string condition =
        operation == "Query"
            ? R"("KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": ")" + key + "\"}}"
            : "";
    return model::read_pattern(
        model::Document::parse("p.json", R"({"description": "d", "operation": ")" + operation + R"(", "request": {)" +
                                             condition + R"(}, "least_items": 30, "budget": )" + budget + "}"),
        "p", "m", "cruddur-messages");
  };
  const std::string group = "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399";
  model::Model model = messages_model();
  model.patterns = {make("Query", group, "5"),
                    make("Scan", "", "100"),
                    make("Query", group, "0.5"),
                    make("Query", "none", "5"),
                    make("Query", "GRP#8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11", "5"),
                    make("Query", "", "5")};
  std::vector<std::string> faults;
  for (const PatternVerdict& verdict : check_patterns({model})) faults.push_back(verdict.fault.substr(0, 40));
  EXPECT_EQ(faults,
            (std::vector<std::string>{"", "scans", "over budget", "returns nothing", "returns 1 items, fewer than 30",
                                      "An error occurred (ValidationException) "}));
}

}  // namespace
}  // namespace stator::toolkit
