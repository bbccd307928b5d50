#include "toolkit/page_token.h"

#include <algorithm>

#include "core/api_error.h"
#include "core/base64.h"
#include "json/reader.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMostTokenBytes = 16 * 1024;

}  // namespace

std::string page_token(std::string_view owner, std::string_view start_key) {
  // base64 with an alphabet that needs no quoting on a command line.
  std::string token = core::base64_encode(std::string(owner) + "\n" + std::string(start_key));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  while (!token.empty() && token.back() == '=') token.pop_back();
  return token;
}

std::optional<std::string> start_key_of_token(std::string_view owner, std::string token) {
  if (token.size() > kMostTokenBytes) return std::nullopt;
  std::replace(token.begin(), token.end(), '-', '+');
  std::replace(token.begin(), token.end(), '_', '/');
  while (token.size() % 4 != 0) token += '=';
  const auto text = core::base64_decode(token);
  if (!text || !text->starts_with(std::string(owner) + "\n")) return std::nullopt;
  std::string start_key = text->substr(owner.size() + 1);
  try {
    json::Parser parser;
    if (!parser.parse(start_key).is_object()) return std::nullopt;
  } catch (const core::ApiError&) {
    return std::nullopt;
  }
  return start_key;
}

}  // namespace stator::toolkit
