#include "toolkit/expression_words.h"

#include <algorithm>
#include <optional>

#include "core/ascii.h"
#include "core/utf8.h"
#include "json/reader.h"
#include "json/writer.h"
#include "model/text.h"
#include "toolkit/plain_json.h"

namespace stator::toolkit {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(core::utf8_prefix(core::to_utf8(text), 80)) + "\"";
}

std::string value_of_word(std::string_view word, const std::string& of) {
  if (!core::is_utf8(word)) throw WordError(of + ": the value is not UTF-8");
  try {
    return wire_value_of_word(word);
  } catch (const PlainJsonError& error) {
    throw WordError(of + ": " + error.what());
  }
}

/// Throws if a name or an expression is not UTF-8, so that it is not sent altered.
void require_utf8(std::string_view word) {
  if (!core::is_utf8(word)) throw WordError(quoted(word) + " is not UTF-8");
}

void add_member(std::string_view name, std::string_view json, std::string& members) {
  if (!members.empty()) members += ',';
  json::append_string(name, members);
  members += ':';
  members += json;
}

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_blanks_around(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// The position of the first comparison operator: one of < > = or "!=".
std::size_t find_operator(std::string_view text) { return std::min(text.find_first_of("<>="), text.find("!=")); }

/// The two parts of "path=value".
std::pair<std::string_view, std::string_view> parts_of(std::string_view word, std::string_view option) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw WordError(std::string(option) + ": expected ATTRIBUTE=VALUE, found " + quoted(word));
  return {word.substr(0, equals), word.substr(equals + 1)};
}

/// Throws for `--set n=n+1` and `--set l=list_append(l, x)`, which would set the attribute to this text.
void refuse_arithmetic(std::string_view path, std::string_view value) {
  bool is_meant = value.starts_with("if_not_exists(") || value.starts_with("list_append(");
  if (value.starts_with(path)) {
    const std::string_view rest = without_blanks_around(value.substr(path.size()));
    const bool has_operator = rest.starts_with('+') || rest.starts_with('-');
    const std::string_view number = without_blanks_around(rest.substr(has_operator ? 1 : 0));
    is_meant = is_meant || (has_operator && !number.empty() && number.find_first_not_of("0123456789.") == number.npos);
  }
  if (!is_meant) return;
  throw WordError("--set: " + quoted(value) + " would be stored as this text. To count: --add " + std::string(path) +
                  "=1; with functions: --expression 'SET " + std::string(path) + " = …'; a text is quoted: '" +
                  std::string(path) + "=\"" + std::string(value) + "\"'");
}

/// "pk (S) and sk (N)"
std::string describe_key(const std::vector<KeyColumn>& columns) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text += i + 1 == columns.size() ? " and " : ", ";
    text += columns[i].name + " (" + columns[i].type + ")";
  }
  return text;
}

std::vector<KeyColumn> columns_of(const TableInfo& table) {
  std::vector<KeyColumn> columns{table.partition_key};
  if (table.has_sort_key()) columns.push_back(table.sort_key);
  return columns;
}

std::string wire_key_value(const KeyColumn& column, std::string_view word) {
  try {
    return key_value(column, word);
  } catch (const std::runtime_error& error) {
    throw WordError(error.what());
  }
}

}  // namespace

bool ExpressionWords::is_argument(std::string_view word) {
  if (word.size() < 3 || (word.front() != ':' && word.front() != '#')) return false;
  std::size_t at = 1;
  while (at < word.size() && is_name_character(word[at])) ++at;
  return at > 1 && at < word.size() && word[at] == '=';
}

void ExpressionWords::add_argument(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string name(word.substr(0, equals));
  const std::string_view content = word.substr(equals + 1);
  if (std::find(given_.begin(), given_.end(), name) != given_.end()) throw WordError(name + " is given twice");
  given_.push_back(name);
  if (name.front() == ':') {
    add_member(name, value_of_word(content, name), values_);
    return;
  }
  require_utf8(content);
  std::string attribute;
  json::append_string(content, attribute);
  add_member(name, attribute, names_);
}

std::string ExpressionWords::name(std::string_view attribute) {
  std::string placeholder = "#stator" + std::to_string(count_++);
  require_utf8(attribute);
  std::string text;
  json::append_string(attribute, text);
  add_member(placeholder, text, names_);
  return placeholder;
}

std::string ExpressionWords::value(std::string_view wire_value) {
  std::string placeholder = ":stator" + std::to_string(count_++);
  add_member(placeholder, wire_value, values_);
  return placeholder;
}

std::string ExpressionWords::path(std::string_view words) {
  if (words.find_first_of(kBlanks) != std::string_view::npos)
    throw WordError("a path has no spaces, found " + quoted(words) +
                    "; an attribute whose name has goes into an expression, as #name with '#name=ATTRIBUTE'");
  std::string out;
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find('.', at), words.size());
    const std::string_view step = words.substr(at, end - at);
    const std::size_t bracket = std::min(step.find('['), step.size());
    if (bracket == 0) throw WordError("expected an attribute's name or path, found " + quoted(words));
    std::string_view rest = step.substr(bracket);
    out += (at == 0 ? "" : ".") + name(step.substr(0, bracket));
    while (!rest.empty()) {
      const std::size_t close = rest.find(']');
      const std::string_view number = close == std::string_view::npos ? "" : rest.substr(1, close - 1);
      if (rest.front() != '[' || number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos)
        throw WordError("expected a path such as lines[0].count, found " + quoted(words));
      out += rest.substr(0, close + 1);
      rest.remove_prefix(close + 1);
    }
    at = end + 1;
  }
  return out;
}

void ExpressionWords::add_to(RequestBuilder& request) const {
  if (!names_.empty()) request.json("ExpressionAttributeNames", names_json());
  if (!values_.empty()) request.json("ExpressionAttributeValues", values_json());
}

std::vector<std::string> take_arguments(const std::vector<std::string>& words, ExpressionWords& expression) {
  std::vector<std::string> others;
  for (const std::string& word : words) {
    if (ExpressionWords::is_argument(word)) {
      expression.add_argument(word);
    } else {
      others.push_back(word);
    }
  }
  return others;
}

std::string projection(std::string_view attributes, ExpressionWords& expression) {
  std::string out;
  for (std::size_t at = 0; at <= attributes.size() && !attributes.empty();) {
    const std::size_t end = std::min(attributes.find(',', at), attributes.size());
    out += (out.empty() ? "" : ", ") + expression.path(without_blanks_around(attributes.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

bool names_attribute(std::string_view attributes, std::string_view name) {
  for (std::size_t at = 0; at <= attributes.size();) {
    const std::size_t end = std::min(attributes.find(',', at), attributes.size());
    const std::string_view path = without_blanks_around(attributes.substr(at, end - at));
    if (path.substr(0, path.find_first_of(".[")) == name) return true;
    at = end + 1;
  }
  return false;
}

namespace {

constexpr const char* kConditionForms =
    "status=OPEN, 'total>=100', 'total between 10 and 20', 'status in OPEN,PAID', 'begins_with(sk, ORDER#)', "
    "'contains(tags, new)', 'attribute_exists(email)' or 'size(lines)>2'";

constexpr const char* kOneCondition =
    "one condition without brackets around it (repeat --where for another that must also hold; use --filter for "
    "anything else; quote a value that looks like a condition)";

/// Calls `visit(at)` for the characters outside of JSON's quotes and brackets, until it returns true.
template <class Visit>
void find_outside(std::string_view text, Visit visit) {
  bool is_in_quotes = false;
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_in_quotes) {
      if (c == '\\') ++at;
      is_in_quotes = c != '"';
      continue;
    }
    is_in_quotes = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 0 && visit(at)) return;
  }
}

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

/// The position of `word` with blanks around it, outside of quotes and brackets; npos if there is none.
std::size_t find_word(std::string_view text, std::string_view word) {
  std::size_t found = std::string_view::npos;
  find_outside(text, [&](std::size_t at) {
    const std::size_t end = at + word.size();
    const bool stands_alone =
        at > 0 && is_blank(text[at - 1]) && end < text.size() && (is_blank(text[end]) || text[end] == '(');
    if (stands_alone && core::equals_ignoring_case(text.substr(at, word.size()), word)) found = at;
    return found != std::string_view::npos;
  });
  return found;
}

/// The parts between commas that are outside of quotes and brackets, without blanks around them.
std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  find_outside(text, [&](std::size_t at) {
    if (text[at] != ',') return false;
    parts.push_back(without_blanks_around(text.substr(begin, at - begin)));
    begin = at + 1;
    return false;
  });
  parts.push_back(without_blanks_around(text.substr(begin)));
  return parts;
}

/// Reads one condition (see the header).
class ConditionWords {
 public:
  ConditionWords(std::string_view words, ExpressionWords& expression) : words_(words), expression_(expression) {}

  std::string read() {
    std::string_view text = without_blanks_around(words_);
    constexpr std::string_view kNot = "not";
    const bool is_negated =
        text.size() > kNot.size() && core::equals_ignoring_case(text.substr(0, kNot.size()), kNot) &&
        is_blank(text[kNot.size()]) && text.find_first_not_of(kBlanks, kNot.size()) != find_operator(text);
    if (is_negated) text = without_blanks_around(text.substr(kNot.size()));
    const std::string test = read_test(text);
    return is_negated ? "NOT " + test : test;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw WordError("--where: expected " + what + ", found " + quoted(words_));
  }

  std::string read_test(std::string_view text) {
    if (auto function = read_function(text)) return *function;
    const std::size_t operation = find_operator(text);
    const std::size_t between = find_word(text, "between");
    const std::size_t in = find_word(text, "in");
    if (between < operation && between < in) return read_between(text, between);
    if (in < operation) return read_in(text, in);
    return read_comparison(text, std::min(operation, text.size()));
  }

  /// A value that is text even if it looks like a number; one that is quoted or marked as binary is read as such.
  std::string text_value(std::string_view word, const std::string& of) {
    if (word.empty() || word.starts_with('"') || word.starts_with('{')) return value(word, of);
    if (!core::is_utf8(word)) throw WordError(of + ": the value is not UTF-8");
    std::string json;
    json::append_string(word, json);
    return expression_.value("{\"S\":" + json + "}");
  }
  std::string value(std::string_view word, const std::string& of) {
    if (word.empty()) fail("a value for " + of + " (a text without characters is \"\")");
    return expression_.value(value_of_word(word, of));
  }

  std::optional<std::string> read_function(std::string_view text) {
    static constexpr std::pair<std::string_view, std::size_t> kFunctions[] = {{"attribute_exists", 1},
                                                                              {"attribute_not_exists", 1},
                                                                              {"attribute_type", 2},
                                                                              {"begins_with", 2},
                                                                              {"contains", 2}};
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
    const std::string_view name = without_blanks_around(text.substr(0, open));
    const auto* const function = std::ranges::find_if(kFunctions, [&](const auto& f) { return f.first == name; });
    if (function == std::end(kFunctions)) return std::nullopt;
    const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    const std::size_t comma = function->second == 1 ? std::string_view::npos : inside.find(',');
    const std::string_view attribute = without_blanks_around(inside.substr(0, comma));
    find_outside(inside, [&](std::size_t at) {
      if (inside[at] == ')') fail(kOneCondition);
      return false;
    });
    if (attribute.empty() || (function->second == 2 && comma == std::string_view::npos))
      fail(std::string(name) + (function->second == 1 ? "(ATTRIBUTE)" : "(ATTRIBUTE, VALUE)"));
    std::string out = std::string(name) + "(" + expression_.path(attribute);
    if (function->second == 2) {
      const std::string_view word = without_blanks_around(inside.substr(comma + 1));
      out +=
          ", " + (name == "contains" ? value(word, std::string(attribute)) : text_value(word, std::string(attribute)));
    }
    return out + ")";
  }

  /// A path, or size(PATH).
  std::string operand(std::string_view text) {
    constexpr std::string_view kSize = "size";
    text = without_blanks_around(text);
    if (text.starts_with(kSize) && text.ends_with(')')) {
      const std::string_view inside = without_blanks_around(text.substr(kSize.size()));
      if (inside.starts_with('('))
        return "size(" + expression_.path(without_blanks_around(inside.substr(1, inside.size() - 2))) + ")";
    }
    if (text.find_first_of("()") != std::string_view::npos) fail(kOneCondition);
    return expression_.path(text);
  }

  /// The operand before the word at `at`, and whether "not" stands between them.
  std::pair<std::string, bool> operand_before(std::string_view text, std::size_t at) {
    std::string_view before = without_blanks_around(text.substr(0, at));
    const std::size_t space = before.find_last_of(kBlanks);
    const bool is_negated =
        space != std::string_view::npos && core::equals_ignoring_case(before.substr(space + 1), "not");
    if (is_negated) before = before.substr(0, space);
    return {operand(before), is_negated};
  }

  std::string read_between(std::string_view text, std::size_t at) {
    const std::string_view range = text.substr(at + std::string_view("between").size());
    const std::size_t conjunction = find_word(range, "and");
    if (conjunction == std::string_view::npos) fail("ATTRIBUTE between LOW and HIGH");
    const auto [left, is_negated] = operand_before(text, at);
    const std::string low = value(without_blanks_around(range.substr(0, conjunction)), "between");
    const std::string high = value(without_blanks_around(range.substr(conjunction + 3)), "between");
    const std::string test = left + " BETWEEN " + low + " AND " + high;
    return is_negated ? "NOT " + test : test;
  }

  std::string read_in(std::string_view text, std::size_t at) {
    std::string_view list = without_blanks_around(text.substr(at + 2));
    if (list.starts_with('(') && list.ends_with(')')) list = list.substr(1, list.size() - 2);
    const auto [left, is_negated] = operand_before(text, at);
    std::string values;
    for (const std::string_view part : split_list(list)) values += (values.empty() ? "" : ", ") + value(part, "in");
    const std::string test = left + " IN (" + values + ")";
    return is_negated ? "NOT " + test : test;
  }

  std::string read_comparison(std::string_view text, std::size_t at) {
    /// The operator as written, and in DynamoDB's expressions.
    static constexpr std::pair<std::string_view, std::string_view> kOperators[] = {
        {"=", "="}, {"==", "="}, {"<>", "<>"}, {"!=", "<>"}, {"<", "<"}, {"<=", "<="}, {">", ">"}, {">=", ">="}};
    const std::string_view path = without_blanks_around(text.substr(0, at));
    const std::size_t end = std::min(text.find_first_not_of("<>=", at + 1), text.size());
    const std::string_view written = text.substr(at, end - at);
    if (path.empty() || written.empty()) fail(std::string("a condition such as ") + kConditionForms);
    const std::string_view word = without_blanks_around(text.substr(end));
    const auto* const found = std::ranges::find_if(kOperators, [&](const auto& each) { return each.first == written; });
    if (found == std::end(kOperators) || find_operator(word) == 0)
      throw WordError("--where: expected one of = <> < <= > >= (or == and !=) and a value, found " + quoted(words_) +
                      R"(; a value that begins like an operator is quoted, as in name="=text")");
    // A comparison with an empty text makes sense for = and <>; with other operators the value was forgotten.
    if (word.empty() && found->second != "=" && found->second != "<>") fail("a value behind " + std::string(written));
    for (const char* const conjunction : {"and", "or"}) {
      const std::size_t next = find_word(word, conjunction);
      if (next != std::string_view::npos && find_operator(word.substr(next)) != std::string_view::npos)
        fail(kOneCondition);
    }
    const std::string wire = value_of_word(word, std::string(path));
    const std::string left = operand(path);
    return left + " " + std::string(found->second) + " " + expression_.value(wire);
  }

  const std::string_view words_;
  ExpressionWords& expression_;
};

}  // namespace

std::string condition(std::string_view words, ExpressionWords& expression) {
  return ConditionWords(words, expression).read();
}

std::string all_of(const std::vector<std::string>& conditions) {
  std::vector<std::string> given;
  std::copy_if(conditions.begin(), conditions.end(), std::back_inserter(given),
               [](const std::string& condition) { return !condition.empty(); });
  if (given.size() == 1) return given.front();
  std::string out;
  for (const std::string& condition : given) out += (out.empty() ? "(" : " AND (") + condition + ")";
  return out;
}

std::string update_expression(const UpdateWords& words, ExpressionWords& expression) {
  std::string out;
  const auto clause = [&](std::string_view verb, std::string_view option, const std::vector<std::string>& list,
                          std::string_view between) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      out += i > 0 ? ", " : (out.empty() ? "" : " ") + std::string(verb) + " ";
      if (between.empty()) {
        out += expression.path(list[i]);
        continue;
      }
      const auto [path, value] = parts_of(list[i], option);
      if (verb == "SET") refuse_arithmetic(path, value);
      const std::string wire = value_of_word(value, std::string(path));
      out += expression.path(path) + std::string(between) + expression.value(wire);
    }
  };
  clause("SET", "--set", words.set, " = ");
  clause("REMOVE", "--remove", words.remove, "");
  clause("ADD", "--add", words.add, " ");
  clause("DELETE", "--remove-member", words.remove_members, " ");
  return out;
}

std::string key_json(const TableInfo& table, const std::vector<std::string>& words) {
  const auto columns = columns_of(table);
  if (words.size() != columns.size())
    throw WordError("the key of table " + table.name + " is " + describe_key(columns) + ": give " +
                    (columns.size() == 1 ? "one value" : "two values") + ", not " + std::to_string(words.size()) +
                    (!words.empty() && words.front().starts_with('{') ? " (JSON goes after --key)" : ""));
  std::string key;
  for (std::size_t i = 0; i < columns.size(); ++i)
    add_member(columns[i].name, wire_key_value(columns[i], words[i]), key);
  return "{" + key + "}";
}

std::string key_of_item(const TableInfo& table, std::string_view item_json) {
  json::Parser parser;
  json::Object item;
  if (parser.parse(item_json).get(item) != simdjson::SUCCESS) throw WordError("the item is not a JSON object");
  std::string key;
  for (const KeyColumn& column : columns_of(table)) {
    json::Value value;
    if (!json::find_member(item, column.name, value))
      throw WordError("the item lacks the key attribute " + column.name + " (" + column.type + ") of table " +
                      table.name);
    add_member(column.name, std::string(simdjson::minify(value)), key);
  }
  return "{" + key + "}";
}

std::string key_condition(const TableInfo& table, const std::string& index, const std::vector<std::string>& words,
                          const SortWords& sort, ExpressionWords& expression) {
  std::vector<KeyColumn> columns = columns_of(table);
  std::string owner = "table " + table.name;
  if (!index.empty()) {
    const IndexInfo* info = table.find_index(index);
    if (info == nullptr) {
      std::vector<std::string_view> names;
      for (const IndexInfo& each : table.indexes) names.push_back(each.name);
      const std::string_view nearest = model::nearest(index, names);
      throw WordError("table " + table.name + " has no index " + index +
                      (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
    }
    columns = info->partition_keys;
    columns.insert(columns.end(), info->sort_keys.begin(), info->sort_keys.end());
    owner = "index " + index;
  }
  if (words.empty())
    throw WordError("the key of " + owner + " is " + describe_key(columns) + ": give the value of " +
                    columns.front().name + " first");
  if (words.size() > columns.size())
    throw WordError("the key of " + owner + " is " + describe_key(columns) + ", and \"" + words[columns.size()] +
                    "\" is too much");
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string value = wire_key_value(columns[i], words[i]);
    const std::string name = expression.name(columns[i].name);
    conditions.push_back(name + " = " + expression.value(value));
  }
  const struct {
    const std::string& word;
    std::string_view comparator;
  } comparisons[] = {{sort.less_than, "<"}, {sort.at_most, "<="}, {sort.greater_than, ">"}, {sort.at_least, ">="}};
  const auto given = std::count_if(std::begin(comparisons), std::end(comparisons),
                                   [](const auto& each) { return !each.word.empty(); }) +
                     (sort.begins_with.empty() ? 0 : 1) + (sort.between.empty() ? 0 : 1);
  if (given > 1) throw WordError("a query takes one condition on the sort key");
  if (given == 1) {
    if (words.size() >= columns.size()) throw WordError("the key of " + owner + " has no further attribute to narrow");
    const KeyColumn& column = columns[words.size()];
    const auto value = [&](std::string_view word) { return expression.value(wire_key_value(column, word)); };
    const std::string name = expression.name(column.name);
    for (const auto& each : comparisons) {
      if (!each.word.empty()) conditions.push_back(name + " " + std::string(each.comparator) + " " + value(each.word));
    }
    if (!sort.begins_with.empty()) conditions.push_back("begins_with(" + name + ", " + value(sort.begins_with) + ")");
    if (!sort.between.empty()) {
      const std::string low = value(sort.between.at(0));
      conditions.push_back(name + " BETWEEN " + low + " AND " + value(sort.between.at(1)));
    }
  }
  std::string out;
  for (const std::string& condition : conditions) out += (out.empty() ? "" : " AND ") + condition;
  return out;
}

}  // namespace stator::toolkit
