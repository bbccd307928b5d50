#include "toolkit/scan.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "toolkit/item_output.h"
#include "toolkit/scripted_endpoint.h"

namespace stator::toolkit {
namespace {

std::string item(const std::string& key) { return R"({"pk":{"S":")" + key + "\"}}"; }

/// Two pages for each segment, one item each: "0a" and "0b", "1a" and "1b", …
std::string two_pages(std::string_view body) {
  const std::size_t at = body.find(R"("Segment":)");
  const std::string segment = at == std::string_view::npos ? "0" : std::string(1, body[at + 10]);
  if (body.find("ExclusiveStartKey") == std::string_view::npos)
    return R"({"Items":[)" + item(segment + "a") + R"(],"LastEvaluatedKey":)" + item(segment + "a") + "}";
  return R"({"Items":[)" + item(segment + "b") + "]}";
}

std::multiset<std::string> keys(endpoint::Endpoint& endpoint, const ScanOptions& options) {
  std::multiset<std::string> found;
  scan(endpoint, options, [&](const json::Object& object) { found.emplace(object["pk"]["S"].get_string().value()); });
  return found;
}

TEST(Scan, ReadsEveryPageOfEverySegment) {
  ScriptedEndpoint endpoint([](auto, std::string_view body) { return two_pages(body); });
  ScanOptions options;
  options.table = "t";
  EXPECT_EQ(keys(endpoint, options), (std::multiset<std::string>{"0a", "0b"}));
  EXPECT_EQ(endpoint.calls[0].second, R"({"TableName":"t"})");
  EXPECT_EQ(endpoint.calls[1].second, R"({"TableName":"t","ExclusiveStartKey":{"pk":{"S":"0a"}}})");
  options.segments = 3;
  EXPECT_EQ(keys(endpoint, options), (std::multiset<std::string>{"0a", "0b", "1a", "1b", "2a", "2b"}));
}

TEST(Scan, StopsAtItsLimit) {
  ScriptedEndpoint endpoint([](auto, std::string_view body) { return two_pages(body); });
  ScanOptions options;
  options.table = "t";
  options.limit = 1;
  EXPECT_EQ(keys(endpoint, options), (std::multiset<std::string>{"0a"}));
  EXPECT_EQ(endpoint.calls.size(), 1U);
  options.segments = 4;
  options.limit = 3;
  EXPECT_EQ(keys(endpoint, options).size(), 3U);
}

TEST(Scan, SendsWhatItWasGiven) {
  ScriptedEndpoint endpoint([](auto, auto) { return R"({"Items":[]})"; });
  ScanOptions options;
  options.table = "t";
  options.index = "i";
  options.limit = 7;
  options.filter = "#a = :a";
  options.projection = "pk";
  options.names_json = R"({"#a":"b"})";
  options.values_json = R"({":a":{"S":"c"}})";
  options.consistent = true;
  keys(endpoint, options);
  EXPECT_EQ(
      endpoint.calls[0].second,
      R"({"TableName":"t","IndexName":"i","FilterExpression":"#a = :a","ProjectionExpression":"pk",)"
      R"("ExpressionAttributeNames":{"#a":"b"},"ExpressionAttributeValues":{":a":{"S":"c"}},"ConsistentRead":true})");
}

TEST(Scan, EndsAllSegmentsAtTheFirstFault) {
  ScriptedEndpoint endpoint([](auto, std::string_view body) -> std::string {
    if (body.find(R"("Segment":2)") != std::string_view::npos) throw core::ApiError("ValidationException", "no");
    return R"({"Items":[],"LastEvaluatedKey":{"pk":{"S":"again"}}})";
  });
  ScanOptions options;
  options.table = "t";
  options.segments = 4;
  EXPECT_THROW(keys(endpoint, options), OperationError);
}

std::string written(ItemFormat format, const std::vector<const char*>& items, std::vector<std::string> first = {}) {
  std::ostringstream out;
  const auto output = make_item_output(format, out, {.first_columns = std::move(first)});
  for (const char* text : items) {
    json::Parser parser;
    output->write(parser.parse(text).get_object().value());
  }
  output->finish();
  return out.str();
}

TEST(ItemOutput, WritesEachFormat) {
  const std::vector<const char*> items = {R"({"b":{"N":"1"},"pk":{"S":"x"}})",
                                          R"({"pk":{"S":"a,\"b\"\nc"},"c":{"SS":["d"]},"z":{"NULL":true}})"};
  EXPECT_EQ(written(ItemFormat::kPython, items),
            "{'b': Decimal('1'), 'pk': 'x'}\n{'pk': 'a,\"b\"\\nc', 'c': {'d'}, 'z': None}\n");
  EXPECT_EQ(written(ItemFormat::kJsonLines, items), std::string(items[0]) + "\n" + items[1] + "\n");
  EXPECT_EQ(written(ItemFormat::kJson, items), std::string("[\n") + items[0] + ",\n" + items[1] + "\n]\n");
  EXPECT_EQ(written(ItemFormat::kJson, {}), "[]\n");
  EXPECT_EQ(written(ItemFormat::kCsv, items, {"pk"}), "pk,b,c,z\r\nx,1,,\r\n\"a,\"\"b\"\"\nc\",,\"[\"\"d\"\"]\",\r\n");
}

}  // namespace
}  // namespace stator::toolkit
