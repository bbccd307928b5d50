#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/members.h"
#include "api/reply.h"
#include "core/api_error.h"
#include "engine/import/record_reader.h"

/// What the operations on a bucket (exports, imports, bulk puts) and those that list what they did have in common.
namespace stator::api {

/// The member `InputCompressionType`; none where it is absent.
engine::Compression read_compression(const Members& members);

/// S3SseKmsKeyId; empty where it is absent. Throws ValidationException for what can be no key, and unless
/// S3SseAlgorithm is KMS.
std::string read_bucket_key(const Members& members);

/// The NextToken after what has this ID: hexadecimal digits, as in the service, of the ID's first `bytes` bytes, filled
/// up with zeros.
std::string page_token(std::string_view id, std::size_t bytes);

/// Writes a page of `all`, the latest first, as the member `name`, and the NextToken where there is more. `limit`: how
/// many on a page; `token_of(id)`; `is_listed(info)`; `write(summary, info)` writes one. Throws ValidationException for
/// a NextToken that is none of these.
template <class Pointer, class TokenOf, class IsListed, class Write>
void write_page(Call& call, std::string_view name, const std::vector<Pointer>& all, std::size_t limit, TokenOf token_of,
                IsListed is_listed, Write write) {
  auto next = all.begin();
  if (const auto token = call.request.text("NextToken")) {
    next = std::ranges::find_if(all, [&](const Pointer& info) { return token_of(info->id) == *token; });
    if (next == all.end()) {
      core::throw_validation("Invalid Request: Provided nextToken is invalid: " + std::string(*token));
    }
    ++next;
  }
  ObjectWriter writer(call.reply);
  ArrayWriter list(writer.key(name));
  std::size_t count = 0;
  std::string last;
  bool more = false;
  for (; next != all.end(); ++next) {
    const auto& info = **next;
    if (!is_listed(info)) continue;
    more = count == limit;
    if (more) break;
    ++count;
    last = info.id;
    ObjectWriter summary(list.element());
    write(summary, info);
    summary.end();
  }
  list.end();
  if (more) writer.text("NextToken", token_of(last));
  writer.end();
}

}  // namespace stator::api
