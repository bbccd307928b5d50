#include <xxhash.h>

#include <algorithm>

#include "api/item_operations.h"
#include "api/item_rules.h"
#include "api/page_operations.h"
#include "api/statements.h"
#include "core/api_error.h"
#include "core/base64.h"
#include "core/limits.h"
#include "partiql/key_plan.h"
#include "partiql/parser.h"

/// SELECT: a GetItem, queries of partitions, or a scan.
namespace stator::api {

using core::throw_validation;

namespace {

/// Source: Developer Guide, "PartiQL operators for DynamoDB": the partitions of an IN come in pages of ten.
constexpr std::size_t kMaxRangesPerPage = 10;

// NextToken ----------------------------------------------------------------------------------------------------------

/// Where the next page begins. A token is base64 of: version, digest of statement and parameters (8 bytes), number of
/// the partition (4 bytes, big endian), the LastEvaluatedKey as JSON, if any, and a digest of all that (8 bytes), so
/// that a damaged token is reported as such and not by errors about its key.
struct Position {
  std::uint32_t range = 0;
  std::string last_key_json;
};

constexpr char kTokenVersion = 2;
constexpr std::size_t kDigestBytes = 8;
constexpr std::size_t kTokenHeadBytes = 1 + kDigestBytes + 4;

std::string digest_of(std::string_view bytes) {
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, XXH3_64bits(bytes.data(), bytes.size()));
  return {reinterpret_cast<const char*>(canonical.digest), kDigestBytes};
}

std::string digest_of(const StatementMember& member) {
  std::string canonical_text = member.statement->text;
  append_canonical_parameters(member.parameters, canonical_text);
  return digest_of(canonical_text);
}

std::string encode_token(const StatementMember& member, const Position& position) {
  std::string bytes(1, kTokenVersion);
  bytes += digest_of(member);
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(position.range >> static_cast<unsigned>(shift) & 0xFFU);
  bytes += position.last_key_json;
  bytes += digest_of(bytes);
  return core::base64_encode(bytes);
}

Position decode_token(const StatementMember& member, std::string_view token) {
  const std::optional<std::string> decoded = core::base64_decode(token);
  if (!decoded || decoded->size() < kTokenHeadBytes + kDigestBytes || decoded->front() != kTokenVersion) {
    throw_validation("Invalid NextToken");
  }
  const std::string_view bytes(decoded->data(), decoded->size() - kDigestBytes);
  if (std::string_view(*decoded).substr(bytes.size()) != digest_of(bytes)) throw_validation("Invalid NextToken");
  if (bytes.substr(1, kDigestBytes) != digest_of(member)) throw_validation("NextToken does not match request");
  Position position;
  for (std::size_t i = kTokenHeadBytes - 4; i < kTokenHeadBytes; ++i) {
    position.range = position.range << 8U | static_cast<unsigned char>(bytes[i]);
  }
  position.last_key_json = bytes.substr(kTokenHeadBytes);
  return position;
}

// Reading ------------------------------------------------------------------------------------------------------------

/// Runs one SELECT.
class Select {
 public:
  Select(const engine::Engine& engine, const engine::TablePtr& table, const ExecuteStatement& request)
      : engine_(engine),
        table_(table),
        request_(request),
        statement_(*request.member.statement),
        index_(find_index(statement_, *table)),
        projection_(statement_) {}

  SelectPage run() {
    if (index_ != nullptr) partiql::check_projection(statement_);
    if (index_ != nullptr && index_->global && request_.member.consistent_read) {
      throw_validation("Strongly consistent read is not supported on Global Secondary Indexes");
    }
    const core::KeySchema& schema = index_ != nullptr ? index_->key_schema : table_->key_schema;
    plan_ = partiql::plan_read(statement_, request_.member.where, schema);
    if (plan_.filter) {
      filter_.emplace(std::make_shared<const expression::ConditionNode>(std::move(*plan_.filter)));
    }
    if (!request_.next_token.empty()) {
      start_ = decode_token(request_.member, request_.next_token);
      if (start_.range >= std::max<std::size_t>(plan_.ranges.size(), 1)) throw_validation("Invalid NextToken");
    }
    if (names_one_item()) {
      get();
    } else if (plan_.ranges.empty()) {
      scan();
    } else {
      walk();
    }
    return std::move(page_);
  }

 private:
  /// Whether the SELECT reads one item of the table: one partition with one sort key, or a table without sort keys.
  [[nodiscard]] bool names_one_item() const {
    if (index_ != nullptr || plan_.ranges.size() != 1) return false;
    if (table_->key_schema.range.empty()) return true;
    const auto& range = plan_.ranges.front().range;
    return range && range->op == expression::KeyOperator::kEqual;
  }

  void add_item(std::string_view item_json) {
    if (!page_.items.empty()) page_.items += ',';
    projection_.append(item_json, page_.items);
  }

  void get() {
    if (!request_.next_token.empty()) throw_validation("Invalid NextToken");
    const partiql::ReadPlan::Range& range = plan_.ranges.front();
    check_key_paths(*table_, filter_);
    GetItem get;
    get.key.push_back({range.hash.attribute, range.hash.first});
    if (range.range) get.key.push_back({range.range->attribute, range.range->first});
    get.consistent_read = request_.member.consistent_read;
    if (!projection_.paths().empty()) get.projection.emplace(projection_.paths());
    thread_local std::string item;
    const ItemRead read = api::run(engine_, table_, get, item);
    page_.capacity = read.capacity;
    if (read.found && (!filter_ || filter_->matches(json::Item(item)))) add_item(item);
  }

  template <class Request>
  Request begin_page(std::string_view last_key_json) {
    Request page;
    if (index_ != nullptr) page.index_name = index_->name;
    if (!projection_.paths().empty()) page.selection.projection.emplace(projection_.paths());
    page.filter = filter_;
    page.limit = limit_;
    page.consistent_read = request_.member.consistent_read;
    if (last_key_json.empty()) return page;
    json::Object key;
    if (parser_.parse(last_key_json).get(key) != simdjson::SUCCESS) throw_validation("Invalid NextToken");
    page.start = read_key_attributes(key);
    return page;
  }

  template <class Request>
  PageResult read(const Request& page) {
    PageResult result = api::run(engine_, table_, page, [&](std::string_view item) { add_item(item); });
    page_.capacity.add(result.page.capacity);
    if (limit_) *limit_ -= std::min<std::uint32_t>(*limit_, static_cast<std::uint32_t>(result.page.scanned_count));
    return result;
  }

  void stop_at(std::size_t range, std::string last_key_json) {
    const Position position{static_cast<std::uint32_t>(range), std::move(last_key_json)};
    page_.next_token = encode_token(request_.member, position);
    page_.last_evaluated_key_json = position.last_key_json;
  }

  void scan() {
    limit_ = request_.limit;
    const PageResult result = read(begin_page<Scan>(start_.last_key_json));
    if (result.more) stop_at(0, result.page.last_evaluated_key_json);
  }

  void walk() {
    limit_ = request_.limit;
    const std::size_t end = plan_.ranges.size();
    for (std::size_t i = start_.range; i < end; ++i) {
      const bool is_full = i - start_.range >= kMaxRangesPerPage || page_.items.size() > core::kMaxPageSizeBytes ||
                           limit_ == std::uint32_t{0};
      if (is_full) return stop_at(i, {});
      auto query = begin_page<Query>(i == start_.range ? start_.last_key_json : std::string());
      query.filter_parameter = nullptr;
      query.filters_unprojected = !plan_.keyed;
      query.forward = plan_.forward;
      query.key_condition.predicates.push_back(plan_.ranges[i].hash);
      if (const auto& range = plan_.ranges[i].range) query.key_condition.predicates.push_back(*range);
      const PageResult result = read(query);
      if (result.more) return stop_at(i, result.page.last_evaluated_key_json);
    }
  }

  const engine::Engine& engine_;
  const engine::TablePtr& table_;
  const ExecuteStatement& request_;
  const partiql::Statement& statement_;
  const engine::Index* const index_;
  const partiql::ResultProjection projection_;
  partiql::ReadPlan plan_;
  std::optional<expression::Condition> filter_;
  Position start_;
  std::optional<std::uint32_t> limit_;
  json::Parser parser_;  // holds the token's key, into which attribute names point
  SelectPage page_;
};

}  // namespace

SelectPage run_select(const engine::Engine& engine, const engine::TablePtr& table, const ExecuteStatement& request) {
  return Select(engine, table, request).run();
}

}  // namespace stator::api
