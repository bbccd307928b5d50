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
#include "engine/bucket/bucket.h"
#include "engine/import/record_reader.h"

/// Shared by the operations on buckets (exports, imports, bulk puts) and those that list them.
namespace stator::api {

/// Reads InputCompressionType; kNone if it is absent.
engine::Compression read_compression(const Members& members);

/// Reads S3SseAlgorithm and S3SseKmsKeyId. Throws ValidationException if the key is not a valid key id, or if it is
/// given with another algorithm than KMS.
engine::ObjectEncryption read_bucket_encryption(const Members& members);

/// The NextToken after the entry with this id: the first `bytes` bytes of the id, padded with zeros, in hexadecimal
/// digits, as in the service.
std::string page_token(std::string_view id, std::size_t bytes);

/// Writes a page of `all` as the member `name`, and NextToken if there are more entries. `limit`: the entries on a
/// page. `token_of(id)` returns the token after an entry, `is_listed(info)` whether to list one, and `write(summary,
/// info)` writes one. Throws ValidationException if NextToken is not the token of an entry.
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
