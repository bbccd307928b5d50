#include "postgres/target.h"

#include <cstdlib>
#include <memory>
#include <string_view>

#include "postgres/error.h"
#include "postgres/libpq.h"
#include "postgres/mask.h"

namespace stator::postgres {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&::PQconninfoFree)>;

/// libpq's message quotes the text that it could not parse, which may be the password. Only messages about faults that
/// cannot be in a password keep the quote.
std::string safe_parse_message(std::string_view message) {
  for (const std::string_view harmless : {"invalid URI query parameter", "definition of service", "service file"}) {
    if (message.starts_with(harmless)) return one_line(mask_passwords(message));
  }
  return one_line(message.substr(0, message.find('"')));
}

[[noreturn]] void throw_unreadable(std::string message) {
  while (!message.empty() && (message.back() == ':' || message.back() == ' ')) message.pop_back();
  throw Error(ErrorKind::kUsage, "the connection URL cannot be read: " + message);
}

bool is_connection_string(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://") || url.find('=') != std::string_view::npos;
}

Options parse(const Target& target) {
  if (!target.url.empty() && !is_connection_string(target.url)) {
    throw_unreadable("it begins with neither postgresql:// nor a keyword such as host=");
  }
  char* message = nullptr;
  Options options(libpq().PQconninfoParse(target.url.c_str(), &message), libpq().PQconninfoFree);
  if (options == nullptr) {
    const std::string text = message == nullptr ? "out of memory" : message;
    libpq().PQfreemem(message);
    throw_unreadable(safe_parse_message(text));
  }
  return options;
}

std::string value_of(const PQconninfoOption* options, std::string_view keyword) {
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return {};
}

}  // namespace

std::string quote_conninfo_value(std::string_view value) {
  std::string out = "'";
  for (const char byte : value) {
    if (byte == '\'' || byte == '\\') out += '\\';
    out += byte;
  }
  return out + "'";
}

TargetParts target_parts(const Target& target) {
  const Options given = parse(target);
  // Only a connection object resolves service files and defaults. This one does not connect: its host is a socket
  // directory that does not exist.
  const char* const keywords[] = {"dbname", "host", "hostaddr", nullptr};
  const char* const values[] = {target.url.c_str(), "/nonexistent", "", nullptr};
  PGconn* connection = libpq().PQconnectStartParams(keywords, values, 1);
  Options resolved(libpq().PQconninfo(connection), libpq().PQconninfoFree);
  const std::string fault = connection == nullptr ? "out of memory" : libpq().PQerrorMessage(connection);
  libpq().PQfinish(connection);
  if (resolved == nullptr) throw_unreadable(safe_parse_message(fault));
  if (fault.starts_with("definition of service") || fault.starts_with("service file")) {
    throw_unreadable(safe_parse_message(fault));
  }

  TargetParts parts;
  parts.host = value_of(given.get(), "host");
  if (parts.host.empty()) parts.host = value_of(given.get(), "hostaddr");
  if (const char* host = std::getenv("PGHOST"); parts.host.empty() && host != nullptr) parts.host = host;
  parts.address = value_of(given.get(), "hostaddr");
  if (const char* address = std::getenv("PGHOSTADDR"); parts.address.empty() && address != nullptr)
    parts.address = address;
  const char* const service = std::getenv("PGSERVICE");
  parts.has_service = !value_of(given.get(), "service").empty() || (service != nullptr && *service != '\0');
  parts.port = value_of(resolved.get(), "port");
  parts.user = value_of(resolved.get(), "user");
  parts.options = value_of(resolved.get(), "options");
  parts.database = target.database.empty() ? value_of(given.get(), "dbname") : target.database;
  if (const char* name = std::getenv("PGDATABASE"); parts.database.empty() && name != nullptr) parts.database = name;
  // If no database is named, libpq uses the user's name; any other name comes from a service.
  if (const std::string name = value_of(resolved.get(), "dbname"); parts.database.empty() && name != parts.user) {
    parts.database = name;
  }
  return parts;
}

PublicTarget public_target(const Target& target) {
  const Options given = parse(target);
  PublicTarget result;
  for (const PQconninfoOption* option = given.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || (keyword == "dbname" && !target.database.empty())) continue;
    // libpq marks secrets with '*': the password, and that of the client's key, for which psql asks.
    if (std::string_view(option->dispchar).starts_with('*')) {
      if (keyword == "password") result.password = option->val;
      continue;
    }
    result.conninfo += std::string(keyword) + "=" + quote_conninfo_value(option->val) + " ";
  }
  if (!target.database.empty()) result.conninfo += "dbname=" + quote_conninfo_value(target.database);
  return result;
}

std::string describe(const Target& target) {
  const TargetParts parts = target_parts(target);
  std::string text = parts.database.empty() ? "the default database" : parts.database;
  if (parts.host.starts_with('/')) {
    text += " on the socket in " + parts.host;
  } else if (!parts.host.empty()) {
    text += " on " + parts.host + (parts.port.empty() ? "" : ":" + parts.port);
  }
  if (!parts.user.empty()) text += " as " + parts.user;
  return text;
}

}  // namespace stator::postgres
