/*
** libpq.h - the functions of libpq, PostgreSQL's client library, that the
** binding uses. The library is loaded when it is first needed, so neither its
** headers nor the library are needed to build or to load pop3.core. The
** types and numbers below are libpq's stable ABI (libpq.so.5).
*/
#ifndef LIBPQ_H
#define LIBPQ_H

#include <stddef.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef unsigned int Oid;

/* A message of NOTIFY; it is freed by 'freemem'. */
typedef struct PGnotify {
  char *relname;  /* the channel */
  int   be_pid;
  char *extra;    /* the payload */
  struct PGnotify *next;
} PGnotify;

/* An option of a connection; a list of them ends with 'keyword' NULL. */
typedef struct PQconninfoOption {
  char *keyword, *envvar, *compiled;
  char *val;  /* NULL: not given */
  char *label, *dispchar;
  int   dispsize;
} PQconninfoOption;

/* ExecStatusType */
enum { RES_EMPTY, RES_COMMAND, RES_ROWS, RES_COPY_OUT, RES_COPY_IN, RES_BAD,
       RES_NOTICE, RES_ERROR, RES_COPY_BOTH, RES_ROW, RES_SYNC, RES_ABORTED };

/* PostgresPollingStatusType */
enum { POLL_FAILED, POLL_READING, POLL_WRITING, POLL_OK };

#define LIBPQ_FUNCTIONS(X)                                                    \
  X (PGconn *, connectStartParams,                                            \
     (const char *const *names, const char *const *values, int expand))       \
  X (int, connectPoll, (PGconn *))                                            \
  X (int, status, (const PGconn *))                                           \
  X (int, socket, (const PGconn *))                                           \
  X (char *, errorMessage, (const PGconn *))                                  \
  X (void, finish, (PGconn *))                                                \
  X (int, setnonblocking, (PGconn *, int))                                    \
  X (int, sendQueryParams,                                                    \
     (PGconn *, const char *text, int count, const Oid *types,                \
      const char *const *values, const int *lengths, const int *formats,      \
      int format))                                                            \
  X (int, flush, (PGconn *))                                                  \
  X (int, consumeInput, (PGconn *))                                           \
  X (int, isBusy, (PGconn *))                                                 \
  X (PGresult *, getResult, (PGconn *))                                       \
  X (int, resultStatus, (const PGresult *))                                   \
  X (char *, resultErrorField, (const PGresult *, int field))                 \
  X (int, ntuples, (const PGresult *))                                        \
  X (int, nfields, (const PGresult *))                                        \
  X (char *, fname, (const PGresult *, int column))                           \
  X (Oid, ftype, (const PGresult *, int column))                              \
  X (int, getisnull, (const PGresult *, int row, int column))                 \
  X (char *, getvalue, (const PGresult *, int row, int column))               \
  X (int, getlength, (const PGresult *, int row, int column))                 \
  X (char *, cmdTuples, (PGresult *))                                         \
  X (char *, cmdStatus, (PGresult *))                                         \
  X (void, clear, (PGresult *))                                               \
  X (PGnotify *, notifies, (PGconn *))                                        \
  X (void, freemem, (void *))                                                 \
  X (int, enterPipelineMode, (PGconn *))                                      \
  X (int, exitPipelineMode, (PGconn *))                                       \
  X (int, pipelineSync, (PGconn *))                                           \
  X (int, transactionStatus, (const PGconn *))                                \
  X (PQconninfoOption *, conninfoParse, (const char *text, char **message))   \
  X (void, conninfoFree, (PQconninfoOption *))                                \
  X (int, libVersion, (void))                                                 \
  X (void, setNoticeProcessor,                                                \
     (PGconn *, void (*f) (void *arg, const char *message), void *arg))

typedef struct libpq {
#define LIBPQ_X(type, name, args) type (*name) args;
  LIBPQ_FUNCTIONS (LIBPQ_X)
#undef LIBPQ_X
} libpq;

/* The library; NULL, and '*why' says why, when it cannot be used. */
const libpq *libpq_load (const char **why);

#endif
