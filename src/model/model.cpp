#include "model/model.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "files/files.h"

namespace stator::model {
namespace {

namespace fs = std::filesystem;

/// The files of a folder that end in .json, sorted by name.
std::vector<fs::path> json_files(const fs::path& directory) {
  std::vector<fs::path> found = files::list(directory);
  std::erase_if(found, [](const fs::path& file) { return file.extension() != ".json"; });
  return found;
}

/// Throws for unknown members, which the service would ignore or report without a position.
void check_members(const Document& document, const Node& root) {
  document.allow_only(
      root, {"$schema", "TableName", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes",
             "GlobalSecondaryIndexes", "VectorIndexes", "BillingMode", "TableThroughputMode", "ProvisionedThroughput",
             "StreamSpecification", "SSESpecification", "Tags", "TableClass", "DeletionProtectionEnabled",
             "WarmThroughput", "ResourcePolicy", "OnDemandThroughput", "TimeToLiveSpecification"});
  const auto each = [&](const Node& object, std::string_view name, std::initializer_list<std::string_view> known) {
    const Node* list = document.optional(object, name, NodeKind::kArray);
    if (list == nullptr) return;
    for (const Node& element : list->elements) {
      document.require_kind(element, NodeKind::kObject, "");
      document.allow_only(element, known);
    }
  };
  const auto one = [&](const Node& object, std::string_view name, std::initializer_list<std::string_view> known) {
    const Node* member = document.optional(object, name, NodeKind::kObject);
    if (member != nullptr) document.allow_only(*member, known);
  };
  each(root, "AttributeDefinitions", {"AttributeName", "AttributeType"});
  each(root, "KeySchema", {"AttributeName", "KeyType"});
  each(root, "Tags", {"Key", "Value"});
  each(root, "LocalSecondaryIndexes", {"IndexName", "KeySchema", "Projection"});
  each(root, "GlobalSecondaryIndexes",
       {"IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"});
  for (const char* kind : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    const Node* indexes = root.member(kind);
    if (indexes == nullptr) continue;
    for (const Node& index : indexes->elements) {
      each(index, "KeySchema", {"AttributeName", "KeyType"});
      one(index, "Projection", {"ProjectionType", "NonKeyAttributes"});
      one(index, "ProvisionedThroughput", {"ReadCapacityUnits", "WriteCapacityUnits"});
    }
  }
  each(root, "VectorIndexes",
       {"IndexName", "VectorAttribute", "Dimensions", "DistanceFunction", "SearchSchema", "Projection"});
  if (const Node* indexes = root.member("VectorIndexes"); indexes != nullptr) {
    for (const Node& index : indexes->elements) {
      one(index, "VectorAttribute", {"AttributeName"});
      each(index, "SearchSchema", {"AttributeName", "SearchSchemaElementType"});
      one(index, "Projection", {"ProjectionType", "NonKeyAttributes"});
    }
  }
  one(root, "ProvisionedThroughput", {"ReadCapacityUnits", "WriteCapacityUnits"});
  one(root, "StreamSpecification", {"StreamEnabled", "StreamViewType"});
  one(root, "SSESpecification", {"Enabled", "SSEType", "KMSMasterKeyId"});
  one(root, "TimeToLiveSpecification", {"AttributeName", "Enabled"});
}

/// Reads the members of CreateTable, and the time to live setting, which takes another request.
void take_table(const Document& document, const Node& root, Model& model) {
  Node request = root;
  std::erase_if(request.members, [](const NodeMember& member) {
    return member.name == "$schema" || member.name == "TimeToLiveSpecification";
  });
  model.create_table_json = to_json(request);
  const Node* time_to_live = document.optional(root, "TimeToLiveSpecification", NodeKind::kObject);
  if (time_to_live == nullptr || !document.optional_boolean(*time_to_live, "Enabled", true)) return;
  model.time_to_live_attribute = document.require(*time_to_live, "AttributeName", NodeKind::kString).text;
}

void read_table(const Document& document, Model& model) {
  const Node& root = document.root();
  document.require_kind(root, NodeKind::kObject, "a CreateTable request");
  check_members(document, root);
  model.table_name = document.require(root, "TableName", NodeKind::kString).text;
  const Node& definitions = document.require(root, "AttributeDefinitions", NodeKind::kArray);
  std::set<std::string> defined;
  for (const Node& definition : definitions.elements) {
    defined.insert(document.require(definition, "AttributeName", NodeKind::kString).text);
    const Node& type = document.require(definition, "AttributeType", NodeKind::kString);
    if (type.text != "S" && type.text != "N" && type.text != "B") document.fail_expected(type, "S, N or B");
  }
  const Node& schema = document.require(root, "KeySchema", NodeKind::kArray);
  for (const Node& element : schema.elements) {
    const Node& name = document.require(element, "AttributeName", NodeKind::kString);
    const Node& type = document.require(element, "KeyType", NodeKind::kString);
    if (!defined.contains(name.text)) document.fail_expected(name, "an attribute of AttributeDefinitions");
    if (type.text == "HASH" && model.partition_key.empty()) {
      model.partition_key = name.text;
    } else if (type.text == "RANGE" && model.sort_key.empty() && !model.partition_key.empty()) {
      model.sort_key = name.text;
    } else {
      document.fail_expected(type, "HASH, then at most one RANGE");
    }
  }
  if (model.partition_key.empty()) document.fail_expected(schema, "a HASH key");
  take_table(document, root, model);
}

User read_user(const Document& document, const Node& node) {
  document.allow_only(node, {"uuid", "handle", "display_name", "email"});
  User user;
  const Node& uuid = document.require(node, "uuid", NodeKind::kString);
  Parameter shape;
  shape.name = "uuid";
  shape.type = ParameterType::kUuid;
  try {
    user.uuid = normalise(shape, uuid.text);
  } catch (const ParameterError&) {
    document.fail_expected(uuid, "a UUID");
  }
  user.handle = document.require(node, "handle", NodeKind::kString).text;
  user.display_name = document.require(node, "display_name", NodeKind::kString).text;
  user.email = document.optional_string(node, "email");
  return user;
}

void read_users(const Document& document, Model& model) {
  document.require_kind(document.root(), NodeKind::kArray, "users");
  for (const Node& node : document.root().elements) {
    User user = read_user(document, node);
    if (model.find_user(user.handle) != nullptr) document.fail(node.place, "handle " + user.handle + " appears twice");
    model.users.push_back(std::move(user));
  }
}

void read_items(const Document& document, Model& model) {
  document.require_kind(document.root(), NodeKind::kArray, "items");
  for (const Node& item : document.root().elements) {
    document.require_kind(item, NodeKind::kObject, "an item");
    for (const NodeMember& attribute : item.members) require_attribute_value(document, attribute.value);
    for (const std::string& key : {model.partition_key, model.sort_key}) {
      if (!key.empty() && item.member(key) == nullptr)
        document.fail(item.place, "expected the key attribute \"" + key + "\"");
    }
    model.items.push_back(to_json(item));
  }
}

void read_conversation(const Document& document, Model& model) {
  const Node& root = document.root();
  document.allow_only(root, {"message_group_uuid", "transcript", "start", "step_seconds", "speakers", "message",
                             "entry", "entry_one_per"});
  ConversationSeed seed;
  seed.message_group_uuid = document.require(root, "message_group_uuid", NodeKind::kString).text;
  const Node& transcript = document.require(root, "transcript", NodeKind::kString);
  seed.transcript = model.directory / "seeds" / transcript.text;
  if (!files::is_file(seed.transcript)) document.fail_expected(transcript, "a file in seeds/");
  const Node& start = document.require(root, "start", NodeKind::kString);
  const auto time = core::parse_timestamp(start.text);
  if (!time) document.fail_expected(start, "a time such as 2026-11-25T10:00:00+00:00");
  seed.start = *time;
  seed.step_microseconds = document.optional_integer(root, "step_seconds", 60, 1, 86'400) * 1'000'000;
  const Node& speakers = document.require(root, "speakers", NodeKind::kObject);
  for (const NodeMember& member : speakers.members) {
    document.require_kind(member.value, NodeKind::kString, "a handle");
    if (model.find_user(member.value.text) == nullptr)
      document.fail_expected(member.value, "the handle of a user in seeds/users.json");
    seed.speakers.push_back({member.name, member.value.text});
  }
  if (seed.speakers.size() != 2 || seed.speakers[0].handle == seed.speakers[1].handle)
    document.fail_expected(speakers, "two speakers with different handles");
  seed.message =
      ItemTemplate(document, document.require(root, "message", NodeKind::kObject), ConversationSeed::message_values());
  seed.entry =
      ItemTemplate(document, document.require(root, "entry", NodeKind::kObject), ConversationSeed::entry_values());
  seed.entry_one_per = document.optional_string(root, "entry_one_per");
  model.conversation = std::move(seed);
}

bool has_models(const fs::path& directory) { return !list_models(directory).empty(); }

}  // namespace

const std::vector<std::string>& ConversationSeed::message_values() {
  static const std::vector<std::string> kNames = {"group",       "time",          "message.uuid",       "message.text",
                                                  "sender.uuid", "sender.handle", "sender.display_name"};
  return kNames;
}

const std::vector<std::string>& ConversationSeed::entry_values() {
  static const std::vector<std::string> kNames = {"group",       "last.time",  "last.text",    "user.uuid",
                                                  "user.handle", "other.uuid", "other.handle", "other.display_name"};
  return kNames;
}

const User* Model::find_user(std::string_view handle) const {
  for (const User& user : users) {
    if (user.handle == handle) return &user;
  }
  return nullptr;
}

namespace {

/// The name of a pattern's file is also that of its command: `stator ddb patterns NAME`.
std::string pattern_name(const fs::path& file) {
  std::string name = file.stem().string();
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  const bool is_plain = !name.empty() && std::all_of(name.begin(), name.end(), allowed) && name.front() != '-';
  if (!is_plain || name == "check" || name == "prod")
    throw ModelError(
        file.string() +
        ":1:1: a pattern is named by its file: letters, digits, points, hyphens and underscores, no hyphen "
        "in front, and neither check nor prod");
  return name;
}

}  // namespace

Model load_model(const fs::path& directory) {
  Model model;
  model.directory = directory;
  model.name = directory.filename().string();
  read_table(Document::read(directory / "table.json"), model);
  for (const fs::path& file : json_files(directory / "patterns")) {
    model.patterns.push_back(read_pattern(Document::read(file), pattern_name(file), model.name, model.table_name));
  }
  const fs::path seeds = directory / "seeds";
  if (files::is_file(seeds / "users.json")) read_users(Document::read(seeds / "users.json"), model);
  if (files::is_file(seeds / "items.json")) read_items(Document::read(seeds / "items.json"), model);
  if (files::is_file(seeds / "conversation.json"))
    read_conversation(Document::read(seeds / "conversation.json"), model);
  return model;
}

std::vector<std::string> list_models(const fs::path& models_directory) {
  std::vector<std::string> names;
  for (const fs::path& entry : files::list(models_directory)) {
    if (files::is_file(entry / "table.json")) names.push_back(entry.filename().string());
  }
  return names;
}

std::string default_model(const fs::path& models_directory) {
  const std::vector<std::string> names = list_models(models_directory);
  const fs::path file = models_directory / "default.json";
  if (!files::is_file(file)) return names.size() == 1 ? names.front() : std::string();
  const Document document = Document::read(file);
  document.require_kind(document.root(), NodeKind::kObject, "{\"model\": \"NAME\"}");
  document.allow_only(document.root(), {"model"});
  const Node& model = document.require(document.root(), "model", NodeKind::kString);
  if (std::find(names.begin(), names.end(), model.text) == names.end())
    document.fail_expected(model, "the name of a model beside this file");
  return model.text;
}

std::string database_name(const fs::path& model_directory) {
  const fs::path file = model_directory / "sql" / "database.json";
  if (files::is_file(file)) {
    const Document document = Document::read(file);
    document.require_kind(document.root(), NodeKind::kObject, "{\"database\": \"NAME\"}");
    document.allow_only(document.root(), {"database"});
    const Node& name = document.require(document.root(), "database", NodeKind::kString);
    if (name.text.empty()) document.fail_expected(name, "a database's name");
    return name.text;
  }
  std::string name = model_directory.filename().string();
  for (char& c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_plain) c = '_';
  }
  return name;
}

std::vector<Model> load_models(const fs::path& models_directory) {
  std::vector<Model> models;
  for (const std::string& name : list_models(models_directory)) models.push_back(load_model(models_directory / name));
  return models;
}

fs::path find_models_directory(const std::string& given, const fs::path& working_directory,
                               const fs::path& program_directory) {
  if (!given.empty()) return given;
  if (const char* variable = std::getenv("STATOR_MODELS"); variable != nullptr && *variable != '\0') return variable;
  if (has_models(working_directory / "models")) return (working_directory / "models").lexically_normal();
  if (!program_directory.empty()) {
    const fs::path shared = program_directory.parent_path() / "share" / "stator" / "models";
    if (has_models(shared)) return shared.lexically_normal();
    for (fs::path above = program_directory; above.has_parent_path() && above != above.root_path();
         above = above.parent_path()) {
      if (has_models(above / "models")) return above / "models";
    }
  }
  return fs::path(files::kBuiltIn) / "models";
}

}  // namespace stator::model
