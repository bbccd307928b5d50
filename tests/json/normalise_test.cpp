#include <gtest/gtest.h>

#include "core/api_error.h"
#include "json/item.h"
#include "json/writer.h"

namespace stator::json {
namespace {

Value parsed(const std::string& text) { return Parser::of_this_thread().parse(text); }

std::string repeated(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

/// Returns `levels` nested lists around a string: `{"L":[{"L":[…]}]}`.
std::string nested_lists(std::size_t levels) {
  return repeated(levels, R"({"L":[)") + R"({"S":"x"})" + repeated(levels, "]}");
}
std::string nested_maps(std::size_t levels) {
  return repeated(levels, R"({"M":{"a":)") + R"({"S":"x"})" + repeated(levels, "}}");
}

TEST(AppendNormalised, WritesCanonicalFormAndCountsItsSize) {
  struct Row {
    const char *wire, *canonical;
    std::size_t size;
  };
  const Row rows[] = {
      {R"({"S":"a"})", R"({"S":"a"})", 1},
      {R"( { "S" : "" } )", R"({"S":""})", 0},
      {R"({"S":"\u0041\/\u00fc\u0000\n\"\\"})", R"({"S":"A/ü\u0000\n\"\\"})", 8},
      {R"({"N":"42"})", R"({"N":"42"})", 2},
      {R"({"N":"-7"})", R"({"N":"-7"})", 3},
      {R"({"N":"0"})", R"({"N":"0"})", 1},
      {R"({"N":"-0"})", R"({"N":"0"})", 1},
      {R"({"N":"007.50e2"})", R"({"N":"750"})", 3},
      {R"({"N":"1000"})", R"({"N":"1000"})", 2},
      {R"({"N":"12345678901234567890"})", R"({"N":"12345678901234567890"})", 11},
      {R"({"N":"1\u0030"})", R"({"N":"10"})", 2},
      {R"({"B":"Zm9v"})", R"({"B":"Zm9v"})", 3},
      {R"({"B":""})", R"({"B":""})", 0},
      {R"({"BOOL":true})", R"({"BOOL":true})", 1},
      {R"({"BOOL":"NO"})", R"({"BOOL":false})", 1},
      {R"({"NULL":true})", R"({"NULL":true})", 1},
      {R"({"NULL":"yes"})", R"({"NULL":true})", 1},
      {R"({"SS":["b","a",""]})", R"({"SS":["","a","b"]})", 2},
      {R"({"SS":["é","z","Z"]})", R"({"SS":["Z","z","é"]})", 4},
      {R"({"NS":["1.0","2e1"]})", R"({"NS":["1","20"]})", 4},
      {R"({"NS":["10","-3","9","0.5","0"]})", R"({"NS":["-3","0","0.5","9","10"]})", 10},
      {R"({"BS":["Zg==","Zm8="]})", R"({"BS":["Zg==","Zm8="]})", 3},
      {R"({"BS":["/w==","Zm8=","AA==","","+w==","0w==","aQ==","AAA="]})",
       R"({"BS":["","AA==","AAA=","Zm8=","aQ==","0w==","+w==","/w=="]})", 9},
      {R"({"L":[]})", R"({"L":[]})", 3},
      {R"({"L":[{"S":"a"},{"N":"1.0"}]})", R"({"L":[{"S":"a"},{"N":"1"}]})", 8},
      {R"({"M":{}})", R"({"M":{}})", 3},
      {R"({"M":{"k\"":{"S":"ab"}}})", R"({"M":{"k\"":{"S":"ab"}}})", 8},
      {R"({"S":"a","X":{"deep":[1]},"Y":null})", R"({"S":"a"})", 1},
      {R"({"S":null,"N":"5"})", R"({"N":"5"})", 2},
      {R"({"S":"a","N":"5","N":null})", R"({"S":"a"})", 1},
      {R"({"S":"a","S":"b"})", R"({"S":"b"})", 1},
      {R"({"M":{"a":{"S":"1"},"b":{"S":"2"},"a":{"S":"3"}}})", R"({"M":{"b":{"S":"2"},"a":{"S":"3"}}})", 3 + 2 + 2 + 2},
  };
  for (const Row& row : rows) {
    std::string out = "before";
    EXPECT_EQ(append_normalised(parsed(row.wire), out), row.size) << row.wire;
    EXPECT_EQ(out, std::string("before") + row.canonical);
    const core::AttributeValue tree = read_value(parsed(row.wire));
    EXPECT_EQ(tree, parse_stored(row.canonical)) << row.wire;
    EXPECT_EQ(tree.size_bytes(), row.size) << row.wire;
    std::string written;
    append_value(tree, written);
    EXPECT_EQ(written, row.canonical);
  }
}

TEST(AppendNormalised, RefusesInTheServicesWords) {
  const std::string empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
  const std::string several =
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
  const std::string invalid = "One or more parameter values were invalid: ";
  const std::string numeric = "The parameter cannot be converted to a numeric value";
  const std::string deep =
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
  struct Row {
    std::string wire, message;
  };
  const Row rows[] = {
      {R"({})", empty},
      {R"({"a":""})", empty},
      {R"({"S":null})", empty},
      {R"({"M":{"a":{}}})", empty},
      {R"({"M":{"a":null}})", empty},
      {R"({"L":[{}]})", empty},
      {R"({"L":[null]})", empty},
      {R"({"L":[{"a":""}]})", empty},
      {R"({"NULL":false})", invalid + "Null attribute value types must have the value of true"},
      {R"({"NULL":"no"})", invalid + "Null attribute value types must have the value of true"},
      {R"({"SS":[]})", invalid + "An string set  may not be empty"},
      {R"({"NS":[]})", invalid + "An number set  may not be empty"},
      {R"({"BS":[]})", invalid + "Binary sets should not be empty"},
      {R"({"L":[{"SS":[]}]})", invalid + "An string set  may not be empty"},
      {R"({"SS":["a","a"]})", invalid + "Input collection [\"a\", \"a\"] contains duplicates."},
      {R"({"SS":["b","a","c","a"]})", invalid + "Input collection [\"a\", \"b\", \"c\", \"a\"] contains duplicates."},
      {R"({"SS":["c","a","c","b","d"]})",
       invalid + "Input collection [\"a\", \"c\", \"c\", \"b\", \"d\"] contains duplicates."},
      {R"({"BS":["Yg==","Yg=="]})", invalid + "Input collection [\"Yg==\",\"Yg==\"]of type BS contains duplicates."},
      {R"({"NS":["1","1"]})", invalid + "Input collection contains duplicates."},
      {R"({"NS":["1","2","1.0"]})", invalid + "Input collection contains duplicates."},
      {R"({"NS":["1",""]})", numeric + ": "},
      {R"({"NS":["1",null]})", numeric + ": "},
      {R"({"NS":["1","b"]})", numeric + ": b"},
      {R"({"N":""})", numeric + ": "},
      {R"({"N":"b"})", numeric + ": b"},
      {R"({"N":"123456789012345678901234567890123456789"})",
       "Attempting to store more than 38 significant digits in a Number"},
      {R"({"N":"1e126"})", "Number overflow. Attempting to store a number with magnitude larger than supported range"},
      {R"({"N":"-1e-131"})",
       "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
      {R"({"S":"a","N":"1"})", several},
      {R"({"S":"","N":""})", numeric + ": "},
      {R"({"S":"a","N":"b"})", numeric + ": b"},
      {R"({"SS":[],"N":"b"})", numeric + ": b"},
      {R"({"M":{"a":{"S":"a","N":"1"}}})", several},
      {nested_lists(32), deep},
      {nested_maps(32), deep},
      {nested_lists(200), deep},
  };
  for (const Row& row : rows) {
    for (const bool as_tree : {false, true}) {
      try {
        std::string out;
        if (as_tree) {
          read_value(parsed(row.wire));
        } else {
          append_normalised(parsed(row.wire), out);
        }
        ADD_FAILURE() << "accepted: " << row.wire;
      } catch (const core::ApiError& error) {
        EXPECT_EQ(error.type, "ValidationException");
        EXPECT_EQ(error.message, row.message) << row.wire;
      }
    }
  }
}

TEST(AppendNormalised, HasOlderWordsForBatchesTransactionsAndScans) {
  const std::string invalid = "One or more parameter values were invalid: ";
  const std::string numeric = "The parameter cannot be converted to a numeric value";
  const std::string underflow =
      "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  const std::pair<std::string, std::string> rows[] = {
      {R"({"SS":["b","a","b"]})", invalid + "Input collection [b, a, b] contains duplicates."},
      {R"({"BS":["/w==","AA==","AA=="]})",
       invalid + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."},
      {R"({"NS":["2","1","2"]})", "Input collection contains duplicates"},
      {R"({"N":""})", numeric},
      {R"({"NS":[""]})", numeric},
      {R"({"N":"abc"})", numeric + ": abc"},
      {R"({"N":"1e2147483647"})", underflow},
      {R"({"L":[{"N":"1e2147483647"}]})", underflow},
  };
  for (const auto& [wire, message] : rows) {
    std::string out;
    for (const bool as_tree : {false, true}) {
      try {
        as_tree ? void(read_value(parsed(wire), kOlderRules)) : void(append_normalised(parsed(wire), out, kOlderRules));
        ADD_FAILURE() << "accepted: " << wire;
      } catch (const core::ApiError& error) {
        EXPECT_EQ(error.message, message) << wire;
      }
    }
  }
  EXPECT_NO_THROW(read_value(parsed(nested_lists(32)), kTransactionRules));
  EXPECT_THROW(read_value(parsed(nested_lists(33)), kTransactionRules), core::ApiError);
  EXPECT_THROW(read_value(parsed(nested_lists(32)), kOlderRules), core::ApiError);
}

TEST(AppendNormalised, AcceptsThirtyOneContainersAroundAValue) {
  for (const std::string& wire : {nested_lists(31), nested_maps(31)}) {
    std::string out;
    EXPECT_NO_THROW(append_normalised(parsed(wire), out));
    EXPECT_EQ(out, wire);
    EXPECT_EQ(read_value(parsed(wire)), parse_stored(wire));
  }
}

TEST(AppendNormalised, FindsDuplicatesInLargeSets) {
  const auto set = [](const char* type, bool with_duplicate) {
    std::string wire = std::string("{\"") + type + "\":[";
    for (int i = 0; i < 5000; ++i) {
      wire += "\"" + std::to_string(i * 7919 % 100000) + "\",";
    }
    return wire + (with_duplicate ? "\"0\"]}" : "\"100001\"]}");
  };
  for (const char* type : {"SS", "NS"}) {
    std::string out;
    EXPECT_THROW(append_normalised(parsed(set(type, true)), out), core::ApiError);
    out.clear();
    EXPECT_NO_THROW(append_normalised(parsed(set(type, false)), out));
    const auto numeric = std::string_view(type) == "NS";
    const core::AttributeValue tree = parse_stored(out);
    const bool in_order = numeric ? std::ranges::is_sorted(tree.get_if<core::AttributeValue::NumberSet>()->members)
                                  : std::ranges::is_sorted(tree.get_if<core::AttributeValue::StringSet>()->members);
    EXPECT_TRUE(in_order) << type;
    EXPECT_EQ(tree, parse_stored(set(type, false)));
  }
}

TEST(NormaliseItem, WritesCanonicalJsonAndCountsNamesAndValues) {
  struct Row {
    const char *wire, *canonical;
    std::size_t size;
  };
  const Row rows[] = {
      {R"({})", R"({})", 0},
      {R"({ "pk" : {"S":"a"}, "n" : {"N":"1.0"} })", R"({"pk":{"S":"a"},"n":{"N":"1"}})", 2 + 1 + 1 + 2},
      {R"({"ü":{"NULL":true}})", R"({"ü":{"NULL":true}})", 3},
      {R"({"a":{"S":"1"},"a":{"S":"22"}})", R"({"a":{"S":"22"}})", 3},
      {R"({"m":{"M":{"x":{"L":[{"N":"-5"}]}}}})", R"({"m":{"M":{"x":{"L":[{"N":"-5"}]}}}})", 1 + 3 + 1 + 1 + 3 + 1 + 3},
  };
  for (const Row& row : rows) {
    const EncodedItem item = normalise_item(parsed(row.wire));
    EXPECT_EQ(item.json, row.canonical);
    EXPECT_EQ(item.size_bytes, row.size) << row.wire;
    EXPECT_EQ(Item(item.json).size_bytes(), row.size) << row.wire;
  }
}

TEST(NormaliseItem, SurvivesHostileShapes) {
  const std::size_t budget = std::size_t{2} << 20;
  const auto filled = [&](const std::string& open, const std::string& unit, const std::string& close) {
    return open + repeated(budget / unit.size(), unit) + close;
  };
  const std::string rows[] = {
      filled(R"({"a":{"L":[)", R"({"N":"1"},)", R"({"S":""}]}})"),
      filled(R"({"a":{"M":{)", R"("x":{"S":""},)", R"("x":{"S":""}}}})"),
      filled(R"({"a":{)", R"("S":"",)", R"("S":""}})"),
      filled(R"({"a":{"SS":[)", R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",)", R"("b"]}})"),
      filled(R"({"a":{"NS":[)", R"("1",)", R"("1"]}})"),
      filled(R"({"a":{"N":")", "9", R"("}})"),
      filled(R"({"a":{"S":")", "\\u0001", R"("}})"),
      filled(R"({"a":)", R"({"L":[)", "}"),
      filled("{", R"("a":{"S":""},)", R"("a":{"S":""}})"),
      filled(R"({"a":{"B":")", "====", R"("}})"),
  };
  for (const std::string& body : rows) {
    try {
      const EncodedItem item = normalise_item(Parser().parse(body));
      EXPECT_LE(item.json.size(), body.size());
    } catch (const core::ApiError& error) {
      EXPECT_FALSE(error.type.name().empty());
    }
  }
}

}  // namespace
}  // namespace stator::json
