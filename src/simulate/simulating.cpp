#include "simulate/simulating.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

#include "api/operations.h"
#include "api/request_access.h"
#include "api/throttling.h"
#include "json/members.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "partiql/syntax.h"
#include "simulate/batch_check.h"
#include "simulate/batches.h"

namespace stator::simulate {
namespace {

using core::ErrorCode;

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// Random numbers determined by the seed, the rule, and the request's number among those that match the rule.
class SeededRandom {
 public:
  SeededRandom(std::uint64_t seed, std::size_t rule, std::uint64_t request)
      : state_(mix(mix(mix(seed) + rule) + request)) {}
  /// In (0, 1].
  double next() {
    state_ = mix(state_);
    return (static_cast<double>(state_ >> 11U) + 1) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

/// Properties of a request that rules test, computed at first use.
class Facts {
 public:
  explicit Facts(const endpoint::Request& request) : request_(request) {}

  bool names_table(const Names& names) {
    find_tables();
    return std::ranges::any_of(tables_, [&](const std::string& table) { return names.contains(table); });
  }
  bool names_index(const Names& names) {
    const auto names_it = [&](const partiql::SharedStatement& each) { return names.contains(each->source.index); };
    return names.contains(index()) || std::ranges::any_of(statements(), names_it);
  }
  bool has_key(std::string_view attribute, std::string_view prefix) {
    parse();
    return readable_ && (has_key(root_, attribute, prefix) || has_literal(prefix));
  }
  /// The first table that the request names; empty if there is none.
  const std::string& table() {
    find_tables();
    static const std::string none;
    return tables_.empty() ? none : tables_.front();
  }
  /// The first index that the request names; empty if there is none.
  std::string_view index() {
    parse();
    std::string_view name;
    json::Value value;
    if (readable_ && json::find_member(object_, "IndexName", value) && value.get(name) == simdjson::SUCCESS)
      return name;
    for (const auto& statement : statements()) {
      if (!statement->source.index.empty()) return statement->source.index;
    }
    return {};
  }
  bool writes() {
    parse();
    const api::Operation* const operation = api::find_operation(request_.operation);
    return operation != nullptr && readable_ && api::effect_of(*operation, root_) == api::Effect::kWrite;
  }
  /// The valid PartiQL statements.
  const std::vector<partiql::SharedStatement>& statements() {
    parse();
    if (statements_found_ || !readable_) return statements_;
    statements_found_ = true;
    const auto add = [this](const json::Value& holder) {
      std::string_view text;
      try {
        if (holder["Statement"].get(text) == simdjson::SUCCESS) statements_.push_back(partiql::parse_cached(text));
      } catch (const core::ApiError&) {
        // The service refuses this statement.
      }
    };
    add(root_);
    for (const char* const list : {"Statements", "TransactStatements"}) {
      json::Array holders;
      if (root_[list].get(holders) != simdjson::SUCCESS) continue;
      for (const json::Value holder : holders) add(holder);
    }
    return statements_;
  }
  /// Null if the body is not an object.
  const json::Object* object() {
    parse();
    return readable_ ? &object_ : nullptr;
  }

 private:
  void parse() {
    if (parsed_) return;
    parsed_ = true;
    try {
      root_ = parser_.parse(request_.body, request_.padding_bytes);
      readable_ = root_.get(object_) == simdjson::SUCCESS;
    } catch (const core::ApiError&) {
      readable_ = false;
    }
  }
  void find_tables() {
    parse();
    if (tables_found_ || !readable_) return;
    tables_found_ = true;
    api::for_each_table(request_.operation, root_, [this](std::string_view name) { tables_.emplace_back(name); });
  }
  /// Whether a text or number in a statement begins with the prefix.
  bool has_literal(std::string_view prefix) {
    const auto begins_so = [&](const partiql::Node& node) {
      return (node.kind == partiql::NodeKind::kString || node.kind == partiql::NodeKind::kNumber) &&
             node.text.starts_with(prefix);
    };
    return std::ranges::any_of(statements(), [&](const partiql::SharedStatement& statement) {
      return std::ranges::any_of(statement->nodes, begins_so);
    });
  }
  /// Whether an attribute value is a text or number that begins with the prefix, or a list with such a value.
  static bool begins(const json::Value& value, std::string_view prefix) {
    json::Array array;
    if (value.get(array) == simdjson::SUCCESS) {
      return std::ranges::any_of(array, [&](const json::Value& each) { return begins(each, prefix); });
    }
    std::string_view text;
    for (const char* const type : {"S", "N"}) {
      if (value[type].get(text) == simdjson::SUCCESS) return text.starts_with(prefix);
    }
    // Conditions and updates without expressions have their values one level deeper.
    json::Value inner;
    return (value["AttributeValueList"].get(inner) == simdjson::SUCCESS && begins(inner, prefix)) ||
           (value["Value"].get(inner) == simdjson::SUCCESS && begins(inner, prefix));
  }
  /// Whether an attribute of that name, or a value of an expression or statement, begins with the prefix.
  static bool has_key(const json::Value& value, std::string_view attribute, std::string_view prefix) {
    json::Array array;
    if (value.get(array) == simdjson::SUCCESS) {
      return std::ranges::any_of(array, [&](const json::Value& each) { return has_key(each, attribute, prefix); });
    }
    json::Object object;
    if (value.get(object) != simdjson::SUCCESS) return false;
    for (const auto& [key, member] : object) {
      const std::string_view name = key;
      const bool counts = name == attribute || name.starts_with(':') || (name == "Parameters" && member.is_array());
      if ((counts && begins(member, prefix)) || has_key(member, attribute, prefix)) return true;
    }
    return false;
  }

  const endpoint::Request& request_;
  json::Parser parser_;
  json::Value root_;
  json::Object object_;
  bool parsed_ = false;
  bool readable_ = false;
  bool tables_found_ = false;
  bool statements_found_ = false;
  std::vector<std::string> tables_;
  std::vector<partiql::SharedStatement> statements_;
};

bool fits(const When& when, const endpoint::Request& request, std::int64_t age_ms, Facts& facts) {
  const auto among = [](const Names& names, std::string_view name) { return names.empty() || names.contains(name); };
  if (!among(when.operations, request.operation) || !among(when.callers, request.access_key_id) ||
      !among(when.regions, request.region)) {
    return false;
  }
  if (age_ms < when.from_ms || (when.until_ms && age_ms >= *when.until_ms)) return false;
  if (!when.tables.empty() && !facts.names_table(when.tables)) return false;
  if (!when.indexes.empty() && !facts.names_index(when.indexes)) return false;
  return std::ranges::all_of(when.key_prefixes,
                             [&](const auto& prefix) { return facts.has_key(prefix.first, prefix.second); });
}

std::string iso_time(std::int64_t ms) {
  const std::chrono::sys_seconds time{std::chrono::seconds(ms / 1000)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

/// Number of actions in a transaction.
std::size_t actions_of(const json::Object* request) {
  json::Value value;
  json::Array actions;
  if (request == nullptr) return 0;
  if (!json::find_member(*request, "TransactItems", value) && !json::find_member(*request, "TransactStatements", value))
    return 0;
  return value.get(actions) == simdjson::SUCCESS ? actions.size() : 0;
}

/// The reason that an action's error gives for cancelling its transaction.
struct CancellationReason {
  std::string_view code;
  std::string_view message;
};
std::optional<CancellationReason> cancellation_reason(const Failure& failure, bool of_index) {
  const core::ErrorType& type = failure.type;
  if (!failure.limit.empty()) {
    const api::ThrottledAction action = api::throttled_action(type, of_index);
    return CancellationReason{action.code, action.message};
  }
  if (type == ErrorCode::kTransactionConflict || type == ErrorCode::kTransactionCanceled) {
    return CancellationReason{"TransactionConflict", "Transaction is ongoing for the item"};
  }
  if (type == ErrorCode::kConditionalCheckFailed) {
    return CancellationReason{"ConditionalCheckFailed", "The conditional request failed"};
  }
  return std::nullopt;
}

/// The error for a transaction that was cancelled because of one of its actions.
core::ApiError cancelled(std::size_t actions, std::size_t failing, const CancellationReason& reason) {
  std::string names;
  std::string reasons;
  json::ArrayWriter list(reasons);
  for (std::size_t i = 0; i < actions; ++i) {
    const std::string_view code = i == failing ? reason.code : "None";
    names += (i == 0 ? "" : ", ") + std::string(code);
    json::ObjectWriter of_action(list.element());
    of_action.text("Code", code);
    if (i == failing) of_action.text("Message", reason.message);
    of_action.end();
  }
  list.end();
  return {ErrorCode::kTransactionCanceled,
          "Transaction cancelled, please refer cancellation reasons for specific reasons [" + names + "]",
          "\"CancellationReasons\":" + reasons};
}

std::string usual_message(const Failure& failure, std::int64_t now_ms) {
  switch (failure.type.code()) {
    case ErrorCode::kInternalServerError:
      return "Internal server error";
    case ErrorCode::kServiceUnavailable:
      return "Service is unavailable. Please retry.";
    case ErrorCode::kTransactionConflict:
      return "Transaction is ongoing for the item";
    case ErrorCode::kTransactionInProgress:
      return "The transaction with the given request token is already in progress.";
    case ErrorCode::kIdempotentParameterMismatch:
      return "Specified idempotent token was used with different request parameters within the idempotency window";
    case ErrorCode::kConditionalCheckFailed:
      return "The conditional request failed";
    case ErrorCode::kResourceNotFound:
      return "Requested resource not found";
    case ErrorCode::kDuplicateItem:
      return "Duplicate primary key exists in table";
    case ErrorCode::kTrimmedDataAccess:
      return "The data you are trying to access has been trimmed";
    case ErrorCode::kExpiredIterator:
      return "Shard iterator has expired";
    case ErrorCode::kExpiredToken:
      return "The security token included in the request is expired";
    case ErrorCode::kUnrecognizedClient:
      return "The security token included in the request is invalid.";
    case ErrorCode::kInvalidSignature: {
      if (failure.clock_skew_ms == 0) return "The request signature we calculated does not match";
      const std::int64_t there_ms = now_ms + failure.clock_skew_ms;
      const bool expired = failure.clock_skew_ms > 0;
      const std::int64_t bound_ms = expired ? there_ms - 300'000 : there_ms + 300'000;
      return std::string(expired ? "Signature expired: " : "Signature not yet current: ") + iso_time(now_ms) +
             (expired ? " is now earlier than " : " is still later than ") + iso_time(bound_ms) + " (" +
             iso_time(there_ms) + (expired ? " - 5 min.)" : " + 5 min.)");
    }
    default:
      return "Simulated";
  }
}

}  // namespace

/// The current rules and their counters.
struct Simulating::Script {
  struct Counts {
    std::atomic<std::uint64_t> matched{0};
    std::atomic<std::uint64_t> affected{0};
  };

  Script(Rules given, std::int64_t now_ms) : rules(std::move(given)), since_ms(now_ms), counts(rules.rules.size()) {}

  [[nodiscard]] std::string name_of(std::size_t rule) const {
    const std::string& name = rules.rules[rule].name;
    return name.empty() ? "rules[" + std::to_string(rule) + "]" : name;
  }

  const Rules rules;
  const std::int64_t since_ms;
  std::vector<Counts> counts;
};

namespace {

/// The combined effects of all rules on one request.
struct Plan {
  double latency_ms = 0;
  const Failure* failure = nullptr;
  Cut cut = Cut::kNone;
  double unprocessed = 0;
  std::optional<std::uint32_t> page_items;
  std::optional<SeededRandom> random;  // of the last rule that applies, for further decisions
};

void add_to(Plan& plan, const Then& then, SeededRandom random) {
  const double first = random.next();
  const double second = random.next();
  if (then.latency) plan.latency_ms += then.latency->draw_ms(first, second);
  // The first rule that ends the request determines how.
  if (plan.failure == nullptr && plan.cut == Cut::kNone) {
    if (then.failure) plan.failure = &*then.failure;
    plan.cut = then.cut;
  }
  if (then.unprocessed > plan.unprocessed) plan.unprocessed = then.unprocessed;
  if (then.page_items) plan.page_items = std::min(plan.page_items.value_or(*then.page_items), *then.page_items);
  plan.random = random;
}

/// Makes the server delay the reply, so that no thread waits; for other callers, waits here. Throws ServiceUnavailable
/// if their deadline passes first.
void hold(const endpoint::Request& request, double latency_ms) {
  if (latency_ms <= 0) return;
  const std::chrono::milliseconds time(std::llround(latency_ms));
  if (request.notes != nullptr && request.notes->obeyed) {
    request.notes->hold += time;
    return;
  }
  const auto due = std::chrono::steady_clock::now() + time;
  std::this_thread::sleep_until(std::min(due, request.deadline));
  if (due <= request.deadline) return;
  if (request.notes != nullptr) request.notes->uncertain = true;
  throw core::ApiError(ErrorCode::kServiceUnavailable, "No answer in time, as a simulator's rule says");
}

void cut_off(const endpoint::Request& request) {
  if (request.notes != nullptr) {
    request.notes->uncertain = true;
    request.notes->cut = true;
    if (request.notes->obeyed) return;
  }
  throw core::ApiError(ErrorCode::kServiceUnavailable, "The connection was cut, as a simulator's rule says");
}

std::string access_denied(const endpoint::Request& request, std::string_view account_id, const std::string& table) {
  const std::string account(account_id);
  const std::string action = "dynamodb:" + std::string(request.operation);
  const std::string region(request.region.empty() ? "us-east-1" : request.region);
  return "User: arn:aws:iam::" + account + ":user/" + std::string(request.access_key_id) +
         " is not authorized to perform: " + action + " on resource: arn:aws:dynamodb:" + region + ":" + account +
         ":table/" + (table.empty() ? "*" : table) + " because no identity-based policy allows the " + action +
         " action";
}

core::ApiError make_error(const Failure& failure, const endpoint::Request& request, std::string_view account_id,
                          Facts& facts, SeededRandom& random, std::int64_t now_ms) {
  core::ApiError error(failure.type, failure.message);
  const std::size_t actions = actions_of(facts.object());
  if (const auto reason = cancellation_reason(failure, !facts.index().empty()); reason && actions > 0) {
    error = cancelled(actions, static_cast<std::size_t>(random.next() * static_cast<double>(actions)), *reason);
  } else if (!failure.limit.empty() || failure.type == ErrorCode::kProvisionedThroughputExceeded ||
             failure.type == ErrorCode::kThrottling || failure.type == ErrorCode::kRequestLimitExceeded) {
    error = throttled(failure.type, failure.limit, facts.writes(), request.region, account_id, facts.table(),
                      facts.index());
  }
  if (failure.type == ErrorCode::kAccessDenied) error.message = access_denied(request, account_id, facts.table());
  if (!failure.message.empty()) error.message = failure.message;
  if (error.message.empty()) error.message = usual_message(failure, now_ms);
  error.status = failure.status;
  return error;
}

/// Writes the reply to a batch of statements, each of which is throttled. Returns false if they cannot all be parsed.
bool append_throttled_statements(const Failure& failure, Facts& facts, std::string& reply) {
  json::Value value;
  json::Array members;
  if (facts.object() == nullptr || !json::find_member(*facts.object(), "Statements", value) ||
      value.get(members) != simdjson::SUCCESS || members.size() != facts.statements().size()) {
    return false;
  }
  json::ObjectWriter writer(reply);
  json::ArrayWriter responses(writer.key("Responses"));
  for (const auto& statement : facts.statements()) {
    const api::ThrottledAction throttled = api::throttled_action(failure.type, !statement->source.index.empty());
    json::ObjectWriter response(responses.element());
    json::ObjectWriter error(response.key("Error"));
    error.text("Code", throttled.code);
    error.text("Message", failure.message.empty() ? throttled.message : failure.message);
    error.end();
    response.text("TableName", statement->source.table);
    response.end();
  }
  responses.end();
  writer.end();
  return true;
}

/// The request with pages limited to `page_items`; empty if it must stay unchanged.
std::string with_limit(const json::Object& request, std::uint32_t page_items) {
  json::Value value;
  std::int64_t limit = page_items;
  if (json::find_member(request, "Limit", value) && !value.is_null()) {
    std::int64_t asked = 0;
    if (value.get(asked) != simdjson::SUCCESS) return {};  // the service reports the error or rounds the number
    limit = std::min(limit, asked);
  }
  const std::string others = json::members_without(request, {"Limit"});
  return '{' + others + (others.empty() ? "" : ",") + "\"Limit\":" + std::to_string(limit) + '}';
}

/// A simulated request's upstream, the account in its errors, and the time.
struct CallContext {
  endpoint::Endpoint& upstream;
  std::string_view account_id;
  std::int64_t now_ms;
};

/// Carries out everything in the plan but the latency.
void carry_out(Plan& plan, Facts& facts, const endpoint::Request& request, const CallContext& context,
               std::string& reply) {
  const bool fails_after = plan.failure != nullptr && plan.failure->after_effect;
  if (plan.failure != nullptr && !fails_after) {
    const bool throttles_each = !plan.failure->limit.empty() && request.operation == "BatchExecuteStatement";
    if (throttles_each && append_throttled_statements(*plan.failure, facts, reply)) return;
    throw make_error(*plan.failure, request, context.account_id, facts, *plan.random, context.now_ms);
  }
  if (plan.cut == Cut::kBeforeEffect) return cut_off(request);

  endpoint::Request changed = request;
  std::string body;
  std::string left;
  const bool pages = request.operation == "Query" || request.operation == "Scan" ||
                     (request.operation == "ExecuteStatement" && !facts.writes());
  const bool batches = request.operation == "BatchGetItem" || request.operation == "BatchWriteItem";
  if (batches && facts.object() != nullptr && plan.unprocessed > 0 &&
      is_faultless_batch(context.upstream, request, *facts.object())) {
    auto split =
        split_batch(request.operation, *facts.object(), [&] { return plan.random->next() <= plan.unprocessed; });
    // A batch of which nothing is processed is throttled as a whole.
    if (split && split->body.empty()) {
      throw throttled(ErrorCode::kProvisionedThroughputExceeded, "ProvisionedThroughputExceeded", facts.writes(),
                      request.region, context.account_id, facts.table(), {});
    }
    if (split) {
      body = std::move(split->body);
      left = std::move(split->left);
    }
  } else if (pages && facts.object() != nullptr && plan.page_items) {
    body = with_limit(*facts.object(), *plan.page_items);
  }
  if (!body.empty()) {
    changed.body = body;
    changed.padding_bytes = 0;
  }
  const std::size_t length_before = reply.size();
  context.upstream.call(changed, reply);
  if (!left.empty()) {
    const std::string whole = add_left(request.operation, std::string_view(reply).substr(length_before), left);
    reply.resize(length_before);
    reply += whole;
  }
  if (fails_after) {
    reply.resize(length_before);
    throw make_error(*plan.failure, request, context.account_id, facts, *plan.random, context.now_ms);
  }
  if (plan.cut == Cut::kAfterEffect) {
    reply.resize(length_before);
    cut_off(request);
  }
}

}  // namespace

Simulating::Simulating(endpoint::Endpoint& upstream, const core::Clock& clock, std::string account_id)
    : upstream_(upstream),
      clock_(clock),
      account_id_(std::move(account_id)),
      script_(std::make_shared<Script>(Rules{}, clock.now_ms())) {}

Simulating::~Simulating() = default;

void Simulating::set_rules(Rules rules) {
  auto script = std::make_shared<Script>(std::move(rules), clock_.now_ms());
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

std::shared_ptr<Simulating::Script> Simulating::script() const {
  const std::lock_guard lock(mutex_);
  return script_;
}

endpoint::Effort Simulating::effort(std::string_view operation) const { return upstream_.effort(operation); }

std::string Simulating::describe() const { return upstream_.describe(); }

void Simulating::append_state(std::string& out) const {
  const auto current = script();
  json::ObjectWriter writer(out);
  writer.integer("seed", static_cast<std::int64_t>(current->rules.seed));
  json::ArrayWriter list(writer.key("rules"));
  for (std::size_t i = 0; i < current->rules.rules.size(); ++i) {
    json::ObjectWriter rule(list.element());
    rule.text("name", current->name_of(i));
    rule.integer("requests", static_cast<std::int64_t>(current->counts[i].matched.load()));
    rule.integer("acted", static_cast<std::int64_t>(current->counts[i].affected.load()));
    rule.end();
  }
  list.end();
  writer.end();
}

void Simulating::append_metrics(core::MetricsText& out) const {
  const auto current = script();
  const auto append = [&](std::string_view family, std::string_view help,
                          std::atomic<std::uint64_t> Script::Counts::*count) {
    out.begin(family, core::MetricKind::kCounter, help);
    std::map<std::string, std::uint64_t> sums;  // rules may share a name
    for (std::size_t i = 0; i < current->rules.rules.size(); ++i) {
      sums[current->name_of(i)] += (current->counts[i].*count).load();
    }
    for (const auto& [name, sum] : sums) out.sample(sum, {{"rule", name}});
  };
  append("stator_simulate_requests_total", "Requests that a rule matched; reset with each set of rules.",
         &Script::Counts::matched);
  append("stator_simulate_acted_total", "Those of them that it did something to.", &Script::Counts::affected);
}

void Simulating::call(const endpoint::Request& request, std::string& reply) {
  const auto current = script();
  const std::vector<Rule>& rules = current->rules.rules;
  if (rules.empty()) return upstream_.call(request, reply);
  const std::int64_t now_ms = clock_.now_ms();
  Facts facts(request);
  Plan plan;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const When& when = rules[i].when;
    if (!fits(when, request, now_ms - current->since_ms, facts)) continue;
    const std::uint64_t number = current->counts[i].matched.fetch_add(1);
    if (number < when.skip) continue;
    SeededRandom random(current->rules.seed, i, number);
    if (random.next() > when.probability) continue;
    const std::uint64_t before = current->counts[i].affected.fetch_add(1);
    if (when.first && before >= *when.first) {
      current->counts[i].affected.fetch_sub(1);
      continue;
    }
    add_to(plan, rules[i].then, random);
  }
  if (!plan.random) return upstream_.call(request, reply);
  const std::size_t length_before = reply.size();
  try {
    carry_out(plan, facts, request, {upstream_, account_id_, now_ms}, reply);
  } catch (const core::ApiError&) {
    hold(request, plan.latency_ms);
    throw;
  }
  try {
    hold(request, plan.latency_ms);
  } catch (const core::ApiError&) {
    reply.resize(length_before);
    throw;
  }
}

}  // namespace stator::simulate
