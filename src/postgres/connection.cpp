#include "postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "postgres/libpq.h"
#include "postgres/mask.h"

namespace stator::postgres {
namespace {

using Clock = std::chrono::steady_clock;

/// Added to the server's time limit before the client gives up: time for the server's own error to arrive.
constexpr std::chrono::milliseconds kGrace{2000};
constexpr std::size_t kMaxNotices = 100;
constexpr std::size_t kMaxIdentifierBytes = 63;
// Source: PostgreSQL manual, "PostgreSQL Error Codes".
constexpr std::string_view kQueryCancelled = "57014";
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
                     .statement = std::string(statement)};
  if (fields.message.empty()) fields.message = libpq().PQresultErrorMessage(result);
  const std::string position = field_of(result, PG_DIAG_STATEMENT_POSITION);
  std::from_chars(position.data(), position.data() + position.size(), fields.position);
  return fields;
}

std::uint64_t to_count(const char* text) {
  std::uint64_t count = 0;
  const std::string_view digits = text;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

/// libpq's "connection to server … failed: …", of several lines where several addresses were tried, as one line.
std::string connect_message(const std::string& raw) {
  std::string text = one_line(mask_passwords(raw));
  return text.empty() ? "no connection could be made" : text;
}

/// The server's message before it closed the connection, or that it closed it; without libpq's guesses at the reason.
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
  /// The server was told to cancel a statement. Where that failed of it, it is not told again: what follows undoes the
  /// work.
  bool cancelled = false;
  /// When the server was last told to cancel the statement that runs; empty before.
  std::optional<Clock::time_point> told_at;
  bool broken = false;
  std::vector<std::string> notices;

  void connect(const Target& target);
  Result collect(std::string_view statement, bool keep_rows);
  ResultHandle next_result(std::string_view statement, std::optional<Clock::time_point> deadline);
  void cancel();
  [[nodiscard]] int cancel_where_interrupted();
  void wait_for_input(std::string_view statement, std::optional<Clock::time_point> deadline);
  void append_rows(const PGresult* result, Result& out, std::size_t& size, std::string_view statement);
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
  // Before the URL, which overrides it.
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

/// Returns how long to wait for input until this is called again, in ms; -1: for good.
int Connection::Impl::cancel_where_interrupted() {
  // A signal that comes just before the wait does not end it.
  constexpr int kBetweenLooksMs = 250;
  // A cancel that overtakes its statement on the way to the server cancels nothing.
  constexpr std::chrono::seconds kAgain{1};
  if (told_at) {
    if (Clock::now() - *told_at < kAgain) return kBetweenLooksMs;
  } else {
    if (!interrupted || cancelled) return -1;
    if (!interrupted()) return kBetweenLooksMs;
  }
  cancelled = true;
  cancel();
  told_at = Clock::now();
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

ResultHandle Connection::Impl::next_result(std::string_view statement, std::optional<Clock::time_point> deadline) {
  while (libpq().PQisBusy(handle.get()) != 0) wait_for_input(statement, deadline);
  return ResultHandle(libpq().PQgetResult(handle.get()));
}

void Connection::Impl::append_rows(const PGresult* result, Result& out, std::size_t& size, std::string_view statement) {
  const int columns = libpq().PQnfields(result);
  if (out.columns.empty()) {
    for (int i = 0; i < columns; ++i) out.columns.push_back({libpq().PQfname(result, i), libpq().PQftype(result, i)});
  }
  for (int row = 0; row < libpq().PQntuples(result); ++row) {
    Row fields;
    fields.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      if (libpq().PQgetisnull(result, row, i) != 0) {
        fields.emplace_back();
        continue;
      }
      const auto length = static_cast<std::size_t>(libpq().PQgetlength(result, row, i));
      fields.emplace_back(std::string(libpq().PQgetvalue(result, row, i), length));
      size += length;
    }
    size += sizeof(Row) + fields.size() * sizeof(Field);
    if (size > kMaxResultSizeBytes) {
      give_up(
          ErrorKind::kUsage, statement,
          "the result is larger than " + std::to_string(kMaxResultSizeBytes >> 20U) + " MB: ask for less with LIMIT");
    }
    out.rows.push_back(std::move(fields));
  }
}

Result Connection::Impl::collect(std::string_view statement, bool keep_rows) {
  std::optional<Clock::time_point> deadline;
  if (statement_timeout.count() > 0) deadline = Clock::now() + statement_timeout + kGrace;
  Result out;
  std::size_t size = 0;
  std::optional<ErrorFields> fault;
  told_at.reset();
  while (const ResultHandle result = next_result(statement, deadline)) {
    switch (libpq().PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
        if (keep_rows) append_rows(result.get(), out, size, statement);
        [[fallthrough]];
      case PGRES_COMMAND_OK:
        out.command = libpq().PQcmdStatus(result.get());
        out.affected_rows = to_count(libpq().PQcmdTuples(result.get()));
        break;
      case PGRES_EMPTY_QUERY:
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        give_up(ErrorKind::kUsage, statement, "COPY to or from the client needs psql: stator db connect");
      default:
        if (!fault) fault = fields_of(result.get(), statement);
        break;
    }
  }
  if (libpq().PQstatus(handle.get()) != CONNECTION_OK) {
    broken = true;
    if (!fault) lost(statement);
    fault->message = "the connection was cut: " + lost_message(fault->message);
    throw Error(ErrorKind::kLost, *std::move(fault));
  }
  if (fault) throw Error(ErrorKind::kStatement, *std::move(fault));
  cancelled = false;  // it came too late for this statement, so the next one is cancelled
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

Result Connection::execute(std::string_view statement, const Parameters& parameters) {
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
  return impl_->collect(statement, true);
}

void Connection::execute_script(std::string_view statements) {
  impl_->require_usable(statements);
  const std::string text(statements);
  if (text.find('\0') != std::string::npos)
    throw Error(ErrorKind::kUsage, "SQL text holds no NUL byte, and this has one");
  if (libpq().PQsendQuery(impl_->handle.get(), text.c_str()) == 0) impl_->lost(statements);
  impl_->collect(statements, false);
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

std::optional<std::string> Connection::object(std::string_view statement, const Parameters& parameters) {
  const Result result = execute(statement, parameters);
  if (result.rows.size() > 1) {
    throw Error(ErrorKind::kUsage,
                ErrorFields{.message = "one row was expected, not " + std::to_string(result.rows.size()),
                            .statement = std::string(statement)});
  }
  if (result.rows.empty()) return std::nullopt;
  return row_as_json(result, 0);
}

std::string Connection::array(std::string_view statement, const Parameters& parameters) {
  return rows_as_json(execute(statement, parameters));
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
    // The connection is broken, and with it the transaction is over.
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
