#include "cli/dynamodb_local.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace stator::cli {
namespace {

using Words = std::vector<std::string>;

TEST(DynamoDbLocal, ItsOptionsBecomeOurs) {
  const std::pair<Words, Words> rows[] = {
      {{"serve", "-port", "8001", "-inMemory", "-sharedDb"}, {"serve", "--port", "8001", "--in-memory"}},
      {{"serve", "-sharedDb", "-dbPath", "./data", "-optimizeDbBeforeStartup"}, {"serve", "--data", "./data"}},
      {{"serve", "-delayTransientStatuses", "-disableTelemetry"}, {"serve", "--transition-delay", "1000"}},
      {{"serve", "-cors", "*"}, {"serve", "--allow-origin", "*"}},
      {{"serve", "-cors", "https://a.example,https://b.example"},
       {"serve", "--allow-origin", "https://a.example", "--allow-origin", "https://b.example"}},
      {{"serve", "-Djava.library.path=./DynamoDBLocal_lib", "-Xmx256m", "-jar", "DynamoDBLocal.jar", "-inMemory"},
       {"serve", "--in-memory"}},
      {{"serve", "java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-port", "8001"},
       {"serve", "--port", "8001"}},
      {{"serve", "--host", "0.0.0.0", "java", "-jar", "DynamoDBLocal.jar"}, {"serve", "--host", "0.0.0.0"}},
      {{"serve", "java"}, {"serve", "java"}},
      {{"serve", "--port", "0", "-h"}, {"serve", "--port", "0", "-h"}},
      {{"serve", "-port"}, {"serve", "--port"}},  // CLI11 then reports the missing value
      {{"ddb", "scan", "-port", "1"}, {"ddb", "scan", "-port", "1"}},
      {{}, {}},
  };
  for (const auto& [theirs, ours] : rows) {
    Words arguments = theirs;
    translate_dynamodb_local(arguments);
    EXPECT_EQ(arguments, ours);
  }
}

TEST(DynamoDbLocal, MistakesAreTold) {
  const Outcome no_port = run_line({"serve", "-port", "x"});
  EXPECT_EQ(no_port.code, 2);
  EXPECT_NE(no_port.err.find("--port"), std::string::npos) << no_port.err;
  const Outcome both = run_line({"serve", "-inMemory", "-dbPath", "./data"});
  EXPECT_EQ(both.code, 2);
  EXPECT_EQ(both.err, "stator: --in-memory and --data exclude each other\n");
  const Outcome unknown = run_line({"serve", "-inMemoryy"});
  EXPECT_EQ(unknown.code, 2);
}

}  // namespace
}  // namespace stator::cli
