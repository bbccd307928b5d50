#include "toolkit/table_words.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "toolkit/call.h"
#include "toolkit/word_error.h"

namespace stator::toolkit {
namespace {

/// A key attribute; `type` is empty if the word has none.
struct TypedName {
  std::string name;
  std::string type;
};

bool is_type(std::string_view text) { return text == "S" || text == "N" || text == "B"; }

TypedName read_typed_name(const std::string& word) {
  const std::size_t colon = word.rfind(':');
  TypedName key{word.substr(0, colon), colon == std::string::npos ? std::string() : word.substr(colon + 1)};
  if (key.name.empty() || (colon != std::string::npos && !is_type(key.type)))
    throw WordError(word + " is not a key: a name, and after a colon its type, S, N or B");
  return key;
}

/// Parses a key of the table. "pk,S", as other tools write it, means "pk:S".
TypedName read_table_key(std::string word) {
  const std::size_t comma = word.rfind(',');
  if (comma != std::string::npos) {
    if (!is_type(word.substr(comma + 1)))
      throw WordError("keys are separate arguments, as in pk sk:N; found \"" + word + "\"");
    word[comma] = ':';
  }
  return read_typed_name(word);
}

/// The attributes of all keys, in the order of their first occurrence.
class Attributes {
 public:
  void define(const TypedName& key) {
    for (TypedName& known : known_) {
      if (known.name != key.name) continue;
      if (!known.type.empty() && !key.type.empty() && known.type != key.type)
        throw WordError("the attribute " + key.name + " is said to be " + known.type + " and " + key.type);
      if (known.type.empty()) known.type = key.type;
      return;
    }
    known_.push_back(key);
  }
  [[nodiscard]] std::string definitions() const {
    std::string list;
    for (const TypedName& key : known_) {
      list += list.empty() ? "[" : ",";
      list += RequestBuilder()
                  .text("AttributeName", key.name)
                  .text("AttributeType", key.type.empty() ? "S" : key.type)
                  .str();
    }
    return list + "]";
  }

 private:
  std::vector<TypedName> known_;
};

std::string key_schema(const std::vector<TypedName>& keys) {
  std::string list;
  for (const TypedName& key : keys) {
    list += list.empty() ? "[" : ",";
    list += RequestBuilder().text("AttributeName", key.name).text("KeyType", list == "[" ? "HASH" : "RANGE").str();
  }
  return list + "]";
}

struct IndexWord {
  std::string name;
  std::vector<TypedName> keys;
};

/// Parses "NAME=KEY[:TYPE][,…]" with one to `most_keys` keys. `form`: the expected form, for errors.
IndexWord read_index_word(const std::string& word, std::size_t most_keys, const std::string& form) {
  const std::size_t equals = word.find('=');
  IndexWord index{word.substr(0, equals), {}};
  for (std::size_t at = equals; at < word.size();) {
    const std::size_t end = std::min(word.find(',', at + 1), word.size());
    if (end > at + 1) index.keys.push_back(read_typed_name(word.substr(at + 1, end - at - 1)));
    at = end;
  }
  if (index.name.empty() || index.keys.empty() || index.keys.size() > most_keys)
    throw WordError("expected " + form + ", found \"" + word + "\"");
  return index;
}

/// {"ReadCapacityUnits":5,"WriteCapacityUnits":5} of "5,5".
std::string throughput(const std::string& words) {
  RequestBuilder units;
  const char* at = words.data();
  const char* const end = words.data() + words.size();
  for (const char* const name : {"ReadCapacityUnits", "WriteCapacityUnits"}) {
    const bool is_first = at == words.data();
    std::uint64_t number = 0;
    const auto [behind, error] = std::from_chars(at, end, number);
    const bool ends_well = is_first ? behind != end && *behind == ',' : behind == end;
    if (error != std::errc() || !ends_well)
      throw WordError("--capacity: expected READ,WRITE as in 5,5, found \"" + words + "\"");
    units.number(name, number);
    at = is_first ? behind + 1 : behind;
  }
  return units.str();
}

void append_index(const std::string& index, std::string& list) { list += (list.empty() ? "[" : ",") + index; }

}  // namespace

KeyWord read_key_word(const std::string& word) {
  const TypedName key = read_typed_name(word);
  return {key.name, key.type.empty() ? "S" : key.type};
}

WantedTable table_of_words(const TableWords& words) {
  constexpr std::string_view kAll = R"({"ProjectionType":"ALL"})";
  if (words.keys.empty() || words.keys.size() > 2)
    throw WordError("say which keys the table has: the partition key, and the sort key where there is one");
  Attributes attributes;
  std::vector<TypedName> keys;
  for (const std::string& word : words.keys) keys.push_back(read_table_key(word));
  for (const TypedName& key : keys) attributes.define(key);
  const std::string units = words.capacity.empty() ? std::string() : throughput(words.capacity);

  std::string global;
  for (const std::string& word : words.indexes) {
    const IndexWord index = read_index_word(word, 2, "--index NAME=KEY[:TYPE][,SORT[:TYPE]]");
    for (const TypedName& key : index.keys) attributes.define(key);
    RequestBuilder request;
    request.text("IndexName", index.name).json("KeySchema", key_schema(index.keys)).json("Projection", kAll);
    if (!units.empty()) request.json("ProvisionedThroughput", units);
    append_index(request.str(), global);
  }
  std::string local;
  for (const std::string& word : words.local_indexes) {
    IndexWord index = read_index_word(word, 1, "--local-index NAME=SORT[:TYPE]");
    attributes.define(index.keys.front());
    index.keys.insert(index.keys.begin(), keys.front());
    append_index(RequestBuilder()
                     .text("IndexName", index.name)
                     .json("KeySchema", key_schema(index.keys))
                     .json("Projection", kAll)
                     .str(),
                 local);
  }

  RequestBuilder request;
  request.text("TableName", words.table).json("AttributeDefinitions", attributes.definitions());
  request.json("KeySchema", key_schema(keys));
  if (!local.empty()) request.json("LocalSecondaryIndexes", local + "]");
  if (!global.empty()) request.json("GlobalSecondaryIndexes", global + "]");
  request.text("BillingMode", units.empty() ? "PAY_PER_REQUEST" : "PROVISIONED");
  if (!units.empty()) request.json("ProvisionedThroughput", units);
  if (!words.stream.empty()) {
    request.json("StreamSpecification",
                 RequestBuilder().json("StreamEnabled", "true").text("StreamViewType", words.stream).str());
  }
  return {words.table, request.str(), words.time_to_live_attribute};
}

}  // namespace stator::toolkit
