#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/profile_file.h"
#include "server/reloadable.h"

/// The keys that a server accepts, and what each of them may do.
namespace stator::server {

/// What a key may do, and with which tables.
struct AccessRules {
  bool read_only = false;
  /// Names of tables, or prefixes of names with a "*" at the end. Empty: every table.
  std::vector<std::string> tables;

  [[nodiscard]] bool limited() const { return read_only || !tables.empty(); }
  [[nodiscard]] bool allows_table(std::string_view table) const;
};

/// Never printed or logged, except for `name`.
struct AccessKey {
  /// The profile's name; error messages name the caller by it.
  std::string name;
  std::string id;
  std::string secret;
  /// Empty: requests must not have a session token.
  std::string session_token;
  AccessRules rules;
};

class AccessKeys {
 public:
  /// Throws aws::ConfigurationError if two keys have the same id, or if there are none.
  explicit AccessKeys(const std::vector<AccessKey>& keys);

  /// Returns null if there is no key with that id.
  [[nodiscard]] std::shared_ptr<const AccessKey> find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  std::map<std::string, std::shared_ptr<const AccessKey>, std::less<>> keys_;
};

/// The value of --credentials is none of the forms that reloadable_access_keys knows.
struct NoKeysSource : aws::ConfigurationError {
  using aws::ConfigurationError::ConfigurationError;
};

/// Returns the keys that the value of --credentials stands for:
///   env          AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment
///   -            a credentials file on standard input
///   FILE         a credentials file (docs/security.md), read again whenever it changes
///   KEY:SECRET   one key with all rights; visible to everybody who may list processes
/// Logs a warning if others may read the file. Throws aws::ConfigurationError (or NoKeysSource, a kind of it) with one
/// line for the user that contains no secret.
std::shared_ptr<Reloadable<AccessKeys>> reloadable_access_keys(const std::string& source);

/// Keys that never change.
std::shared_ptr<Reloadable<AccessKeys>> fixed_keys(AccessKeys keys);

/// Parses the text of a credentials file; `name` stands for the file in errors.
AccessKeys parse_access_keys(std::istream& text, const std::string& name);

}  // namespace stator::server
