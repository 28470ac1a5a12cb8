/*
** base.h - spans, the allocator and errors, for all files of the core.
**
** Functions that can fail return 0 (or a count) on success and a negative
** POP3_E code on failure.
*/
#ifndef POP3_BASE_H
#define POP3_BASE_H

#include <stddef.h>
#include <stdint.h>

/* A run of octets somewhere else; never NUL-terminated, may hold NULs. */
typedef struct pop3_span {
  const char *p;
  size_t n;
} pop3_span;

/*
** The allocator, with the contract of lua_Alloc: 'nsize' 0 frees and returns
** NULL; 'osize' is the size that the block has. It may return NULL, which
** becomes POP3_ENOMEM and leaves the object as it was.
*/
typedef void *(*pop3_allocf) (void *ud, void *p, size_t osize, size_t nsize);

typedef struct pop3_mem {
  pop3_allocf f;
  void *ud;
} pop3_mem;

/*
** The one list of errors: the enum below, the code that Lua sees, the text.
** A code of "argument" or "memory" is raised in Lua, not returned.
*/
#define POP3_ERRORS(X)                                                     \
  X (NOMEM,   "memory",   "not enough memory")                             \
  X (ARG,     "argument", "CR, LF or NUL in a command")                    \
  X (LONG,    "argument", "command too long")                              \
  X (STATE,   "state",    "command not valid in this state")               \
  X (CLOSED,  "closed",   "connection closed")                             \
  X (LINE,    "limit",    "line too long")                                 \
  X (LISTING, "limit",    "listing too long")                              \
  X (MESSAGE, "limit",    "message too long")                              \
  X (DRAIN,   "limit",    "too many octets to skip")                  \
  X (LIMIT,   "limit",    "limit exceeded")                                \
  X (STATUS,  "proto",    "not a POP3 reply")                              \
  X (ENTRY,   "proto",    "malformed listing line")                        \
  X (UNASKED, "proto",    "unexpected octets from the server")              \
  X (PAUSE,   "proto",    "the end of the last body was found by a pause")  \
  X (CHARSET, "charset",  "unknown charset")                               \
  X (SASL,    "proto",    "malformed SASL message")                        \
  X (BASE64,  "proto",    "not base64")                                    \
  X (AUTH,    "auth",     "authentication failed")                         \
  X (PREP,    "auth",     "a character not allowed in names and passwords") \
  X (TLS,     "tls",      "TLS failed")                                    \
  X (CUT,     "closed",   "connection closed without a TLS close_notify")  \
  X (IO,      "io",       "input/output error")

enum pop3_errnum {
#define POP3_X(name, code, text) POP3_N##name,
  POP3_N_NONE, POP3_ERRORS (POP3_X)
#undef POP3_X
  POP3_N_LAST
};

enum pop3_error {
#define POP3_X(name, code, text) POP3_E##name = -POP3_N##name,
  POP3_ERRORS (POP3_X)
#undef POP3_X
  POP3_OK = 0
};

/* The code ("limit", "proto", ...) and the text of a POP3_E value. */
const char *pop3_errcode (int err);
const char *pop3_errtext (int err);

#endif
