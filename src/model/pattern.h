#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/timestamp.h"
#include "model/document.h"
#include "model/template.h"
#include "model/user.h"

/// Access patterns: requests declared in models/NAME/patterns/*.json. The format: docs/models.md.
namespace stator::model {

enum class ParameterType : std::uint8_t { kString, kInteger, kNumber, kBoolean, kUuid, kTime, kHandle };

std::string_view type_name(ParameterType type);

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  std::string description;
  std::optional<std::string> default_value;
  /// Parameters that cannot be given together with this one; if this one is given, their defaults are not used.
  std::vector<std::string> excludes;
  /// kString: the allowed values; empty: all.
  std::vector<std::string> one_of;
  /// The range of the value (kInteger), or of its length in code points (kString).
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  /// kTime: how a date without a time is completed.
  core::Completion completion = core::Completion::kFirst;
};

/// How an attribute is printed on the line of its item.
struct Column {
  std::string attribute;
  /// Padded with spaces to this many code points.
  std::size_t width = 0;
  /// The most code points of the value to print; 0: all.
  std::size_t characters = 0;
  /// Printed after the value, before the padding.
  std::string suffix;
  /// The format of a value that is a time (core/timestamp.h); empty: print it unchanged.
  std::string time_format;
};

struct Printing {
  /// A line printed before everything else.
  Template heading;
  bool response = true;
  /// Print ConsumedCapacity again after the response.
  bool capacity = false;
  std::vector<Column> columns;
  /// Print the last item first.
  bool reversed = false;
  /// Print the lines only with --quiet.
  bool lines_only_when_quiet = false;
};

/// Members that replace those of the request if all parameters in `when` are given (JSON merge patch, RFC 7396).
struct Variant {
  std::vector<std::string> when;
  Node request;
  /// Values that `patterns check` uses for the variant, instead of those of the pattern's example.
  std::map<std::string, std::string, std::less<>> example;
};

/// Parameter values as text, by name.
using ParameterValues = std::map<std::string, std::string, std::less<>>;

struct Pattern {
  std::string name;
  std::string model;
  std::string file;
  std::string description;
  std::string operation;
  std::vector<Parameter> parameters;
  Node request;
  std::vector<Variant> variants;
  ParameterValues example;
  /// The most capacity units that one call with the example may consume.
  double budget = 0;
  /// How long a cache may keep the reply, in seconds; nullopt: the cache's own setting.
  std::optional<std::int64_t> cache_ttl_s;
  /// The example must find at least this many items.
  std::uint64_t least_items = 1;
  Printing printing;

  [[nodiscard]] const Parameter* find_parameter(std::string_view parameter) const;
  /// Whether the operation returns pages: Query and Scan.
  [[nodiscard]] bool is_paged() const;
};

/// A parameter has an invalid value. One line: "--limit: expected …".
struct ParameterError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads one pattern; `table_name` is added to requests that name no table. Throws ModelError.
Pattern read_pattern(const Document& document, std::string name, const std::string& model,
                     const std::string& table_name);

/// The value in normal form (times sortable, UUIDs in lower case). Throws ParameterError.
std::string normalise(const Parameter& parameter, std::string_view value);

/// The example for a variant: the pattern's example with the variant's values, without parameters that the variant does
/// not use. Throws ParameterError if a parameter in `when` has no value.
ParameterValues example_of(const Pattern& pattern, const Variant& variant);

struct BoundRequest {
  std::string json;
  std::string heading;
};

/// Finds the user with that handle; throws if there is none.
using UserLookup = std::function<User(std::string_view handle)>;

/// The request with the given values and the defaults filled in. `start_key_json`: the page's ExclusiveStartKey, or
/// empty. Throws ParameterError, and what `users` throws.
BoundRequest bind_request(const Pattern& pattern, const ParameterValues& given, const UserLookup& users,
                          const std::string& start_key_json = {});

}  // namespace stator::model
