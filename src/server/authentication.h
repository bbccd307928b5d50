#pragma once

#include <memory>
#include <string_view>

#include "server/access_keys.h"
#include "server/request_head.h"

/// Finds out who calls. docs/security.md has the order in which signatures are checked, and the answers.
namespace stator::server {

/// Whom a request claims to be from, and for which region. Empty where it has no signature.
struct CredentialScope {
  std::string_view access_key_id;
  std::string_view region;
};

/// Reads "Credential=KEY/DATE/REGION/…" from the Authorization header or the presigned query; verifies nothing.
CredentialScope credential_scope(const RequestHead& head);

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// The key that signed the request; null: callers are not identified, and all may do everything. Throws ApiError
  /// where the request must be refused. `body` is as received (signed before decompression). Safe to call
  /// from several threads at once.
  virtual std::shared_ptr<const AccessKey> check(const RequestHead& head, std::string_view body) const = 0;
};

/// Where a request has its signature.
enum class SignaturePlace : std::uint8_t { kHeader, kQuery };

/// Finds the signature and checks that it has all its parts. Throws MissingAuthenticationTokenException,
/// IncompleteSignatureException, InvalidSignatureException in the service's words.
SignaturePlace find_signature(const RequestHead& head);

/// The value of `name` in a query string, still encoded; false where the query has no such name.
bool find_in_query(std::string_view query, std::string_view name, std::string_view& value);

/// As DynamoDB Local does: a request must be signed in form (an Authorization header or a presigned query, with all its
/// parts), by whatever key.
class AnyCredentials final : public Authenticator {
 public:
  std::shared_ptr<const AccessKey> check(const RequestHead& head, std::string_view body) const override;
};

}  // namespace stator::server
