#include "toolkit/tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <stdexcept>

#include "core/timestamp.h"
#include "json/reader.h"
#include "json/writer.h"

namespace stator::toolkit {
namespace {

constexpr std::chrono::milliseconds kFirstWait{20};
constexpr std::chrono::milliseconds kLongestWait{2'000};
constexpr std::size_t kMostPages = 100'000;

/// A member of a reply, as JSON text.
std::string member_json(std::string_view reply, std::string_view name) {
  json::Parser parser;
  json::Object object;
  json::Value member;
  if (parser.parse(reply).get(object) != simdjson::SUCCESS || !json::find_member(object, name, member))
    throw std::runtime_error("the reply has no " + std::string(name));
  return simdjson::minify(member);
}

std::string table_status(std::string_view description) {
  json::Parser parser;
  json::Value root = parser.parse(description);
  std::string_view status;
  if (root["TableStatus"].get(status) != simdjson::SUCCESS) return {};
  return std::string(status);
}

/// The order of members in the service model (shapes TableDescription, ProvisionedThroughputDescription and the index
/// descriptions); other members follow in the reply's order.
constexpr std::array<std::string_view, 46> kMemberOrder = {"AttributeDefinitions",
                                                           "TableName",
                                                           "IndexName",
                                                           "KeySchema",
                                                           "Projection",
                                                           "TableStatus",
                                                           "IndexStatus",
                                                           "Backfilling",
                                                           "CreationDateTime",
                                                           "LastIncreaseDateTime",
                                                           "LastDecreaseDateTime",
                                                           "NumberOfDecreasesToday",
                                                           "ReadCapacityUnits",
                                                           "WriteCapacityUnits",
                                                           "ProvisionedThroughput",
                                                           "TableSizeBytes",
                                                           "IndexSizeBytes",
                                                           "ItemCount",
                                                           "TableArn",
                                                           "IndexArn",
                                                           "TableId",
                                                           "BillingModeSummary",
                                                           "TableThroughputModeSummary",
                                                           "LocalSecondaryIndexes",
                                                           "GlobalSecondaryIndexes",
                                                           "StreamSpecification",
                                                           "LatestStreamLabel",
                                                           "LatestStreamArn",
                                                           "GlobalTableVersion",
                                                           "Replicas",
                                                           "RestoreSummary",
                                                           "SSEDescription",
                                                           "ArchivalSummary",
                                                           "TableClassSummary",
                                                           "DeletionProtectionEnabled",
                                                           "OnDemandThroughput",
                                                           "WarmThroughput",
                                                           "AttributeName",
                                                           "AttributeType",
                                                           "KeyType",
                                                           "ProjectionType",
                                                           "NonKeyAttributes",
                                                           "BillingMode",
                                                           "TableThroughputMode",
                                                           "LastUpdateToPayPerRequestDateTime",
                                                           "TableClass"};

std::size_t rank(std::string_view name) {
  return static_cast<std::size_t>(std::find(kMemberOrder.begin(), kMemberOrder.end(), name) - kMemberOrder.begin());
}

/// Seconds since the epoch as "2023-03-20T10:00:00.123000+00:00" in local time; without a fraction if there is none.
std::string iso_time(double seconds) {
  const auto microseconds = static_cast<std::int64_t>(std::llround(seconds * 1e6));
  auto whole = static_cast<std::time_t>(std::floor(seconds));
  std::tm local{};
  localtime_r(&whole, &local);
  const core::Timestamp time{microseconds, static_cast<int>(local.tm_gmtoff / 60)};
  std::string text =
      core::format_timestamp(time, microseconds % 1'000'000 == 0 ? "%Y-%m-%dT%H:%M:%S%z" : "%Y-%m-%dT%H:%M:%S.%f%z");
  text.insert(text.size() - 2, ":");
  return text;
}

class DescriptionWriter {
 public:
  void write(const json::Value& value, std::size_t level) {
    switch (value.type()) {
      case simdjson::dom::element_type::OBJECT:
        return write_object(value.get_object().value_unsafe(), level);
      case simdjson::dom::element_type::ARRAY:
        return write_array(value.get_array().value_unsafe(), level);
      default:
        out += simdjson::minify(value);
    }
  }

  std::string out;

 private:
  void indent(std::size_t level) { out += "\n" + std::string(4 * level, ' '); }

  void write_object(const json::Object& object, std::size_t level) {
    std::vector<simdjson::dom::key_value_pair> members(object.begin(), object.end());
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return rank(a.key) < rank(b.key); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      indent(level + 1);
      json::append_string(members[i].key, out);
      out += ": ";
      double seconds = 0;
      if (members[i].key.ends_with("DateTime") && members[i].value.get(seconds) == simdjson::SUCCESS) {
        json::append_string(iso_time(seconds), out);
      } else {
        write(members[i].value, level + 1);
      }
    }
    if (!members.empty()) indent(level);
    out += '}';
  }

  void write_array(const json::Array& array, std::size_t level) {
    out += '[';
    bool first = true;
    for (const json::Value element : array) {
      if (!first) out += ',';
      first = false;
      indent(level + 1);
      write(element, level + 1);
    }
    if (!first) indent(level);
    out += ']';
  }
};

}  // namespace

CreatedTable create_table(endpoint::Endpoint& endpoint, std::string_view table_name, std::string_view request_json,
                          const Sleep& sleep, std::chrono::milliseconds timeout) {
  CreatedTable result;
  result.created = true;
  try {
    call(endpoint, "CreateTable", request_json);
  } catch (const OperationError& error) {
    if (error.type != core::ErrorCode::kResourceInUse) throw;
    result.created = false;
  }
  const std::string describe_request = RequestBuilder().text("TableName", table_name).str();
  std::chrono::milliseconds waited{0};
  for (std::chrono::milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    result.description_json = member_json(call(endpoint, "DescribeTable", describe_request), "Table");
    const std::string status = table_status(result.description_json);
    if (!result.created || status == "ACTIVE") return result;
    if (waited >= timeout)
      throw std::runtime_error("table " + std::string(table_name) + " is still " + status + " after " +
                               std::to_string(waited.count() / 1000) + " s");
    sleep(wait);
    waited += wait;
  }
}

std::string drop_table(endpoint::Endpoint& endpoint, std::string_view table_name) {
  return member_json(call(endpoint, "DeleteTable", RequestBuilder().text("TableName", table_name).str()),
                     "TableDescription");
}

std::vector<std::string> list_tables(endpoint::Endpoint& endpoint) {
  std::vector<std::string> names;
  std::string after;
  json::Parser parser;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    RequestBuilder request;
    if (!after.empty()) request.text("ExclusiveStartTableName", after);
    const std::string reply = call(endpoint, "ListTables", request.str());
    json::Value root = parser.parse(reply);
    json::Array array;
    if (root["TableNames"].get(array) != simdjson::SUCCESS) throw std::runtime_error("the reply has no TableNames");
    for (const json::Value element : array) {
      std::string_view name;
      if (element.get(name) == simdjson::SUCCESS) names.emplace_back(name);
    }
    std::string_view last;
    if (root["LastEvaluatedTableName"].get(last) != simdjson::SUCCESS) return names;
    after = last;
  }
  throw std::runtime_error("the list of tables does not end");
}

std::vector<std::string> key_attributes(endpoint::Endpoint& endpoint, std::string_view table_name) {
  const std::string reply = call(endpoint, "DescribeTable", RequestBuilder().text("TableName", table_name).str());
  json::Parser parser;
  std::vector<std::string> names;
  json::Array schema;
  if (parser.parse(reply)["Table"]["KeySchema"].get(schema) != simdjson::SUCCESS) return names;
  for (const json::Value element : schema) {
    std::string_view name;
    if (element["AttributeName"].get(name) == simdjson::SUCCESS) names.emplace_back(name);
  }
  return names;
}

std::string format_description(std::string_view name, std::string_view description_json) {
  json::Parser parser;
  DescriptionWriter writer;
  writer.out = "{\n    ";
  json::append_string(name, writer.out);
  writer.out += ": ";
  writer.write(parser.parse(description_json), 1);
  writer.out += "\n}\n";
  return std::move(writer.out);
}

}  // namespace stator::toolkit
