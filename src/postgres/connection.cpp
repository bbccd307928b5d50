#include "postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "core/utf8.h"
#include "postgres/libpq.h"
#include "postgres/mask.h"
#include "postgres/sql_words.h"

namespace stator::postgres {
namespace {

using Clock = std::chrono::steady_clock;

/// How long the client waits beyond the server's time limit, so that the server's own error can arrive.
constexpr std::chrono::milliseconds kGrace{2000};
constexpr std::size_t kMaxNotices = 100;
constexpr std::size_t kMaxIdentifierBytes = 63;
// Source: PostgreSQL manual, "PostgreSQL Error Codes".
constexpr std::string_view kQueryCancelled = "57014";
constexpr std::string_view kActiveTransaction = "25001";
/// How much of a script is sent at once: the server parses all of it before it begins.
constexpr std::size_t kPartBytes = std::size_t{1} << 20U;
/// How many bytes of COPY rows are sent between two checks for an interrupt.
constexpr std::size_t kRowsChunkBytes = std::size_t{64} << 10U;
/// The protocol counts parameters in 16 bits.
constexpr std::size_t kMaxParameters = 65535;

struct ResultDeleter {
  void operator()(PGresult* result) const { libpq().PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ResultDeleter>;

struct ConnectionDeleter {
  void operator()(PGconn* connection) const { libpq().PQfinish(connection); }
};

std::string field_of(const PGresult* result, int code) {
  const char* text = libpq().PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

void keep_notice(void* to, const PGresult* result) {
  auto& notices = *static_cast<std::vector<std::string>*>(to);
  if (notices.size() < kMaxNotices) notices.push_back(one_line(field_of(result, PG_DIAG_MESSAGE_PRIMARY)));
}

ErrorFields fields_of(const PGresult* result, std::string_view statement) {
  ErrorFields fields{.message = field_of(result, PG_DIAG_MESSAGE_PRIMARY),
                     .sqlstate = field_of(result, PG_DIAG_SQLSTATE),
                     .detail = field_of(result, PG_DIAG_MESSAGE_DETAIL),
                     .hint = field_of(result, PG_DIAG_MESSAGE_HINT),
                     .context = field_of(result, PG_DIAG_CONTEXT),
                     .statement = std::string(statement)};
  if (fields.message.empty()) fields.message = libpq().PQresultErrorMessage(result);
  // For a row of a COPY only the context says where the row is; the lines before that one are about a trigger that
  // failed.
  const std::size_t copy = ("\n" + fields.context).find("\nCOPY ");
  if (copy != std::string::npos) {
    const std::string place = fields.context.substr(copy, fields.context.find('\n', copy) - copy);
    fields.detail += (fields.detail.empty() ? "" : " ") + place;
  }
  const std::string position = field_of(result, PG_DIAG_STATEMENT_POSITION);
  std::from_chars(position.data(), position.data() + position.size(), fields.position);
  return fields;
}

Row row_of(const PGresult* result, int row) {
  Row fields(static_cast<std::size_t>(libpq().PQnfields(result)));
  for (int i = 0; i < static_cast<int>(fields.size()); ++i) {
    if (libpq().PQgetisnull(result, row, i) != 0) continue;
    fields[static_cast<std::size_t>(i)].emplace(libpq().PQgetvalue(result, row, i),
                                                static_cast<std::size_t>(libpq().PQgetlength(result, row, i)));
  }
  return fields;
}

std::uint64_t to_count(const char* text) {
  std::uint64_t count = 0;
  const std::string_view digits = text;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

/// The line in the server's context of a COPY, "COPY users, line 3, column id: …"; 0 if it has none. The words are in
/// the server's language.
std::size_t line_of_copy(std::string_view context) {
  for (std::size_t comma = context.find(", "); comma != std::string_view::npos; comma = context.find(", ", comma + 1)) {
    const std::size_t blank = context.find(' ', comma + 2);
    std::size_t line = 0;
    const std::string_view digits = context.substr(std::min(blank, context.size() - 1) + 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), line).ec == std::errc()) return line;
  }
  return 0;
}

/// Turns the error of a part of a script into one of the statement that failed: the server says at most the position in
/// the part.
ErrorFields in_script(std::string_view text, std::string_view part, std::optional<std::string_view> rows,
                      std::size_t done, ErrorFields fields) {
  std::size_t begin = offset_in(text, part);
  if (fields.position == 0) {
    SqlReader reader(part);
    for (auto statement = reader.next(); statement; statement = reader.next()) {
      if (statement->is_empty() || done-- > 0) continue;
      begin = offset_in(text, statement->text);
      fields.statement = statement->text;
      break;
    }
  }
  fields.line = line_of(text, begin);
  const std::size_t line_begin = std::min(text.rfind('\n', begin) + 1, begin);
  fields.column = core::count_characters(text.substr(line_begin, begin - line_begin)) + 1;
  const std::size_t row = rows && fields.context.starts_with("COPY ") ? line_of_copy(fields.context) : 0;
  if (row > 0) fields.line = line_of(text, offset_in(text, *rows)) + row - 1;
  return fields;
}

/// libpq's "connection to server … failed: …", which has several lines if several addresses were tried, as one line.
std::string connect_message(const std::string& raw) {
  std::string text = one_line(mask_passwords(raw));
  return text.empty() ? "no connection could be made" : text;
}

/// The server's last message before it closed the connection, else that it closed it; without libpq's guesses at the
/// reason.
std::string lost_message(const std::string& raw) {
  std::string text = connect_message(raw);
  text.erase(std::min(text.find(" This probably means"), text.size()));
  const std::size_t closed = text.find(" server closed the connection unexpectedly");
  if (closed != std::string::npos) text.erase(closed);
  if (text.starts_with("FATAL: ")) text.erase(0, std::string_view("FATAL: ").size());
  return text;
}

}  // namespace

struct Connection::Impl {
  std::unique_ptr<PGconn, ConnectionDeleter> handle;
  std::chrono::milliseconds statement_timeout{0};
  std::function<bool()> interrupted;
  /// The server was told to cancel a statement. If the statement failed because of that, the next ones are not
  /// cancelled: they undo the work.
  bool cancelled = false;
  /// When the server was last told to cancel the running statement; empty if it was not.
  std::optional<Clock::time_point> cancel_sent_at;
  bool broken = false;
  /// The number of completed statements among those sent together.
  std::size_t done = 0;
  /// For the running statement: whether its columns were passed on, and the size of the rows kept.
  bool has_columns = false;
  std::size_t kept_bytes = 0;
  /// What a callback of the caller threw.
  std::exception_ptr refusal;
  std::vector<std::string> notices;

  void connect(const Target& target);
  Result collect(std::string_view statement, bool keep_rows, const Streams& streams);
  void send_rows(std::string_view statement, const Streams& streams);
  void receive_rows(std::string_view statement, const Streams& streams, std::optional<Clock::time_point> deadline);
  ResultHandle next_result(std::string_view statement, const Streams& streams,
                           std::optional<Clock::time_point> deadline);
  void cancel();
  [[nodiscard]] int cancel_where_interrupted();
  void wait_for_input(std::string_view statement, std::optional<Clock::time_point> deadline);
  void take_rows(const PGresult* result, std::string_view statement, const Streams& streams, Result& out);
  void hand_over(std::string_view statement, const std::function<void()>& call);
  [[noreturn]] void give_up(ErrorKind kind, std::string_view statement, std::string message);
  [[noreturn]] void lost(std::string_view statement);
  void require_usable(std::string_view statement);
};

void Connection::Impl::connect(const Target& target) {
  static_cast<void>(target_parts(target));  // an unreadable URL is refused before libpq can quote it
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  const std::string timeout = std::to_string(target.connect_timeout.count());
  // Added before the URL, which overrides it.
  if (std::getenv("PGCONNECT_TIMEOUT") == nullptr) add("connect_timeout", timeout.c_str());
  add("dbname", target.url.c_str());
  if (!target.database.empty()) add("dbname", target.database.c_str());
  add("fallback_application_name", "stator");
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  handle.reset(libpq().PQconnectdbParams(keywords.data(), values.data(), 1));
  if (handle == nullptr) throw Error(ErrorKind::kConnect, "out of memory");
  if (libpq().PQstatus(handle.get()) != CONNECTION_OK) {
    throw Error(ErrorKind::kConnect, connect_message(libpq().PQerrorMessage(handle.get())));
  }
  statement_timeout = target.statement_timeout;
  interrupted = target.interrupted;
}

void Connection::Impl::give_up(ErrorKind kind, std::string_view statement, std::string message) {
  broken = true;
  throw Error(kind, ErrorFields{.message = std::move(message), .statement = std::string(statement)});
}

void Connection::Impl::lost(std::string_view statement) {
  give_up(ErrorKind::kLost, statement, "the connection was cut: " + lost_message(libpq().PQerrorMessage(handle.get())));
}

void Connection::Impl::require_usable(std::string_view statement) {
  if (broken) give_up(ErrorKind::kLost, statement, "the connection was cut earlier");
}

void Connection::Impl::cancel() {
  PGcancel* const request = libpq().PQgetCancel(handle.get());
  if (request == nullptr) return;
  std::array<char, 256> why{};
  libpq().PQcancel(request, why.data(), static_cast<int>(why.size()));
  libpq().PQfreeCancel(request);
}

/// Cancels the running statement if `interrupted` says so. Returns how long to wait for input until the next call, in
/// ms; -1: without limit.
int Connection::Impl::cancel_where_interrupted() {
  // A signal just before the wait does not end it.
  constexpr int kBetweenLooksMs = 250;
  // A cancel request that reaches the server before its statement has no effect, so repeat it.
  constexpr std::chrono::seconds kAgain{1};
  if (cancel_sent_at) {
    if (Clock::now() - *cancel_sent_at < kAgain) return kBetweenLooksMs;
  } else {
    if (!interrupted || cancelled) return -1;
    if (!interrupted()) return kBetweenLooksMs;
  }
  cancelled = true;
  cancel();
  cancel_sent_at = Clock::now();
  return kBetweenLooksMs;
}

void Connection::Impl::wait_for_input(std::string_view statement, std::optional<Clock::time_point> deadline) {
  pollfd waiting{.fd = libpq().PQsocket(handle.get()), .events = POLLIN, .revents = 0};
  if (waiting.fd < 0) lost(statement);
  int timeout_ms = -1;
  if (deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
    if (left <= 0) {
      cancel();
      give_up(ErrorKind::kTimeout, statement,
              "the server did not answer within " + std::to_string(statement_timeout.count()) + " ms");
    }
    timeout_ms = static_cast<int>(std::min<long long>(left, 60'000));
  }
  if (const int look_ms = cancel_where_interrupted(); look_ms >= 0) {
    timeout_ms = timeout_ms < 0 ? look_ms : std::min(timeout_ms, look_ms);
  }
  if (::poll(&waiting, 1, timeout_ms) < 0 && errno != EINTR) lost(statement);
  if (libpq().PQconsumeInput(handle.get()) == 0) lost(statement);
}

ResultHandle Connection::Impl::next_result(std::string_view statement, const Streams& streams,
                                           std::optional<Clock::time_point> deadline) {
  while (libpq().PQisBusy(handle.get()) != 0) {
    if (streams.waiting) hand_over(statement, streams.waiting);
    wait_for_input(statement, deadline);
  }
  return ResultHandle(libpq().PQgetResult(handle.get()));
}

/// Calls a callback of the caller, unless an earlier one threw. Keeps what it throws, and cancels a statement that only
/// reads.
void Connection::Impl::hand_over(std::string_view statement, const std::function<void()>& call) {
  if (refusal) return;
  try {
    call();
  } catch (...) {
    refusal = std::current_exception();
    if (sql_only_reads(statement)) cancel();
  }
}

void Connection::Impl::take_rows(const PGresult* result, std::string_view statement, const Streams& streams,
                                 Result& out) {
  const int columns = libpq().PQnfields(result);
  if (!std::exchange(has_columns, true)) {
    for (int i = 0; i < columns; ++i) out.columns.push_back({libpq().PQfname(result, i), libpq().PQftype(result, i)});
    if (streams.columns) hand_over(statement, [&] { streams.columns(out.columns); });
  }
  for (int row = 0; row < libpq().PQntuples(result); ++row) {
    Row fields = row_of(result, row);
    if (streams.row) {
      hand_over(statement, [&] { streams.row(fields); });
      continue;
    }
    for (const Field& field : fields) kept_bytes += field ? field->size() : 0;
    kept_bytes += sizeof(Row) + fields.size() * sizeof(Field);
    if (kept_bytes > kMaxResultSizeBytes) {
      give_up(
          ErrorKind::kUsage, statement,
          "the result is larger than " + std::to_string(kMaxResultSizeBytes >> 20U) + " MB: ask for less with LIMIT");
    }
    out.rows.push_back(std::move(fields));
  }
}

void Connection::Impl::send_rows(std::string_view statement, const Streams& streams) {
  while (true) {
    const std::string_view rows = streams.read();
    // Checked before the end, too: Ctrl-C also ends the program that sends the rows.
    if (interrupted && interrupted()) {
      if (libpq().PQputCopyEnd(handle.get(), "interrupted") != 1) lost(statement);
      return;
    }
    if (rows.empty()) break;
    if (libpq().PQputCopyData(handle.get(), rows.data(), static_cast<int>(rows.size())) != 1) lost(statement);
  }
  if (libpq().PQputCopyEnd(handle.get(), nullptr) != 1) lost(statement);
}

void Connection::Impl::receive_rows(std::string_view statement, const Streams& streams,
                                    std::optional<Clock::time_point> deadline) {
  constexpr int kWouldWait = 0;
  while (true) {
    char* bytes = nullptr;
    const int size = libpq().PQgetCopyData(handle.get(), &bytes, 1);
    if (size < 0) return;  // the end, or an error, which follows as the next result
    if (size == kWouldWait) {
      if (streams.waiting) streams.waiting();
      wait_for_input(statement, deadline);
      continue;
    }
    const std::unique_ptr<char, void (*)(void*)> owner(bytes, libpq().PQfreemem);
    streams.write({bytes, static_cast<std::size_t>(size)});
  }
}

Result Connection::Impl::collect(std::string_view statement, bool keep_rows, const Streams& streams) {
  std::optional<Clock::time_point> deadline;
  if (statement_timeout.count() > 0) deadline = Clock::now() + statement_timeout + kGrace;
  Result out;
  std::optional<ErrorFields> fault;
  cancel_sent_at.reset();
  done = 0;
  has_columns = false;
  kept_bytes = 0;
  refusal = nullptr;
  while (const ResultHandle result = next_result(statement, streams, deadline)) {
    switch (libpq().PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
        if (keep_rows) take_rows(result.get(), statement, streams, out);
        [[fallthrough]];
      case PGRES_COMMAND_OK:
        out.command = libpq().PQcmdStatus(result.get());
        out.affected_rows = to_count(libpq().PQcmdTuples(result.get()));
        ++done;
        break;
      case PGRES_EMPTY_QUERY:
        break;
      case PGRES_COPY_IN:
        if (!streams.read) give_up(ErrorKind::kUsage, statement, "COPY … FROM STDIN has no rows here");
        send_rows(statement, streams);
        break;
      case PGRES_COPY_OUT:
        if (!streams.write)
          give_up(ErrorKind::kUsage, statement, "COPY … TO STDOUT has nowhere to write here: stator db query runs it");
        receive_rows(statement, streams, deadline);
        break;
      case PGRES_COPY_BOTH:
        give_up(ErrorKind::kUsage, statement, "replication needs another client");
      default:
        if (!fault) fault = fields_of(result.get(), statement);
        break;
    }
  }
  broken = libpq().PQstatus(handle.get()) != CONNECTION_OK;
  if (refusal) std::rethrow_exception(std::exchange(refusal, nullptr));
  if (broken) {
    if (!fault) lost(statement);
    fault->message = "the connection was cut: " + lost_message(fault->message);
    throw Error(ErrorKind::kLost, *std::move(fault));
  }
  if (fault) throw Error(ErrorKind::kStatement, *std::move(fault));
  cancelled = false;  // the cancel came too late for this statement, so the next one is cancelled
  return out;
}

Connection::Connection(const Target& target) : impl_(std::make_unique<Impl>()) {
  impl_->connect(target);
  libpq().PQsetNoticeReceiver(impl_->handle.get(), keep_notice, &impl_->notices);
  if (target.statement_timeout.count() > 0) {
    execute("SELECT set_config('statement_timeout', $1, false)", {std::to_string(target.statement_timeout.count())});
  }
}

Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result Connection::execute(std::string_view statement, const Parameters& parameters, const Streams& streams) {
  impl_->require_usable(statement);
  if (parameters.size() > kMaxParameters) throw Error(ErrorKind::kUsage, "a statement takes at most 65535 parameters");
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Field& parameter : parameters) {
    if (parameter && parameter->find('\0') != std::string::npos) {
      throw Error(ErrorKind::kUsage, "PostgreSQL's text holds no NUL byte, and a parameter has one");
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  const std::string text(statement);
  PGconn* handle = impl_->handle.get();
  if (libpq().PQsendQueryParams(handle, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                                nullptr, 0) == 0) {
    impl_->lost(statement);
  }
  libpq().PQsetSingleRowMode(handle);
  return impl_->collect(statement, true, streams);
}

void Connection::execute_part(std::string_view text, std::string_view part, std::optional<std::string_view> rows) {
  if (libpq().PQsendQuery(impl_->handle.get(), std::string(part).c_str()) == 0) impl_->lost(part);
  Streams streams;
  if (rows) {
    streams.read = [rest = *rows]() mutable {
      const std::string_view chunk = rest.substr(0, kRowsChunkBytes);
      rest.remove_prefix(chunk.size());
      return chunk;
    };
  }
  try {
    impl_->collect(part, false, streams);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kStatement) throw;
    ErrorFields fields = in_script(text, part, rows, impl_->done, error.fields());
    if (fields.sqlstate == kActiveTransaction && fields.hint.empty())
      fields.hint = "a file that begins with the line \"-- stator: no transaction\" runs without one";
    throw Error(error.kind(), std::move(fields));
  }
}

void Connection::execute_script(std::string_view statements) {
  impl_->require_usable(statements);
  if (statements.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::kUsage, "SQL text holds no NUL byte, and this has one");
  const bool was_open = libpq().PQtransactionStatus(impl_->handle.get()) != PQTRANS_IDLE;
  const bool each_alone = sql_refuses_transaction(statements);
  std::optional<bool> wraps;
  std::optional<Transaction> transaction;
  SqlReader reader(statements);
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t begin = kNone;  // of the part that is not sent yet
  while (const auto statement = reader.next()) {
    const std::size_t first = offset_in(statements, statement->text);
    const std::size_t end = first + statement->text.size();
    if (begin == kNone && !statement->is_empty()) begin = first;
    if (begin == kNone) continue;
    const bool is_last = end == statements.size();
    if (!is_last && !statement->rows && !each_alone && end - begin < kPartBytes) continue;
    if (!wraps) {
      // The server runs a single part in a transaction by itself.
      wraps = !was_open && !each_alone && !is_last && sql_transaction_control(statements).empty();
      if (*wraps) transaction.emplace(*this);
    } else {
      check_interrupted();
    }
    execute_part(statements, statements.substr(begin, end - begin), statement->rows);
    begin = kNone;
  }
  if (transaction) transaction->commit();
  if (!was_open && libpq().PQtransactionStatus(impl_->handle.get()) != PQTRANS_IDLE)
    throw Error(ErrorKind::kUsage,
                "it begins a transaction and does not end it, so nothing since then is kept: a COMMIT is missing");
}

std::optional<std::string> Connection::value(std::string_view statement, const Parameters& parameters) {
  Result result = execute(statement, parameters);
  if (result.columns.size() > 1 || result.rows.size() > 1) {
    throw Error(ErrorKind::kUsage,
                ErrorFields{.message = "one value was expected, not " + std::to_string(result.rows.size()) +
                                       " rows of " + std::to_string(result.columns.size()) + " columns",
                            .statement = std::string(statement)});
  }
  if (result.rows.empty() || result.columns.empty()) return std::nullopt;
  return std::move(result.rows.front().front());
}

void Connection::find_element_types(std::vector<Column>& columns) {
  if (std::ranges::none_of(columns, has_type_of_database)) return;
  std::string types;
  for (const Column& column : columns) types += (types.empty() ? "{" : ",") + std::to_string(column.type);
  const Result found = execute(
      "WITH RECURSIVE element(array_type, type, base, delimiter) AS ("
      "SELECT typarray, oid, typbasetype, typdelim FROM pg_catalog.pg_type WHERE typarray = ANY ($1::pg_catalog.oid[]) "
      "UNION ALL SELECT array_type, oid, typbasetype, delimiter FROM element JOIN pg_catalog.pg_type ON oid = base) "
      "SELECT array_type, type, delimiter FROM element WHERE base = 0",
      {types + "}"});
  for (const Row& row : found.rows) {
    for (Column& column : columns) {
      if (!has_type_of_database(column) || std::to_string(column.type) != row[0]) continue;
      column.element_type = static_cast<std::uint32_t>(to_count(row[1]->c_str()));
      column.delimiter = row[2]->front();
    }
  }
}

void Connection::check_interrupted() {
  if (!impl_->interrupted || !impl_->interrupted()) return;
  throw Error(ErrorKind::kStatement,
              ErrorFields{.message = "interrupted between two statements", .sqlstate = std::string(kQueryCancelled)});
}

bool Connection::is_broken() const { return impl_->broken || libpq().PQstatus(impl_->handle.get()) != CONNECTION_OK; }

std::string Connection::database() const { return libpq().PQdb(impl_->handle.get()); }

int Connection::server_version() const { return libpq().PQserverVersion(impl_->handle.get()); }

std::vector<std::string> Connection::take_notices() { return std::exchange(impl_->notices, {}); }

Transaction::Transaction(Connection& connection) : connection_(connection) { connection_.execute("BEGIN"); }

Transaction::~Transaction() {
  if (!open_ || connection_.is_broken()) return;
  try {
    connection_.execute("ROLLBACK");
  } catch (const std::exception&) {
    // The connection is broken, so the transaction has ended.
  }
}

void Transaction::commit() {
  open_ = false;
  connection_.execute("COMMIT");
}

std::string quote_identifier(std::string_view name) {
  if (name.empty()) throw Error(ErrorKind::kUsage, "a name is empty");
  if (name.size() > kMaxIdentifierBytes) {
    throw Error(ErrorKind::kUsage, "the name \"" + std::string(name.substr(0, kMaxIdentifierBytes)) +
                                       "...\" is longer than the 63 bytes PostgreSQL keeps");
  }
  if (name.find('\0') != std::string_view::npos) throw Error(ErrorKind::kUsage, "a name holds a NUL byte");
  std::string out = "\"";
  for (const char byte : name) {
    if (byte == '"') out += '"';
    out += byte;
  }
  return out + "\"";
}

}  // namespace stator::postgres
