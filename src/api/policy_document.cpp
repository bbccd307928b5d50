#include "api/policy_document.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "api/call.h"
#include "core/api_error.h"
#include "core/json_string.h"
#include "json/object_writer.h"
#include "json/reader.h"

namespace stator::api {

using core::throw_invalid_parameters;

namespace {

constexpr std::size_t kMaxPolicyBytes = 20'480;
constexpr std::string_view kAssumedVersion = "2008-10-17";
constexpr std::string_view kService = "dynamodb:";
constexpr std::string_view kPutPolicy = "dynamodb:PutResourcePolicy";
constexpr std::string_view kStreamActions[] = {"DescribeStream", "GetRecords", "GetShardIterator"};

[[noreturn]] void refuse(const std::string& why) { throw_invalid_parameters("Invalid policy document: " + why); }

[[noreturn]] void refuse_json() { refuse("This policy contains invalid Json"); }

/// Throws "Syntax error at position (1,94)": line and column, counted from 1.
[[noreturn]] void refuse_syntax_at(std::string_view document, std::size_t offset) {
  const auto line = 1 + std::ranges::count(document.substr(0, offset), '\n');
  const std::size_t line_start = document.substr(0, offset).rfind('\n') + 1;
  refuse("Syntax error at position (" + std::to_string(line) + "," + std::to_string(offset - line_start + 1) + ")");
}

[[noreturn]] void refuse_syntax(std::string_view document, std::string_view at) {
  refuse_syntax_at(document, std::min(document.find(at), document.size()));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

/// Whether `text` matches the pattern, in which * stands for any characters and ? for one; ignores case.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_account_id(std::string_view text) {
  constexpr std::size_t kDigits = 12;
  return text.size() == kDigits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string root_of(std::string_view account) { return "arn:aws:iam::" + std::string(account) + ":root"; }

bool is_principal_arn(std::string_view arn) {
  if (!arn.starts_with("arn:")) return false;
  const TableArn parts = parse_arn(arn);
  return (parts.service == "iam" || parts.service == "sts") && is_account_id(parts.account) && !parts.resource.empty();
}

std::string_view text_of(const json::Value& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) refuse_json();
  return text;
}

/// Reads a text, or a list of texts.
std::vector<std::string> texts_of(const json::Value& value) {
  json::Array array;
  if (value.get(array) != simdjson::SUCCESS) return {std::string(text_of(value))};
  std::vector<std::string> texts;
  for (const json::Value element : array) texts.emplace_back(text_of(element));
  return texts;
}

/// Appends a single text as a string, several as a list.
void append_texts(const std::vector<std::string>& texts, std::string& out) {
  if (texts.size() == 1) return core::append_json_string(texts.front(), out);
  json::ArrayWriter array(out);
  for (const std::string& text : texts) core::append_json_string(text, array.element());
  array.end();
}

/// Appends a condition, {operator: {key: values}}, in which a list of one value becomes that value.
void append_condition(const json::Value& condition, std::string& out) {
  json::Object operators;
  if (condition.get(operators) != simdjson::SUCCESS) refuse_json();
  json::ObjectWriter writer(out);
  for (const auto [name, keys] : operators) {
    json::Object values;
    if (json::Value(keys).get(values) != simdjson::SUCCESS) refuse_json();
    json::ObjectWriter of_operator(writer.member(name));
    for (const auto [key, value] : values) {
      json::Array several;
      const bool one = json::Value(value).get(several) == simdjson::SUCCESS && several.size() == 1;
      of_operator.member(key) += simdjson::minify(one ? several.at(0).value() : json::Value(value));
    }
    of_operator.end();
  }
  writer.end();
}

/// A member of a statement, and its name: "Action" or "NotAction".
struct Part {
  std::string name;
  json::Value value;
};

Part part_of(const json::Object& statement, const std::string& name) {
  Part part{name, {}};
  if (json::find_member(statement, part.name, part.value)) return part;
  part.name = "Not" + name;
  if (json::find_member(statement, part.name, part.value)) return part;
  refuse("Missing required field " + name);
}

class PolicyReader {
 public:
  PolicyReader(std::string_view document, const PolicyTarget& target) : document_(document), target_(target) {}

  PolicyDocument read(const json::Object& policy) {
    check_names(policy, std::array<std::string_view, 3>{"Version", "Id", "Statement"});
    json::ObjectWriter writer(result_.text);
    json::Value value;
    if (json::find_member(policy, "Version", value)) {
      const std::string_view version = text_of(value);
      if (version != "2012-10-17" && version != kAssumedVersion)
        refuse("The policy must contain a valid version string");
      writer.text("Version", version);
    }
    if (json::find_member(policy, "Id", value)) writer.text("Id", text_of(value));
    if (policy.size() == 0) refuse_syntax_at(document_, document_.size());
    if (!json::find_member(policy, "Statement", value)) refuse("Missing required field Statement");
    json::ArrayWriter statements(writer.key("Statement"));
    read_statements(value, statements);
    statements.end();
    writer.end();
    return std::move(result_);
  }

 private:
  template <std::size_t kCount>
  void check_names(const json::Object& object, const std::array<std::string_view, kCount>& known) const {
    for (const auto [name, value] : object) {
      const std::string_view there = name;
      if (std::ranges::find(known, there) == known.end()) refuse_syntax(document_, "\"" + std::string(there) + "\"");
    }
  }

  void read_statements(const json::Value& value, json::ArrayWriter& out) {
    json::Object one;
    json::Array several;
    if (value.get(one) == simdjson::SUCCESS) return read_statement(one, out.element());
    if (value.get(several) != simdjson::SUCCESS) refuse_json();
    if (several.size() == 0) refuse("Could not parse the policy: Statement is empty!");
    for (const json::Value element : several) {
      if (element.get(one) != simdjson::SUCCESS) refuse_json();
      read_statement(one, out.element());
    }
  }

  void read_statement(const json::Object& statement, std::string& out) {
    check_names(statement, std::array<std::string_view, 9>{"Sid", "Effect", "Principal", "NotPrincipal", "Action",
                                                           "NotAction", "Resource", "NotResource", "Condition"});
    json::ObjectWriter writer(out);
    json::Value value;
    if (json::find_member(statement, "Sid", value)) {
      const std::string_view id = text_of(value);
      if (!ids_.emplace(id).second) refuse("The Statement Ids in the policy are not unique");
      writer.text("Sid", id);
    }
    if (!json::find_member(statement, "Effect", value)) refuse("Missing required field Effect");
    const bool allow = same_but_case(text_of(value), "allow");
    if (!allow && !same_but_case(text_of(value), "deny")) refuse("Invalid effect: " + std::string(text_of(value)));
    writer.text("Effect", allow ? "Allow" : "Deny");

    const Part principal = part_of(statement, "Principal");
    const std::vector<std::string> principals = read_principal(principal, writer.key(principal.name));
    const Part action = part_of(statement, "Action");
    const std::vector<std::string> actions = read_actions(action.value);
    append_texts(actions, writer.key(action.name));
    const Part resource = part_of(statement, "Resource");
    append_texts(read_resources(resource.value), writer.key(resource.name));
    const bool conditional = json::find_member(statement, "Condition", value);
    if (conditional) append_condition(value, writer.key("Condition"));
    writer.end();

    const bool everybody = std::ranges::find(principals, "*") != principals.end();
    if (allow && everybody && !conditional && principal.name == "Principal") {
      core::throw_validation(
          "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure "
          "least-privilege form of access");
    }
    const auto covers = [](const std::string& pattern) { return matches(pattern, kPutPolicy); };
    const bool owner = everybody || std::ranges::find(principals, root_of(target_.account_id)) != principals.end();
    const bool put = std::ranges::any_of(actions, covers);
    if (!allow && !conditional && owner == (principal.name == "Principal") && put == (action.name == "Action")) {
      result_.locks_owner_out = true;
    }
  }

  /// Writes the principals; returns those of kind AWS.
  std::vector<std::string> read_principal(const Part& principal, std::string& out) const {
    std::string_view everybody;
    if (principal.value.get(everybody) == simdjson::SUCCESS) {
      if (everybody != "*") refuse_syntax(document_, "\"" + std::string(everybody) + "\"");
      core::append_json_string(everybody, out);
      return {"*"};
    }
    json::Object kinds;
    if (principal.value.get(kinds) != simdjson::SUCCESS) refuse_json();
    std::vector<std::string> of_aws;
    json::ObjectWriter writer(out);
    for (const auto [kind, value] : kinds) {
      std::vector<std::string> names = texts_of(value);
      if (kind == "AWS") {
        of_aws = canonical_principals(names);
        names = of_aws;
      }
      append_texts(names, writer.member(kind));
    }
    writer.end();
    return of_aws;
  }

  static std::vector<std::string> canonical_principals(const std::vector<std::string>& given) {
    std::vector<std::string> principals;
    for (const std::string& name : given) {
      std::string principal = is_account_id(name) ? root_of(name) : name;
      if (principal != "*" && !is_principal_arn(principal)) {
        throw_invalid_parameters("Invalid principal in policy document.");
      }
      if (std::ranges::find(principals, principal) == principals.end()) principals.push_back(std::move(principal));
    }
    return principals;
  }

  [[nodiscard]] std::vector<std::string> read_actions(const json::Value& value) const {
    std::vector<std::string> actions = texts_of(value);
    std::string invalid;
    for (const std::string& action : actions) {
      if (is_action(action)) continue;
      if (!invalid.empty()) invalid += ", ";
      invalid += "\"" + action + "\"";
    }
    if (!invalid.empty()) refuse("The following action names are invalid: " + invalid);
    return actions;
  }

  [[nodiscard]] bool is_action(std::string_view action) const {
    if (action == "*") return true;
    if (action.size() <= kService.size() || !same_but_case(action.substr(0, kService.size()), kService)) return false;
    const std::string_view name = action.substr(kService.size());
    const bool of_streams =
        std::ranges::any_of(kStreamActions, [name](std::string_view known) { return same_but_case(known, name); });
    return name.find_first_of("*?") != std::string_view::npos || of_streams == target_.stream;
  }

  [[nodiscard]] std::vector<std::string> read_resources(const json::Value& value) const {
    std::vector<std::string> resources = texts_of(value);
    for (const std::string& resource : resources) {
      if (!resource.starts_with("arn:")) continue;
      const TableArn parts = parse_arn(resource);
      const bool of_stream = parts.resource.find("/stream/") != std::string_view::npos;
      if (parts.service == "dynamodb" && of_stream != target_.stream && parts.resource.starts_with("table/")) {
        refuse("The relative-id \"" + std::string(parts.resource) + "\" is invalid for ARN \"" + resource + "\"");
      }
    }
    return resources;
  }

  std::string_view document_;
  const PolicyTarget& target_;
  PolicyDocument result_;
  std::set<std::string, std::less<>> ids_;
};

}  // namespace

PolicyDocument read_policy(std::string_view document, const PolicyTarget& target) {
  if (document.size() > kMaxPolicyBytes) {
    throw_invalid_parameters("Maximum policy size of " + std::to_string(kMaxPolicyBytes) + " bytes exceeded");
  }
  // The thread's parser cannot be used, as it holds the request.
  json::Parser parser;
  json::Object policy;
  try {
    const json::Value value = parser.parse(document);
    if (value.is_null()) refuse("This text appears not to be a policy");
    if (value.get(policy) != simdjson::SUCCESS) refuse_json();
  } catch (const core::ApiError& error) {
    if (error.type != core::ErrorCode::kSerialization) throw;
    refuse_json();
  }
  return PolicyReader(document, target).read(policy);
}

std::string shown_policy(std::string_view text) {
  constexpr std::string_view kVersion = "{\"Version\":";
  if (text.starts_with(kVersion)) return std::string(text);
  return std::string(kVersion).append("\"").append(kAssumedVersion).append("\",").append(text.substr(1));
}

}  // namespace stator::api
