// A cache before a database in this process, with a simulator between them that throttles every third write.

#include <stator/wrappers.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

int main() {
  try {
    stator::Database database = stator::Database::open_in_memory();
    stator::Simulating faults(database, R"({"seed": 7, "rules": [
      {"name": "writes", "when": {"operation": "PutItem", "probability": 0.33}, "then": {"throttle": "KeyRangeThroughputExceeded"}}]})");
    stator::Caching cache(faults, {.lifetimes = {"GetItem=60"}});

    cache.call("CreateTable", R"({
      "TableName": "scores",
      "AttributeDefinitions": [{"AttributeName": "player", "AttributeType": "S"}],
      "KeySchema": [{"AttributeName": "player", "KeyType": "HASH"}],
      "BillingMode": "PAY_PER_REQUEST"})");
    int throttled = 0;
    for (int score = 1; score <= 20; ++score) {
      const std::string put =
          R"({"TableName":"scores","Item":{"player":{"S":"ada"},"score":{"N":")" + std::to_string(score) + R"("}}})";
      while (true) {
        const stator::Result result = cache.call("PutItem", put);
        if (result.ok) break;
        if (result.error_type != "ThrottlingException") throw std::runtime_error(result.error_message);
        ++throttled;
      }
    }
    for (int i = 0; i < 5; ++i) {
      const stator::Result read = cache.call("GetItem", R"({"TableName":"scores","Key":{"player":{"S":"ada"}}})");
      if (i == 0) std::cout << read.body << "\n";
    }
    std::cout << (throttled > 0 ? "some writes were throttled" : "no write was throttled") << "\n"
              << faults.state() << "\n"
              << cache.statistics() << "\n";
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
