// Stores a conversation in a DynamoDB table inside this process.
// Usage: embed [DIRECTORY]; without a directory everything stays in memory.

#include <stator/stator.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

/// Calls one operation and returns the reply; ends the program on any error except `accepted`.
std::string must(stator::Database& database, std::string_view operation, const std::string& request,
                 std::string_view accepted = "") {
  const stator::Result result = database.call(operation, request);
  if (!result.ok && result.error_type != accepted) {
    std::cerr << operation << ": " << result.error_type << ": " << result.error_message << "\n";
    std::exit(EXIT_FAILURE);
  }
  return result.body;
}

std::string message(int minute, const std::string& sender, const std::string& text) {
  return R"({"TableName":"messages","Item":{"pk":{"S":"MSG#1"},"sk":{"S":"2023-03-20T10:0)" + std::to_string(minute) +
         R"("},"sender":{"S":")" + sender + R"("},"text":{"S":")" + text + R"("}}})";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    stator::OpenOptions options;
    if (argc > 1) options.directory = argv[1];
    stator::Database database = stator::Database::open(options);

    must(database, "CreateTable", R"({
      "TableName": "messages",
      "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
      "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
      "BillingMode": "PAY_PER_REQUEST"})",
         "ResourceInUseException");
    must(database, "PutItem", message(0, "ada", "Does it run inside the process?"));
    must(database, "PutItem", message(1, "brook", "It does, and it keeps what it is told."));

    std::cout << must(database, "Query", R"json({
      "TableName": "messages",
      "KeyConditionExpression": "pk = :conversation AND begins_with(sk, :year)",
      "ExpressionAttributeValues": {":conversation": {"S": "MSG#1"}, ":year": {"S": "2023"}}})json")
              << "\n";
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
