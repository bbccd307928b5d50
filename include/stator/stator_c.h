#ifndef STATOR_STATOR_C_H
#define STATOR_STATOR_C_H

#include <stddef.h>
#include <stdint.h>

#include "stator/export.h"

/*
 * Stator's embedding API for C, and for every language that can call C: DynamoDB inside your process. Link with
 * -lstator (docs/embedding.md). A shorter interface for C++ is in stator/stator.h.
 *
 * No function throws, exits, prints or changes signals and locale. Texts are UTF-8. A handle may be used from several
 * threads at once; closing it must be the last call. A child made by fork() must not call the library where its parent
 * had: it has none of the library's threads.
 *
 * Functions that may fail for a reason worth reading take `char **error`: where they fail, a line for people is put
 * there, to be released with stator_free; elsewhere it becomes NULL. NULL may be given for it.
 */
/* It is C: NOLINTBEGIN(modernize-use-using,performance-enum-size) */
#ifdef __cplusplus
extern "C" {
#endif

/* Goes up when something below changes in a way that compiled callers notice. New functions do not change it. */
#define STATOR_ABI_VERSION 1

/* The STATOR_ABI_VERSION that the library was built with: compare it with that of the header before anything else. */
STATOR_API uint32_t stator_abi_version(void);

/* "0.1.0" */
STATOR_API const char* stator_version(void);

/* An open database. */
typedef struct stator_database stator_database;

/* Told, a line each and from any thread, of what no call waits for: faults of the disk and their end, items that an
 * import leaves out. It must not call the database. */
typedef void stator_log_function(void* context, const char* line, size_t line_bytes);

/*
 * Opens a database. `options_json` is an object, or NULL for all defaults:
 *
 *   "directory"            data directory, created where it is missing; without it: in memory, gone at stator_close
 *   "sync"                 true: acknowledge a write when the disk has it, so that it survives power loss (false)
 *   "clock_ms"             where the database's clock stands, in milliseconds since 1970, until it is moved with
 *                          stator_set_clock; without it the database has the machine's clock
 *   "transition_delay_ms"  how long tables and indexes stay CREATING, UPDATING and DELETING, 0 to 3600000 (0)
 *   "stream_shards"        into how many shards new streams are split, 1 to 1000; without it as on AWS, four for a
 *                          table on demand, one for each 3000 read and 1000 write units that are provisioned
 *   "read_staleness_ms"    how old the state may be that an eventually consistent read sees, 0 to 3600000 (0);
 *   "index_lag_ms"         how far global indexes may be behind, and
 *   "stream_lag_ms"        how late stream records appear: docs/simulate.md
 *   "staleness_seed"       decides how old that state is (1)
 *   "enforce_throughput"   true: refuse what is beyond the throughput of tables and indexes, as on AWS (false)
 *   "buckets"              where exports go and imports come from: the bucket NAME is the folder NAME in it; without it
 *                          there are no buckets
 *
 * Other members are refused. `log` may be NULL; `log_context` is handed to it, and both must live until stator_close.
 * NULL on failure: the options are wrong, or the directory is held by another process, damaged or not Stator's.
 */
STATOR_API stator_database* stator_open(const char* options_json, stator_log_function* log, void* log_context,
                                        char** error);

/* Closes cleanly: nothing has to be replayed at the next opening. NULL is ignored. */
STATOR_API void stator_close(stator_database* database);

/* What an operation came to. Its texts belong to it, and live until stator_reply_free. */
typedef struct stator_reply {
  int32_t http_status;       /* 200, or what the service answers with the error: 400, 413, 500, 503. 0: there is no
                                answer, the connection is cut by a rule of stator_simulate */
  uint32_t hold_ms;          /* by a rule of stator_simulate: how long to hold back what came of it; else 0 */
  const char* error_type;    /* "ConditionalCheckFailedException"; "" where http_status is 200 */
  const char* error_message; /* "" where http_status is 200 */
  const char* body;          /* JSON as DynamoDB sends it, a NUL after it: the reply, or the error's body */
  size_t body_bytes;         /* without that NUL */
  void* owner;               /* the library's */
} stator_reply;

/*
 * Calls one operation. `target` is its name ("GetItem"), or the whole of X-Amz-Target as SDKs send it
 * ("DynamoDB_20120810.GetItem", "DynamoDBStreams_20120810.GetRecords"). `region` is the one the client believes to
 * call, which decides about ARNs that it may name; NULL is us-east-1. `body` is the request, JSON. What the request
 * contains is never a failure: `reply` always holds what came of it, and must be given to stator_reply_free.
 * Returns reply->http_status.
 */
STATOR_API int32_t stator_call(stator_database* database, const char* target, const char* region, const char* body,
                               size_t body_bytes, stator_reply* reply);

/* Releases a reply's texts and empties it; an empty one is left alone. */
STATOR_API void stator_reply_free(stator_reply* reply);

/* How long a call may keep its thread. */
enum {
  STATOR_EFFORT_ITEM = 0,  /* microseconds as a rule: one item, or a description */
  STATOR_EFFORT_PAGE = 1,  /* milliseconds: a page, a batch or a transaction */
  STATOR_EFFORT_WAITS = 2, /* for the disk, or for what must be finished first */
};

/* What to expect of `target`, for callers with a thread that must not be kept. */
STATOR_API int32_t stator_effort(stator_database* database, const char* target);

/*
 * Saved states of the whole database: docs/embedding.md. Neither saving nor restoring takes longer for a larger
 * database. Names are 1 to 64 letters, digits, hyphens, underscores and points. All return 0, or -1 with `error`.
 */
STATOR_API int32_t stator_save_snapshot(stator_database* database, const char* name, char** error);
STATOR_API int32_t stator_restore_snapshot(stator_database* database, const char* name, char** error);
STATOR_API int32_t stator_drop_snapshot(stator_database* database, const char* name, char** error);

/* Their names, sorted, as a JSON array of texts, to be released with stator_free; NULL on failure. */
STATOR_API char* stator_snapshots(stator_database* database, char** error);

/* Restores the snapshot "start" where there is one; else the database is empty. 0, or -1 with `error`. */
STATOR_API int32_t stator_reset(stator_database* database, char** error);

/*
 * Lets calls go wrong by rules and a seed, in the place of earlier rules, whose counts end: docs/simulate.md. NULL or
 * "{}": none. The database's clock decides when a rule holds. Callers that set rules obey `hold_ms` and a status of 0
 * in replies. 0, or -1 with `error`, where the earlier rules stay.
 */
STATOR_API int32_t stator_simulate(stator_database* database, const char* rules_json, char** error);

/* How many calls each rule was for, and how many it did something to, as JSON, to be released with stator_free; NULL on
 * failure. */
STATOR_API char* stator_simulated(stator_database* database, char** error);

/* The database's time in milliseconds since 1970; -1 without a database. */
STATOR_API int64_t stator_clock(stator_database* database);

/*
 * Move the clock of a database that was opened with "clock_ms", to a time from 1970 to 9999, and return when what has
 * become due is done: expired items are deleted, old stream records too. 0, or -1 with `error`.
 */
STATOR_API int32_t stator_set_clock(stator_database* database, int64_t now_ms, char** error);
STATOR_API int32_t stator_advance_clock(stator_database* database, int64_t by_ms, char** error);

/* Releases a text that the library handed out; NULL is ignored. */
STATOR_API void stator_free(char* text);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-use-using,performance-enum-size) */

#endif
