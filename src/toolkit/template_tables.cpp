#include "toolkit/template_tables.h"

#include <stdexcept>
#include <string>
#include <string_view>

#include "toolkit/call.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {
namespace {

std::optional<json::Object> object_of(const json::Value& owner, std::string_view name) {
  json::Object object;
  if (owner[name].get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::string name_of(const json::Value& properties, std::string_view resource) {
  std::string name = text_of(properties, "TableName");
  return name.empty() ? std::string(resource) : name;
}

/// The properties are those of CreateTable, except that StreamSpecification has no StreamEnabled.
ModelSource read_table(const json::Value& properties, std::string_view resource) {
  RequestBuilder request;
  request.text("TableName", name_of(properties, resource));
  const json::Object members = properties.get_object().value();
  for (const auto member : members) {
    const std::string_view name = member.key;
    if (name == "TableName" || name == "StreamSpecification") continue;
    request.json(name, std::string(simdjson::minify(member.value)));
  }
  ModelSource source;
  if (object_of(properties, "StreamSpecification")) {
    const std::string view = text_of(properties["StreamSpecification"], "StreamViewType");
    RequestBuilder stream;
    stream.json("StreamEnabled", "true").text("StreamViewType", view.empty() ? "NEW_AND_OLD_IMAGES" : view);
    request.json("StreamSpecification", stream.str());
  }
  source.table = read_table_info(request.str());
  if (object_of(properties, "TimeToLiveSpecification"))
    source.time_to_live_attribute = text_of(properties["TimeToLiveSpecification"], "AttributeName");
  return source;
}

/// The table has one key attribute: PrimaryKey {Name, Type}, by default the string "id".
ModelSource read_simple_table(const json::Value* properties, std::string_view resource) {
  KeyColumn key{"id", "S"};
  TableDraft draft;
  draft.name = resource;
  if (properties != nullptr) {
    draft.name = name_of(*properties, resource);
    if (object_of(*properties, "PrimaryKey")) {
      const json::Value primary = (*properties)["PrimaryKey"];
      key.name = text_of(primary, "Name");
      const std::string type = text_of(primary, "Type");
      if (!type.empty()) key.type = type.substr(0, 1);  // from String, Number or Binary
    }
  }
  draft.partition_key = key;
  ModelSource source;
  source.table = table_of_draft(draft);
  return source;
}

}  // namespace

std::optional<json::Object> template_resources(const json::Value& root) {
  if (object_of(root, "TemplateBody")) return object_of(root["TemplateBody"], "Resources");
  return object_of(root, "Resources");
}

std::vector<ModelSource> tables_of_template(const json::Object& resources) {
  std::vector<ModelSource> sources;
  for (const auto resource : resources) {
    const std::string name(resource.key);
    const std::string type = text_of(resource.value, "Type");
    const bool has_properties = object_of(resource.value, "Properties").has_value();
    const json::Value properties = has_properties ? resource.value["Properties"].value() : resource.value;
    try {
      if (type == "AWS::DynamoDB::Table" || type == "AWS::DynamoDB::GlobalTable")
        sources.push_back(read_table(properties, name));
      if (type == "AWS::Serverless::SimpleTable")
        sources.push_back(read_simple_table(has_properties ? &properties : nullptr, name));
    } catch (const std::exception& error) {
      throw std::runtime_error("resource " + name + ": " + error.what());
    }
  }
  if (sources.empty()) throw std::runtime_error("the template has no table (AWS::DynamoDB::Table)");
  return sources;
}

}  // namespace stator::toolkit
