#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "http/client.h"

/// AWS Signature Version 4
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
///
/// libcurl can sign too, but puts Authorization before the other fields and signs all of them, User-Agent included.
/// The AWS tools sign a fixed few and send Authorization last; requests here are meant to be the same bytes as
/// theirs.
namespace stator::aws {

struct SigningScope {
  std::string region;
  std::string service;  // "dynamodb", "ec2", "sts"
};

/// Adds X-Amz-Date, X-Amz-Security-Token (where the credentials have one) and Authorization to `request.fields`, in
/// this order. Host, Content-Type and the headers that begin with X-Amz- are signed, as the AWS tools do. A query is
/// signed too.
void sign(http::Request& request, const SigningScope& scope, const Credentials& credentials, std::int64_t now_ms);

}  // namespace stator::aws
