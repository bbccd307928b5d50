#include <array>
#include <optional>
#include <string>
#include <vector>

#include "api/operations.h"
#include "api/shape.h"
#include "core/api_error.h"
#include "expression/expression.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"

/// Three lines: the kind of expression ("condition", "filter", "update", "projection" or "key"), the expression, and
/// `{"names": …, "values": …}`. It is bound and, if it is valid, used on stored items, some of them large.
namespace {

using stator::json::Item;
using stator::json::Object;
namespace api = stator::api;
namespace core = stator::core;
namespace expression = stator::expression;

/// An expression of 4 KB may have 300 operators, each of which may read the largest item.
constexpr stator::fuzz::Bound kBound{.base_us = 400'000, .ns_per_byte = 20'000};

std::string repeated(std::string_view unit, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : ",").append(unit);
  return text;
}

/// In stored form: canonical JSON.
const std::vector<std::string>& stored_items() {
  static const std::vector<std::string> kItems = {
      R"({"pk":{"S":"a"},"sk":{"S":"1"},"n":{"N":"1"},"t":{"S":"text"},"b":{"B":"AAEC"},"ss":{"SS":["x","y"]},)"
      R"("ns":{"NS":["1","2"]},"bs":{"BS":["AA==","AQ=="]},"m":{"M":{"in":{"N":"1"},"li":{"L":[{"S":"e"}]}}},)"
      R"("li":{"L":[{"N":"1"},{"S":"two"}]},"yes":{"BOOL":true},"none":{"NULL":true}})",
      "{}",
      R"({"pk":{"S":"a"},"t":{"S":")" + std::string(100'000, 'a') + R"("},"u":{"S":")" + std::string(50'000, 'a') +
          R"(b"},"n":{"N":"7"}})",
      R"({"pk":{"S":"a"},"li":{"L":[)" + repeated(R"({"S":"a"})", 5'000) + R"(]},"ss":{"SS":["a","b"]}})",
  };
  return kItems;
}

struct Lines {
  std::string_view kind;
  std::string_view text;
  std::string_view bindings;
};

/// The names and values of a request whose shape was checked: values have the right JSON types.
class Names {
 public:
  explicit Names(std::string_view json) {
    stator::json::Parser parser;
    Object both;
    if (parser.parse(json).get(both) != simdjson::SUCCESS) return;
    std::string request = R"({"TableName":"fuzz")";
    Object member;
    has_names_ = both["names"].get(member) == simdjson::SUCCESS;
    if (has_names_) request += R"(,"ExpressionAttributeNames":)" + simdjson::minify(member);
    has_values_ = both["values"].get(member) == simdjson::SUCCESS;
    if (has_values_) request += R"(,"ExpressionAttributeValues":)" + simdjson::minify(member);
    request += "}";
    const Object object = parser_.parse(request);
    static const api::Operation& scan = *api::find_operation("Scan");
    if (api::check_shape(scan, object).repeats_name) {
      has_names_ = has_values_ = false;
      return;
    }
    if (has_names_) names_ = object["ExpressionAttributeNames"];
    if (has_values_) values_ = object["ExpressionAttributeValues"];
  }
  [[nodiscard]] expression::Bindings bind() const {
    if (!has_names_ && !has_values_) return {};
    return {has_names_ ? &names_ : nullptr, has_values_ ? &values_ : nullptr};
  }

 private:
  stator::json::Parser parser_;
  Object names_;
  Object values_;
  bool has_names_ = false;
  bool has_values_ = false;
};

void test(const expression::Condition& condition) {
  for (const std::string& stored : stored_items()) {
    const Item item(stored);
    (void)condition.matches(item);
  }
}

void apply(const expression::Update& update) {
  for (const std::string& stored : stored_items()) {
    Item item(stored);
    try {
      update.apply(item);
    } catch (const core::ApiError&) {
      continue;  // refused for this item
    }
    std::string json;
    item.append_json(json);
    // The result of an update must be an item that can be stored and read again.
    const Item again(json);
    stator::fuzz::require(again.holds_same(item), "an updated item reads back as it was written");
    stator::fuzz::require(again.size_bytes() == item.size_bytes(), "its size is that of what was written");
  }
}

void project(const expression::Projection& projection) {
  for (const std::string& stored : stored_items()) {
    std::string json;
    projection.append_json(Item(stored), json);
    simdjson::dom::parser parser;
    stator::fuzz::require(parser.parse(json).error() == simdjson::SUCCESS, "a projection is JSON");
  }
}

void use(const Lines& lines) {
  const Names names(lines.bindings);
  expression::Bindings bindings = names.bind();
  if (lines.kind == "update") {
    apply(expression::bind_update(lines.text, bindings));
  } else if (lines.kind == "projection") {
    project(expression::bind_projection(lines.text, bindings));
  } else if (lines.kind == "key") {
    const auto condition = expression::bind_key_condition(lines.text, bindings);
    expression::check_key_condition(condition);
    const core::KeySchema schema{{{"pk", core::AttributeType::kString}}, {{"sk", core::AttributeType::kString}}};
    (void)expression::resolve_key_condition(condition, schema);
  } else {
    const auto kind =
        lines.kind == "filter" ? expression::ConditionKind::kFilter : expression::ConditionKind::kCondition;
    test(expression::bind_condition(lines.text, kind, bindings));
  }
  bindings.check_all_used();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string_view rest = input;
  Lines lines;
  lines.kind = stator::fuzz::take_until(rest, '\n');
  lines.text = stator::fuzz::take_until(rest, '\n');
  lines.bindings = rest;
  stator::fuzz::within(kBound, size, [&] {
    try {
      use(lines);
    } catch (const core::ApiError& error) {
      stator::fuzz::require(error.type == "ValidationException" || error.type == "SerializationException",
                            "an expression is refused by a validation error");
    }
  });
  return 0;
}
