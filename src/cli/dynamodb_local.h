#pragma once

#include <string>
#include <vector>

namespace stator::cli {

/// `stator serve` takes the command line of DynamoDB Local, so that a script or a compose file that starts it can start
/// Stator instead: turns its options (-port, -inMemory, -dbPath, …) into ours, and drops those that mean nothing here
/// (-sharedDb: there is only one database, which everybody shares). Other command lines are not changed.
/// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
void translate_dynamodb_local(std::vector<std::string>& arguments);

}  // namespace stator::cli
