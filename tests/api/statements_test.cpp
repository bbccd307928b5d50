#include <gtest/gtest.h>
#include <xxhash.h>

#include <map>
#include <set>

#include "api/api.h"
#include "core/api_error.h"
#include "core/base64.h"
#include "engine/support.h"
#include "json/writer.h"

/// SELECT page by page, which cases in JSON files cannot test, as a token is only known from a reply.
namespace stator::api {
namespace {

class Statements : public ::testing::Test {
 protected:
  Statements() {
    engine_->create_table(engine::make_table("t"));
    for (char partition = 'a'; partition < 'a' + kPartitions; ++partition) {
      for (int i = 0; i < kItems; ++i) {
        put(std::string(1, partition), std::to_string(i), "v");
      }
    }
  }

  void put(const std::string& pk, const std::string& sk, const std::string& value) {
    engine::put(*engine_, engine_->usable_table("t"),
                R"({"pk":{"S":")" + pk + R"("},"sk":{"S":")" + sk + R"("},"v":{"S":")" + value + R"("}})");
  }

  /// The reply's members by name, as JSON; Items as a list.
  struct Reply {
    std::vector<std::string> items;
    std::string token;
    std::string last_key;
  };
  Reply execute(const std::string& statement, const std::string& more = "") {
    std::string body = "{\"Statement\":";
    json::append_string(statement, body);
    body += more + "}";
    std::string reply;
    call(context_, "ExecuteStatement", body, 0, reply);
    json::Parser parser;
    const json::Value value = parser.parse(reply);
    Reply result;
    for (const json::Value item : value["Items"].get_array()) result.items.push_back(simdjson::minify(item));
    std::string_view token;
    if (value["NextToken"].get(token) == simdjson::SUCCESS) result.token = token;
    json::Value key;
    if (value["LastEvaluatedKey"].get(key) == simdjson::SUCCESS) result.last_key = simdjson::minify(key);
    return result;
  }

  struct Walk {
    std::vector<std::string> items;
    std::size_t pages = 0;
    std::size_t largest = 0;
  };
  Walk walk(const std::string& statement, const std::string& more = "") {
    Walk walked;
    std::string token;
    do {
      Reply page = execute(statement, more + (token.empty() ? "" : ",\"NextToken\":\"" + token + "\""));
      ++walked.pages;
      walked.largest = std::max(walked.largest, page.items.size());
      std::ranges::move(page.items, std::back_inserter(walked.items));
      token = page.token;
    } while (!token.empty() && walked.pages < 1000);
    return walked;
  }

  std::string fault(const std::string& statement, const std::string& more) {
    try {
      execute(statement, more);
    } catch (const core::ApiError& error) {
      return error.message;
    }
    return "ok";
  }

  static constexpr int kPartitions = 12;
  static constexpr int kItems = 7;
  std::unique_ptr<engine::Engine> engine_ = engine::open();
  Context context_{*engine_};
};

TEST_F(Statements, PagesGiveEveryItemOnceInTheOrderOfOnePage) {
  for (const std::string& statement :
       {std::string("SELECT pk, sk FROM t"), std::string("SELECT pk, sk FROM t WHERE pk = 'c'"),
        std::string("SELECT pk, sk FROM t WHERE pk = 'c' ORDER BY sk DESC"),
        std::string("SELECT pk, sk FROM t WHERE pk = 'c' AND sk > '2'"),
        std::string("SELECT pk, sk FROM t WHERE pk IN ['c', 'nobody', 'a', 'b'] AND v = 'v'"),
        std::string("SELECT pk, sk FROM t WHERE pk IN ['c', 'a', 'b'] ORDER BY pk DESC, sk DESC"),
        std::string("SELECT pk, sk FROM t WHERE pk = 'c' AND sk = '3' OR pk = 'c' AND sk = '1' OR pk = 'd'"),
        std::string("SELECT pk, sk FROM t WHERE v = 'v' AND sk = '3'")}) {
    const std::vector<std::string> whole = walk(statement).items;
    EXPECT_FALSE(whole.empty()) << statement;
    EXPECT_EQ(std::set<std::string>(whole.begin(), whole.end()).size(), whole.size()) << statement;
    for (int limit = 1; limit < kItems * 2; ++limit) {
      const Walk paged = walk(statement, ",\"Limit\":" + std::to_string(limit));
      EXPECT_EQ(paged.items, whole) << statement << " by " << limit;
      EXPECT_LE(paged.largest, static_cast<std::size_t>(limit)) << statement;
    }
  }
}

TEST_F(Statements, TenPartitionsAPage) {
  std::string list;
  for (char partition = 'a'; partition < 'a' + kPartitions; ++partition) {
    list += std::string(list.empty() ? "" : ", ") + "'" + partition + "'";
  }
  const Walk walked = walk("SELECT * FROM t WHERE pk IN [" + list + "]");
  EXPECT_EQ(walked.pages, 2U);
  EXPECT_EQ(walked.largest, 10U * kItems);
  EXPECT_EQ(walked.items.size(), static_cast<std::size_t>(kPartitions) * kItems);
}

TEST_F(Statements, APageEndsAtAMegabyteOfItemsRead) {
  for (int i = 0; i < 6; ++i) put("big", std::to_string(i), std::string(300'000, 'x'));
  for (const char* statement : {"SELECT sk FROM t WHERE pk = 'big'", "SELECT sk FROM t WHERE pk IN ['a', 'big']"}) {
    const Walk walked = walk(statement);
    EXPECT_GE(walked.pages, 2U) << statement;
    EXPECT_LE(walked.largest, 4U + kItems) << statement;
  }
}

TEST_F(Statements, ATokenBelongsToItsStatementAndParameters) {
  const std::string statement = "SELECT sk FROM t WHERE pk = ?";
  const std::string first = R"(,"Limit":2,"Parameters":[{"S":"a"}])";
  const Reply page = execute(statement, first);
  ASSERT_FALSE(page.token.empty());
  EXPECT_EQ(page.last_key, R"({"pk":{"S":"a"},"sk":{"S":"1"}})");
  const std::string token = ",\"NextToken\":\"" + page.token + "\"";
  EXPECT_EQ(execute(statement, first + token).items.front(), R"({"sk":{"S":"2"}})");
  EXPECT_EQ(fault(statement, R"(,"Parameters":[{"S":"b"}])" + token), "NextToken does not match request");
  EXPECT_EQ(fault("SELECT sk FROM t WHERE pk  = ?", first + token), "NextToken does not match request");
  EXPECT_EQ(fault("INSERT INTO t VALUE {'pk': 'x', 'sk': 'y'}", token), "Invalid NextToken");
  for (const char* garbage : {"garbage", "AQ==", "AAAAAAAAAAAAAAAAAAAAAA=="}) {
    EXPECT_EQ(fault(statement, first + ",\"NextToken\":\"" + garbage + "\""), "Invalid NextToken") << garbage;
  }
}

TEST_F(Statements, ADamagedTokenIsInvalid) {
  const std::string statement = "SELECT pk FROM t WHERE pk = 'a'";
  const std::string sound = *core::base64_decode(execute(statement, ",\"Limit\":2").token);
  const auto fault_of = [&](const std::string& bytes) {
    return fault(statement, ",\"NextToken\":\"" + core::base64_encode(bytes) + "\"");
  };
  ASSERT_EQ(fault_of(sound), "ok");
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(fault_of(damaged), "Invalid NextToken") << i;
    EXPECT_EQ(fault_of(sound.substr(0, std::max<std::size_t>(i, 1))), "Invalid NextToken") << i;
    EXPECT_EQ(fault_of(std::string(sound).erase(i, 1)), "Invalid NextToken") << i;
    EXPECT_EQ(fault_of(std::string(sound).insert(i, 1, '7')), "Invalid NextToken") << i;
  }
}

/// A forged token must be refused, or lead only to items that the statement reads anyway.
TEST_F(Statements, AForgedTokenReadsNothingElse) {
  const std::string statement = "SELECT pk FROM t WHERE pk = 'a'";
  const std::string sound = *core::base64_decode(execute(statement, ",\"Limit\":2").token);
  const std::string key = R"({"pk":{"S":"a"},"sk":{"S":"1"}})";
  const std::size_t head = sound.size() - key.size() - sizeof(XXH64_canonical_t);
  ASSERT_EQ(sound.substr(head, key.size()), key);
  const auto fault_of = [&](std::string bytes) {
    XXH64_canonical_t digest;
    XXH64_canonicalFromHash(&digest, XXH3_64bits(bytes.data(), bytes.size()));
    bytes.append(reinterpret_cast<const char*>(digest.digest), sizeof digest.digest);
    return fault(statement, ",\"NextToken\":\"" + core::base64_encode(bytes) + "\"");
  };
  ASSERT_EQ(fault_of(sound.substr(0, head) + key), "ok");
  for (const std::string& forged :
       {std::string(R"({"pk":{"S":"b"},"sk":{"S":"1"}})"), std::string(R"({"pk":{"S":"a"},"sk":{"N":"1"}})"),
        std::string(R"({"pk":{"S":"a"}})"), std::string("{}"), std::string("[]"), std::string("{"), std::string("7"),
        std::string(R"({"pk":{"S":"a"},"sk":{"S":"1"},"z":{"S":"1"}})"), std::string(R"({"pk":"a","sk":"b"})")}) {
    EXPECT_NE(fault_of(sound.substr(0, head) + forged), "ok") << forged;
  }
  std::string far = sound.substr(0, head) + key;
  far[head - 1] = 9;
  EXPECT_EQ(fault_of(far), "Invalid NextToken");
}

}  // namespace
}  // namespace stator::api
