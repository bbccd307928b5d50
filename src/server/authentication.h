#pragma once

#include <string_view>

#include "server/request_head.h"

/// Who may call. This is the place where signatures are verified; what stands here so far accepts any credentials and
/// refuses only what the service refuses before it looks at them.
namespace stator::server {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Throws ApiError when the request may not be answered. `body` is as received (signed before decompression).
  virtual void check(const RequestHead& head, std::string_view body) const = 0;
};

/// As DynamoDB Local does: a request must be signed in form (an Authorization header or a presigned query, with all its
/// parts), by whatever key. Throws MissingAuthenticationTokenException, IncompleteSignatureException,
/// InvalidSignatureException in the service's words.
class AnyCredentials final : public Authenticator {
 public:
  void check(const RequestHead& head, std::string_view body) const override;
};

}  // namespace stator::server
