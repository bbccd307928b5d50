#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <stdexcept>
#include <string>

/// The files in which AWS tools keep profiles
/// (https://docs.aws.amazon.com/cli/v1/userguide/cli-configure-files.html).
namespace stator::aws {

/// Something is missing or wrong in what the user configured; `what()` is one line that says what and where. It never
/// quotes a line of a file, which may hold a secret.
struct ConfigurationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A profile's settings, names in lower case.
using ProfileSettings = std::map<std::string, std::string>;
using Profiles = std::map<std::string, ProfileSettings>;
/// A setting; empty if it is not set.
std::string setting(const ProfileSettings& settings, const std::string& name);

enum class ProfileFile : std::uint8_t {
  /// ~/.aws/config: a profile's section is "[profile name]".
  kConfig,
  /// ~/.aws/credentials: "[name]".
  kCredentials,
  /// The same form, for the keys that a server accepts. Lines that are skipped or overridden in other files (indented
  /// lines, settings given twice) are refused, as an ignored rule would give a key too many rights.
  kAccessKeys,
};

/// Reads a file of at most 1 MB; a missing file is empty. Indented lines belong to the setting above them: kConfig
/// returns them as "dynamodb.endpoint_url", kCredentials skips them, kAccessKeys refuses them. Throws
/// ConfigurationError with file and line.
Profiles read_profiles(const std::filesystem::path& file, ProfileFile kind);
/// The same for the text of a file, which errors call `name`.
Profiles parse_profiles(std::istream& text, const std::string& name, ProfileFile kind);

}  // namespace stator::aws
