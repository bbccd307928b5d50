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
 * threads at once; closing it must be the last call. A child made by fork() must not call the library if its parent
 * had: it has none of the library's threads.
 *
 * Functions that may fail take `char **error`: on failure it is set to a readable line, to be released with
 * stator_free, otherwise to NULL. It may itself be NULL.
 */
/* It is C: NOLINTBEGIN(modernize-use-using,performance-enum-size) */
#ifdef __cplusplus
extern "C" {
#endif

/* Increases when something below changes in a way that affects compiled callers. New functions do not change it. */
#define STATOR_ABI_VERSION 1

/* The STATOR_ABI_VERSION that the library was built with. Compare it with the header's before any other call. */
STATOR_API uint32_t stator_abi_version(void);

/* "0.1.0" */
STATOR_API const char* stator_version(void);

/* An open database. */
typedef struct stator_database stator_database;

/* Called with one line, from any thread, for events that belong to no call: disk faults and their end, items that an
 * import skips. It must not call the database. */
typedef void stator_log_function(void* context, const char* line, size_t line_bytes);

/*
 * Opens a database. `options_json` is an object, or NULL for all defaults:
 *
 *   "directory"            data directory, created if missing; without it: in memory, gone at stator_close
 *   "sync"                 true: acknowledge a write once the disk has it, so that it survives power loss (false)
 *   "clock_ms"             start time, in milliseconds since 1970, of a clock that only stator_set_clock and
 *                          stator_advance_clock move; without it the database uses the machine's clock
 *   "transition_delay_ms"  how long tables and indexes stay CREATING, UPDATING and DELETING, 0 to 3600000 (0)
 *   "stream_shards"        number of shards of a new stream, 1 to 1000; without it as on AWS, four for an on-demand
 *                          table, one for each 3000 read and 1000 write units of a provisioned one
 *   "read_staleness_ms"    how stale eventually consistent reads may be, 0 to 3600000 (0);
 *   "index_lag_ms"         how far global indexes may lag behind, and
 *   "stream_lag_ms"        how late stream records appear: docs/simulate.md
 *   "staleness_seed"       decides how stale each read is (1)
 *   "enforce_throughput"   true: refuse requests beyond the throughput of tables and indexes, as AWS does (false)
 *   "buckets"              where exports go and imports come from: the bucket NAME is the folder NAME in it; without it
 *                          no buckets
 *
 * Other members are refused. `log` may be NULL; `log_context` is passed to it, and both must live until stator_close.
 * Returns NULL on failure: the options are wrong, or the directory is held by another process, damaged or not Stator's.
 */
STATOR_API stator_database* stator_open(const char* options_json, stator_log_function* log, void* log_context,
                                        char** error);

/* Closes cleanly: the next opening has nothing to replay. NULL is ignored. */
STATOR_API void stator_close(stator_database* database);

/* The result of an operation. It owns its texts, which live until stator_reply_free. */
typedef struct stator_reply {
  int32_t http_status;       /* 200, or what the service answers with the error: 400, 413, 500, 503. 0: there is no
                                answer, the connection is cut by a rule of stator_simulate */
  uint32_t hold_ms;          /* by a rule of stator_simulate: how long to delay the reply; else 0 */
  const char* error_type;    /* "ConditionalCheckFailedException"; "" if http_status is 200 */
  const char* error_message; /* "" if http_status is 200 */
  const char* body;          /* JSON as DynamoDB sends it, NUL-terminated: the reply, or the error's body */
  size_t body_bytes;         /* without that NUL */
  void* owner;               /* internal */
} stator_reply;

/*
 * Calls one operation. `target` is its name ("GetItem"), or the whole of X-Amz-Target as SDKs send it
 * ("DynamoDB_20120810.GetItem", "DynamoDBStreams_20120810.GetRecords"). `region` is the one the client calls, which
 * decides which ARNs it may name; NULL is us-east-1. `body` is the request as JSON. A faulty request is not a failure
 * of this function: `reply` always holds the outcome, and must be passed to stator_reply_free. Returns
 * reply->http_status.
 */
STATOR_API int32_t stator_call(stator_database* database, const char* target, const char* region, const char* body,
                               size_t body_bytes, stator_reply* reply);

/* Releases a reply's texts and empties it; does nothing to an empty one. */
STATOR_API void stator_reply_free(stator_reply* reply);

/* How long a call may occupy its thread. */
enum {
  STATOR_EFFORT_ITEM = 0,  /* usually microseconds: one item, or a description */
  STATOR_EFFORT_PAGE = 1,  /* milliseconds: a page, a batch or a transaction */
  STATOR_EFFORT_WAITS = 2, /* waits for the disk, or for other work to finish */
};

/* What to expect of `target`, for callers whose thread must not be blocked. */
STATOR_API int32_t stator_effort(stator_database* database, const char* target);

/*
 * Snapshots of the whole database: docs/embedding.md. Neither saving nor restoring takes longer for a larger
 * database. Names are 1 to 64 letters, digits, hyphens, underscores and dots. All return 0, or -1 with `error`.
 */
STATOR_API int32_t stator_save_snapshot(stator_database* database, const char* name, char** error);
STATOR_API int32_t stator_restore_snapshot(stator_database* database, const char* name, char** error);
STATOR_API int32_t stator_drop_snapshot(stator_database* database, const char* name, char** error);

/* Their names, sorted, as a JSON array of strings, to be released with stator_free; NULL on failure. */
STATOR_API char* stator_snapshots(stator_database* database, char** error);

/* Restores the snapshot "start" if it exists; else empties the database. Returns 0, or -1 with `error`. */
STATOR_API int32_t stator_reset(stator_database* database, char** error);

/*
 * Injects faults by rules and a seed: docs/simulate.md. Replaces earlier rules and their counts; NULL or "{}": no
 * rules. The database's clock decides when a rule applies. Callers that set rules must obey `hold_ms` and a status of 0
 * in replies. Returns 0, or -1 with `error`, and then keeps the earlier rules.
 */
STATOR_API int32_t stator_simulate(stator_database* database, const char* rules_json, char** error);

/* How many calls each rule matched, and how many it acted on, as JSON, to be released with stator_free; NULL on
 * failure. */
STATOR_API char* stator_simulated(stator_database* database, char** error);

/* The database's time in milliseconds since 1970; -1 without a database. */
STATOR_API int64_t stator_clock(stator_database* database);

/*
 * Move the clock of a database opened with "clock_ms", to a time from 1970 to 9999, and return once everything that
 * became due is done: expired items and old stream records are deleted. Return 0, or -1 with `error`.
 */
STATOR_API int32_t stator_set_clock(stator_database* database, int64_t now_ms, char** error);
STATOR_API int32_t stator_advance_clock(stator_database* database, int64_t by_ms, char** error);

/* Releases a text returned by the library; NULL is ignored. */
STATOR_API void stator_free(char* text);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-use-using,performance-enum-size) */

#endif
