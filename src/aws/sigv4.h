#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "http/client.h"

/// AWS Signature Version 4
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
///
/// libcurl can sign, too, but puts Authorization before the other fields and signs all of them, including User-Agent.
/// The AWS tools sign only certain fields and send Authorization last; requests made here are to be the same bytes as
/// theirs.
namespace stator::aws {

struct SigningScope {
  std::string region;
  std::string service;  // "dynamodb", "ec2", "sts"
};

/// Adds X-Amz-Date, X-Amz-Security-Token (if the credentials have a token) and Authorization to `request.fields`, in
/// this order. Signs Host, Content-Type and the headers that begin with X-Amz-, as the AWS tools do, and the query.
void sign(http::Request& request, const SigningScope& scope, const Credentials& credentials, std::int64_t now_ms);

}  // namespace stator::aws
