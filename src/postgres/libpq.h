#pragma once

#include <libpq-fe.h>

namespace stator::postgres {

/// The functions of libpq that this room calls.
#define STATOR_LIBPQ_FUNCTIONS(X) \
  X(PQcancel)                     \
  X(PQclear)                      \
  X(PQcmdStatus)                  \
  X(PQcmdTuples)                  \
  X(PQconnectStartParams)         \
  X(PQconnectdbParams)            \
  X(PQconninfo)                   \
  X(PQconninfoFree)               \
  X(PQconninfoParse)              \
  X(PQconsumeInput)               \
  X(PQdb)                         \
  X(PQerrorMessage)               \
  X(PQfinish)                     \
  X(PQfname)                      \
  X(PQfreeCancel)                 \
  X(PQfreemem)                    \
  X(PQftype)                      \
  X(PQgetCancel)                  \
  X(PQgetCopyData)                \
  X(PQgetResult)                  \
  X(PQgetisnull)                  \
  X(PQgetlength)                  \
  X(PQgetvalue)                   \
  X(PQisBusy)                     \
  X(PQputCopyData)                \
  X(PQputCopyEnd)                 \
  X(PQnfields)                    \
  X(PQntuples)                    \
  X(PQresultErrorField)           \
  X(PQresultErrorMessage)         \
  X(PQresultStatus)               \
  X(PQsendQuery)                  \
  X(PQsendQueryParams)            \
  X(PQserverVersion)              \
  X(PQsetNoticeReceiver)          \
  X(PQsetSingleRowMode)           \
  X(PQsocket)                     \
  X(PQstatus)                     \
  X(PQtransactionStatus)

/// libpq, loaded at the first connection. Linking it would load Kerberos and LDAP at every start of the program, which
/// takes about 4 ms even for commands that do not use PostgreSQL.
struct Libpq {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration
#define STATOR_LIBPQ_MEMBER(name) decltype(&::name) name = nullptr;
  STATOR_LIBPQ_FUNCTIONS(STATOR_LIBPQ_MEMBER)
#undef STATOR_LIBPQ_MEMBER
};

/// Throws Error (kMissing), which names the package to install, if the library is missing. Safe to call from any
/// thread.
const Libpq& libpq();

}  // namespace stator::postgres
