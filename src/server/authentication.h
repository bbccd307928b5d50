#pragma once

#include <memory>
#include <string_view>

#include "server/access_keys.h"
#include "server/request_head.h"

/// Identifies callers. docs/security.md has the order in which signatures are checked, and the answers.
namespace stator::server {

/// The key id and region that a request claims. Empty if it has no signature.
struct CredentialScope {
  std::string_view access_key_id;
  std::string_view region;
};

/// Reads "Credential=KEY/DATE/REGION/…" from the Authorization header or the presigned query; verifies nothing.
CredentialScope credential_scope(const RequestHead& head);

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Returns the key that signed the request; null if callers are not identified and may do everything. Throws ApiError
  /// if the request must be refused. `body` is as received (it is signed before decompression). Safe to call from
  /// several threads at once.
  virtual std::shared_ptr<const AccessKey> check(const RequestHead& head, std::string_view body) const = 0;
};

/// Where a request carries its signature.
enum class SignaturePlace : std::uint8_t { kHeader, kQuery };

/// Finds the signature and checks that all its parts are present. Throws MissingAuthenticationTokenException,
/// IncompleteSignatureException or InvalidSignatureException in the service's words.
SignaturePlace find_signature(const RequestHead& head);

/// Finds the value of `name` in a query string, still encoded; returns false if it is absent.
bool find_in_query(std::string_view query, std::string_view name, std::string_view& value);

/// Like DynamoDB Local: a request must have the form of a signed one (an Authorization header or a presigned query,
/// with all parts); any key is accepted.
class AnyCredentials final : public Authenticator {
 public:
  std::shared_ptr<const AccessKey> check(const RequestHead& head, std::string_view body) const override;
};

}  // namespace stator::server
