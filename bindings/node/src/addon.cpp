// The native half of the package: include/stator/stator_c.h for JavaScript, through Node-API (stable over versions of
// Node).
#include <node_api.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "stator/stator_c.h"

namespace {

/// Closes the database when its last user, such as a running call, has gone.
using Database = std::shared_ptr<stator_database>;

/// What a JavaScript object holds.
struct Holder {
  Database database;
};

/// Throws an error in JavaScript. Returns null for the caller to return.
napi_value throw_error(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

napi_value throw_and_free(napi_env env, char* message) {
  napi_throw_error(env, nullptr, message == nullptr ? "out of memory" : message);
  stator_free(message);
  return nullptr;
}

bool read_text(napi_env env, napi_value value, std::string& out) {
  std::size_t size = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return false;
  out.resize(size);
  return napi_get_value_string_utf8(env, value, out.data(), size + 1, &size) == napi_ok;
}

/// Whether the text has a zero byte, which would end it for the library.
bool ends_early(const std::string& text) { return text.find('\0') != std::string::npos; }

/// Reads a body, which may be a text or bytes.
bool read_body(napi_env env, napi_value value, std::string& out) {
  if (read_text(env, value, out)) return true;
  bool is_bytes = false;
  if (napi_is_typedarray(env, value, &is_bytes) != napi_ok || !is_bytes) return false;
  napi_typedarray_type type = napi_uint8_array;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  if (type != napi_uint8_array) return false;
  out.assign(static_cast<const char*>(data), length);
  return true;
}

/// The holder in `value`; null, with an error thrown, if it is not one.
Holder* holder_of(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) == napi_ok && data != nullptr) return static_cast<Holder*>(data);
  napi_throw_type_error(env, nullptr, "this is no database");
  return nullptr;
}

/// The open database of the holder in `value`; null, with an error thrown, if it is closed.
stator_database* open_database(napi_env env, napi_value value) {
  Holder* const holder = holder_of(env, value);
  if (holder == nullptr) return nullptr;
  if (!holder->database) throw_error(env, "this Database is closed");
  return holder->database.get();
}

template <std::size_t kCount>
bool read_arguments(napi_env env, napi_callback_info info, napi_value (&arguments)[kCount]) {
  std::size_t count = kCount;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) == napi_ok && count == kCount) return true;
  napi_throw_type_error(env, nullptr, "wrong number of arguments");
  return false;
}

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value text(napi_env env, const char* value) {
  napi_value made = nullptr;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &made);
  return made;
}

/// Passes lines from any thread of the library to a JavaScript function on its own thread, without keeping that
/// thread's event loop alive. Only the Database keeps the function reachable. A reference from here would do so for
/// ever, and with it the Database, if the function refers to that.
class Log {
 public:
  /// Returns null, with an error thrown, on failure.
  static std::shared_ptr<Log> make(napi_env env, napi_value function) {
    auto log = std::make_shared<Log>();
    auto of_function = std::make_unique<std::shared_ptr<Log>>(log);
    const auto forget = [](napi_env inside, void* data, void*) {
      const std::unique_ptr<std::shared_ptr<Log>> owned(static_cast<std::shared_ptr<Log>*>(data));
      napi_delete_reference(inside, (*owned)->reference_);
      const std::lock_guard lock((*owned)->mutex_);
      (*owned)->function_ = nullptr;
    };
    if (napi_create_reference(env, function, 0, &log->reference_) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, text(env, "stator log"), 0, 1, of_function.get(), forget,
                                        log.get(), call, &log->function_) != napi_ok) {
      throw_error(env, "log must be a function");
      return nullptr;
    }
    of_function.release();  // NOLINT(bugprone-unused-return-value): `forget` has it
    napi_unref_threadsafe_function(env, log->function_);
    return log;
  }

  static void take(void* context, const char* line, std::size_t size) {
    auto* const log = static_cast<Log*>(context);
    const std::lock_guard lock(log->mutex_);
    if (log->function_ == nullptr) return;
    auto copy = std::make_unique<std::string>(line, size);
    const napi_status status = napi_call_threadsafe_function(log->function_, copy.get(), napi_tsfn_nonblocking);
    if (status == napi_ok) copy.release();                 // NOLINT(bugprone-unused-return-value): `call` has it
    if (status == napi_closing) log->function_ = nullptr;  // which also releases it
  }

  /// Lines already taken are still passed on.
  void end() {
    const std::lock_guard lock(mutex_);
    if (function_ != nullptr) napi_release_threadsafe_function(function_, napi_tsfn_release);
    function_ = nullptr;
  }

 private:
  static void call(napi_env env, napi_value, void* context, void* data) {
    const std::unique_ptr<std::string> line(static_cast<std::string*>(data));
    if (env == nullptr) return;  // the environment is going down
    napi_value function = nullptr;
    napi_value argument = nullptr;
    if (napi_get_reference_value(env, static_cast<Log*>(context)->reference_, &function) != napi_ok ||
        function == nullptr || napi_create_string_utf8(env, line->data(), line->size(), &argument) != napi_ok) {
      return;
    }
    if (napi_call_function(env, undefined(env), function, 1, &argument, nullptr) != napi_pending_exception) return;
    // Nobody waits for this call, so an exception is an uncaught one, as in a timer's callback.
    napi_value fault = nullptr;
    napi_get_and_clear_last_exception(env, &fault);
    napi_fatal_exception(env, fault);
  }

  napi_ref reference_ = nullptr;  // a weak reference to the function
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;  // null if it was released, or if its environment went down
};

/// {status, errorType, errorMessage, body: Buffer, holdMs}; frees the reply.
napi_value make_reply(napi_env env, stator_reply& reply) {
  napi_value object = nullptr;
  napi_value status = nullptr;
  napi_value body = nullptr;
  napi_value hold_ms = nullptr;
  const bool made = napi_create_object(env, &object) == napi_ok &&
                    napi_create_int32(env, reply.http_status, &status) == napi_ok &&
                    napi_create_uint32(env, reply.hold_ms, &hold_ms) == napi_ok &&
                    napi_create_buffer_copy(env, reply.body_bytes, reply.body, nullptr, &body) == napi_ok;
  if (made) {
    napi_set_named_property(env, object, "status", status);
    napi_set_named_property(env, object, "errorType", text(env, reply.error_type));
    napi_set_named_property(env, object, "errorMessage", text(env, reply.error_message));
    napi_set_named_property(env, object, "body", body);
    napi_set_named_property(env, object, "holdMs", hold_ms);
  }
  stator_reply_free(&reply);
  return made ? object : throw_error(env, "out of memory");
}

/// open(optionsJson, log) -> database; log: a function that takes a line, or undefined
napi_value open(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  if (!read_arguments(env, info, arguments)) return nullptr;
  std::string options;
  if (!read_text(env, arguments[0], options)) return throw_error(env, "options must be JSON");
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments[1], &type);
  std::shared_ptr<Log> log;
  if (type != napi_undefined && (log = Log::make(env, arguments[1])) == nullptr) return nullptr;
  char* error = nullptr;
  stator_database* const opened = stator_open(options.c_str(), log == nullptr ? nullptr : Log::take, log.get(), &error);
  if (opened == nullptr) {
    if (log != nullptr) log->end();
    return throw_and_free(env, error);
  }
  auto holder = std::make_unique<Holder>(Holder{Database(opened, [log](stator_database* database) {
    stator_close(database);
    if (log != nullptr) log->end();
  })});
  napi_value value = nullptr;
  const auto release = [](napi_env, void* data, void*) { delete static_cast<Holder*>(data); };
  if (napi_create_external(env, holder.get(), release, nullptr, &value) != napi_ok)
    return throw_error(env, "out of memory");
  holder.release();  // NOLINT(bugprone-unused-return-value): the garbage collector owns it
  return value;
}

/// close(database): running calls end first.
napi_value close(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, arguments)) return nullptr;
  Holder* const holder = holder_of(env, arguments[0]);
  if (holder == nullptr) return nullptr;
  holder->database.reset();
  return undefined(env);
}

/// The arguments of a call, and its reply.
struct Call {
  Database database;
  std::string target;
  std::string region;
  std::string body;
  stator_reply reply{};
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;

  void run() {
    stator_call(database.get(), target.c_str(), region.empty() ? nullptr : region.c_str(), body.data(), body.size(),
                &reply);
  }
};

/// Reads (database, target, region, body).
bool read_call(napi_env env, napi_callback_info info, Call& call) {
  napi_value arguments[4];
  if (!read_arguments(env, info, arguments)) return false;
  if (open_database(env, arguments[0]) == nullptr) return false;
  call.database = holder_of(env, arguments[0])->database;
  if (read_text(env, arguments[1], call.target) && read_text(env, arguments[2], call.region) &&
      read_body(env, arguments[3], call.body)) {
    // No operation or region has a zero byte.
    for (std::string* const text : {&call.target, &call.region}) {
      if (ends_early(*text)) text->clear();
    }
    return true;
  }
  napi_throw_type_error(env, nullptr, "target and region must be texts, the body a text or a Uint8Array");
  return false;
}

/// call(database, target, region, body) -> {status, errorType, errorMessage, body, holdMs}, on this thread.
napi_value call(napi_env env, napi_callback_info info) {
  Call made;
  if (!read_call(env, info, made)) return nullptr;
  made.run();
  return make_reply(env, made.reply);
}

/// callAsync(database, target, region, body) -> Promise of the same, on a thread of the pool.
napi_value call_async(napi_env env, napi_callback_info info) {
  auto made = std::make_unique<Call>();
  if (!read_call(env, info, *made)) return nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &made->deferred, &promise) != napi_ok) return throw_error(env, "out of memory");
  const auto execute = [](napi_env, void* data) { static_cast<Call*>(data)->run(); };
  const auto complete = [](napi_env inside, napi_status status, void* data) {
    const std::unique_ptr<Call> ended(static_cast<Call*>(data));
    if (status == napi_ok) {
      napi_resolve_deferred(inside, ended->deferred, make_reply(inside, ended->reply));
    } else {  // the environment is going down
      napi_value error = nullptr;
      napi_create_error(inside, nullptr, text(inside, "the call was cancelled"), &error);
      napi_reject_deferred(inside, ended->deferred, error);
    }
    napi_delete_async_work(inside, ended->work);
  };
  if (napi_create_async_work(env, nullptr, text(env, "stator"), execute, complete, made.get(), &made->work) !=
          napi_ok ||
      napi_queue_async_work(env, made->work) != napi_ok) {
    return throw_error(env, "out of memory");
  }
  made.release();  // NOLINT(bugprone-unused-return-value): `complete` has it
  return promise;
}

/// effort(database, target) -> 0, 1 or 2 (STATOR_EFFORT_…)
napi_value effort(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  std::string target;
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  if (!read_text(env, arguments[1], target)) return throw_error(env, "target must be a text");
  napi_value value = nullptr;
  napi_create_int32(env, stator_effort(database, target.c_str()), &value);
  return value;
}

using Change = int32_t (*)(stator_database*, const char*, char**);

/// change(database, text)
template <Change kChange>
napi_value change(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  std::string name;
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  if (!read_text(env, arguments[1], name)) return throw_error(env, "a snapshot's name and rules must be texts");
  if (ends_early(name)) return throw_error(env, "a text must not hold a zero byte");
  char* error = nullptr;
  if (kChange(database, name.c_str(), &error) != 0) return throw_and_free(env, error);
  return undefined(env);
}

using Tell = char* (*)(stator_database*, char**);

/// tell(database) -> JSON
template <Tell kTell>
napi_value tell(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  char* error = nullptr;
  char* const told = kTell(database, &error);
  if (told == nullptr) return throw_and_free(env, error);
  napi_value value = text(env, told);
  stator_free(told);
  return value;
}

/// reset(database)
napi_value reset(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  char* error = nullptr;
  if (stator_reset(database, &error) != 0) return throw_and_free(env, error);
  return undefined(env);
}

/// clock(database) -> milliseconds since 1970
napi_value clock(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  napi_value value = nullptr;
  napi_create_int64(env, stator_clock(database), &value);
  return value;
}

using Move = int32_t (*)(stator_database*, std::int64_t, char**);

/// move(database, milliseconds)
template <Move kMove>
napi_value move(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  if (!read_arguments(env, info, arguments)) return nullptr;
  stator_database* const database = open_database(env, arguments[0]);
  if (database == nullptr) return nullptr;
  std::int64_t time_ms = 0;
  if (napi_get_value_int64(env, arguments[1], &time_ms) != napi_ok) return throw_error(env, "a time must be a number");
  char* error = nullptr;
  if (kMove(database, time_ms, &error) != 0) return throw_and_free(env, error);
  return undefined(env);
}

napi_value version(napi_env env, napi_callback_info) { return text(env, stator_version()); }

}  // namespace

NAPI_MODULE_INIT() {
  if (stator_abi_version() != STATOR_ABI_VERSION) {
    return throw_error(env, ("the library has version " + std::to_string(stator_abi_version()) +
                             " of its interface, this package wants " + std::to_string(STATOR_ABI_VERSION))
                                .c_str());
  }
  const std::pair<const char*, napi_callback> functions[] = {
      {"open", open},
      {"close", close},
      {"call", call},
      {"callAsync", call_async},
      {"effort", effort},
      {"saveSnapshot", change<stator_save_snapshot>},
      {"restoreSnapshot", change<stator_restore_snapshot>},
      {"dropSnapshot", change<stator_drop_snapshot>},
      {"snapshots", tell<stator_snapshots>},
      {"reset", reset},
      {"simulate", change<stator_simulate>},
      {"simulated", tell<stator_simulated>},
      {"clock", clock},
      {"setClock", move<stator_set_clock>},
      {"advanceClock", move<stator_advance_clock>},
      {"version", version},
  };
  for (const auto& [name, function] : functions) {
    napi_value value = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value) != napi_ok) return nullptr;
    if (napi_set_named_property(env, exports, name, value) != napi_ok) return nullptr;
  }
  return exports;
}
