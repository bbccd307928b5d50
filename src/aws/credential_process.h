#pragma once

#include <string>
#include <vector>

#include "aws/credentials.h"

namespace stator::aws {

/// Splits a command as a POSIX shell does, without expanding anything. Throws ConfigurationError if a quote is not
/// closed.
std::vector<std::string> split_command(const std::string& command);

/// Runs a profile's `credential_process` (without a shell; its standard error goes to that of this process) and reads
/// the JSON that it prints (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html). Limits:
/// a minute and 64 KB. Throws a ConfigurationError that begins with `source` and never repeats what the program
/// printed.
Credentials run_credential_process(const std::string& command, const std::string& source);

}  // namespace stator::aws
