#include "toolkit/model_schema.h"

#include <array>
#include <string_view>

#include "api/operations.h"
#include "json/writer.h"
#include "toolkit/call.h"

namespace stator::toolkit {
namespace {

using api::shapes::Kind;
using api::shapes::Presence;
using api::shapes::Shape;

constexpr std::string_view kDraft = "http://json-schema.org/draft-07/schema#";

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(text, out);
  return out;
}

/// Whether a request may contain what is allowed only in a model.
enum class Holes : bool {
  kNo,
  kYes,  // "${limit}" for a number, nothing required (the reader fills in TableName), null to remove a member
};

class SchemaWriter {
 public:
  explicit SchemaWriter(Holes holes) : holes_(holes) {}

  [[nodiscard]] std::string of(const Shape& shape) const {
    switch (shape.kind) {
      case Kind::kStructure:
        return structure(shape, {});
      case Kind::kList:
        return list(shape);
      case Kind::kMap:
        return typed("object").json("additionalProperties", of(*shape.element)).str();
      case Kind::kAttributeValue:
        return reference("AttributeValue");
      case Kind::kString:
        return text(shape);
      case Kind::kBoolean:
        return scalar("boolean");
      case Kind::kInteger:
      case Kind::kLong:
        return scalar("integer");
      case Kind::kDouble:
      case Kind::kTimestamp:
        return scalar("number");
    }
    return "{}";
  }

  /// `further`: additional members, as JSON without braces.
  [[nodiscard]] std::string structure(const Shape& shape, const std::string& further) const {
    RequestBuilder members;
    std::string required;
    for (const api::shapes::Member& member : shape.members) {
      members.json(member.name, nullable(of(*member.shape)));
      if (member.presence != Presence::kOptional) required += (required.empty() ? "" : ",") + quoted(member.name);
    }
    std::string properties = members.str();
    if (!further.empty()) properties.insert(properties.size() - 1, (properties.size() > 2 ? "," : "") + further);
    RequestBuilder schema = typed("object");
    schema.json("properties", properties);
    if (!required.empty() && holes_ == Holes::kNo) schema.json("required", "[" + required + "]");
    return schema.json("additionalProperties", "false").str();
  }

  static std::string reference(std::string_view name) {
    return RequestBuilder().text("$ref", "#/definitions/" + std::string(name)).str();
  }

  /// {"S": "…"} and so on.
  [[nodiscard]] std::string attribute_value() const {
    const std::string text = R"({"type":"string"})";
    const std::string texts = R"({"type":"array","items":{"type":"string"},"minItems":1})";
    RequestBuilder types;
    for (const char* type : {"S", "N", "B"}) types.json(type, text);
    for (const char* type : {"SS", "NS", "BS"}) types.json(type, texts);
    types.json("BOOL", scalar("boolean")).json("NULL", scalar("boolean"));
    types.json("L", typed("array").json("items", reference("AttributeValue")).str());
    types.json("M", typed("object").json("additionalProperties", reference("AttributeValue")).str());
    return nullable(typed("object")
                        .json("properties", types.str())
                        .json("additionalProperties", "false")
                        .json("minProperties", "1")
                        .json("maxProperties", "1")
                        .str());
  }

 private:
  static RequestBuilder typed(std::string_view type) {
    RequestBuilder schema;
    schema.text("type", type);
    return schema;
  }

  [[nodiscard]] std::string nullable(const std::string& schema) const {
    return holes_ == Holes::kNo ? schema : R"({"anyOf":[)" + schema + R"(,{"type":"null"}]})";
  }

  [[nodiscard]] std::string scalar(std::string_view type) const {
    const std::string schema = typed(type).str();
    return holes_ == Holes::kNo ? schema : R"({"anyOf":[)" + schema + R"(,{"type":"string","pattern":"^\\$\\{"}]})";
  }

  [[nodiscard]] std::string list(const Shape& shape) const {
    RequestBuilder schema = typed("array");
    schema.json("items", of(*shape.element));
    if (shape.min_length > 0) schema.number("minItems", static_cast<std::uint64_t>(shape.min_length));
    return schema.str();
  }

  [[nodiscard]] std::string text(const Shape& shape) const {
    RequestBuilder schema = typed("string");
    if (shape.values.empty()) return schema.str();
    std::string values;
    for (const std::string_view value : shape.values) values += (values.empty() ? "" : ",") + quoted(value);
    schema.json("enum", "[" + values + "]");
    return holes_ == Holes::kNo ? schema.str()
                                : R"({"anyOf":[)" + schema.str() + R"(,{"type":"string","pattern":"^\\$\\{"}]})";
  }

  Holes holes_;
};

constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kCount = R"({"type":"integer","minimum":0})";
constexpr std::string_view kValues =
    R"({"type":"object","additionalProperties":{"type":["string","number","boolean"]}})";

constexpr std::string_view kParameter =
    R"({"type":"object","required":["type","description"],"additionalProperties":false,
"properties":{"type":{"enum":["string","integer","number","boolean","uuid","time","handle"]},
"description":{"type":"string"},"default":{"type":["string","number","boolean"]},
"excludes":{"type":"array","items":{"type":"string"}},"one_of":{"type":"array","items":{"type":"string"}},
"minimum":{"type":"integer"},"maximum":{"type":"integer"},"complete":{"enum":["first","last"]}}})";

constexpr std::string_view kCache = R"({"type":"object","required":["ttl_s"],"additionalProperties":false,
"properties":{"ttl_s":{"type":"integer","minimum":1,"maximum":2592000}}})";

constexpr std::string_view kPrint = R"({"type":"object","additionalProperties":false,"properties":{
"heading":{"type":"string"},"response":{"type":"boolean"},"capacity":{"type":"boolean"},
"lines":{"type":"object","required":["columns"],"additionalProperties":false,"properties":{
"reversed":{"type":"boolean"},"only_quiet":{"type":"boolean"},
"columns":{"type":"array","items":{"type":"object","required":["attribute"],"additionalProperties":false,"properties":{
"attribute":{"type":"string"},"characters":{"type":"integer","minimum":1},"suffix":{"type":"string"},
"width":{"type":"integer","minimum":1},"time":{"type":"string"}}}}}}}})";

/// The operations a pattern may have, as model/pattern_reader.cpp has them.
constexpr std::array<std::string_view, 8> kOperations = {"Query",   "GetItem",    "BatchGetItem", "Scan",
                                                         "PutItem", "UpdateItem", "DeleteItem",   "TransactGetItems"};

}  // namespace

std::string table_schema() {
  const SchemaWriter writer(Holes::kNo);
  const std::string further =
      R"("$schema":{"type":"string"},"TimeToLiveSpecification":{"type":"object","required":["AttributeName"],)"
      R"("additionalProperties":false,"properties":{"AttributeName":{"type":"string"},"Enabled":{"type":"boolean"}}})";
  std::string schema = writer.structure(*api::find_operation("CreateTable")->input, further);
  schema.insert(1, "\"$schema\":" + quoted(kDraft) + R"(,"title":"A table: a CreateTable request",)");
  return json::pretty(schema, false) + "\n";
}

std::string pattern_schema() {
  const SchemaWriter writer(Holes::kYes);
  std::string operations;
  std::string rules;
  RequestBuilder definitions;
  definitions.json("AttributeValue", writer.attribute_value());
  for (const std::string_view operation : kOperations) {
    operations += (operations.empty() ? "" : ",") + quoted(operation);
    definitions.json(operation, writer.of(*api::find_operation(operation)->input));
    const std::string request = SchemaWriter::reference(operation);
    const std::string variants = R"({"items":{"properties":{"request":)" + request + "}}}";
    rules += (rules.empty() ? "" : ",") +
             RequestBuilder()
                 .json("if", R"({"properties":{"operation":{"const":)" + quoted(operation) + "}}}")
                 .json("then", R"({"properties":{"request":)" + request + R"(,"variants":)" + variants + "}}")
                 .str();
  }
  RequestBuilder variant;
  variant.json("when", R"({"type":"array","items":{"type":"string"},"minItems":1})");
  variant.json("request", R"({"type":"object"})").json("example", kValues);
  RequestBuilder members;
  members.json("$schema", kText).json("description", kText);
  members.json("operation", RequestBuilder().json("enum", "[" + operations + "]").str());
  members.json("parameters", R"({"type":"object","additionalProperties":)" + std::string(kParameter) + "}");
  members.json("request", R"({"type":"object"})");
  members.json("variants", R"({"type":"array","items":{"type":"object","required":["when","request"],)"
                           R"("additionalProperties":false,"properties":)" +
                               variant.str() + "}}");
  members.json("example", kValues).json("budget", R"({"type":"number","exclusiveMinimum":0})");
  members.json("least_items", kCount).json("cache", kCache).json("print", kPrint);
  RequestBuilder schema;
  schema.text("$schema", kDraft).text("title", "An access pattern").text("type", "object");
  schema.json("required", R"(["description","operation","request","budget"])").json("properties", members.str());
  schema.json("additionalProperties", "false").json("allOf", "[" + rules + "]");
  return json::pretty(schema.json("definitions", definitions.str()).str(), false) + "\n";
}

}  // namespace stator::toolkit
