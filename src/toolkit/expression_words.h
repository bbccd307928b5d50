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
  /// Adds such an argument. Throws WordError if its JSON is invalid, or for a name that was given before.
  void add_argument(std::string_view word);
  /// Adds an attribute's name, or a value in wire form; returns its placeholder, which differs from those of the
  /// arguments.
  std::string name(std::string_view attribute);
  std::string value(std::string_view wire_value);
  /// Returns a document path ("address.city", "lines[0].count") with a placeholder for every name. Throws WordError,
  /// also for a name with a blank, which is hardly ever intended.
  std::string path(std::string_view words);
  /// Adds the two members to a request, each unless it is empty.
  void add_to(RequestBuilder& request) const;
  /// The members as JSON objects; empty if there are none.
  [[nodiscard]] std::string names_json() const { return names_.empty() ? "" : "{" + names_ + "}"; }
  [[nodiscard]] std::string values_json() const { return values_.empty() ? "" : "{" + values_ + "}"; }

 private:
  /// Members without the braces.
  std::string names_;
  std::string values_;
  std::vector<std::string> given_;
  std::size_t count_ = 0;
};

/// Adds the arguments among `words` to `expression`; returns the other words in their order.
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
/// In the first two, "size(lines)" may replace the attribute. Values are read as on a command line
/// (wire_value_of_word), those of begins_with and attribute_type as text. Throws WordError, also if an unquoted value
/// begins with an operator.
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
/// Their UpdateExpression; empty if there are none. Throws WordError.
std::string update_expression(const UpdateWords& words, ExpressionWords& expression);

/// A table's key (wire JSON) from words, one for each key attribute. Throws a WordError that says what the key is.
std::string key_json(const TableInfo& table, const std::vector<std::string>& words);
/// The key attributes of an item, both in wire JSON. Throws WordError if one is missing.
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
/// The KeyConditionExpression for the key of the table or of an index: key attributes equal the words, in order, and
/// `sort` is the condition on the next one. Throws WordError.
std::string key_condition(const TableInfo& table, const std::string& index, const std::vector<std::string>& words,
                          const SortWords& sort, ExpressionWords& expression);

}  // namespace stator::toolkit
