#include "cli/dynamodb_local.h"

#include <algorithm>
#include <string_view>

namespace stator::cli {
namespace {

/// How long tables stay CREATING and DELETING with DynamoDB Local's option for delays.
constexpr const char* kTransitionDelayMs = "1000";

struct Translation {
  std::string_view theirs;
  bool takes_value;
  /// Our arguments for it; if there are none, it is dropped.
  std::vector<std::string> ours;
};

const std::vector<Translation>& translations() {
  static const std::vector<Translation> kTranslations = {
      {"-port", true, {"--port"}},
      {"-inMemory", false, {"--in-memory"}},
      {"-dbPath", true, {"--data"}},
      {"-delayTransientStatuses", false, {"--transition-delay", kTransitionDelayMs}},
      {"-cors", true, {"--allow-origin"}},
      {"-help", false, {"--help"}},
      {"-version", false, {"--version"}},
      {"-sharedDb", false, {}},
      {"-optimizeDbBeforeStartup", false, {}},
      {"-disableTelemetry", false, {}},
      {"-jar", true, {}},
  };
  return kTranslations;
}

const Translation* find_translation(std::string_view word) {
  for (const Translation& translation : translations()) {
    if (word == translation.theirs) return &translation;
  }
  return nullptr;
}

/// Whether the word is an option of the Java virtual machine: -Djava.library.path=…, -Xmx256m.
bool is_javas(std::string_view word) { return word.starts_with("-D") || word.starts_with("-X"); }

/// Whether the word is "java", followed by an option of Java or by -jar.
bool is_java(const std::vector<std::string>& arguments, std::size_t at) {
  return arguments[at] == "java" && at + 1 < arguments.size() &&
         (is_javas(arguments[at + 1]) || arguments[at + 1] == "-jar");
}

/// Appends `option` and its value for each part of a comma-separated list.
void append_list(const std::string& option, const std::string& list, std::vector<std::string>& out) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) out.insert(out.end(), {option, list.substr(at, comma - at)});
    at = comma + 1;
  }
}

}  // namespace

void translate_dynamodb_local(std::vector<std::string>& arguments) {
  if (std::find(arguments.begin(), arguments.end(), "serve") == arguments.end()) return;
  std::vector<std::string> ours;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Translation* const known = find_translation(arguments[i]);
    if (known == nullptr) {
      if (!is_javas(arguments[i]) && !is_java(arguments, i)) ours.push_back(arguments[i]);
      continue;
    }
    const bool has_value = known->takes_value && i + 1 < arguments.size();
    const std::string value = has_value ? arguments[++i] : std::string();
    if (known->theirs == "-cors" && has_value) {
      append_list(known->ours.front(), value, ours);
      continue;
    }
    ours.insert(ours.end(), known->ours.begin(), known->ours.end());
    if (has_value && !known->ours.empty()) ours.push_back(value);
  }
  arguments = std::move(ours);
}

}  // namespace stator::cli
