#include "server/access_keys.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "aws/config.h"
#include "aws/profile_file.h"
#include "server/request_head.h"

namespace stator::server {
namespace {

using aws::ConfigurationError;

constexpr std::string_view kOwnPrefix = "stator_";

bool is_word(std::string_view text, std::string_view more) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           more.find(c) != std::string_view::npos;
  });
}

/// A table's name, or a prefix of names with an asterisk, or the asterisk alone.
bool is_table_pattern(std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.ends_with('*')) pattern.remove_suffix(1);
  return pattern.size() <= 255 && is_word(pattern, "_.-");
}

std::string take(aws::ProfileSettings& settings, const std::string& name) {
  auto found = settings.extract(name);
  return found.empty() ? std::string() : std::move(found.mapped());
}

AccessRules take_rules(aws::ProfileSettings& settings, const std::string& where) {
  AccessRules rules;
  if (settings.contains("stator_access")) {
    const std::string access = take(settings, "stator_access");
    if (access != "read-only" && access != "read-write") {
      throw ConfigurationError(where + ": stator_access must be read-only or read-write");
    }
    rules.read_only = access == "read-only";
  }
  if (settings.contains("stator_tables")) {
    const std::string tables = take(settings, "stator_tables");
    for (std::string_view rest = tables;;) {
      const std::size_t comma = rest.find(',');
      const std::string_view pattern = trimmed(rest.substr(0, comma));
      if (!is_table_pattern(pattern)) {
        throw ConfigurationError(
            where + ": stator_tables must be names of tables, with commas between them; * may stand at a name's end");
      }
      rules.tables.emplace_back(pattern);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  for (const auto& [name, value] : settings) {
    if (name.starts_with(kOwnPrefix)) {
      throw ConfigurationError(where + ": unknown setting " + name + " (stator_access and stator_tables are known)");
    }
  }
  return rules;
}

void check_key(const AccessKey& key, const std::string& where) {
  if (key.id.empty() || key.secret.empty()) {
    throw ConfigurationError(where + ": aws_access_key_id and aws_secret_access_key must both be set");
  }
  // An id must not make "KEY/DATE/REGION/…" ambiguous.
  if (key.id.size() > 128 || !is_word(key.id, "_-.")) {
    throw ConfigurationError(where + ": aws_access_key_id must be 1 to 128 letters, digits, '_', '-' and '.'");
  }
}

void warn_if_others_may_read(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) == 0) return;
  spdlog::warn("others may read the credentials in {} (mode {:04o}); chmod 600 keeps them to its owner", file,
               status.st_mode & 07777);
}

AccessKeys keys_of_environment() {
  const aws::Environment environment = aws::Environment::of_process();
  AccessKey key{.name = "env",
                .id = environment.variable("AWS_ACCESS_KEY_ID").value_or(""),
                .secret = environment.variable("AWS_SECRET_ACCESS_KEY").value_or(""),
                .session_token = environment.variable("AWS_SESSION_TOKEN").value_or(""),
                .rules = {}};
  if (key.id.empty() || key.secret.empty()) {
    throw ConfigurationError("--credentials env: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set");
  }
  check_key(key, "--credentials env");
  return AccessKeys({std::move(key)});
}

AccessKeys key_of_text(const std::string& text) {
  const std::size_t colon = text.find(':');
  AccessKey key{.name = text.substr(0, colon),
                .id = text.substr(0, colon),
                .secret = text.substr(colon + 1),
                .session_token = {},
                .rules = {}};
  check_key(key, "--credentials KEY:SECRET");
  return AccessKeys({std::move(key)});
}

AccessKeys keys_of_file(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw ConfigurationError("--credentials: " + file + " is a directory");
  std::ifstream in(file);
  if (!in) throw ConfigurationError("--credentials: " + file + " cannot be read");
  AccessKeys keys = parse_access_keys(in, file);
  // Only for a usable file: an unusable one is read again at each look, and would repeat the warning.
  warn_if_others_may_read(file);
  return keys;
}

}  // namespace

bool AccessRules::allows_table(std::string_view table) const {
  if (tables.empty()) return true;
  return std::ranges::any_of(tables, [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return table == pattern;
    return table.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

AccessKeys::AccessKeys(const std::vector<AccessKey>& keys) {
  if (keys.empty()) throw ConfigurationError("the credentials have no access key");
  for (const AccessKey& key : keys) {
    const auto [found, added] = keys_.emplace(key.id, std::make_shared<const AccessKey>(key));
    if (!added) {
      throw ConfigurationError("profiles \"" + found->second->name + "\" and \"" + key.name +
                               "\" have the same aws_access_key_id");
    }
  }
}

std::shared_ptr<const AccessKey> AccessKeys::find(std::string_view id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : found->second;
}

AccessKeys parse_access_keys(std::istream& text, const std::string& name) {
  std::vector<AccessKey> keys;
  for (auto& [profile, settings] : aws::parse_profiles(text, name, aws::ProfileFile::kAccessKeys)) {
    const std::string where = name + ": profile \"" + profile + "\"";
    AccessKey key{.name = profile,
                  .id = take(settings, "aws_access_key_id"),
                  .secret = take(settings, "aws_secret_access_key"),
                  .session_token = take(settings, "aws_session_token"),
                  .rules = take_rules(settings, where)};
    check_key(key, where);
    keys.push_back(std::move(key));
  }
  if (keys.empty()) throw ConfigurationError(name + ": there is no access key in it");
  return AccessKeys(keys);
}

std::shared_ptr<Reloadable<AccessKeys>> fixed_keys(AccessKeys keys) {
  return std::make_shared<Reloadable<AccessKeys>>(std::make_shared<const AccessKeys>(std::move(keys)));
}

std::shared_ptr<Reloadable<AccessKeys>> reloadable_access_keys(const std::string& source) {
  if (source == "env") return fixed_keys(keys_of_environment());
  if (source == "-") return fixed_keys(parse_access_keys(std::cin, "standard input"));
  std::error_code error;
  if (!std::filesystem::exists(source, error)) {
    // A secret may contain slashes, an id may not. The message does not quote the text, which may be a secret.
    const std::size_t colon = source.find(':');
    if (colon != std::string::npos && source.find('/') > colon) return fixed_keys(key_of_text(source));
    throw NoKeysSource("--credentials: no such file (and it is not KEY:SECRET or \"env\")");
  }
  return reloadable_from_files<AccessKeys>(
      {source}, [source] { return std::make_shared<const AccessKeys>(keys_of_file(source)); });
}

}  // namespace stator::server
