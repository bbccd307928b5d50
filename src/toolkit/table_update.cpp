#include "toolkit/table_update.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

#include "json/reader.h"
#include "json/writer.h"
#include "toolkit/table_copy.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {
namespace {

std::optional<json::Value> member_of(const json::Value& object, std::string_view name) {
  json::Value value;
  if (object[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string json_of(const json::Value& object, std::string_view name) {
  const auto value = member_of(object, name);
  return value ? std::string(simdjson::minify(*value)) : std::string();
}

std::string key_in_words(const std::vector<KeyColumn>& partition, const std::vector<KeyColumn>& sort) {
  std::string text;
  for (const auto* columns : {&partition, &sort}) {
    for (const KeyColumn& column : *columns)
      text += (text.empty() ? "" : ", ") + column.name + " " + column.type + (columns == &sort ? " (sort)" : "");
  }
  return text;
}

std::string key_of(const TableInfo& table) {
  return key_in_words({table.partition_key},
                      table.has_sort_key() ? std::vector{table.sort_key} : std::vector<KeyColumn>());
}

std::string index_in_words(const IndexInfo& index) {
  std::string text = key_in_words(index.partition_keys, index.sort_keys) + "; " + index.projection;
  std::vector<std::string> included = index.included;
  std::sort(included.begin(), included.end());
  for (const std::string& name : included) text += " " + name;
  return text;
}

std::string vector_index_in_words(const VectorIndexInfo& index) {
  std::string text = index.attribute + " (" + std::to_string(index.dimensions) + ", " + index.distance + ")";
  for (const KeyColumn& column : index.partition_keys) text += "; partition " + column.name + " " + column.type;
  const char* separator = "; filters ";
  for (const KeyColumn& column : index.filters) {
    text += separator + column.name + " " + column.type;
    separator = ", ";
  }
  text += "; " + index.projection;
  std::vector<std::string> included = index.included;
  std::ranges::sort(included);
  for (const std::string& name : included) text += " " + name;
  return text;
}

struct Capacity {
  bool on_demand = false;
  std::uint64_t read = 0;
  std::uint64_t write = 0;
  bool operator==(const Capacity&) const = default;
  [[nodiscard]] std::string words() const {
    return on_demand ? "on demand" : std::to_string(read) + " read and " + std::to_string(write) + " write units";
  }
  [[nodiscard]] std::string json() const {
    return RequestBuilder().number("ReadCapacityUnits", read).number("WriteCapacityUnits", write).str();
  }
};

Capacity capacity_of(const json::Value& owner, bool on_demand) {
  const auto units = member_of(owner, "ProvisionedThroughput");
  if (on_demand || !units) return {.on_demand = on_demand};
  return {false, number_of(*units, "ReadCapacityUnits"), number_of(*units, "WriteCapacityUnits")};
}

const json::Value* find_index(const std::vector<json::Value>& indexes, const std::string& name) {
  const auto found = std::find_if(indexes.begin(), indexes.end(),
                                  [&](const json::Value& each) { return text_of(each, "IndexName") == name; });
  return found == indexes.end() ? nullptr : &*found;
}

std::vector<json::Value> list_of(const json::Value& object, std::string_view name) {
  std::vector<json::Value> list;
  json::Array array;
  if (object[name].get(array) == simdjson::SUCCESS) list.assign(array.begin(), array.end());
  return list;
}

class Planner {
 public:
  Planner(endpoint::Endpoint& endpoint, const WantedTable& wanted)
      : endpoint_(endpoint),
        wanted_(wanted),
        live_info_(describe_table(endpoint, wanted.name)),
        wanted_info_(read_table_info(wanted.create_request)),
        wanted_root_(wanted_parser_.parse(wanted.create_request)),
        live_root_(live_parser_.parse(live_info_.description_json)) {
    const std::string mode = text_of(wanted_root_, "BillingMode");
    wanted_on_demand_ = mode == "PAY_PER_REQUEST";
    const auto summary = member_of(live_root_, "BillingModeSummary");
    live_on_demand_ = summary && text_of(*summary, "BillingMode") == "PAY_PER_REQUEST";
  }

  TablePlan plan() {
    compare_keys();
    // Done before the table leaves PAY_PER_REQUEST, which vector indexes need.
    delete_other_vector_indexes();
    compare_capacity();
    compare_indexes();
    create_missing_vector_indexes();
    compare_stream();
    compare_time_to_live();
    compare_tags();
    compare_text("TableClass", "STANDARD", [this] {
      const auto summary = member_of(live_root_, "TableClassSummary");
      return summary ? text_of(*summary, "TableClass") : std::string();
    });
    compare_protection();
    return std::move(plan_);
  }

 private:
  RequestBuilder update() {
    RequestBuilder request;
    request.text("TableName", wanted_.name);
    return request;
  }
  void change(std::string text, std::string request, std::string operation = "UpdateTable") {
    plan_.changes.push_back({std::move(text), std::move(operation), std::move(request)});
  }

  void compare_keys() {
    if (key_of(live_info_) != key_of(wanted_info_))
      plan_.impossible.push_back("the key is " + key_of(live_info_) + ", not " + key_of(wanted_info_));
    for (const auto& [one, other] : {std::pair(&live_info_, &wanted_info_), std::pair(&wanted_info_, &live_info_)}) {
      for (const IndexInfo& index : one->indexes) {
        if (index.global) continue;
        const IndexInfo* same = other->find_index(index.name);
        if (same == nullptr || same->global)
          plan_.impossible.push_back("local index " + index.name + " is only in the " +
                                     (one == &live_info_ ? "table" : "model"));
        if (same != nullptr && !same->global && one == &live_info_ && index_in_words(index) != index_in_words(*same))
          plan_.impossible.push_back("local index " + index.name + " is " + index_in_words(index) + ", not " +
                                     index_in_words(*same));
      }
    }
  }

  void compare_capacity() {
    const Capacity live = capacity_of(live_root_, live_on_demand_);
    const Capacity wanted = capacity_of(wanted_root_, wanted_on_demand_);
    std::string index_updates;
    if (!wanted_on_demand_) {
      for (const json::Value& index : list_of(wanted_root_, "GlobalSecondaryIndexes")) {
        const auto live_indexes = list_of(live_root_, "GlobalSecondaryIndexes");
        const json::Value* there = find_index(live_indexes, text_of(index, "IndexName"));
        if (there == nullptr) continue;
        const Capacity units = capacity_of(index, false);
        if (units == capacity_of(*there, live_on_demand_)) continue;
        index_updates += (index_updates.empty() ? "" : ",") + std::string("{\"Update\":") +
                         RequestBuilder()
                             .text("IndexName", text_of(index, "IndexName"))
                             .json("ProvisionedThroughput", units.json())
                             .str() +
                         "}";
      }
    }
    if (live == wanted && index_updates.empty()) return;
    RequestBuilder request = update();
    if (live.on_demand != wanted.on_demand)
      request.text("BillingMode", wanted.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
    if (!wanted.on_demand && !(live == wanted)) request.json("ProvisionedThroughput", wanted.json());
    if (!index_updates.empty()) request.json("GlobalSecondaryIndexUpdates", "[" + index_updates + "]");
    change("~ capacity: " + wanted.words() + (live == wanted ? ", of its indexes" : ", instead of " + live.words()),
           request.str());
  }

  void delete_index(const std::string& name) {
    change("- index " + name, update()
                                  .json("GlobalSecondaryIndexUpdates",
                                        "[{\"Delete\":" + RequestBuilder().text("IndexName", name).str() + "}]")
                                  .str());
  }

  void create_index(const IndexInfo& index) {
    const auto wanted_indexes = list_of(wanted_root_, "GlobalSecondaryIndexes");
    const json::Value& source = *find_index(wanted_indexes, index.name);
    std::string definitions;
    for (const auto* columns : {&index.partition_keys, &index.sort_keys}) {
      for (const KeyColumn& column : *columns) {
        definitions += (definitions.empty() ? "" : ",") +
                       RequestBuilder().text("AttributeName", column.name).text("AttributeType", column.type).str();
      }
    }
    RequestBuilder create;
    create.text("IndexName", index.name);
    for (const char* member : {"KeySchema", "Projection", "OnDemandThroughput", "WarmThroughput"}) {
      const std::string json = json_of(source, member);
      if (!json.empty()) create.json(member, json);
    }
    if (!wanted_on_demand_) create.json("ProvisionedThroughput", json_of(source, "ProvisionedThroughput"));
    change("+ index " + index.name + ": " + index_in_words(index),
           update()
               .json("AttributeDefinitions", "[" + definitions + "]")
               .json("GlobalSecondaryIndexUpdates", "[{\"Create\":" + create.str() + "}]")
               .str());
  }

  void compare_indexes() {
    for (const IndexInfo& index : live_info_.indexes) {
      const IndexInfo* wanted = wanted_info_.find_index(index.name);
      const bool is_same = wanted != nullptr && wanted->global && index_in_words(index) == index_in_words(*wanted);
      if (index.global && !is_same) delete_index(index.name);
    }
    for (const IndexInfo& index : wanted_info_.indexes) {
      const IndexInfo* live = live_info_.find_index(index.name);
      const bool is_same = live != nullptr && live->global && index_in_words(index) == index_in_words(*live);
      if (index.global && !is_same) create_index(index);
    }
  }

  [[nodiscard]] static bool has_same(const TableInfo& table, const VectorIndexInfo& index) {
    const VectorIndexInfo* other = table.find_vector_index(index.name);
    return other != nullptr && vector_index_in_words(*other) == vector_index_in_words(index);
  }

  void delete_other_vector_indexes() {
    for (const VectorIndexInfo& index : live_info_.vector_indexes) {
      if (has_same(wanted_info_, index)) continue;
      change(
          "- vector index " + index.name,
          update()
              .json("VectorIndexUpdates", "[{\"Delete\":" + RequestBuilder().text("IndexName", index.name).str() + "}]")
              .str());
    }
  }

  void create_missing_vector_indexes() {
    const auto wanted_indexes = list_of(wanted_root_, "VectorIndexes");
    for (const VectorIndexInfo& index : wanted_info_.vector_indexes) {
      if (has_same(live_info_, index)) continue;
      RequestBuilder request = update();
      std::string definitions;
      for (const auto* columns : {&index.partition_keys, &index.filters}) {
        for (const KeyColumn& column : *columns) {
          definitions += (definitions.empty() ? "" : ",") +
                         RequestBuilder().text("AttributeName", column.name).text("AttributeType", column.type).str();
        }
      }
      if (!definitions.empty()) request.json("AttributeDefinitions", "[" + definitions + "]");
      request.json("VectorIndexUpdates",
                   "[{\"Create\":" + vector_index_like(*find_index(wanted_indexes, index.name)) + "}]");
      change("+ vector index " + index.name + ": " + vector_index_in_words(index), request.str());
    }
  }

  void compare_stream() {
    const auto wanted = member_of(wanted_root_, "StreamSpecification");
    if (!wanted) return;
    const auto live = member_of(live_root_, "StreamSpecification");
    const auto view = [](const std::optional<json::Value>& stream) {
      bool enabled = false;
      const bool is_on = stream && (*stream)["StreamEnabled"].get(enabled) == simdjson::SUCCESS && enabled;
      return is_on ? text_of(*stream, "StreamViewType") : std::string();
    };
    const std::string from = view(live);
    const std::string to = view(wanted);
    if (from == to) return;
    // A stream's view type cannot be changed: disable the stream, then enable another one.
    if (!from.empty())
      change("- stream of " + from, update().json("StreamSpecification", R"({"StreamEnabled":false})").str());
    if (!to.empty())
      change("+ stream of " + to,
             update()
                 .json("StreamSpecification",
                       RequestBuilder().json("StreamEnabled", "true").text("StreamViewType", to).str())
                 .str());
  }

  void compare_time_to_live() {
    const std::string reply =
        call(endpoint_, "DescribeTimeToLive", RequestBuilder().text("TableName", wanted_.name).str());
    json::Parser parser;
    const auto description = member_of(parser.parse(reply), "TimeToLiveDescription");
    const std::string status = description ? text_of(*description, "TimeToLiveStatus") : std::string();
    const bool is_on = status == "ENABLED" || status == "ENABLING";
    const std::string live = is_on ? text_of(*description, "AttributeName") : std::string();
    if (live == wanted_.time_to_live_attribute) return;
    if (!live.empty())
      change("- time to live by " + live, time_to_live_request(wanted_.name, live, false), "UpdateTimeToLive");
    if (!wanted_.time_to_live_attribute.empty())
      change("+ time to live by " + wanted_.time_to_live_attribute,
             time_to_live_request(wanted_.name, wanted_.time_to_live_attribute, true), "UpdateTimeToLive");
  }

  void compare_tags() {
    if (!member_of(wanted_root_, "Tags")) return;
    const std::string arn = text_of(live_root_, "TableArn");
    std::map<std::string, std::string> live;
    std::map<std::string, std::string> wanted;
    std::string token;
    do {
      RequestBuilder request;
      request.text("ResourceArn", arn);
      if (!token.empty()) request.text("NextToken", token);
      const std::string reply = call(endpoint_, "ListTagsOfResource", request.str());
      json::Parser parser;
      const json::Value root = parser.parse(reply);
      for (const json::Value& tag : list_of(root, "Tags")) live[text_of(tag, "Key")] = text_of(tag, "Value");
      token = text_of(root, "NextToken");
    } while (!token.empty());
    for (const json::Value& tag : list_of(wanted_root_, "Tags")) wanted[text_of(tag, "Key")] = text_of(tag, "Value");
    std::string gone;
    std::string gone_words;
    for (const auto& [key, value] : live) {
      if (wanted.contains(key)) continue;
      if (!gone.empty()) gone += ',';
      json::append_string(key, gone);
      gone_words += " " + key;
    }
    std::string set;
    std::string set_words;
    for (const auto& [key, value] : wanted) {
      const auto found = live.find(key);
      if (found != live.end() && found->second == value) continue;
      set += (set.empty() ? "" : ",") + RequestBuilder().text("Key", key).text("Value", value).str();
      set_words += " " + key + "=" + value;
    }
    if (!gone.empty())
      change("- tags" + gone_words, RequestBuilder().text("ResourceArn", arn).json("TagKeys", "[" + gone + "]").str(),
             "UntagResource");
    if (!set.empty())
      change("+ tags" + set_words, RequestBuilder().text("ResourceArn", arn).json("Tags", "[" + set + "]").str(),
             "TagResource");
  }

  template <class Live>
  void compare_text(const std::string& member, const std::string& otherwise, const Live& live_value) {
    const std::string wanted = text_of(wanted_root_, member);
    if (wanted.empty()) return;
    const std::string live = live_value();
    if (wanted != (live.empty() ? otherwise : live))
      change("~ " + member + ": " + wanted, update().text(member, wanted).str());
  }

  void compare_protection() {
    bool wanted = false;
    if (wanted_root_["DeletionProtectionEnabled"].get(wanted) != simdjson::SUCCESS) return;
    bool live = false;
    if (live_root_["DeletionProtectionEnabled"].get(live) != simdjson::SUCCESS) live = false;
    if (live != wanted)
      change(wanted ? "+ protection against deletion" : "- protection against deletion",
             update().json("DeletionProtectionEnabled", wanted ? "true" : "false").str());
  }

  endpoint::Endpoint& endpoint_;
  const WantedTable& wanted_;
  TableInfo live_info_;
  TableInfo wanted_info_;
  json::Parser wanted_parser_;
  json::Parser live_parser_;
  json::Value wanted_root_;
  json::Value live_root_;
  bool wanted_on_demand_ = false;
  bool live_on_demand_ = false;
  TablePlan plan_;
};

}  // namespace

TablePlan plan_table(endpoint::Endpoint& endpoint, const WantedTable& wanted) {
  return Planner(endpoint, wanted).plan();
}

void apply(endpoint::Endpoint& endpoint, const std::string& table, const TableChange& change, const Sleep& sleep,
           std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kFirstWait{20};
  constexpr std::chrono::milliseconds kLongestWait{5'000};
  call(endpoint, change.operation, change.request);
  if (change.operation != "UpdateTable") return;
  std::chrono::milliseconds waited{0};
  for (std::chrono::milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    const TableInfo info = describe_table(endpoint, table);
    const bool is_active =
        info.status == "ACTIVE" &&
        std::all_of(info.indexes.begin(), info.indexes.end(),
                    [](const IndexInfo& index) { return !index.global || index.status == "ACTIVE"; }) &&
        std::ranges::all_of(info.vector_indexes, [](const VectorIndexInfo& index) { return index.status == "ACTIVE"; });
    if (is_active) return;
    if (waited >= timeout)
      throw std::runtime_error("table " + table + " is still not active after " +
                               std::to_string(waited.count() / 1000) + " s");
    sleep(wait);
    waited += wait;
  }
}

std::string time_to_live_request(const std::string& table, const std::string& attribute, bool enabled) {
  return RequestBuilder()
      .text("TableName", table)
      .json("TimeToLiveSpecification",
            RequestBuilder().json("Enabled", enabled ? "true" : "false").text("AttributeName", attribute).str())
      .str();
}

}  // namespace stator::toolkit
