#include <unordered_set>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_operations.h"
#include "api/item_rules.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/statements.h"
#include "api/throttling.h"
#include "api/transaction_operations.h"
#include "api/write_errors.h"
#include "core/api_error.h"

/// ExecuteStatement, BatchExecuteStatement, ExecuteTransaction.
namespace stator::api {

using core::throw_validation;

namespace {

/// The result of a write of one item: the attributes that RETURNING selects (may be empty), and the consumed capacity.
struct Written {
  std::string returned;
  engine::Capacity capacity;
};

template <class Request>
Written run_write(engine::Engine& engine, const engine::TablePtr& table, const Request& request,
                  const std::vector<expression::Path>* paths = nullptr) {
  ItemWritten written = run(engine, table, request);
  Written result;
  result.capacity = std::move(written.outcome.capacity);
  result.returned = returned_attributes(request.return_values, written.outcome, paths);
  return result;
}

Written run_write(engine::Engine& engine, const engine::TablePtr& table, const StatementMember& member) {
  if (member.statement->kind == partiql::StatementKind::kExists) {
    throw_validation("EXISTS can only be used in ExecuteTransaction write requests.");
  }
  const TransactWrite write = to_write(member, *table);
  check_keys(write, *table);
  if (const auto* put = std::get_if<PutItem>(&write)) return run_write(engine, table, *put);
  if (const auto* deletion = std::get_if<DeleteItem>(&write)) return run_write(engine, table, *deletion);
  const auto& update = std::get<UpdateItem>(write);
  return run_write(engine, table, update, &update.update->paths());
}

// BatchExecuteStatement ----------------------------------------------------------------------------------------------

/// BatchStatementErrorCodeEnum.
std::string_view batch_code(std::string_view type) {
  constexpr std::pair<std::string_view, std::string_view> kCodes[] = {
      {"ConditionalCheckFailedException", "ConditionalCheckFailed"},
      {"DuplicateItemException", "DuplicateItem"},
      {"ItemCollectionSizeLimitExceededException", "ItemCollectionSizeLimitExceeded"},
      {"ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded"},
      {"RequestLimitExceeded", "RequestLimitExceeded"},
      {"ResourceNotFoundException", "ResourceNotFound"},
      {"ThrottlingException", "ThrottlingError"},
      {"TransactionConflictException", "TransactionConflict"},
      {"ValidationException", "ValidationError"},
  };
  for (const auto& [known, code] : kCodes) {
    if (known == type) return code;
  }
  return "InternalServerError";
}

/// Runs a batch.
class Batch {
 public:
  Batch(Call& call, const BatchExecuteStatement& request) : engine_(call.engine()), request_(request) {
    for (const BatchStatement& statement : request.statements) members_.push_back(prepare(statement));
    check_together();
  }

  void answer(std::string& reply) {
    ObjectWriter writer(reply);
    std::string& out = writer.key("Responses");
    out += '[';
    for (Member& member : members_) {
      if (&member != members_.data()) out += ',';
      answer(member, out);
    }
    out += ']';
    if (succeeded_) capacity_.write(writer, request_.capacity, false);
    writer.end();
  }

 private:
  /// A member with its table and, for a SELECT, the GetItem that it stands for.
  struct Member {
    const StatementMember* statement = nullptr;
    engine::TablePtr table;
    std::optional<GetItem> get;
    std::string key;  // the item's encoded key; empty if it is unknown
    std::exception_ptr fault;
  };

  Member prepare(const BatchStatement& statement) const {
    Member member;
    member.fault = statement.fault;
    if (member.fault != nullptr || !statement.member) return member;
    member.statement = &*statement.member;
    try {
      const partiql::Statement& parsed = *member.statement->statement;
      member.table = engine_.usable_table(parsed.source.table);
      if (parsed.is_read()) {
        find_index(parsed, *member.table);
        member.get = to_get(*member.statement, *member.table);
        if (!member.get) {
          throw_validation(
              "Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
        }
        member.key = resolve(*member.table, *member.get).encoded;
      } else if (parsed.kind != partiql::StatementKind::kExists) {
        const TransactWrite write = to_write(*member.statement, *member.table);
        check_keys(write, *member.table);
        member.key = key_of(write, member.table);
      }
    } catch (const core::ApiError&) {
      member.fault = std::current_exception();
    }
    return member;
  }

  static std::string key_of(const TransactWrite& write, const engine::TablePtr& table) {
    if (const auto* put = std::get_if<PutItem>(&write)) return resolve(table, *put).key.encoded;
    if (const auto* deletion = std::get_if<DeleteItem>(&write)) return resolve(table, *deletion).key.encoded;
    return resolve(table, std::get<UpdateItem>(write)).key.encoded;
  }

  void check_together() const {
    bool reads = false;
    bool writes = false;
    std::unordered_set<std::string_view> keys;
    bool repeated = false;
    for (const Member& member : members_) {
      if (member.statement == nullptr) continue;
      (member.statement->statement->is_read() ? reads : writes) = true;
      repeated = repeated || (!member.key.empty() && !keys.insert(member.key).second);
    }
    if (reads && writes) throw_validation("Read and write requests together in the same batch is not supported.");
    if (repeated) throw_validation("Provided list of item keys contains duplicates");
  }

  void answer(Member& member, std::string& out) {
    const std::size_t before = out.size();
    try {
      if (member.fault != nullptr) std::rethrow_exception(member.fault);
      ObjectWriter writer(out);
      if (member.get) {
        read(member, *member.get, writer);
      } else {
        Written written = run_write(engine_, member.table, *member.statement);
        capacity_.add(member.table->name, written.capacity);
        writer.text("TableName", member.table->name);
        if (!written.returned.empty()) writer.key("Item") += written.returned;
      }
      writer.end();
      succeeded_ = true;
    } catch (const engine::ThroughputExceeded& exceeded) {
      // Without ThrottlingReasons, as BatchStatementError has no such member.
      const ThrottledAction throttled = throttled_action(exceeded);
      out.resize(before);
      append_error(member, throttled.code, throttled.message, {}, out);
    } catch (const RefusedWrite& refused) {
      capacity_.add_failed(member.table->name, engine::write_units(refused.size_bytes));
      out.resize(before);
      append_error(member, batch_code(refused.type), refused.message, refused.extra, out);
    } catch (const core::ApiError& error) {
      out.resize(before);
      append_error(member, batch_code(error.type), error.message, error.extra, out);
    }
  }

  void read(const Member& member, const GetItem& get, ObjectWriter& writer) {
    thread_local std::string item;
    const ItemRead read = run(engine_, member.table, get, item);
    capacity_.add(member.table->name, read.capacity);
    writer.text("TableName", member.table->name);
    if (read.found) partiql::ResultProjection(*member.statement->statement).append(item, writer.key("Item"));
  }

  /// Appends an error, with the table's name unless the statement was invalid.
  static void append_error(const Member& member, std::string_view code, std::string_view message,
                           std::string_view extra, std::string& out) {
    ObjectWriter entry(out);
    ObjectWriter fault(entry.key("Error"));
    fault.text("Code", code);
    fault.text("Message", message);
    if (!extra.empty()) (fault.out() += ',') += extra;
    fault.end();
    if (code != "ValidationError" && member.statement != nullptr) {
      entry.text("TableName", member.statement->statement->source.table);
    }
    entry.end();
  }

  engine::Engine& engine_;
  const BatchExecuteStatement& request_;
  std::vector<Member> members_;
  CapacityByTable capacity_;
  bool succeeded_ = false;
};

// ExecuteTransaction -------------------------------------------------------------------------------------------------

/// Makes all checks that need no table; returns the table of each statement.
std::vector<engine::TablePtr> find_tables(const engine::Engine& engine, const ExecuteTransaction& request) {
  bool reads = false;
  bool writes = false;
  for (std::size_t i = 0; i < request.statements.size(); ++i) {
    const partiql::Statement& statement = *request.statements[i].statement;
    if (statement.returning != partiql::Returning::kNone) {
      throw_in_transaction(i, "RETURNING clause is not supported in ExecuteTransaction.");
    }
    if (statement.is_read() && !statement.source.index.empty()) {
      throw_in_transaction(i, "Reads on indices are not supported within transactions.");
    }
    (statement.is_read() ? reads : writes) = true;
  }
  if (reads && writes) {
    throw_validation("ExecuteTransaction API does not support both read and write operations in the same request.");
  }
  std::vector<engine::TablePtr> tables;
  for (const StatementMember& member : request.statements) {
    tables.push_back(engine.usable_table(member.statement->source.table));
  }
  return tables;
}

/// Calls `translate(i)` for each statement; adds the statement's place to errors.
template <class Translate>
void for_each_statement(const ExecuteTransaction& request, Translate translate) {
  for (std::size_t i = 0; i < request.statements.size(); ++i) {
    try {
      translate(i);
    } catch (const core::ApiError& error) {
      throw_in_transaction(i, error.message);
    }
  }
}

void answer_reads(Call& call, const ExecuteTransaction& request, const std::vector<engine::TablePtr>& tables) {
  TransactGetItems gets;
  for_each_statement(request, [&](std::size_t i) {
    auto get = to_get(request.statements[i], *tables[i]);
    if (!get) {
      throw_validation("Select statements within ExecuteTransaction must specify the primary key in the where clause.");
    }
    gets.gets.push_back(std::move(*get));
  });
  const TransactRead read = run(call.engine(), gets);
  CapacityByTable capacity;
  ObjectWriter writer(call.reply);
  std::string& out = writer.key("Responses");
  out += '[';
  for (std::size_t i = 0; i < read.outcomes.size(); ++i) {
    if (i != 0) out += ',';
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(read.outcomes[i].size_bytes, true);
    capacity.add(read.actions[i].table->name, used);
    ObjectWriter entry(out);
    if (!read.outcomes[i].json.empty()) {
      partiql::ResultProjection(*request.statements[i].statement).append(read.outcomes[i].json, entry.key("Item"));
    }
    entry.end();
  }
  out += ']';
  capacity.write(writer, request.capacity, true);
  writer.end();
}

void answer_writes(Call& call, const ExecuteTransaction& request, const std::vector<engine::TablePtr>& tables) {
  TransactWriteItems writes;
  writes.token = request.token;
  writes.canonical_text = request.canonical_text;
  for_each_statement(request,
                     [&](std::size_t i) { writes.actions.push_back(to_write(request.statements[i], *tables[i])); });
  const TransactWritten written = run(call.engine(), writes);
  CapacityByTable capacity;
  for (std::size_t i = 0; i < written.sizes_bytes.size(); ++i) {
    engine::Capacity used;
    used.table_read = 2 * engine::read_units(written.sizes_bytes[i], true);
    capacity.add(common_part(writes.actions[i]).table_name, used);
  }
  for (std::size_t i = 0; i < written.actions.size(); ++i) {
    capacity.add(written.actions[i].table->name, written.outcomes[i].capacity);
  }
  ObjectWriter writer(call.reply);
  writer.key("Responses") += "[]";
  capacity.write(writer, request.capacity, true);
  writer.end();
}

}  // namespace

void execute_statement(Call& call) {
  const ExecuteStatement request = read_execute_statement(call.request);
  const partiql::Statement& statement = *request.member.statement;
  if (statement.kind == partiql::StatementKind::kExists) {
    throw_validation("EXISTS can only be used in ExecuteTransaction write requests.");
  }
  const engine::TablePtr table = call.engine().usable_table(statement.source.table);
  ObjectWriter writer(call.reply);
  if (statement.is_read()) {
    const SelectPage page = run_select(call.engine(), table, request);
    (((writer.key("Items") += '[') += page.items) += ']');
    if (!page.next_token.empty()) writer.text("NextToken", page.next_token);
    if (!page.last_evaluated_key_json.empty()) writer.key("LastEvaluatedKey") += page.last_evaluated_key_json;
    write_capacity(writer, table->name, page.capacity, request.capacity);
  } else {
    if (!request.next_token.empty()) throw_validation("Invalid NextToken");
    const Written written = run_write(call.engine(), table, request.member);
    (((writer.key("Items") += '[') += written.returned) += ']');
    write_capacity(writer, table->name, written.capacity, request.capacity);
  }
  writer.end();
}

void batch_execute_statement(Call& call) {
  const BatchExecuteStatement request = read_batch_execute_statement(call.request);
  Batch(call, request).answer(call.reply);
}

void execute_transaction(Call& call) {
  const ExecuteTransaction request = read_execute_transaction(call.request);
  const std::vector<engine::TablePtr> tables = find_tables(call.engine(), request);
  if (request.statements.front().statement->is_read()) {
    answer_reads(call, request, tables);
  } else {
    answer_writes(call, request, tables);
  }
}

}  // namespace stator::api
