#pragma once

#include <string>
#include <vector>

namespace stator::cli {

/// `stator serve` takes the command line of DynamoDB Local, so that a script or a compose file that starts it can start
/// Stator instead: turns its options (-port, -inMemory, -dbPath, …) into ours, and leaves out those that say nothing
/// here
/// (-sharedDb: everybody shares the one database). Other command lines stay as they are.
/// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
void translate_dynamodb_local(std::vector<std::string>& arguments);

}  // namespace stator::cli
