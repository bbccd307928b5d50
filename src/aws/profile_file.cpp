#include "aws/profile_file.h"

#include <cctype>
#include <fstream>

#include "core/ascii.h"

namespace stator::aws {

namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `[profile x]` and `[profile "x y"]` are profile x and "x y"; "default" needs no word before it. Other sections
/// (sso-session, services) keep their whole name, which no profile has.
std::string profile_of_section(std::string_view section, ProfileFile kind) {
  if (kind != ProfileFile::kConfig || !section.starts_with("profile") || section.size() < 8 ||
      std::isspace(static_cast<unsigned char>(section[7])) == 0) {
    return std::string(section);
  }
  std::string_view name = trimmed(section.substr(7));
  if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

}  // namespace

std::string setting(const ProfileSettings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

Profiles parse_profiles(std::istream& text, const std::string& name, ProfileFile kind) {
  Profiles profiles;
  ProfileSettings* settings = nullptr;
  std::string line;
  std::string above;  // the setting that indented lines belong to
  std::size_t bytes = 0;
  for (std::size_t number = 1; std::getline(text, line); ++number) {
    const auto fail = [&](const char* why) -> void {
      // The line may hold a secret, so the message has only its number.
      throw ConfigurationError(name + ":" + std::to_string(number) + ": " + why);
    };
    bytes += line.size() + 1;
    if (bytes > kMaxFileBytes) throw ConfigurationError(name + ": larger than 1 MB");
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (line.front() == '[') {
      const std::size_t close = content.find(']');
      if (close == std::string_view::npos) fail("a section's name must end with ]");
      const auto [found, added] =
          profiles.try_emplace(profile_of_section(trimmed(content.substr(1, close - 1)), kind), ProfileSettings());
      if (!added && kind == ProfileFile::kAccessKeys) fail("the section appears twice");
      settings = &found->second;
      above.clear();
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      if (kind == ProfileFile::kAccessKeys) fail("an indented line");
      // An indented line belongs to the setting above it: "dynamodb =" has "dynamodb.endpoint_url".
      const std::size_t nested = content.find('=');
      if (kind == ProfileFile::kConfig && settings != nullptr && !above.empty() && nested != std::string_view::npos)
        (*settings)[above + "." + core::lowered(trimmed(content.substr(0, nested)))] =
            trimmed(content.substr(nested + 1));
      continue;
    }
    const std::size_t equals = content.find_first_of("=:");
    if (equals == std::string_view::npos || equals == 0) fail("expected name = value");
    if (settings == nullptr) fail("expected a section like [default] before the first setting");
    std::string setting = core::lowered(trimmed(content.substr(0, equals)));
    if (kind == ProfileFile::kAccessKeys && settings->contains(setting)) fail("the setting appears twice");
    above = setting;
    (*settings)[std::move(setting)] = trimmed(content.substr(equals + 1));
  }
  return profiles;
}

Profiles read_profiles(const std::filesystem::path& file, ProfileFile kind) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};
  std::ifstream in(file);
  if (!in) throw ConfigurationError(file.string() + ": cannot be read");
  return parse_profiles(in, file.string(), kind);
}

}  // namespace stator::aws
