#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"

/// stator get, put, update, delete, edit, query, scan, count, describe, tables, on the shop model.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = STATOR_SOURCE_DIR;

class ItemCommands : public CommandTest {
 protected:
  ItemCommands() {
    EXPECT_EQ(stator({"ddb", "schema-load"}).code, 0);
    EXPECT_EQ(stator({"ddb", "seed"}).code, 0);
  }
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(),
                     {"--data", path("data"), "--models", (kProject / "tests" / "cli" / "models").string()});
    return run_line(arguments, input);
  }
  /// The output of a command that must succeed.
  std::string out(const std::vector<std::string>& arguments, const std::string& input = "") {
    const Outcome outcome = stator(arguments, input);
    EXPECT_EQ(outcome.code, 0) << ::testing::PrintToString(arguments) << outcome.err;
    return outcome.out;
  }
};

struct Row {
  std::vector<std::string> arguments;
  const char* out;
  const char* err;
};

TEST_F(ItemCommands, ReadWithKeysAsWordsAndSayWhatItCost) {
  const Row rows[] = {
      {{"get", "shop", "ann", "1002", "--output", "jsonl"},
       "{\"customer\":\"ann\",\"order_id\":1002,\"worth\":25.5,\"state\":\"open\"}\n",
       "1 item, 0.5 capacity units\n"},
      {{"get", "shop", "ann", "1002", "--consistent", "--attributes", "worth,state"},
       "{\n  \"worth\": 25.5,\n  \"state\": \"open\"\n}\n",
       "1 item, 1 capacity unit\n"},
      {{"get", "shop", "ann", "1002", "--projection", "#s", "#s=state", "-q"}, "{\n  \"state\": \"open\"\n}\n", ""},
      {{"get", "shop", "--key", "{\"customer\":\"ann\",\"order_id\":1002}", "--ddb-json", "--output", "jsonl"},
       nullptr,
       nullptr},
      {{"query", "shop", "ann", "-q"},
       "{\"customer\":\"ann\",\"order_id\":1001,\"worth\":20,\"state\":\"shipped\"}\n"
       "{\"customer\":\"ann\",\"order_id\":1002,\"worth\":25.5,\"state\":\"open\"}\n"
       "{\"customer\":\"ann\",\"order_id\":1003,\"worth\":7,\"state\":\"open\"}\n",
       ""},
      {{"query", "shop", "ann", "--reverse", "--limit", "1", "--attributes", "order_id"},
       "{\"order_id\":1003}\n",
       "more: --next cXVlcnkgc2hvcC8KeyJjdXN0b21lciI6eyJTIjoiYW5uIn0sIm9yZGVyX2lkIjp7Ik4iOiIxMDAzIn19\n"
       "1 item, 0.5 capacity units\n"},
      {{"query", "shop", "ann", "1001", "--attributes", "worth", "-q"}, "{\"worth\":20}\n", ""},
      {{"query", "shop", "ann", "--index", "by-worth", "--between", "8", "25", "--attributes", "worth", "-q"},
       "{\"worth\":20}\n",
       ""},
      {{"query", "shop", "ann", "--less-than", "1002", "--attributes", "order_id", "-q"}, "{\"order_id\":1001}\n", ""},
      {{"query", "shop", "ann", "--at-least", "1003", "--attributes", "order_id", "-q"}, "{\"order_id\":1003}\n", ""},
      {{"query", "shop", "--key-condition", "customer = :c AND order_id > :o", ":c=ann", ":o=1002", "--attributes",
        "order_id"},
       "{\"order_id\":1003}\n",
       "1 item, 0.5 capacity units\n"},
      {{"query", "shop", "ann", "--where", "state<>open", "--attributes", "state"},
       "{\"state\":\"shipped\"}\n",
       "1 item of 3 read, 0.5 capacity units\n"},
      {{"query", "shop", "ann", "--filter", "worth IN (:a, :b)", ":a=7", ":b=8", "--where", "state=open", "--output",
        "csv", "-q"},
       "customer,order_id,worth,state\r\nann,1003,7,open\r\n",
       ""},
      {{"scan", "shop", "--where", "customer=ben", "--output", "table", "-q"},
       "customer  order_id  worth  state\nben           1004     12  open\n",
       ""},
      {{"scan", "shop", "--where", "customer=ben", "--output", "python", "-q"},
       "{'customer': 'ben', 'order_id': Decimal('1004'), 'worth': Decimal('12'), 'state': 'open'}\n",
       ""},
      {{"scan", "shop", "--where", "customer=nobody", "--output", "json", "-q"}, "[]\n", ""},
      // Blanks around operators and between the attributes of a list are ignored.
      {{"count", "shop", "--where", "worth > 12", "-q"}, "2\n", ""},
      {{"count", "shop", "--where", " state  =\topen ", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "state == open", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "state!=open", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "state = \"open\"", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "state=\" open\"", "-q"}, "0\n", ""},
      {{"count", "shop", "--where", "state<>\"=open\"", "-q"}, "4\n", ""},
      {{"count", "shop", "--where", "state<>!open", "-q"}, "4\n", ""},
      // Functions, ranges and lists.
      {{"count", "shop", "--where", "worth between 7 and 12", "-q"}, "2\n", ""},
      {{"count", "shop", "--where", "worth NOT BETWEEN 7 AND 12", "-q"}, "2\n", ""},
      {{"count", "shop", "--where", "state in shipped, lost", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "worth in (7, 20, 25.50)", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "state not in shipped", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "begins_with(customer, a)", "--where", "not worth in 7", "-q"}, "2\n", ""},
      {{"count", "shop", "--where", "begins_with( state , ship )", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "contains(state,hip)", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "not contains(state, \"hip\")", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "attribute_exists(note)", "-q"}, "0\n", ""},
      {{"count", "shop", "--where", "attribute_not_exists(note)", "-q"}, "4\n", ""},
      {{"count", "shop", "--where", "attribute_type(worth, N)", "-q"}, "4\n", ""},
      {{"count", "shop", "--where", "size(state) > 4", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "size(state) between 1 and 4", "-q"}, "3\n", ""},
      {{"count", "shop", "--where", "state=in between and not begins_with(a, b)", "-q"}, "0\n", ""},
      {{"count", "shop", "--where", "state in \"a, b\",shipped", "-q"}, "1\n", ""},
      {{"count", "shop", "--where", "state<>\"open and worth=1\"", "-q"}, "4\n", ""},
      {{"count", "shop", "--where", "not contains(state, \"x) or (y\")", "-q"}, "4\n", ""},
      {{"count", "shop", "--where", "state between \"a and b\" and p", "-q"}, "3\n", ""},
      {{"query", "shop", "ann", "1001", "--attributes", "worth , state", "-q"},
       "{\"worth\":20,\"state\":\"shipped\"}\n",
       ""},
      {{"query", "shop", "ann", "1001", "--projection", "#w, #s", "#w=worth", "#s=state", "-q"},
       "{\"worth\":20,\"state\":\"shipped\"}\n",
       ""},
      {{"scan", "shop", "--projection", "worth", "--where", "worth=20", "-q"}, "{\"worth\":20}\n", ""},
      {{"count", "shop"}, "4\n", nullptr},
      {{"count", "shop", "ann"}, "3\n", "3 read, 0.5 capacity units\n"},
      {{"count", "shop", "--where", "worth>=12", "--segments", "8", "-q"}, "3\n", ""},
      {{"count", "shop", "--approximate"}, "4\n", ""},
      {{"count", "shop", "--output", "json", "-q"}, "{\n  \"Count\": 4\n}\n", ""},
      {{"tables"}, "shop\n", ""},
      {{"tables", "--output", "json"}, "[\n  \"shop\"\n]\n", ""},
      {{"describe", "shop"},
       "table         shop\nkey           customer S, order_id N (sort)\nitems         4, 156 bytes\n"
       "capacity      on demand\narn           arn:aws:dynamodb:us-east-1:000000000000:table/shop\n"
       "index         by-worth: customer S, worth N (sort); all attributes; local\n",
       ""},
  };
  for (const Row& row : rows) {
    const Outcome outcome = stator(row.arguments);
    const std::string line = ::testing::PrintToString(row.arguments);
    if (row.out == nullptr && row.err == nullptr) continue;
    EXPECT_EQ(outcome.code, 0) << line << outcome.err;
    if (row.out != nullptr) {
      EXPECT_EQ(outcome.out, row.out) << line;
    }
    if (row.err != nullptr) {
      EXPECT_EQ(outcome.err, row.err) << line;
    }
  }
  EXPECT_EQ(out({"get", "shop", "--ddb-json", "--key", R"({"customer":{"S":"ann"},"order_id":{"N":"1003"}})", "-q",
                 "--output", "jsonl"}),
            "{\"customer\":{\"S\":\"ann\"},\"order_id\":{\"N\":\"1003\"},\"worth\":{\"N\":\"7\"},\"state\":{\"S\":"
            "\"open\"}}\n");
}

TEST_F(ItemCommands, PutUpdateAndDeleteWhatTheySay) {
  const std::string item =
      "{\"customer\":\"zoe\",\"order_id\":12345678901234567890123456789012345678,"
      "\"tags\":{\"$SS\":[\"a\",\"b\"]},\"icon\":{\"$B\":\"AP8=\"},\"lines\":[1,{\"n\":null}]}";
  out({"put", "shop", item, "--if-not-exists"});
  const std::vector<std::string> key = {"shop", "zoe", "12345678901234567890123456789012345678"};
  const auto with_key = [&](std::vector<std::string> words, const std::vector<std::string>& more = {}) {
    words.insert(words.end(), key.begin(), key.end());
    words.insert(words.end(), {"-q", "--output", "jsonl"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  EXPECT_EQ(out(with_key({"get"})), item + "\n");
  EXPECT_EQ(stator({"put", "shop", item, "--if-not-exists"}).code, 1);
  EXPECT_EQ(stator({"put", "shop", "--condition", "icon = :r", R"(:r={"$B":"AAAA"})"}, item).code, 1);
  EXPECT_EQ(stator({"put", "shop", "--condition", "icon = :r", R"(:r={"$B":"AP8="})", "-"}, item).code, 0);
  EXPECT_EQ(out(with_key({"update"}, {"--set", "lines[1].n=7", "--set", "note=a=b", "--remove", "icon", "--add",
                                      "points=2.5", "--remove-member", R"(tags={"$SS":["a"]})"})),
            "{\"customer\":\"zoe\",\"order_id\":12345678901234567890123456789012345678,\"tags\":{\"$SS\":[\"b\"]},"
            "\"lines\":[1,{\"n\":7}],\"note\":\"a=b\",\"points\":2.5}\n");
  EXPECT_EQ(out(with_key({"update"}, {"--expression", "SET points = points - :n REMOVE #l, tags, note", ":n=1",
                                      "#l=lines", "--condition", "points > :least", ":least=2"})),
            "{\"customer\":\"zoe\",\"order_id\":12345678901234567890123456789012345678,\"points\":1.5}\n");
  EXPECT_EQ(stator({"update", "shop", "nobody", "1", "--set", "a=1", "--if-exists"}).code, 1);
  const std::string failed = "An error occurred (ConditionalCheckFailedException) when calling the ";
  EXPECT_TRUE(stator(with_key({"update"}, {"--set", "a=1", "--where", "points > 100"})).err.starts_with(failed));
  EXPECT_TRUE(stator(with_key({"delete"}, {"--where", "attribute_not_exists(points)"})).err.starts_with(failed));
  EXPECT_EQ(
      stator(with_key({"update"}, {"--add", "points=0", "--where", "points < 100", "--where", "points >= 0"})).code, 0);
  EXPECT_EQ(stator({"put", "shop", item, "--where", "points = 99"}).code, 1);
  EXPECT_EQ(stator({"get", "shop", "nobody", "1"}).err, "stator: table shop has no item nobody 1\n");
  EXPECT_EQ(out(with_key({"delete"})),
            "{\"customer\":\"zoe\",\"order_id\":12345678901234567890123456789012345678,\"points\":1.5}\n");
  const Outcome again = stator({"delete", "shop", "zoe", "1"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(again.err, "there was no item zoe 1, 1 capacity unit\n");
  EXPECT_EQ(stator({"delete", "shop", "zoe", "1", "--if-exists"}).code, 1);
  // An update that only removes attributes creates no item.
  for (const char* output : {"table", "jsonl", "json"}) {
    const Outcome removed = stator({"update", "shop", "zoe", "1", "--remove", "points", "--output", output});
    EXPECT_EQ(removed.code, 0) << removed.err;
    EXPECT_EQ(removed.out, "");
    EXPECT_EQ(removed.err, "there was no item zoe 1, 1 capacity unit\n");
  }
  const fs::path file = directory_.path() / "item.json";
  std::ofstream(file) << R"({"customer":{"S":"yan"},"order_id":{"N":"1.0"}})";
  out({"put", "shop", "@" + file.string(), "--ddb-json"});
  EXPECT_EQ(out({"get", "shop", "yan", "1", "-q", "--output", "jsonl"}), "{\"customer\":\"yan\",\"order_id\":1}\n");
}

TEST_F(ItemCommands, TellMistakesInOneLineAndEndWithTwo) {
  const struct {
    std::vector<std::string> arguments;
    int code;
    const char* err;
  } rows[] = {
      {{"get", "shopp", "ann", "1"},
       1,
       "An error occurred (ResourceNotFoundException) when calling the DescribeTable operation: Requested resource not "
       "found: Table: shopp not found; did you mean shop?\n"},
      {{"get", "shop", "ann"},
       2,
       "stator: the key of table shop is customer (S) and order_id (N): give two values, not 1\n"},
      {{"get", "shop", "ann", "x"}, 2, "stator: key order_id is a number, not \"x\"\n"},
      {{"get", "shop", "ann", "1", "--key", "{}"}, 2, "stator: give either --key or \"ann\", not both\n"},
      {{"put", "shop", "{\"customer\":\"a\"}"},
       2,
       "stator: the item lacks the key attribute order_id (N) of table shop\n"},
      {{"put", "shop", R"({"customer": {"S": "a"}, "order_id": {"N": "1"}})"},
       2,
       "stator: the item: the key attribute customer is an object; is this DynamoDB JSON? Then give --ddb-json\n"},
      {{"get", "shop", "--key", R"({"customer": {"S": "a"}, "order_id": {"N": "1"}})"},
       2,
       "stator: --key: the key attribute customer is an object; is this DynamoDB JSON? Then give --ddb-json\n"},
      {{"delete", "shop", R"({"customer": "a", "order_id": 1})"},
       2,
       "stator: the key of table shop is customer (S) and order_id (N): give two values, not 1 (JSON goes after "
       "--key)\n"},
      {{"put", "shop", "{\"customer\":"}, 2, nullptr},
      {{"put", "shop", "[]"}, 2, "stator: the item: column 1: expected an item, a JSON object\n"},
      {{"put", "shop", "{\"a\":1e999}"}, 2, nullptr},
      {{"put", "shop", "{\"a\":{\"X\":1}}", "--ddb-json"}, 2, nullptr},
      {{"put", "shop", "@no-such.json"}, 1, "stator: cannot read no-such.json: No such file or directory\n"},
      {{"update", "shop", "ann", "1001"},
       2,
       "stator: nothing to change: give --set, --add, --remove or --expression\n"},
      {{"update", "shop", "ann", "1001", "--set", "worth"},
       2,
       "stator: --set: expected ATTRIBUTE=VALUE, found \"worth\"\n"},
      {{"update", "shop", "ann", "1001", "--set", "a={b"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "a[x]=1"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "a=1", "--expression", "SET b = :b", ":b=1"}, 2, nullptr},
      {{"get", "shop", "ann", "1001", ":a=1", ":a=2"}, 2, "stator: :a is given twice\n"},
      {{"query", "shop"},
       2,
       "stator: give the partition key's value, or --key-condition (to read everything: stator scan)\n"},
      {{"query", "shop", "ann", "--index", "by-wort"},
       2,
       "stator: table shop has no index by-wort; did you mean by-worth?\n"},
      {{"query", "shop", "ann", "--at-least", "1", "--at-most", "2"},
       2,
       "stator: a query takes one condition on the sort key\n"},
      {{"query", "shop", "ann", "1001", "--at-least", "1"},
       2,
       "stator: the key of table shop has no further attribute to narrow\n"},
      {{"scan", "shop", "--where", "state"},
       2,
       "stator: --where: expected a condition such as status=OPEN, 'total>=100', 'total between 10 and 20', 'status in "
       "OPEN,PAID', 'begins_with(sk, ORDER#)', 'contains(tags, new)', 'attribute_exists(email)' or 'size(lines)>2', "
       "found \"state\"\n"},
      {{"scan", "shop", "--where", "begins_with(state)"},
       2,
       "stator: --where: expected begins_with(ATTRIBUTE, VALUE), found \"begins_with(state)\"\n"},
      {{"scan", "shop", "--where", "begins_with(state, )"}, 2, nullptr},
      // Two conditions in one option, which would be read as one condition with an odd value.
      {{"scan", "shop", "--where", "contains(state, a) or contains(state, b)"}, 2, nullptr},
      {{"scan", "shop", "--where", "contains(state, a) and worth=1"}, 2, nullptr},
      {{"scan", "shop", "--where", "worth>=2 and worth<4"}, 2, nullptr},
      {{"scan", "shop", "--where", "worth=1 OR state<>open"}, 2, nullptr},
      {{"scan", "shop", "--where", "size(state) > 1 and size(note)>1"}, 2, nullptr},
      {{"scan", "shop", "--where", "(worth=1)"}, 2, nullptr},
      {{"scan", "shop", "--where", "not (worth=1)"}, 2, nullptr},
      {{"scan", "shop", "--where", "attribute_exists()"},
       2,
       "stator: --where: expected attribute_exists(ATTRIBUTE), found \"attribute_exists()\"\n"},
      {{"scan", "shop", "--where", "worth between 1"}, 2, nullptr},
      {{"scan", "shop", "--where", "worth between 1 or 2"},
       2,
       "stator: --where: expected ATTRIBUTE between LOW and HIGH, found \"worth between 1 or 2\"\n"},
      {{"scan", "shop", "--where", "worth in 1,,2"}, 2, nullptr},
      {{"scan", "shop", "--where", "like(state, a)"}, 2, nullptr},
      {{"scan", "shop", "--where", "worth >"}, 2, "stator: --where: expected a value behind >, found \"worth >\"\n"},
      {{"scan", "shop", "--next", "abc"},
       2,
       "stator: --next: expected a token that this command printed for the same table\n"},
      {{"scan", "shop", "--next", "abc", "--segments", "2"}, 2, nullptr},
      {{"scan", "shop", "--rate", "0"}, 2, nullptr},
      {{"scan", "shop", "--rate", "nan"}, 2, nullptr},
      {{"scan", "shop", "--where", "state=>open"},
       2,
       "stator: --where: expected one of = <> < <= > >= (or == and !=) and a value, found \"state=>open\"; a value "
       "that begins like an operator is quoted, as in name=\"=text\"\n"},
      {{"count", "shop", "--where", "worth === 20"}, 2, nullptr},
      {{"count", "shop", "--where", "state = =open"}, 2, nullptr},
      {{"count", "shop", "--where", "state=!=open"}, 2, nullptr},
      {{"count", "shop", "--where", " = open"}, 2, nullptr},
      {{"scan", "shop", "--attributes", "order id"},
       2,
       "stator: a path has no spaces, found \"order id\"; an attribute whose name has goes into an expression, as "
       "#name with '#name=ATTRIBUTE'\n"},
      {{"scan", "shop", "--attributes", "worth,,state"}, 2, nullptr},
      {{"scan", "shop", "--attributes", "worth", "--projection", "state"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "worth = 3"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "worth=worth + 1"},
       2,
       "stator: --set: \"worth + 1\" would be stored as this text. To count: --add worth=1; with functions: "
       "--expression 'SET worth = …'; a text is quoted: 'worth=\"worth + 1\"'\n"},
      {{"update", "shop", "ann", "1001", "--set", "worth=worth-2.5"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "worth=if_not_exists(worth, 0)"}, 2, nullptr},
      {{"update", "shop", "ann", "1001", "--set", "lines=list_append(lines, [1])"}, 2, nullptr},
      {{"scan", "shop", "ann"},
       2,
       "stator: scan reads the whole table, and \"ann\" is neither :name=VALUE nor #name=ATTRIBUTE (items with a key: "
       "stator query)\n"},
      {{"scan", "shop", "ann", "--segments", "4", "--attributes", "order_id"}, 2, nullptr},
      {{"scan", "shop", "--index", "by-wort"}, 2, "stator: table shop has no index by-wort; did you mean by-worth?\n"},
      {{"query", "shop", "ann", "1001", "x"},
       2,
       "stator: the key of table shop is customer (S) and order_id (N), and \"x\" is too much\n"},
      {{"count", "shop", "--output", "csv"}, 2, nullptr},
      // Options that would be ignored are refused.
      {{"get", "shop", "ann", "1001", "--attributes", "worth", "--projection", "state"}, 2, nullptr},
      {{"query", "shop", "--key-condition", "customer = :c", ":c=ann", "--at-least", "1"},
       2,
       "stator: --key-condition covers the whole key; do not combine it with --begins-with and the like\n"},
      {{"count", "shop", "--begins-with", "1"},
       2,
       "stator: --begins-with and the like narrow a partition: give the partition key's value too\n"},
      {{"count", "shop", "ann", "--approximate"},
       2,
       "stator: --approximate counts the whole table: it takes no key, index or condition\n"},
      {{"count", "shop", "--where", "worth>1", "--approximate"},
       2,
       "stator: --approximate counts the whole table: it takes no key, index or condition\n"},
      {{"delete", "shop", "ann", "1001", "--condition", ""},
       2,
       "stator: --condition: its value is empty (help: stator delete --help)\n"},
      {{"query", "shop", "ann", "--at-most", ""},
       2,
       "stator: --at-most: its value is empty (help: stator query --help)\n"},
      {{"query", "shop", "ann", "--between", "1", ""}, 2, nullptr},
      {{"ddb", "scan", ""}, 2, "stator: TABLE: its value is empty (help: stator ddb scan --help)\n"},
      {{"tables", "--endpoint-url", ""},
       2,
       "stator: --endpoint-url: its value is empty (help: stator tables --help)\n"},
      {{"ddb", "tail", "shop", "--output", "table"}, 2, nullptr},
      // No text is silently replaced by another one.
      {{"get", "\xFF", "ann", "1"}, 2, "stator: TableName is not UTF-8\n"},
      {{"update", "shop", "ann", "1001", "--set", "a\xFF=1"}, 2, "stator: \"a\xEF\xBF\xBD\" is not UTF-8\n"},
      {{"scan", "shop", "--attributes", "\xFF"}, 2, nullptr},
      {{"scan", "shop", "--filter", "\xFF"}, 2, "stator: FilterExpression is not UTF-8\n"},
      {{"scan", "shop", "--filter", "#a = :a", "#a=\xFF", ":a=1"}, 2, nullptr},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator(row.arguments);
    const std::string line = ::testing::PrintToString(row.arguments);
    EXPECT_EQ(outcome.code, row.code) << line << outcome.err;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << line << outcome.err;
    if (row.err != nullptr) {
      EXPECT_EQ(outcome.err, row.err) << line;
    }
  }
}

/// The token in "more: --next TOKEN"; empty if there is no such line.
std::string token_in(const std::string& err) {
  const std::string before = "more: --next ";
  const std::size_t at = err.find(before);
  if (at == std::string::npos) return {};
  return err.substr(at + before.size(), err.find('\n', at) - at - before.size());
}

TEST_F(ItemCommands, PagesGoOnWhereTheLastOneEnded) {
  const std::vector<std::vector<std::string>> reads = {
      {"query", "shop", "ann"},
      {"query", "shop", "ann", "--reverse"},
      {"query", "shop", "ann", "--index", "by-worth"},
      {"query", "shop", "ann", "--index", "by-worth", "--reverse", "--where", "attribute_exists(state)"},
      {"scan", "shop"},
      {"scan", "shop", "--where", "worth > 5"},
      {"scan", "shop", "--where", "worth > 5", "--attributes", "state"},
      {"query", "shop", "ann", "--where", "worth > 5", "--attributes", "worth, customer"},
      {"scan", "shop", "--index", "by-worth", "--attributes", "customer,order_id,worth", "--where", "worth > 5"}};
  for (const std::vector<std::string>& read : reads) {
    const std::string whole = out(read);
    for (const char* const limit : {"1", "2", "3"}) {
      std::string pages;
      std::string token;
      do {
        std::vector<std::string> words = read;
        words.insert(words.end(), {"--limit", limit, "--output", "jsonl"});
        if (!token.empty()) words.insert(words.end(), {"--next", token});
        const Outcome page = stator(words);
        ASSERT_EQ(page.code, 0) << page.err;
        pages += page.out;
        token = token_in(page.err);
      } while (!token.empty());
      EXPECT_EQ(pages, whole) << ::testing::PrintToString(read) << limit;
    }
  }
  const std::string token = token_in(stator({"query", "shop", "ann", "--limit", "1"}).err);
  EXPECT_EQ(stator({"scan", "shop", "--next", token}).code, 2) << "another command's";
  EXPECT_EQ(token_in(stator({"query", "shop", "ann", "--limit", "1", "-q"}).err), "");
}

TEST_F(ItemCommands, ARateIsKept) {
  std::string items;
  for (int i = 0; i < 40; ++i)
    items +=
        R"({"customer":"rate","order_id":)" + std::to_string(i) + R"(,"text":")" + std::string(4000, 'x') + "\"}\n";
  const auto seconds = [&](const std::vector<std::string>& words, const std::string& input = "") {
    const auto began = std::chrono::steady_clock::now();
    out(words, input);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  // 160 units are written; the first batch of 25 is sent at once, and later ones wait for its cost.
  EXPECT_GT(seconds({"import", "shop", "--rate", "200", "-q", "--jobs", "1"}, items), 0.4);
  // 20 units are read, in pages of at most half a second's units; nothing waits for the last page's cost.
  EXPECT_GT(seconds({"scan", "shop", "--rate", "40", "-q"}), 0.2);
  EXPECT_GT(seconds({"query", "shop", "rate", "--rate", "40", "-q", "--limit", "40"}), 0.2);
  EXPECT_EQ(out({"count", "shop", "--rate", "1000", "--segments", "4", "-q"}), "44\n");
  EXPECT_GT(seconds({"export", "shop", "--rate", "40", "-q", "--segments", "1"}), 0.2);
}

TEST_F(ItemCommands, EditWritesBackWhatTheEditorChanged) {
  setenv("EDITOR", "sed -i -e s/shipped/returned/ -e 's/\"worth\": 20/\"worth\": 21, \"note\": \"late\"/'", 1);
  const Outcome edited = stator({"edit", "shop", "ann", "1001"});
  EXPECT_EQ(edited.code, 0);
  EXPECT_EQ(edited.err, "3 attributes set, 0 removed, 3 capacity units\n");
  EXPECT_EQ(out({"get", "shop", "ann", "1001", "-q", "--output", "jsonl"}),
            "{\"customer\":\"ann\",\"order_id\":1001,\"worth\":21,\"state\":\"returned\",\"note\":\"late\"}\n");
  setenv("EDITOR", "sed -i s/late/later/", 1);
  const Outcome as_json = stator({"edit", "shop", "ann", "1001", "--output", "json"});
  EXPECT_TRUE(as_json.out.starts_with("{\n  \"ConsumedCapacity\": {")) << as_json.out;
  EXPECT_EQ(stator({"edit", "shop", "ann", "1001", "--output", "csv"}).code, 2);
  setenv("EDITOR", "true", 1);
  EXPECT_EQ(stator({"edit", "shop", "ann", "1001"}).err, "nothing was changed\n");
  EXPECT_EQ(stator({"edit", "shop", "ann", "1001", "--output", "json"}).out, "{}\n");
  setenv("EDITOR", "false", 1);
  EXPECT_EQ(stator({"edit", "shop", "ann", "1001"}).err, "stator: nothing was changed: the editor (false) failed\n");
  setenv("EDITOR", "sed -i s/ann/anne/", 1);
  const Outcome key = stator({"edit", "shop", "ann", "1001"});
  EXPECT_EQ(key.code, 1);
  EXPECT_NE(key.err.find("the key attribute customer cannot be changed"), std::string::npos) << key.err;
  setenv("EDITOR", "sed -i s/21/{/", 1);
  const Outcome broken = stator({"edit", "shop", "ann", "1001"});
  EXPECT_NE(broken.err.find("nothing was changed: the edited item: line "), std::string::npos) << broken.err;
  // The edited text is kept for the user.
  const std::string kept = broken.err.substr(broken.err.find("text is in ") + 11);
  EXPECT_TRUE(fs::remove(kept.substr(0, kept.find(')')))) << broken.err;
  EXPECT_EQ(stator({"edit", "shop", "nobody", "1"}).err, "stator: table shop has no item nobody 1\n");
}

TEST_F(ItemCommands, PutPrintsTheReplyAsJsonAndNothingElse) {
  const std::string item = R"({"customer":"cy","order_id":1})";
  EXPECT_EQ(out({"put", "shop", item}), "");
  EXPECT_NE(out({"put", "shop", item, "--output", "json"}).find("\"CapacityUnits\": 1"), std::string::npos);
  EXPECT_EQ(stator({"put", "shop", item, "--output", "csv"}).code, 2);
}

TEST_F(ItemCommands, EditKeepsTheTextWhateverFails) {
  const auto expect_kept = [&](const std::string& editor, const std::string& fault) {
    setenv("EDITOR", editor.c_str(), 1);
    const Outcome outcome = stator({"edit", "shop", "ann", "1001"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find(fault), std::string::npos) << outcome.err;
    const std::string kept = outcome.err.substr(outcome.err.find("your text is in ") + 16);
    std::ifstream text(kept.substr(0, kept.find(')')));
    EXPECT_NE(std::string(std::istreambuf_iterator<char>(text), {}).find("returned"), std::string::npos) << outcome.err;
    fs::remove(kept.substr(0, kept.find(')')));
  };
  expect_kept(R"(sh -c 'sed -i s/shipped/returned/ "$0"; exit 1')", "the editor (");
  const std::string data = path("data");
  // The database cannot be opened any more when the editor is done.
  expect_kept("sh -c 'sed -i s/shipped/returned/ \"$0\"; mv " + data + " " + data + "-away; touch " + data + "'", data);
}

}  // namespace
}  // namespace stator::cli
