#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "toolkit/call.h"
#include "toolkit/table_info.h"
#include "toolkit/word_error.h"

/// Makes expressions from words of a command line. Values are plain JSON (plain_json.h, wire_value_of_word).
namespace stator::toolkit {

/// The ExpressionAttributeNames and ExpressionAttributeValues of one request.
class ExpressionWords {
 public:
  /// Whether the word is an argument such as ":total=3" or "#s=status".
  static bool is_argument(std::string_view word);
  /// Takes such a word. Throws WordError: broken JSON, a name twice.
  void add_argument(std::string_view word);
  /// Placeholders for an attribute's name and for a value in wire form, different from those of arguments.
  std::string name(std::string_view attribute);
  std::string value(std::string_view wire_value);
  /// A document path ("address.city", "lines[0].count") with every name as a placeholder. Throws WordError, also for a
  /// name with a blank, which hardly ever is meant as one.
  std::string path(std::string_view words);
  /// Adds the members to a request, where there are any.
  void add_to(RequestBuilder& request) const;
  /// The same as JSON objects; empty where there are none.
  [[nodiscard]] std::string names_json() const { return names_.empty() ? "" : "{" + names_ + "}"; }
  [[nodiscard]] std::string values_json() const { return values_.empty() ? "" : "{" + values_ + "}"; }

 private:
  /// Members without the braces.
  std::string names_;
  std::string values_;
  std::vector<std::string> given_;
  std::size_t count_ = 0;
};

/// Takes the arguments out of `words`; the others are returned in their order.
std::vector<std::string> take_arguments(const std::vector<std::string>& words, ExpressionWords& expression);

/// "a, b.c" as a ProjectionExpression; empty for an empty list. Throws WordError.
std::string projection(std::string_view attributes, ExpressionWords& expression);

/// Whether a list such as "a, b.c[0]" has a path that begins with that attribute.
bool names_attribute(std::string_view attributes, std::string_view name);

/// A condition in words, with "not " before it or without:
/// - a comparison, "status=OPEN", "total >= 100"; the operators are = <> < <= > >=, and == and != for the first two;
/// - "total between 10 and 20", "status in OPEN,PAID", also with "not" before the word;
/// - a function, "begins_with(sk, ORDER#)", "contains(tags, new)", "attribute_exists(email)",
///   "attribute_not_exists(email)", "attribute_type(total, N)".
/// In the first two "size(lines)" may stand for the attribute. Values are as on a command line, those of begins_with
/// and attribute_type text. Throws WordError, also where an unquoted value begins with an operator.
std::string condition(std::string_view words, ExpressionWords& expression);
/// Conditions joined by AND; empty ones are left out.
std::string all_of(const std::vector<std::string>& conditions);

/// The short forms of an update, each "path=value" or, for `remove`, "path".
struct UpdateWords {
  std::vector<std::string> set;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  std::vector<std::string> remove_members;  // DELETE: from a set
};
/// Their UpdateExpression; empty where there are none. Throws WordError.
std::string update_expression(const UpdateWords& words, ExpressionWords& expression);

/// A table's key from words, one for each key attribute. Wire JSON. Throws WordError that says what the key is.
std::string key_json(const TableInfo& table, const std::vector<std::string>& words);
/// From an item (wire JSON): its key attributes alone. Throws WordError where one is missing.
std::string key_of_item(const TableInfo& table, std::string_view item_json);

/// A query's condition on the sort key; at most one of these is set.
struct SortWords {
  std::string begins_with;
  std::vector<std::string> between;  // two
  std::string less_than;
  std::string at_most;
  std::string greater_than;
  std::string at_least;

  [[nodiscard]] bool any() const {
    return !begins_with.empty() || !between.empty() || !less_than.empty() || !at_most.empty() ||
           !greater_than.empty() || !at_least.empty();
  }
};
/// The KeyConditionExpression for the table's or an index's key: the first words are equal to the key attributes in
/// their order, then `sort` narrows the next one. Throws WordError.
std::string key_condition(const TableInfo& table, const std::string& index, const std::vector<std::string>& words,
                          const SortWords& sort, ExpressionWords& expression);

}  // namespace stator::toolkit
