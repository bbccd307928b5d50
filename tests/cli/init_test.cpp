#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command_line.h"

/// stator init.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

class Init : public CommandTest {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(path(name), std::ios::binary) << text; }
  std::string read(const std::string& name) {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--data", path("data"), "--models", path("models")});
    return run_line(arguments, input);
  }
  /// The names of the model's patterns, sorted.
  std::vector<std::string> patterns(const std::string& model) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path() / "models" / model / "patterns"))
      names.push_back(entry.path().stem());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// Makes the model's table in a new database and runs every pattern on it.
  void check(const std::string& model) {
    const std::string alone = path("alone-" + model);
    fs::create_directories(alone);
    fs::copy(path("models/" + model), alone + "/" + model, fs::copy_options::recursive);
    for (std::vector<std::string> words :
         std::vector<std::vector<std::string>>{{"ddb", "schema-load"}, {"ddb", "seed"}, {"ddb", "patterns", "check"}}) {
      if (words[1] == "seed" && !fs::exists(alone + "/" + model + "/seeds")) continue;
      words.insert(words.end(), {"--data", path("data-of-" + model), "--models", alone});
      const Outcome outcome = run_line(words);
      EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    }
  }
};

TEST_F(Init, MakesAModelOfATableThatIsThere) {
  const std::string shop = std::string(STATOR_SOURCE_DIR) + "/models";
  ASSERT_EQ(run_line({"ddb", "schema-load", "--model", "shop", "--models", shop, "--data", path("data")}).code, 0);
  ASSERT_EQ(run_line({"ddb", "seed", "--model", "shop", "--models", shop, "--data", path("data")}).code, 0);
  const Outcome made = stator({"init", "mine", "--table", "shop"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.err, "made model mine of table shop in " + path("models/mine") + ": 7 patterns, 9 items\n");
  EXPECT_EQ(patterns("mine"), (std::vector<std::string>{"customer-profile", "item", "items-of-pk", "order-of-customer",
                                                        "orders-by-status", "product", "products-by-price"}));
  EXPECT_TRUE(fs::exists(path("models/schemas/table.schema.json")));
  check("mine");
  const Outcome orders = stator({"ddb", "patterns", "order-of-customer", "--customer", "ann", "--quiet"});
  EXPECT_EQ(orders.code, 0) << orders.err;
  EXPECT_NE(orders.out.find("ORDER#1003"), std::string::npos) << orders.out;
  EXPECT_EQ(stator({"init", "mine", "--table", "shop"}).code, 1) << "nothing is written over";
  EXPECT_EQ(stator({"init", "more", "--table", "shap"}).code, 1);
  EXPECT_FALSE(fs::exists(path("models/more")));
}

TEST_F(Init, ReadsWhatDescribeTablePrints) {
  const std::string shop = std::string(STATOR_SOURCE_DIR) + "/models";
  run_line({"ddb", "schema-load", "--model", "shop", "--models", shop, "--data", path("data")});
  const std::string description = stator({"describe", "shop", "--output", "json"}).out;
  const Outcome made = stator({"init", "again", "--from", "-"}, description);
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(patterns("again"),
            (std::vector<std::string>{"item", "items-of-pk", "orders-by-status", "products-by-price"}));
  check("again");
}

TEST_F(Init, VectorIndexesArePartOfAModel) {
  fs::create_directories(path("models/texts"));
  const std::string table =
      R"({"TableName":"texts","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},)"
      R"({"AttributeName":"tenant","AttributeType":"S"},{"AttributeName":"year","AttributeType":"N"}],)"
      R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",)"
      R"("VectorIndexes":[{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Dimensions":3,)"
      R"("DistanceFunction":"COSINE","SearchSchema":[{"AttributeName":"tenant",)"
      R"("SearchSchemaElementType":"HASH"},{"AttributeName":"year",)"
      R"("SearchSchemaElementType":"INLINE_FILTER"}],"Projection":{"ProjectionType":"ALL"}}]})";
  write("models/texts/table.json", table);
  const Outcome loaded = stator({"ddb", "schema-load", "--model", "texts"});
  ASSERT_EQ(loaded.code, 0) << loaded.err;
  const Outcome described = stator({"describe", "texts"});
  EXPECT_NE(described.out.find("near: v, 3 dimensions, COSINE; by tenant S; filters year N; all attributes\n"),
            std::string::npos)
      << described.out;
  const Outcome made = stator({"init", "again", "--table", "texts"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_NE(read("models/again/table.json").find("INLINE_FILTER"), std::string::npos);
  // The same table again: nothing to change.
  const Outcome same = stator({"ddb", "schema-load", "--model", "again", "--update"});
  EXPECT_EQ(same.code, 0) << same.err;
  std::string changed = table;
  changed.replace(changed.find("\"Dimensions\":3"), 14, "\"Dimensions\":4");
  write("models/texts/table.json", changed);
  const Outcome updated = stator({"ddb", "schema-load", "--model", "texts", "--update", "--yes", "texts"});
  EXPECT_EQ(updated.code, 0) << updated.err;
  EXPECT_NE(stator({"describe", "texts"}).out.find("4 dimensions"), std::string::npos) << updated.out << updated.err;
  write("models/texts/table.json", R"({"TableName":"texts","VectorIndexes":[{"IndexNam":"near"}]})");
  EXPECT_NE(stator({"ddb", "schema-load", "--model", "texts"}).err.find("IndexNam"), std::string::npos);
}

TEST_F(Init, ReadsNoSqlWorkbenchModels) {
  write("workbench.json", R"({"ModelName":"m","ModelMetadata":{"Version":"3.0"},"DataModel":[
    {"TableName":"Employee","KeyAttributes":{"PartitionKey":{"AttributeName":"LoginAlias","AttributeType":"S"}},
     "NonKeyAttributes":[{"AttributeName":"FirstName","AttributeType":"S"}],
     "GlobalSecondaryIndexes":[{"IndexName":"Name","KeyAttributes":{
        "PartitionKey":{"AttributeName":"FirstName","AttributeType":"S"},
        "SortKey":{"AttributeName":"Hired","AttributeType":"N"}},
       "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["Skills"]}}],
     "TableData":[{"LoginAlias":{"S":"johns"},"FirstName":{"S":"John"},"Hired":{"N":"2020"},"Skills":{"SS":["a"]}}],
     "BillingMode":"PROVISIONED"},
    {"TableName":"Other","KeyAttributes":{"PartitionKey":{"AttributeName":"id","AttributeType":"N"}},
     "NonKeyAttributes":[],"TableData":[]}]})");
  const Outcome which = stator({"init", "staff", "--from", path("workbench.json")});
  EXPECT_EQ(which.code, 2);
  EXPECT_NE(which.err.find("has the tables Employee, Other; --table NAME takes one"), std::string::npos) << which.err;
  EXPECT_EQ(stator({"init", "staff", "--from", path("workbench.json"), "--table", "Employee"}).code, 0);
  EXPECT_EQ(patterns("staff"), (std::vector<std::string>{"item", "name"}));
  check("staff");
  EXPECT_EQ(stator({"init", "other", "--from", path("workbench.json"), "--table", "Other"}).code, 0);
  check("other");
}

TEST_F(Init, ReadsCloudFormationTemplates) {
  const std::string resources = R"({"Resources":{
    "Role":{"Type":"AWS::IAM::Role","Properties":{}},
    "Orders315BB997":{"Type":"AWS::DynamoDB::Table","Properties":{
      "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],
      "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
      "GlobalSecondaryIndexes":[{"IndexName":"by-sk","KeySchema":[{"AttributeName":"sk","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"KEYS_ONLY"}}],
      "TableName":{"Fn::Sub":"orders-${Stage}"},"BillingMode":"PAY_PER_REQUEST","SSESpecification":{"SSEEnabled":true},
      "StreamSpecification":{"StreamViewType":"NEW_IMAGE"},"TimeToLiveSpecification":{"AttributeName":"ends","Enabled":true}},
      "DeletionPolicy":"Retain"},
    "Users":{"Type":"AWS::DynamoDB::GlobalTable","Properties":{"TableName":"users",
      "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
      "Replicas":[{"Region":"eu-west-3","DeletionProtectionEnabled":true}]}},
    "Simple":{"Type":"AWS::Serverless::SimpleTable"},
    "Numbered":{"Type":"AWS::Serverless::SimpleTable","Properties":{"PrimaryKey":{"Name":"n","Type":"Number"}}}}})";
  write("template.json", resources);
  write("printed.json", R"({"TemplateBody":)" + resources + R"(,"StagesAvailable":["Original"]})");
  const Outcome which = stator({"init", "orders", "--from", path("template.json")});
  EXPECT_NE(which.err.find("has the tables Orders315BB997, users, Simple, Numbered; --table"), std::string::npos)
      << which.err;
  for (const std::string table : {"Orders315BB997", "users", "Simple", "Numbered"}) {
    const std::string model = "of-" + table;
    const char* const file = table == "users" ? "printed.json" : "template.json";
    const Outcome made = stator({"init", model, "--from", path(file), "--table", table});
    EXPECT_EQ(made.code, 0) << made.err;
    check(model);
  }
  const std::string orders = read("models/of-Orders315BB997/table.json");
  EXPECT_NE(orders.find(R"("StreamEnabled": true)"), std::string::npos) << orders;
  EXPECT_NE(orders.find(R"("AttributeName": "ends")"), std::string::npos) << orders;
  EXPECT_EQ(orders.find("SSE"), std::string::npos) << orders;
  EXPECT_NE(read("models/of-Numbered/table.json").find(R"("AttributeType": "N")"), std::string::npos);
}

TEST_F(Init, ReadsOneTableSchemas) {
  write("onetable.json", R"({"format":"onetable:1.1.0","version":"0.0.1",
    "indexes":{"primary":{"hash":"pk","sort":"sk"},"gs1":{"hash":"gs1pk","sort":"gs1sk","project":["name"],"follow":true},
               "ls1":{"type":"local","sort":"createdAt","project":"keys"}},
    "models":{
      "Account":{"pk":{"type":"string","value":"account:${id}"},"sk":{"type":"string","value":"account:"},
                 "id":{"type":"string","generate":"ulid"},"name":{"type":"string","required":true}},
      "User":{"pk":{"type":"string","value":"account:${accountName}"},"sk":{"type":"string","value":"user:${email}"},
              "email":{"type":"string"},"createdAt":{"type":"number"},"expires":{"type":"date","ttl":true},
              "gs1pk":{"type":"string","value":"user:${email}"},"gs1sk":{"type":"string","value":"user:"}}}})");
  const Outcome made = stator({"init", "saas", "--from", path("onetable.json")});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(patterns("saas"),
            (std::vector<std::string>{"account", "account-by-ls1-list", "gs1", "item", "items-of-pk", "ls1", "user",
                                      "user-by-gs1-list", "user-by-ls1-list", "user-list"}));
  const std::string table = read("models/saas/table.json");
  EXPECT_NE(table.find("\"TableName\": \"saas\""), std::string::npos) << table;
  EXPECT_NE(table.find("\"AttributeName\": \"expires\""), std::string::npos) << table;
  check("saas");
  stator({"ddb", "schema-load"});
  stator({"put", "saas", R"({"pk":"account:acme","sk":"user:a@b","gs1pk":"user:a@b","gs1sk":"user:","createdAt":1})"});
  const Outcome user = stator({"ddb", "patterns", "user", "--account-name", "acme", "--email", "a@b", "--quiet"});
  EXPECT_NE(user.out.find("user:a@b"), std::string::npos) << user.out << user.err;
}

TEST_F(Init, AsksWhereThereIsNothing) {
  const Outcome made = stator({"init", "notes"}, "\nowner\nat N\nby-tag\ntag\n-\n\nexpires\n");
  EXPECT_EQ(made.code, 0) << made.err;
  const std::string table = read("models/notes/table.json");
  EXPECT_NE(table.find("\"TableName\": \"notes\""), std::string::npos) << table;
  EXPECT_NE(table.find("\"IndexName\": \"by-tag\""), std::string::npos) << table;
  EXPECT_EQ(patterns("notes"), (std::vector<std::string>{"by-tag", "item", "items-of-owner"}));
  check("notes");
  const Outcome nothing = stator({"init", "none"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("what should the model be made from?"), std::string::npos) << nothing.err;
}

TEST_F(Init, SaysWhatAFileIsNot) {
  const struct {
    const char* text;
    const char* err;
  } rows[] = {
      {"{", "this is not JSON"},
      {"{}", "expected describe-table's output, a CreateTable request, a CloudFormation template, a NoSQL Workbench"},
      {"[]", "expected describe-table's output"},
      {"Resources:\n  Table:\n",
       "this is not JSON (for a CloudFormation or SAM template in YAML: cfn-flip converts it"},
      {R"({"Resources":{"a":{"Type":"AWS::S3::Bucket"}}})", "the template has no table"},
      {R"({"Resources":{"a":{"Type":"AWS::DynamoDB::Table","Properties":{}}}})", "resource a: "},
      {R"({"DataModel":[{"TableName":"t"}]})", "has no PartitionKey"},
      {R"({"DataModel":[{"TableName":"things","KeyAttributes":{"PartitionKey":{"AttributeName":"pk",)"
       R"("AttributeType":"S"}},"TableData":[5]}]})",
       "the TableData of things has an entry that is not an item"},
      {R"({"indexes":{"primary":{"hash":"pk"}},"models":{"User":5}})",
       "the OneTable schema's model User is not an object"},
      {R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
       R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":"by-pk",)"
       R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE",)"
       R"("NonKeyAttributes":[5]}}]})",
       "a name in NonKeyAttributes is not a string"},
      {R"({"indexes":{},"models":{}})", "has no indexes.primary"},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator({"init", "x", "--from", "-"}, row.text);
    EXPECT_EQ(outcome.code, 1) << row.text;
    EXPECT_NE(outcome.err.find(row.err), std::string::npos) << outcome.err;
  }
  EXPECT_FALSE(fs::exists(path("models/x")));
  EXPECT_EQ(stator({"init"}).code, 2);
  EXPECT_EQ(stator({"init", "../x"}).code, 2);
}

TEST_F(Init, LeavesNothingBehindWhereItCannotBeWritten) {
  const std::string table =
      R"({"TableName":"tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"BillingMode":)"
      R"("PAY_PER_REQUEST","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]})";
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Outcome full = stator({"init", "m", "--from", "-"}, table);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(full.code, 1);
  EXPECT_TRUE(full.err.starts_with("stator: cannot write ")) << full.err;
  EXPECT_FALSE(fs::exists(path("models/m")));
  EXPECT_EQ(stator({"init", "m", "--from", "-"}, table).code, 0);
}

TEST_F(Init, RefusesTablesThatDynamoDbWouldNotMake) {
  const auto table = [](const std::string& name, const std::string& index) {
    return R"({"TableName":")" + name + R"(","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)" +
           R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",)" +
           R"("GlobalSecondaryIndexes":[{"IndexName":")" + index +
           R"(","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]})";
  };
  const std::string sound = table("sound", "by-pk");
  for (const std::string& text :
       {table("x!", "by-pk"), table("a", "by-pk"), table("sound", "i"), table("sound", "by pk")}) {
    const Outcome outcome = stator({"init", "m", "--from", "-"}, text);
    EXPECT_EQ(outcome.code, 1) << text;
    EXPECT_TRUE(outcome.err.starts_with("stator: DynamoDB would refuse this table: ")) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(path("models/m"))) << text;
  }
  EXPECT_EQ(stator({"init", "m", "--from", "-"}, sound).code, 0);
  EXPECT_EQ(stator({"init", "asked"}, "tab\npk\nsk\ni!\na\n-\n\n\n").code, 1);
  EXPECT_EQ(stator({"init", "asked"}, "a\npk\nsk\n\n\n").code, 1);
}

TEST_F(Init, LeavesNothingBehindOfAModelThatWouldBeWrong) {
  const std::string workbench =
      R"({"DataModel":[{"TableName":"tab","KeyAttributes":{"PartitionKey":{"AttributeName":"pk","AttributeType":"S"}},)"
      R"("NonKeyAttributes":[],"TableData":[{"pk":"a"}]}]})";
  const Outcome outcome = stator({"init", "m", "--from", "-"}, workbench);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.err.starts_with("stator: no model was made, as it would be wrong: ")) << outcome.err;
  EXPECT_NE(outcome.err.find("items.json:3:11: expected an attribute value"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(path("models/m")));
}

TEST_F(Init, TakesMembersThatAreNullForNone) {
  const std::string table =
      R"({"TableName":"tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"BillingMode":)"
      R"("PAY_PER_REQUEST","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"StreamSpecification":null,)"
      R"("GlobalSecondaryIndexes":null})";
  const Outcome outcome = stator({"init", "m", "--from", "-"}, table);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(Init, TheProjectsSchemasAreThoseOfThisVersion) {
  ASSERT_EQ(stator({"init", "--schemas"}).code, 0);
  for (const char* name : {"table.schema.json", "pattern.schema.json"}) {
    std::ifstream in(std::string(STATOR_SOURCE_DIR) + "/models/schemas/" + name);
    const std::string kept{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(kept, read(std::string("models/schemas/") + name)) << "run: stator init --schemas";
  }
}

}  // namespace
}  // namespace stator::cli
