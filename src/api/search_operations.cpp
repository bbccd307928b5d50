#include "api/search_operations.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/item_operations.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/vector_indexes.h"
#include "core/api_error.h"
#include "core/vector_limits.h"
#include "engine/vector_entry.h"
#include "json/writer.h"

/// SearchVectors.
namespace stator::api {

using core::throw_validation;

namespace {

const engine::Index& searched_index(const engine::Table& table, std::string_view name) {
  const engine::Index* index = table.index(name);
  if (index == nullptr || !index->vector || is_allocating(table, *index)) {
    throw_validation("The table does not have the specified index: " + std::string(name));
  }
  if (index->status == engine::TableStatus::kCreating || index->backfilling) {
    throw_validation("Cannot search backfilling vector index: " + std::string(name));
  }
  if (index->status == engine::TableStatus::kDeleting) {
    throw_validation("The table does not have the specified index: " + std::string(name));
  }
  return *index;
}

std::vector<float> searched_vector(const std::vector<core::AttributeValue>& values, std::size_t dimensions) {
  std::vector<float> vector;
  vector.reserve(values.size());
  for (const core::AttributeValue& value : values) {
    const auto* number = value.get_if<core::Number>();
    vector.push_back(number == nullptr ? INFINITY : engine::to_float(*number));
    if (std::isfinite(vector.back())) continue;
    throw_validation(
        "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number "
        "attribute");
  }
  if (vector.size() == dimensions) return vector;
  throw_validation("Input search vector dimension " + std::to_string(vector.size()) +
                   " does not match vector index dimension " + std::to_string(dimensions));
}

const core::AttributeValue* condition_on(const SearchVectors& request, std::string_view attribute) {
  if (!request.condition) return nullptr;
  const auto& equalities = request.condition->equalities;
  const auto found = std::ranges::find(equalities, attribute, &expression::SearchCondition::Equality::attribute);
  return found == equalities.end() ? nullptr : &found->value;
}

void check_attributes(const SearchVectors& request, const engine::VectorSettings& settings) {
  if (!request.condition) return;
  for (const auto& equality : request.condition->equalities) {
    if (reads_attribute(settings, equality.attribute)) continue;
    throw_validation(
        "SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: " +
        equality.attribute);
  }
}

void check_condition(const engine::SearchElement& element, const core::AttributeValue& value) {
  const core::KeyAttribute& attribute = element.attribute;
  if (value.type() != attribute.type) {
    throw_validation("Type of '" + attribute.name + "' attribute in SearchConditionExpression (" +
                     std::string(core::type_name(value.type())) + ") does not match type in search schema (" +
                     std::string(core::type_name(attribute.type)) + ")");
  }
  if (!element.hash || value.size_bytes() > 0) return;
  throw_validation(
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
      std::string(attribute.type == core::AttributeType::kString ? "string" : "binary") +
      " value. Key: " + attribute.name);
}

void check_partition(const SearchVectors& request, const engine::VectorSettings& settings) {
  const bool whole = std::ranges::all_of(settings.schema, [&](const engine::SearchElement& element) {
    return !element.hash || condition_on(request, element.attribute.name) != nullptr;
  });
  if (whole) return;
  throw_validation(request.condition
                       ? "SearchConditionExpression must have all HASH attributes in configured SearchSchema"
                       : "SearchConditionExpression must be provided when SearchSchema has a HASH key");
}

void set_conditions(const SearchVectors& request, const engine::VectorSettings& settings,
                    engine::VectorSearch& search) {
  for (const engine::SearchElement& element : settings.schema) {
    const core::AttributeValue* value = condition_on(request, element.attribute.name);
    if (value != nullptr) check_condition(element, *value);
    auto wanted = value == nullptr ? std::nullopt : std::optional(*value);
    if (element.hash) {
      search.partition = std::move(wanted);
    } else {
      search.filters.push_back(std::move(wanted));
    }
  }
}

/// Whether the reply contains the vector. Every index projects its vector, but replies contain it only on request.
/// Source: Developer Guide, "Projections".
bool wants_vector(const SearchVectors& request, const std::string& name) {
  if (!request.projection) return false;
  const auto& paths = request.projection->paths();
  return std::ranges::find(paths, name, &expression::Path::attribute) != paths.end();
}

/// Appends the shortest decimal for the number, with a digit after the point. It shows the number in the index, not the
/// text in the item.
void append_number(float number, std::string& out) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed).ptr;
  const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
  out += digits;
  if (digits.find('.') == std::string_view::npos) out += ".0";
}

/// Adds the vector to a match's attributes.
void add_vector(const std::string& name, engine::VectorMatch& match) {
  std::string& json = match.json;
  json.pop_back();
  if (json.size() > 1) json += ',';
  json::append_string(name, json);
  json += R"(:{"L":[)";
  for (const float number : match.vector) {
    if (json.back() != '[') json += ',';
    json += R"({"N":")";
    append_number(number, json);
    json += R"("})";
  }
  json += "]}}";
}

/// The bytes that a search is charged. The service's figure depends on what its approximate search happens to visit: it
/// grows with the logarithm of the index and varies from call to call. This one grows in the same way.
/// Source: Developer Guide, "Monitoring vector index capacity"; measurements of August 2026 (13 903 to 14 518 bytes of
/// 5 entries in 512 dimensions, 76 871 to 77 874 of 15 000 in 1024).
double search_bytes(const engine::VectorSearch& search, const engine::VectorMatches& matches,
                    std::size_t returned_bytes) {
  constexpr double kVisitedAtLeast = 4;
  const double visited = kVisitedAtLeast + std::log2(static_cast<double>(matches.entries) + 1);
  const double bytes = std::ceil(visited * static_cast<double>(search.vector.size() * sizeof(float)));
  return std::max(bytes + static_cast<double>(returned_bytes), static_cast<double>(core::kMinVectorRequestBytes));
}

}  // namespace

engine::VectorSearch resolve(const engine::TablePtr& table, const SearchVectors& request) {
  engine::VectorSearch search;
  search.table = table;
  search.index = &searched_index(*table, request.index_name);
  const engine::VectorSettings& settings = search.index->vector.value();
  search.vector = searched_vector(request.vector, settings.dimensions);
  check_attributes(request, settings);
  check_partition(request, settings);
  set_conditions(request, settings, search);
  search.limit = request.top_k;
  search.want_vectors = wants_vector(request, settings.attribute);
  return search;
}

void search_vectors(Call& call) {
  const SearchVectors request = read_search_vectors(call.request);
  const engine::VectorSearch search = resolve(call.engine().usable_table(request.table_name), request);
  engine::VectorMatches matches = call.engine().search_vectors(search);
  ObjectWriter writer(call.reply);
  ArrayWriter results(writer.key("SearchResults"));
  const std::size_t begin = call.reply.size();
  std::size_t returned_bytes = 0;
  for (engine::VectorMatch& match : matches.nearest) {
    returned_bytes += match.json.size();
    if (search.want_vectors) add_vector(search.index->vector.value().attribute, match);
    // There are no pages: only the nearest matches that fit are returned.
    if (call.reply.size() - begin + match.json.size() > core::kMaxSearchReplySizeBytes) break;
    ObjectWriter result(results.element());
    append_item(match.json, request.projection, result.key("Item"));
    result.real("Score", double{match.score});
    result.end();
  }
  results.end();
  if (request.capacity != CapacityDetail::kNone) {
    ObjectWriter capacity(writer.key("ConsumedCapacity"));
    capacity.real("VectorSearchRequestBytes", search_bytes(search, matches, returned_bytes));
    capacity.end();
  }
  writer.end();
}

}  // namespace stator::api
