#include "toolkit/model_init.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "json/reader.h"
#include "json/writer.h"
#include "toolkit/call.h"
#include "toolkit/table_copy.h"
#include "toolkit/template_tables.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMostColumns = 5;
constexpr std::size_t kMostColumnCharacters = 40;
/// The default number of items on a page of a pattern.
constexpr int kLimit = 20;

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(text, out);
  return out;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A name for a parameter or a file: lower-case letters, digits and dashes, with a letter first. "userName" and
/// "USER_NAME" are "user-name".
std::string option_name(std::string_view text) {
  // The options that every command or pattern has.
  static const std::set<std::string> kTaken = {"next",         "quiet",  "help",     "output",  "data",
                                               "endpoint-url", "models", "no-color", "version", "yes",
                                               "prod",         "limit",  "check"};
  std::string name;
  char before = '-';
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (!is_letter(c) && !is_digit(c)) {
      if (!name.empty() && name.back() != '-') name += '-';
    } else {
      const bool begins_word = is_upper && ((before >= 'a' && before <= 'z') || is_digit(before));
      if (begins_word && !name.empty() && name.back() != '-') name += '-';
      name += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    before = c;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  if (name.empty() || !is_letter(name.front())) name = name.empty() ? "key" : "key-" + name;
  return kTaken.contains(name) ? name + "-value" : name;
}

// --- reading sources -----------------------------------------------------------------------------------------------

std::optional<json::Value> member(const json::Value& object, std::string_view name) {
  json::Value value;
  if (object[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::string minified(const json::Value& value) { return std::string(simdjson::minify(value)); }

std::string definition(std::string_view name, std::string_view type) {
  return RequestBuilder().text("AttributeName", name).text("AttributeType", type).str();
}

std::string list_of(const std::vector<std::string>& elements) {
  std::string list;
  for (const std::string& element : elements) list += (list.empty() ? "" : ",") + element;
  return "[" + list + "]";
}

/// Collects key attributes and the other parts of a description from a source in another form.
class Description {
 public:
  explicit Description(std::string_view name) : name_(name) {}

  /// Makes a KeySchema. `sort` is empty if there is no sort key.
  std::string key(const std::string& partition, const std::string& partition_type, const std::string& sort,
                  const std::string& sort_type) {
    std::vector<std::string> elements{RequestBuilder().text("AttributeName", partition).text("KeyType", "HASH").str()};
    define(partition, partition_type);
    if (!sort.empty()) {
      elements.push_back(RequestBuilder().text("AttributeName", sort).text("KeyType", "RANGE").str());
      define(sort, sort_type);
    }
    return list_of(elements);
  }
  void index(bool global, std::string_view name, const std::string& schema, const std::string& projection) {
    (global ? global_ : local_)
        .push_back(
            RequestBuilder().text("IndexName", name).json("KeySchema", schema).json("Projection", projection).str());
  }
  [[nodiscard]] TableInfo table(const std::string& schema) const {
    RequestBuilder request;
    request.text("TableName", name_).json("AttributeDefinitions", list_of(definitions_)).json("KeySchema", schema);
    if (!local_.empty()) request.json("LocalSecondaryIndexes", list_of(local_));
    if (!global_.empty()) request.json("GlobalSecondaryIndexes", list_of(global_));
    request.text("BillingMode", "PAY_PER_REQUEST");
    return read_table_info(request.str());
  }

 private:
  void define(const std::string& name, const std::string& type) {
    if (name.empty()) throw std::runtime_error("a key attribute has no name");
    if (defined_.insert(name).second) definitions_.push_back(definition(name, type));
  }

  std::string name_;
  std::set<std::string> defined_;
  std::vector<std::string> definitions_;
  std::vector<std::string> local_;
  std::vector<std::string> global_;
};

/// A key as NoSQL Workbench has it: {"PartitionKey": {"AttributeName", "AttributeType"}, "SortKey": …}.
std::string workbench_key(const json::Value& owner, Description& description) {
  const auto attributes = member(owner, "KeyAttributes");
  const auto partition = attributes ? member(*attributes, "PartitionKey") : std::nullopt;
  if (!partition) throw std::runtime_error("a table or an index of the data model has no PartitionKey");
  const auto sort = member(*attributes, "SortKey");
  return description.key(text_of(*partition, "AttributeName"), text_of(*partition, "AttributeType"),
                         sort ? text_of(*sort, "AttributeName") : "", sort ? text_of(*sort, "AttributeType") : "");
}

ModelSource read_workbench_table(const json::Value& table) {
  Description description(text_of(table, "TableName"));
  const std::string schema = workbench_key(table, description);
  for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    json::Array indexes;
    if (table[kind].get(indexes) != simdjson::SUCCESS) continue;
    for (const json::Value index : indexes) {
      const auto projection = member(index, "Projection");
      description.index(kind[0] == 'G', text_of(index, "IndexName"), workbench_key(index, description),
                        projection ? minified(*projection) : R"({"ProjectionType":"ALL"})");
    }
  }
  ModelSource source;
  source.table = description.table(schema);
  json::Array items;
  if (table["TableData"].get(items) == simdjson::SUCCESS) {
    for (const json::Value item : items) {
      if (!item.is_object())
        throw std::runtime_error("the TableData of " + source.table.name + " has an entry that is not an item");
      source.items.push_back(minified(item));
    }
  }
  source.patterns = patterns_of_items(source.table, source.items);
  return source;
}

/// A OneTable schema: indexes on attributes, and models whose attributes have templates ("account:${name}").
class OneTable {
 public:
  OneTable(const json::Value& root, const std::string& name) : root_(root), description_(name) {}

  ModelSource read() {
    const auto indexes = member(root_, "indexes");
    const auto primary = indexes ? member(*indexes, "primary") : std::nullopt;
    if (!primary) throw std::runtime_error("the OneTable schema has no indexes.primary");
    const std::string hash = text_of(*primary, "hash");
    const std::string schema = key(hash, text_of(*primary, "sort"));
    const json::Object all = indexes->get_object().value();
    for (const auto index : all) {
      if (index.key == "primary") continue;
      const bool is_local = text_of(index.value, "type") == "local";
      const std::string own_hash = text_of(index.value, "hash");
      description_.index(!is_local, index.key, key(own_hash.empty() ? hash : own_hash, text_of(index.value, "sort")),
                         projection(index.value));
    }
    ModelSource source;
    source.table = description_.table(schema);
    source.time_to_live_attribute = time_to_live();
    each_model([&](const std::string& name, const json::Value& model) {
      add_patterns(name, model, {}, source.table.partition_key, source.table.sort_key, source.patterns);
      for (const IndexInfo& index : source.table.indexes) {
        add_patterns(name, model, index.name, index.partition_keys.front(),
                     index.sort_keys.empty() ? KeyColumn() : index.sort_keys.front(), source.patterns);
      }
    });
    return source;
  }

 private:
  template <class Visit>
  void each_model(const Visit& visit) const {
    json::Object models;
    if (root_["models"].get(models) != simdjson::SUCCESS) return;
    for (const auto model : models) {
      const std::string name(model.key);
      if (!model.value.is_object())
        throw std::runtime_error("the OneTable schema's model " + name + " is not an object");
      visit(name, model.value);
    }
  }

  [[nodiscard]] std::string key(const std::string& hash, const std::string& sort) {
    return description_.key(hash, type_of(hash), sort, type_of(sort));
  }

  /// The type of an attribute in the models: N for numbers and for dates that are not text, else S.
  [[nodiscard]] std::string type_of(const std::string& attribute) const {
    std::string found = "S";
    each_model([&](const std::string&, const json::Value& model) {
      const auto field = member(model, attribute);
      if (!field) return;
      const std::string type = option_name(text_of(*field, "type"));
      if (type == "number") found = "N";
      if (type == "buffer" || type == "binary" || type == "array-buffer") found = "B";
    });
    return found;
  }

  [[nodiscard]] std::string time_to_live() const {
    std::string found;
    each_model([&](const std::string&, const json::Value& model) {
      const json::Object fields = model.get_object().value();
      for (const auto field : fields) {
        bool expires = false;
        if (field.value["ttl"].get(expires) == simdjson::SUCCESS && expires) found = std::string(field.key);
      }
    });
    return found;
  }

  static std::string projection(const json::Value& index) {
    json::Array included;
    if (index["project"].get(included) == simdjson::SUCCESS)
      return RequestBuilder()
          .text("ProjectionType", "INCLUDE")
          .json("NonKeyAttributes", std::string(simdjson::minify(included)))
          .str();
    return RequestBuilder().text("ProjectionType", text_of(index, "project") == "keys" ? "KEYS_ONLY" : "ALL").str();
  }

  static std::string template_of(const json::Value& model, const std::string& attribute) {
    const auto field = attribute.empty() ? std::nullopt : member(model, attribute);
    return field ? text_of(*field, "value") : std::string();
  }

  static void add_patterns(const std::string& model, const json::Value& fields, const std::string& index,
                           const KeyColumn& partition, const KeyColumn& sort, std::vector<FoundPattern>& out) {
    FoundPattern pattern;
    pattern.index = index;
    pattern.partition_template = template_of(fields, partition.name);
    if (pattern.partition_template.empty()) return;
    const std::string whole = template_of(fields, sort.name);
    pattern.name = option_name(model) + (index.empty() ? "" : "-by-" + option_name(index));
    if (index.empty()) {
      pattern.description = "The " + model + " of that key";
      pattern.sort_template = whole;
      if (sort.name.empty() || !whole.empty()) out.push_back(pattern);
    }
    // All items of one partition: the part before the first placeholder of the sort key.
    if (sort.name.empty()) return;
    pattern.sort_template = whole.substr(0, whole.find("${"));
    if (index.empty() && pattern.sort_template == whole) return;
    pattern.sort_is_prefix = true;
    pattern.name += "-list";
    pattern.description = "Each " + model + " of a partition" + (index.empty() ? "" : " of index " + index);
    out.push_back(pattern);
  }

  const json::Value& root_;
  Description description_;
};

}  // namespace

std::vector<ModelSource> read_model_sources(std::string_view text, const std::string& name) {
  json::Parser parser;
  json::Value root;
  try {
    root = parser.parse(text);
  } catch (const std::exception&) {
    throw std::runtime_error(
        "this is not JSON (for a CloudFormation or SAM template in YAML: cfn-flip converts it; cdk synth and "
        "serverless "
        "package leave one in cdk.out and .serverless)");
  }
  if (const auto resources = template_resources(root)) return tables_of_template(*resources);
  json::Array data_model;
  if (root["DataModel"].get(data_model) == simdjson::SUCCESS) {
    std::vector<ModelSource> sources;
    for (const json::Value table : data_model) sources.push_back(read_workbench_table(table));
    if (sources.empty()) throw std::runtime_error("the data model has no tables");
    return sources;
  }
  if (member(root, "indexes") && member(root, "models")) return {OneTable(root, name).read()};
  const json::Value table = member(root, "Table").value_or(member(root, "TableDescription").value_or(root));
  if (!member(table, "KeySchema") || !member(table, "AttributeDefinitions"))
    throw std::runtime_error(
        "expected describe-table's output, a CreateTable request, a CloudFormation template, a NoSQL Workbench data "
        "model "
        "or a OneTable schema");
  ModelSource source;
  source.table = read_table_info(minified(table));
  if (const auto expiry = member(table, "TimeToLiveSpecification"))
    source.time_to_live_attribute = text_of(*expiry, "AttributeName");
  return {source};
}

TableInfo table_of_draft(const TableDraft& draft) {
  Description description(draft.name);
  const auto key = [&](const KeyColumn& partition, const KeyColumn& sort) {
    return description.key(partition.name, partition.type, sort.name, sort.type);
  };
  const std::string schema = key(draft.partition_key, draft.sort_key);
  for (const TableDraft::Index& index : draft.indexes)
    description.index(true, index.name, key(index.partition_key, index.sort_key), R"({"ProjectionType":"ALL"})");
  return description.table(schema);
}

namespace {

/// The kind of a key: its prefix, "CUSTOMER#" in "CUSTOMER#ann", or a whole word in capitals.
struct KeyKind {
  std::string prefix;
  bool whole = false;
  auto operator<=>(const KeyKind&) const = default;

  [[nodiscard]] bool is_known() const { return !prefix.empty(); }
  [[nodiscard]] std::string word() const { return option_name(prefix); }
};

KeyKind kind_of_key(std::string_view text) {
  const std::size_t mark = text.find_first_of("#:|");
  if (mark != std::string_view::npos && mark > 0) return {std::string(text.substr(0, mark + 1)), false};
  const bool is_word =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  return is_word ? KeyKind{std::string(text), true} : KeyKind{};
}

/// The text as a template that produces it unchanged.
std::string escaped(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find("${"); at != std::string::npos; at = out.find("${", at + 3)) out.insert(at, "$");
  return out;
}

/// A key attribute's text in an item; empty if the item has none.
std::string key_text(const json::Value& item, const KeyColumn& column) {
  json::Value value;
  return item[column.name].get(value) == simdjson::SUCCESS ? text_of(value, column.type) : std::string();
}

}  // namespace

std::vector<FoundPattern> patterns_of_items(const TableInfo& table, const std::vector<std::string>& items) {
  if (table.partition_key.type != "S" || table.sort_key.type != "S") return {};
  std::map<std::pair<KeyKind, KeyKind>, std::string> kinds;
  for (const std::string& text : items) {
    json::Parser parser;
    const json::Value item = parser.parse(text);
    const KeyKind partition = kind_of_key(key_text(item, table.partition_key));
    const KeyKind sort = kind_of_key(key_text(item, table.sort_key));
    if (partition.is_known() && sort.is_known()) kinds.try_emplace({partition, sort}, text);
  }
  std::vector<FoundPattern> patterns;
  for (const auto& [kind, example] : kinds) {
    const auto& [partition, sort] = kind;
    FoundPattern pattern;
    const std::string owner = partition.word();
    const std::string word = sort.word();
    pattern.partition_template = escaped(partition.prefix) + (partition.whole ? "" : "${" + owner + "}");
    pattern.sort_template = escaped(sort.prefix);
    pattern.sort_is_prefix = !sort.whole;
    pattern.example_item = example;
    if (sort.whole) {
      pattern.name = word == owner ? word : owner + "-" + word;
      pattern.description = word == owner ? "One " + word : "The " + word + " of one " + owner;
    } else {
      pattern.name = word + "-of-" + owner;
      pattern.description = "Each " + word + " of one " + owner;
    }
    patterns.push_back(pattern);
  }
  return patterns;
}

namespace {

/// Makes the pattern files of one source.
class PatternFiles {
 public:
  explicit PatternFiles(const ModelSource& source) : source_(source), table_(source.table) {}

  std::vector<ModelFile> make() {
    const std::string first = source_.items.empty() ? std::string() : source_.items.front();
    FoundPattern one{"item", "One item by its key", "", hole(table_.partition_key), "", false, first};
    if (table_.has_sort_key()) one.sort_template = hole(table_.sort_key);
    add(one);
    if (table_.has_sort_key())
      add({"items-of-" + option_name(table_.partition_key.name), "The items of a partition", "",
           hole(table_.partition_key), "", true, first});
    for (const IndexInfo& index : table_.indexes) {
      if (index.partition_keys.size() != 1) continue;
      const KeyColumn& partition = index.partition_keys.front();
      add({option_name(index.name), "The items of a partition of index " + index.name, index.name, hole(partition), "",
           true, item_with(index)});
    }
    for (const FoundPattern& pattern : source_.patterns) add(pattern);
    return std::move(files_);
  }

 private:
  static std::string hole(const KeyColumn& column) { return "${" + option_name(column.name) + "}"; }

  /// An item that is in the index; empty if there is none.
  [[nodiscard]] std::string item_with(const IndexInfo& index) const {
    for (const std::string& text : source_.items) {
      json::Parser parser;
      const json::Value item = parser.parse(text);
      const auto has = [&](const KeyColumn& column) { return !key_text(item, column).empty(); };
      if (std::ranges::all_of(index.partition_keys, has) && std::ranges::all_of(index.sort_keys, has)) return text;
    }
    return {};
  }

  struct Keys {
    KeyColumn partition;
    KeyColumn sort;
  };
  [[nodiscard]] Keys keys_of(const std::string& index) const {
    if (index.empty()) return {table_.partition_key, table_.sort_key};
    const IndexInfo& found = *table_.find_index(index);
    return {found.partition_keys.front(), found.sort_keys.empty() ? KeyColumn() : found.sort_keys.front()};
  }

  /// Turns the placeholders of a template into parameters, with examples from the item's text: "ann" if
  /// "CUSTOMER#${customer}" is "CUSTOMER#ann". Returns the template with the names of the parameters.
  std::string take_holes(const std::string& text, const KeyColumn& column, const std::string& actual) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const bool is_escape = text.compare(at, 3, "$${") == 0;
      if (is_escape || text.compare(at, 2, "${") != 0) {
        out += is_escape ? "$${" : std::string(1, text[at]);
        at += is_escape ? 3 : 1;
        continue;
      }
      const std::size_t end = text.find('}', at);
      if (end == std::string::npos) throw std::runtime_error("a template is not closed: " + text);
      const std::string whole_name = text.substr(at + 2, end - at - 2);
      const std::string name = option_name(whole_name.substr(0, whole_name.find(':')));
      out += "${" + name + "}";
      // If the only placeholder ends the template, and the item's text begins with the text before it, the rest is the
      // value.
      const std::string before = text.substr(0, at);
      const bool is_only =
          end + 1 == text.size() && before.find('$') == std::string::npos && actual.starts_with(before);
      const std::string example = is_only && actual.size() > before.size() ? actual.substr(before.size()) : "";
      add_parameter(name, whole_name, column, example);
      at = end + 1;
    }
    return out;
  }

  void add_parameter(const std::string& name, const std::string& described, const KeyColumn& column,
                     const std::string& example) {
    if (!parameter_names_.insert(name).second) return;
    const bool is_number = column.type == "N";
    parameters_.json(name, RequestBuilder()
                               .text("type", is_number ? "number" : "string")
                               .text("description", described + " (" + column.name + ")")
                               .str());
    if (example.empty()) has_example_ = false;
    examples_.text(name, !example.empty() ? example : is_number ? "1" : column.type == "B" ? "AA==" : "x");
  }

  void add(const FoundPattern& pattern) {
    if (!names_.insert(pattern.name).second) return;
    parameters_ = {};
    examples_ = {};
    parameter_names_.clear();
    has_example_ = !pattern.example_item.empty();
    const Keys keys = keys_of(pattern.index);
    json::Parser parser;
    const json::Value item = parser.parse(has_example_ ? pattern.example_item : "{}");
    const std::string partition =
        take_holes(pattern.partition_template, keys.partition, key_text(item, keys.partition));
    const std::string sort =
        take_holes(pattern.sort_template, keys.sort,
                   pattern.sort_is_prefix || keys.sort.name.empty() ? "" : key_text(item, keys.sort));
    const bool gets = pattern.index.empty() && !pattern.sort_is_prefix;
    RequestBuilder file;
    file.text("$schema", "../../schemas/pattern.schema.json").text("description", pattern.description);
    file.text("operation", gets ? "GetItem" : "Query");
    if (!gets) {
      parameters_.json("limit", R"({"type":"integer","description":"Items a page","default":)" +
                                    std::to_string(kLimit) + R"(,"minimum":1,"maximum":1000})");
    }
    file.json("parameters", parameters_.str());
    file.json("request", gets ? get_request(keys, partition, sort) : query_request(pattern, keys, partition, sort));
    file.json("example", examples_.str()).json("budget", budget(gets));
    file.number("least_items", has_example_ ? 1 : 0);
    file.json("print", printing(keys));
    files_.push_back(
        {std::filesystem::path("patterns") / (pattern.name + ".json"), json::pretty(file.str(), false) + "\n"});
  }

  static std::string value(const KeyColumn& column, const std::string& text) {
    return RequestBuilder().text(column.type, text).str();
  }

  static std::string get_request(const Keys& keys, const std::string& partition, const std::string& sort) {
    RequestBuilder key;
    key.json(keys.partition.name, value(keys.partition, partition));
    if (!keys.sort.name.empty()) key.json(keys.sort.name, value(keys.sort, sort));
    return RequestBuilder().json("Key", key.str()).str();
  }

  static std::string query_request(const FoundPattern& pattern, const Keys& keys, const std::string& partition,
                                   const std::string& sort) {
    RequestBuilder request;
    RequestBuilder names;
    RequestBuilder values;
    // Placeholders for every name: any of them may be a reserved word.
    names.text("#partition", keys.partition.name);
    values.json(":partition", value(keys.partition, partition));
    std::string condition = "#partition = :partition";
    if (!sort.empty()) {
      names.text("#sort", keys.sort.name);
      values.json(":sort", value(keys.sort, sort));
      condition += pattern.sort_is_prefix ? " AND begins_with(#sort, :sort)" : " AND #sort = :sort";
    }
    if (!pattern.index.empty()) request.text("IndexName", pattern.index);
    request.text("KeyConditionExpression", condition);
    request.json("ExpressionAttributeNames", names.str()).json("ExpressionAttributeValues", values.str());
    return request.text("Limit", "${limit}").str();
  }

  /// Half a unit for each four kilobytes, as eventually consistent reads cost, of items as large as the largest known.
  [[nodiscard]] std::string budget(bool gets) const {
    constexpr std::size_t kUnit = 4096;
    std::size_t largest = 1;
    for (const std::string& item : source_.items) largest = std::max(largest, item.size());
    const std::size_t halves = (largest * (gets ? 1 : kLimit) + kUnit - 1) / kUnit;
    return std::to_string(halves / 2) + (halves % 2 == 1 ? ".5" : ".0");
  }

  /// How to print the items: as lines of the key and of the first attributes that occur.
  [[nodiscard]] std::string printing(const Keys& keys) const {
    std::vector<std::string> columns;
    std::map<std::string, std::size_t> widths;
    const auto meet = [&](const std::string& name) {
      if (!name.empty() && columns.size() < kMostColumns && std::ranges::find(columns, name) == columns.end())
        columns.push_back(name);
    };
    meet(keys.sort.name);
    if (keys.sort.name.empty()) meet(keys.partition.name);
    for (const std::string& text : source_.items) {
      json::Parser parser;
      const json::Object item = parser.parse(text).get_object().value();
      for (const auto attribute : item) {
        const std::string name(attribute.key);
        std::string shown = text_of(attribute.value, "S");
        if (shown.empty()) shown = text_of(attribute.value, "N");
        if (shown.empty()) continue;
        if (name != keys.partition.name) meet(name);
        widths[name] = std::max(widths[name], shown.size());
      }
    }
    std::string lines;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      RequestBuilder column;
      column.text("attribute", columns[i]);
      if (i + 1 < columns.size())
        column.number("characters", kMostColumnCharacters)
            .number("width", std::min(std::max(widths[columns[i]], columns[i].size()), kMostColumnCharacters) + 2);
      lines += (lines.empty() ? "" : ",") + column.str();
    }
    return R"({"response":false,"lines":{"columns":[)" + lines + "]}}";
  }

  const ModelSource& source_;
  const TableInfo& table_;
  std::vector<ModelFile> files_;
  std::set<std::string> names_;
  RequestBuilder parameters_;
  RequestBuilder examples_;
  std::set<std::string> parameter_names_;
  bool has_example_ = false;
};

/// The CreateTable request with the other members that table.json has.
std::string table_file(const ModelSource& source) {
  std::string request = create_request_like(source.table, source.table.name);
  request.insert(1, R"("$schema":"../schemas/table.schema.json",)");
  if (!source.time_to_live_attribute.empty()) {
    request.pop_back();
    request += R"(,"TimeToLiveSpecification":{"AttributeName":)" + json_text(source.time_to_live_attribute) +
               R"(,"Enabled":true}})";
  }
  return json::pretty(request, false) + "\n";
}

}  // namespace

std::vector<ModelFile> model_files(const ModelSource& source) {
  std::vector<ModelFile> files{{"table.json", table_file(source)}};
  if (!source.items.empty()) files.push_back({"seeds/items.json", json::pretty(list_of(source.items), false) + "\n"});
  for (ModelFile& file : PatternFiles(source).make()) files.push_back(std::move(file));
  return files;
}

}  // namespace stator::toolkit
