#pragma once

#include <string>
#include <vector>

#include "aws/credentials.h"

namespace stator::aws {

/// Splits a command as a POSIX shell does, without expanding anything. Throws ConfigurationError on an open quote.
std::vector<std::string> split_command(const std::string& command);

/// Runs a profile's `credential_process` (without a shell; its standard error goes to ours) and reads the JSON it
/// prints (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html). At most a minute and 64
/// KB. Throws ConfigurationError beginning with `source`; what the program printed is never repeated.
Credentials run_credential_process(const std::string& command, const std::string& source);

}  // namespace stator::aws
