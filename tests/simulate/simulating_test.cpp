#include "simulate/simulating.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "core/api_error.h"
#include "endpoint/embedded.h"
#include "json/reader.h"
#include "support/manual_clock.h"

namespace stator::simulate {
namespace {

class SimulatingTest : public ::testing::Test {
 protected:
  SimulatingTest() : engine(engine_options()), simulating(engine, clock) {
    for (const char* const name : {"orders", "users"}) {
      engine.call(
          "CreateTable",
          std::string(R"({"TableName":")") + name +
              R"(","BillingMode":"PAY_PER_REQUEST",)"
              R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"c","AttributeType":"S"}],)"
              R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],)"
              R"("GlobalSecondaryIndexes":[{"IndexName":"by-c","KeySchema":[{"AttributeName":"c","KeyType":"HASH"}],)"
              R"("Projection":{"ProjectionType":"ALL"}}]})");
    }
  }
  static engine::Options engine_options() {
    engine::Options options;
    options.jobs_paused = true;
    return options;
  }
  void rules(const std::string& list, const std::string& seed = "1") {
    simulating.set_rules(parse_rules(R"({"seed":)" + seed + R"(,"rules":[)" + list + "]}"));
  }
  /// Returns the reply, or the error as the service writes it.
  std::string ask(std::string_view operation, std::string_view body) {
    notes = {.obeyed = true};
    std::string reply;
    try {
      simulating.call(
          {.operation = operation, .body = body, .region = "eu-west-3", .access_key_id = caller, .notes = &notes},
          reply);
    } catch (const core::ApiError& error) {
      EXPECT_EQ(reply, "");
      return std::to_string(core::http_status(error)) + " " + core::render_error(error);
    }
    return reply;
  }
  std::string state() {
    std::string out;
    simulating.append_state(out);
    return out;
  }
  static std::string get(const std::string& pk, const std::string& table = "orders") {
    return R"({"TableName":")" + table + R"(","Key":{"pk":{"S":")" + pk + R"("}}})";
  }
  static std::string put(const std::string& pk) {
    return R"({"TableName":"orders","Item":{"pk":{"S":")" + pk + R"("}}})";
  }

  testing::ManualClock clock;
  endpoint::Embedded engine;
  Simulating simulating;
  endpoint::ReplyNotes notes;
  std::string caller = "key";
};

TEST_F(SimulatingTest, ThrottledRequestsSayWhyAsTheServiceDoes) {
  const std::tuple<const char*, const char*, std::string, const char*> rows[] = {
      {"ProvisionedThroughputExceeded", "GetItem", get("a"),
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of )"
       R"(configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with )"
       R"(the UpdateTable API.","ThrottlingReasons":[{"reason":"TableReadProvisionedThroughputExceeded","resource":)"
       R"("arn:aws:dynamodb:eu-west-3:000000000000:table/orders"}]})"},
      {"KeyRangeThroughputExceeded", "PutItem", put("a"),
       R"(400 {"__type":"com.amazon.coral.availability#ThrottlingException","message":"Throughput exceeds the current )"
       R"(capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again )"
       R"(shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/)"
       R"(latest/developerguide/bp-partition-key-design.html","throttlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded",)"
       R"("resource":"arn:aws:dynamodb:eu-west-3:000000000000:table/orders"}]})"},
      {"AccountLimitExceeded", "Scan", R"({"TableName":"orders","IndexName":"by-c"})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#RequestLimitExceeded","message":"Throughput exceeds the )"
       R"(current throughput limit for your account.","ThrottlingReasons":[{"reason":"IndexReadAccountLimitExceeded",)"
       R"("resource":"arn:aws:dynamodb:eu-west-3:000000000000:table/orders/index/by-c"}]})"},
  };
  for (const auto& [limit, operation, body, reply] : rows) {
    rules(std::string(R"({"then":{"throttle":")") + limit + "\"}}");
    EXPECT_EQ(ask(operation, body), reply);
  }
  rules("");
  EXPECT_EQ(ask("GetItem", get("a")), "{}") << "a throttled write was done";
}

TEST_F(SimulatingTest, RulesHoldForWhatTheySay) {
  const std::string failing = R"(,"then":{"error":"InternalServerError"}})";
  const auto fails = [&](std::string_view operation, const std::string& body) {
    return ask(operation, body).starts_with("500 ");
  };
  struct Row {
    const char* when;
    const char* operation;
    std::string body;
    bool fails;
  };
  const std::string query = R"({"TableName":"orders","IndexName":"by-c","KeyConditionExpression":"c = :c",)"
                            R"("ExpressionAttributeValues":{":c":{"S":"hot#1"}}})";
  const Row rows[] = {
      {R"({})", "ListTables", "{}", true},
      {R"({"table":"orders"})", "GetItem", get("a"), true},
      {R"({"table":["x","orders"]})", "GetItem", get("a"), true},
      {R"({"table":"users"})", "GetItem", get("a"), false},
      {R"({"table":"users"})", "BatchGetItem",
       R"({"RequestItems":{"orders":{"Keys":[{"pk":{"S":"a"}}]},"users":{"Keys":[{"pk":{"S":"a"}}]}}})", true},
      {R"({"table":"orders"})", "ExecuteStatement", R"({"Statement":"SELECT * FROM orders"})", true},
      {R"({"index":"by-c"})", "Query", query, true},
      {R"({"index":"by-c"})", "Scan", R"({"TableName":"orders"})", false},
      {R"({"operation":"PutItem"})", "PutItem", put("a"), true},
      {R"({"operation":"PutItem"})", "GetItem", get("a"), false},
      {R"({"key_prefix":{"pk":"hot#"}})", "GetItem", get("hot#1"), true},
      {R"({"key_prefix":{"pk":"hot#"}})", "PutItem", put("hot#1"), true},
      {R"({"key_prefix":{"pk":"hot#"}})", "GetItem", get("cold"), false},
      {R"({"key_prefix":{"c":"hot#"}})", "GetItem", get("hot#1"), false},
      {R"({"key_prefix":{"c":"hot#"}})", "Query", query, true},
      {R"({"key_prefix":{"pk":"hot#"}})", "TransactWriteItems",
       R"({"TransactItems":[{"Put":{"TableName":"orders","Item":{"pk":{"S":"cold"}}}},{"Delete":)" + get("hot#2") +
           "}]}",
       true},
      {R"({"key_prefix":{"pk":"hot#"}})", "Query",
       R"({"TableName":"orders","KeyConditions":{"pk":{"ComparisonOperator":"EQ",)"
       R"("AttributeValueList":[{"S":"hot#1"}]}}})",
       true},
      {R"({"key_prefix":{"c":"hot#"}})", "UpdateItem",
       R"({"TableName":"orders","Key":{"pk":{"S":"a"}},"AttributeUpdates":{"c":{"Value":{"S":"hot#1"}}}})", true},
      {R"({"key_prefix":{"c":"hot#"}})", "DeleteItem",
       R"({"TableName":"orders","Key":{"pk":{"S":"hot#"}},"Expected":{"c":{"Value":{"S":"cold"}}}})", false},
      {R"({"key_prefix":{"pk":"hot#"}})", "ExecuteStatement",
       R"({"Statement":"SELECT * FROM orders WHERE pk = 'hot#1'"})", true},
      {R"({"key_prefix":{"pk":"hot#"}})", "ExecuteStatement",
       R"({"Statement":"SELECT * FROM orders WHERE pk = ?","Parameters":[{"S":"hot#1"}]})", true},
      {R"({"key_prefix":{"pk":"hot#"}})", "ExecuteTransaction",
       R"({"TransactStatements":[{"Statement":"DELETE FROM orders WHERE pk = 'hot#1'"}]})", true},
      {R"({"key_prefix":{"pk":"hot#"}})", "ExecuteStatement",
       R"({"Statement":"SELECT * FROM orders WHERE pk = 'cold'"})", false},
      {R"({"key_prefix":{"n":"12"}})", "PutItem", R"({"TableName":"orders","Item":{"pk":{"S":"a"},"n":{"N":"123"}}})",
       true},
      {R"({"key_prefix":{"n":"12"}})", "PutItem", R"({"TableName":"orders","Item":{"pk":{"S":"a"},"n":{"N":"312"}}})",
       false},
      {R"({"index":"by-c"})", "ExecuteStatement", R"({"Statement":"SELECT * FROM orders.\"by-c\" WHERE c = 'a'"})",
       true},
      {R"({"index":"by-c"})", "ExecuteStatement", R"({"Statement":"SELECT * FROM orders WHERE c = 'a'"})", false},
      {R"({"caller":"key"})", "ListTables", "{}", true},
      {R"({"caller":"other"})", "ListTables", "{}", false},
      {R"({"region":"eu-west-3"})", "ListTables", "{}", true},
      {R"({"region":"us-east-1"})", "ListTables", "{}", false},
      {R"({"probability":0})", "ListTables", "{}", false},
      {R"({"from_s":1})", "ListTables", "{}", false},
      {R"({"until_s":0})", "ListTables", "{}", false},
  };
  for (const Row& row : rows) {
    rules(std::string(R"({"when":)") + row.when + failing);
    EXPECT_EQ(fails(row.operation, row.body), row.fails) << row.when << " " << row.operation << " " << row.body;
  }
}

TEST_F(SimulatingTest, RulesHoldForATimeAndACount) {
  rules(R"({"when":{"from_s":10,"until_s":20,"first":2},"then":{"error":"ServiceUnavailable"}})");
  std::string seen;
  for (int second = 0; second < 25; second += 4) {
    seen += ask("ListTables", "{}").starts_with("503 ") ? 'x' : '.';
    clock.advance(4'000);
  }
  EXPECT_EQ(seen, "...xx..");
  EXPECT_EQ(state(), R"({"seed":1,"rules":[{"name":"rules[0]","requests":2,"acted":2}]})");
}

TEST_F(SimulatingTest, RulesLetTheFirstRequestsPass) {
  const auto play = [&](const std::string& when) {
    rules(R"({"when":{"operation":"ListTables",)" + when + R"(},"then":{"error":"ServiceUnavailable"}})");
    std::string seen;
    for (int i = 0; i < 6; ++i) {
      ask("DescribeLimits", "{}");
      seen += ask("ListTables", "{}").starts_with("503 ") ? 'x' : '.';
    }
    return seen;
  };
  EXPECT_EQ(play(R"("skip":2)"), "..xxxx");
  EXPECT_EQ(play(R"("skip":2,"first":1)"), "..x...");
  EXPECT_EQ(state(), R"({"seed":1,"rules":[{"name":"rules[0]","requests":6,"acted":1}]})");
  EXPECT_EQ(play(R"("skip":6)"), "......");
}

TEST_F(SimulatingTest, TheSeedDecides) {
  const auto play = [&](const std::string& seed) {
    rules(R"({"name":"some","when":{"probability":0.3},"then":{"error":"InternalServerError"}})", seed);
    std::string seen;
    for (int i = 0; i < 1000; ++i) seen += ask("ListTables", "{}").starts_with("500 ") ? 'x' : '.';
    return seen;
  };
  const std::string first = play("7");
  EXPECT_EQ(play("7"), first);
  EXPECT_NE(play("8"), first);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(first, 'x')), 300, 60);
}

TEST_F(SimulatingTest, ErrorsAreTheServicesOwn) {
  const std::tuple<const char*, const char*, const char*, const char*> rows[] = {
      {R"("error":"TransactionInProgressException")", "TransactWriteItems", "{}",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException","Message":"The transaction )"
       R"(with the given request token is already in progress."})"},
      {R"("throttle":"ProvisionedThroughputExceeded")", "TransactGetItems", R"({"TransactItems":[{}]})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction )"
       R"(cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]",)"
       R"("CancellationReasons":[{"Code":"ProvisionedThroughputExceeded","Message":"The level of configured )"
       R"(provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the )"
       R"(UpdateTable API."}]})"},
      {R"("throttle":"AccountLimitExceeded")", "ExecuteTransaction", R"({"TransactStatements":[{}]})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction )"
       R"(cancelled, please refer cancellation reasons for specific reasons [ThrottlingError]","CancellationReasons":)"
       R"([{"Code":"ThrottlingError","Message":"Throughput exceeds the current throughput limit for your account."}]})"},
      {R"("throttle":"AccountLimitExceeded")", "BatchExecuteStatement",
       R"({"Statements":[{"Statement":"SELECT * FROM a WHERE pk = 'a'"},{"Statement":"DELETE FROM b WHERE pk = 'a'"}]})",
       R"({"Responses":[{"Error":{"Code":"ThrottlingError","Message":"Throughput exceeds the current throughput limit )"
       R"(for your account."},"TableName":"a"},{"Error":{"Code":"ThrottlingError","Message":"Throughput exceeds the )"
       R"(current throughput limit for your account."},"TableName":"b"}]})"},
      {R"("error":"TransactionConflictException")", "PutItem", "{}",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is )"
       R"(ongoing for the item"})"},
      {R"("error":"TransactionConflictException")", "TransactWriteItems", R"({"TransactItems":[{}]})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction )"
       R"(cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]","CancellationReasons":)"
       R"([{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]})"},
      {R"("error":"TransactionCanceledException")", "TransactGetItems", R"({"TransactItems":[{}]})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction )"
       R"(cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]","CancellationReasons":)"
       R"([{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]})"},
      {R"("error":"ConditionalCheckFailedException")", "ExecuteTransaction", R"({"TransactStatements":[{}]})",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction )"
       R"(cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed]",)"
       R"("CancellationReasons":[{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}]})"},
      {R"("error":"ConditionalCheckFailedException")", "PutItem", "{}",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The )"
       R"(conditional request failed"})"},
      {R"("error":"ExpiredIteratorException")", "GetRecords", "{}",
       R"(400 {"__type":"com.amazonaws.dynamodb.v20120810#ExpiredIteratorException","message":"Shard iterator has )"
       R"(expired"})"},
      {R"("error":"AccessDeniedException")", "GetItem", R"({"TableName":"orders"})",
       R"(400 {"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: )"
       R"(arn:aws:iam::000000000000:user/key is not authorized to perform: dynamodb:GetItem on resource: )"
       R"(arn:aws:dynamodb:eu-west-3:000000000000:table/orders because no identity-based policy allows the )"
       R"(dynamodb:GetItem action"})"},
      {R"("error":{"type":"WeirdException","message":"so","status":418})", "GetItem", "{}",
       R"(418 {"__type":"com.amazonaws.dynamodb.v20120810#WeirdException","message":"so"})"},
      {R"("clock_skew_s":600)", "GetItem", "{}",
       R"(400 {"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired: )"
       R"x(20231114T221320Z is now earlier than 20231114T221820Z (20231114T222320Z - 5 min.)"})x"},
      {R"("clock_skew_s":-600)", "GetItem", "{}",
       R"(400 {"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature not yet current: )"
       R"x(20231114T221320Z is still later than 20231114T220820Z (20231114T220320Z + 5 min.)"})x"},
  };
  for (const auto& [then, operation, body, reply] : rows) {
    rules(std::string(R"({"then":{)") + then + "}}");
    EXPECT_EQ(ask(operation, body), reply);
  }
}

TEST_F(SimulatingTest, AnErrorAfterTheEffectFailsWhatWasDone) {
  rules(R"({"when":{"operation":"PutItem"},"then":{"error":{"type":"InternalServerError","after_effect":true}}})");
  EXPECT_TRUE(ask("PutItem", put("a")).starts_with("500 "));
  EXPECT_EQ(ask("GetItem", get("a")), R"({"Item":{"pk":{"S":"a"}}})");
}

TEST_F(SimulatingTest, ConnectionsAreCutBeforeOrAfterTheEffect) {
  for (const bool after : {false, true}) {
    rules(std::string(R"({"when":{"operation":"PutItem"},"then":{"cut":")") + (after ? "after" : "before") + "\"}}");
    EXPECT_EQ(ask("PutItem", put(after ? "late" : "early")), "");
    EXPECT_TRUE(notes.cut);
    EXPECT_TRUE(notes.uncertain);
  }
  EXPECT_EQ(ask("GetItem", get("early")), "{}");
  EXPECT_FALSE(notes.cut);
  EXPECT_EQ(ask("GetItem", get("late")), R"({"Item":{"pk":{"S":"late"}}})");
  // A caller without a connection that could be cut gets an error.
  EXPECT_THROW(simulating.call("PutItem", put("b")), core::ApiError);
}

TEST_F(SimulatingTest, RepliesAreHeldBackByWhoeverCanAndElseHere) {
  rules(R"({"then":{"latency_ms":30}},{"when":{"operation":"ListTables"},"then":{"latency_ms":12}})");
  ask("GetItem", get("a"));
  EXPECT_EQ(notes.hold.count(), 30);
  ask("ListTables", "{}");
  EXPECT_EQ(notes.hold.count(), 42);
  const auto begun = std::chrono::steady_clock::now();
  simulating.call("GetItem", get("a"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(30));
}

TEST_F(SimulatingTest, WhoDoesNotWaitForALateReplyHasNoneAndTheRequestWasDone) {
  rules(R"({"when":{"operation":["PutItem","GetItem"]},"then":{"latency_ms":60000}})");
  for (const auto& [operation, body] : {std::pair("PutItem", put("a")), std::pair("GetItem", get("a"))}) {
    endpoint::ReplyNotes of_caller;
    std::string reply = "before";
    const endpoint::Request request{.operation = operation,
                                    .body = body,
                                    .deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20),
                                    .notes = &of_caller};
    try {
      simulating.call(request, reply);
      ADD_FAILURE() << operation;
    } catch (const core::ApiError& error) {
      EXPECT_EQ(core::http_status(error), 503) << error.message;
    }
    EXPECT_EQ(reply, "before");
    EXPECT_TRUE(of_caller.uncertain);
  }
  EXPECT_EQ(engine.call("GetItem", get("a")), R"({"Item":{"pk":{"S":"a"}}})");
}

TEST_F(SimulatingTest, LatencyHasItsMedianAndItsTail) {
  rules(R"({"then":{"latency_ms":{"p50":10,"p99":200}}})");
  std::vector<long> held;
  for (int i = 0; i < 2000; ++i) {
    ask("ListTables", "{}");
    held.push_back(notes.hold.count());
  }
  std::ranges::sort(held);
  EXPECT_NEAR(static_cast<double>(held[1000]), 10, 1);
  EXPECT_NEAR(static_cast<double>(held[1980]), 200, 60);
}

TEST_F(SimulatingTest, WhatABatchLeavesComesBackAndTheRestIsDone) {
  std::string requests;
  std::string keys;
  for (int i = 0; i < 25; ++i) {
    const std::string pk = R"({"pk":{"S":")" + std::to_string(i) + R"("}})";
    requests += (i == 0 ? "" : ",") + (R"({"PutRequest":{"Item":)" + pk + "}}");
    keys += (i == 0 ? "" : ",") + pk;
  }
  rules(R"({"then":{"unprocessed":0.5}})");
  json::Parser parser;
  const std::string written = ask("BatchWriteItem", R"({"RequestItems":{"orders":[)" + requests + "]}}");
  const std::size_t left = json::Value(parser.parse(written)).at_pointer("/UnprocessedItems/orders").get_array().size();
  EXPECT_GT(left, 5U);
  EXPECT_LT(left, 20U);
  const std::string read =
      ask("BatchGetItem", R"({"RequestItems":{"orders":{"ConsistentRead":true,"Keys":[)" + keys + "]}}}");
  const json::Value reply = parser.parse(read);
  const std::size_t unread = reply.at_pointer("/UnprocessedKeys/orders/Keys").get_array().size();
  EXPECT_TRUE(reply.at_pointer("/UnprocessedKeys/orders/ConsistentRead").get_bool().value());
  EXPECT_GT(unread, 5U);
  rules("");
  const std::string all = ask("Scan", R"({"TableName":"orders","Select":"COUNT"})");
  EXPECT_EQ(static_cast<std::size_t>(parser.parse(all)["Count"].get_uint64()), 25 - left);
  rules(R"({"then":{"unprocessed":1}})");
  EXPECT_NE(ask("BatchWriteItem", R"({"RequestItems":{"orders":[)" + requests + "]}}")
                .find("ProvisionedThroughputExceededException"),
            std::string::npos);
}

TEST_F(SimulatingTest, AFaultyBatchIsRefusedWhateverWouldBeLeftOfIt) {
  std::string requests;
  std::string keys;
  for (int i = 0; i < 101; ++i) {
    const std::string pk = R"({"pk":{"S":")" + std::to_string(i) + R"("}})";
    if (i < 26) requests += (i == 0 ? "" : ",") + (R"({"PutRequest":{"Item":)" + pk + "}}");
    keys += (i == 0 ? "" : ",") + pk;
  }
  const std::pair<const char*, std::string> rows[] = {
      {"BatchWriteItem", R"({"RequestItems":{"orders":[)" + requests + "]}}"},
      {"BatchWriteItem", R"({"RequestItems":{"orders":[{"PutRequest":{"Item":{"pk":{"X":"a"}}}}]}})"},
      {"BatchGetItem", R"({"RequestItems":{"orders":{"Keys":[)" + keys + "]}}}"},
      {"BatchGetItem", R"({"RequestItems":{"orders":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"a"}}]}}})"},
      // Errors of the table or its keys.
      {"BatchWriteItem", R"({"RequestItems":{"orders":[{"PutRequest":{"Item":{"pk":{"S":"a"},"v":{"N":"1"}}}},)"
                         R"({"PutRequest":{"Item":{"pk":{"S":"a"},"v":{"N":"2"}}}}]}})"},
      {"BatchWriteItem", R"({"RequestItems":{"orders":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},)"
                         R"({"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}})"},
      {"BatchWriteItem", R"({"RequestItems":{"orders":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},)"
                         R"({"PutRequest":{"Item":{"v":{"S":"a"}}}}]}})"},
      {"BatchWriteItem", R"({"RequestItems":{"orders":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}],)"
                         R"("nowhere":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}]}})"},
      {"BatchGetItem", R"({"RequestItems":{"orders":{"Keys":[{"pk":{"S":"a"}},{"pk":{"N":"1"}}]}}})"},
      {"BatchGetItem", R"({"RequestItems":{"orders":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"b"},"c":{"S":"c"}}]}}})"},
  };
  for (const auto& [operation, body] : rows) {
    rules("");
    const std::string refused = ask(operation, body);
    EXPECT_TRUE(refused.starts_with("400 ")) << refused;
    for (const char* const part : {"0.5", "1"}) {
      rules(std::string(R"({"then":{"unprocessed":)") + part + "}}");
      EXPECT_EQ(ask(operation, body), refused) << operation << " " << part;
    }
  }
}

TEST_F(SimulatingTest, PagesEndEarlyAndGoOn) {
  for (int i = 0; i < 7; ++i) ask("PutItem", put(std::to_string(i)));
  rules(R"({"then":{"page_items":3}})");
  std::string start;
  std::string counts;
  json::Parser parser;
  do {
    const std::string text = ask(
        "Scan", R"({"TableName":"orders","Limit":5)" + (start.empty() ? "" : R"(,"ExclusiveStartKey":)" + start) + "}");
    const json::Value page = parser.parse(text);
    counts += std::to_string(page["Count"].get_uint64().value());
    json::Value last;
    start = page["LastEvaluatedKey"].get(last) == simdjson::SUCCESS ? std::string(simdjson::minify(last)) : "";
  } while (!start.empty());
  EXPECT_EQ(counts, "331");
  // An invalid limit gets the service's error message with the rule, too.
  for (const char* const limit : {R"("x")", "0", "-1", "1.5", "null", "[]"}) {
    const std::string faulty = std::string(R"({"TableName":"orders","Limit":)") + limit + "}";
    rules("");
    const std::string said = ask("Scan", faulty);
    rules(R"({"then":{"page_items":30}})");
    EXPECT_EQ(ask("Scan", faulty), said) << limit;
  }
  rules(R"({"then":{"page_items":3}})");
  std::string token;
  std::string sizes;
  do {
    const std::string text = ask("ExecuteStatement", R"({"Statement":"SELECT * FROM orders")" +
                                                         (token.empty() ? "" : R"(,"NextToken":)" + token) + "}");
    const json::Value page = parser.parse(text);
    sizes += std::to_string(page["Items"].get_array().size());
    json::Value next;
    token = page["NextToken"].get(next) == simdjson::SUCCESS ? std::string(simdjson::minify(next)) : "";
  } while (!token.empty());
  EXPECT_EQ(sizes, "331");
  EXPECT_EQ(ask("ExecuteStatement", R"({"Statement":"DELETE FROM orders WHERE pk = '0'"})"), R"({"Items":[]})");
}

TEST(Rules, SayWhatIsWrongWithThem) {
  const std::pair<const char*, const char*> rows[] = {
      {"[", "the rules are not JSON: line 1, column 2: Invalid value"},
      {"", "the rules are not JSON: line 1, column 1: The document is empty"},
      {R"({"seed":99999999999999999999})", "rules.seed must be a whole number from 0"},
      {R"({"rules":[{"then":{"latency_ms":99999999999999999999}}]})",
       "rules[0].then.latency_ms must be a number from 0 to 600000"},
      {R"({"seed":99999999999999999999,})",
       "the rules are not JSON: line 1, column 30: Missing a name for object member"},
      {"{\"rules\": [\n  {\"then\": {},}\n]}",
       "the rules are not JSON: line 2, column 15: Missing a name for object member"},
      {R"({"seed":1,"seed":1})", "rules.seed appears twice"},
      {R"({"rules":[{"then":{"cut":"after"},"then":{"cut":"before"}}]})", "rules[0].then appears twice"},
      {R"({"rules":[{"when":{"key_prefix":{"pk":"a","pk":"b"}},"then":{"cut":"after"}}]})",
       "rules[0].when.key_prefix.pk appears twice"},
      {R"({"rules":[{"when":{"key_prefix":{}},"then":{"cut":"after"}}]})",
       "rules[0].when.key_prefix must name something"},
      {"[]", "rules must be an object"},
      {R"({"rule":[]})", "rules.rule is not known; there are rules, seed"},
      {R"({"rules":{}})", "rules.rules must be a list"},
      {R"({"rules":[{}]})", "rules[0] needs a then"},
      {R"({"rules":[{"then":{"error":"A","throttle":"AccountLimitExceeded"}}]})",
       "rules[0].then.throttle cannot be combined with another error"},
      {R"({"rules":[{"then":{"cut":"now"}}]})", "rules[0].then.cut must be before or after (the request's effect)"},
      {R"({"rules":[{"when":{"probability":2},"then":{"cut":"after"}}]})",
       "rules[0].when.probability must be a number from 0 to 1"},
      {R"({"seed":-1})", "rules.seed must be a whole number from 0"},
      {R"({"seed":9223372036854775808})", "rules.seed must be a whole number from 0"},
      {R"({"seed":1.5})", "rules.seed must be a whole number from 0"},
      {R"({"rules":[{"then":{}}]})", "rules[0].then must say what happens"},
      {R"({"rules":[{"then":{"unprocessed":0}}]})", "rules[0].then must say what happens"},
      {R"({"rules":[{"when":{"from_s":5,"until_s":4},"then":{"cut":"after"}}]})",
       "rules[0].when must not end (until_s) before it begins (from_s)"},
      {R"({"rules":[{"then":{"latency_ms":600001}}]})", "rules[0].then.latency_ms must be a number from 0 to 600000"},
      {R"({"rules":[{"then":{"error":"A\r\nB"}}]})", "rules[0].then.error must be a name, such as InternalServerError"},
      {R"({"rules":[{"then":{"error":{"type":"A B"}}}]})",
       "rules[0].then.error.type must be a name, such as InternalServerError"},
      {R"({"rules":[{"then":{"error":{"type":"A","status":404.5}}}]})",
       "rules[0].then.error.status must be a whole number from 400 to 599"},
      {R"({"rules":[{"when":{"operation":"GetItems"},"then":{"cut":"after"}}]})",
       "rules[0].when.operation names no operation: GetItems"},
      {R"({"rules":[{"then":{"throttle":"Much"}}]})",
       "rules[0].then.throttle must be one of ProvisionedThroughputExceeded, KeyRangeThroughputExceeded, "
       "MaxOnDemandThroughputExceeded, AccountLimitExceeded"},
      {R"({"rules":[{"then":{"latency_ms":{"p50":10,"p99":5}}}]})",
       "rules[0].then.latency_ms must have a p50 above 0 and a p99 that is not below it"},
      {R"({"rules":[{"then":{"clock_skew_s":5}}]})",
       "rules[0].then.clock_skew_s must be beyond 300 or -300: the service allows five minutes"},
  };
  for (const auto& [text, message] : rows) {
    try {
      parse_rules(text);
      ADD_FAILURE() << text;
    } catch (const core::ApiError& error) {
      EXPECT_EQ(error.message, message) << text;
    }
  }
  EXPECT_TRUE(parse_rules("{}").rules.empty());
}

}  // namespace
}  // namespace stator::simulate
