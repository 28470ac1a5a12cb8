/*
** mechanism.h - for the files of mechanisms: the machine, and the functions that
** mechanisms share. Other files use sasl.h.
**
** The functions of a row return 0, or a negative POP3_E code, which then
** sticks; 'pop3_sasl_fail' adds a text to it, which is a constant, and
** 'pop3_sasl_failed_by' a text in two parts.
**
**   open     of a client, when it is made: refuse names and secrets that the
**            mechanism cannot carry, prepare the others
**   client   add the response to 'out'; 'turn' is 0 for the first, and 'in' is
**            then empty if the mechanism has the flag INITIAL. Set 'done' when
**            only +OK is still expected
**   server   add the challenge to 'out' and return POP3_SASL_SAY; or set
**            'user', and 'authzid', and return SALT or PROOF. 'in' is NULL at
**            'turn' 0 when a mechanism that is not INITIAL begins
**   check    1 or 0
**   accept, reject    add the last challenge to 'out'
**   drop     free what the memory 'own' refers to; the caller frees 'own'
**
** All memory comes from 'mem', which overwrites what it frees or moves.
*/
#ifndef POP3_SASL_MECH_H
#define POP3_SASL_MECH_H

#include "sasl.h"

/*
** The mechanisms in the order in which a client prefers them: pop3_sasl_NAME
** is the row. A build may put rows of its own before them by defining
** POP3_SASL_MORE.
*/
#ifndef POP3_SASL_MORE
#define POP3_SASL_MORE(X)
#endif

#define POP3_SASL_ROWS(X)                                             \
  POP3_SASL_MORE (X)                                                  \
  X (external) X (oauthbearer) X (xoauth2)                            \
  X (scram_sha512_plus) X (scram_sha512)                              \
  X (scram_sha256_plus) X (scram_sha256)                              \
  X (scram_sha1_plus) X (scram_sha1)                                  \
  X (cram_md5) X (plain) X (login) X (anonymous) X (gssapi)

#define POP3_X(name) extern const pop3_sasl_mech pop3_sasl_##name;
POP3_SASL_ROWS (POP3_X)
#undef POP3_X

/* The state of a server's machine; a client's is always TALKING. */
enum pop3_sasl_state {
  POP3_SASL_TALKING,    /* a step is next */
  POP3_SASL_SALTING,    /* 'salt' is next */
  POP3_SASL_DECIDING,   /* 'check', 'accept' or 'reject' is next */
  POP3_SASL_ACCEPTED,   /* the client must answer the challenge of 'accept' */
  POP3_SASL_REJECTED,   /* and that of 'reject' */
  POP3_SASL_OVER
};

#define POP3_SASL_TEXT 320

enum pop3_sasl_proof { POP3_SASL_UNKNOWN, POP3_SASL_FALSE, POP3_SASL_TRUE };

struct pop3_sasl {
  pop3_mem under;          /* the allocator that was given */
  pop3_mem mem;            /* the same, wiping */
  const pop3_crypto *crypto;
  const pop3_sasl_mech *mech;
  void *own;               /* the mechanism's memory, zero at first */
  enum pop3_sasl_side side;
  enum pop3_sasl_state state;
  enum pop3_sasl_proof proof;   /* the result of the last check */
  int turn;                /* steps so far */
  int asked;               /* server: it asked for an initial response */
  int done;                /* client: only +OK is still expected */
  int harmless;            /* client: this response holds no secret */
  int err;                 /* the error that sticks, and its text */
  const char *why;
  char text[POP3_SASL_TEXT];    /* what 'why' may point to */
  const struct pop3_gss *gss;
  pop3_buf keytab, realm;
  pop3_buf user, authzid, secret, host;
  pop3_buf nonce;          /* ours */
  pop3_buf bindings;       /* type, data, type, data, as of pop3_secret_add */
  uint32_t port, min, max;
  int plus;
  pop3_buf out;            /* the message to send */
  pop3_buf hidden;         /* for 'pop3_sasl_secret' */
};

/* The error sticks; returned again. */
int pop3_sasl_fail (pop3_sasl *m, int err, const char *why);

/* The same with a text in two parts, which is copied. */
int pop3_sasl_failed_by (pop3_sasl *m, int err, const char *what,
                         const char *why);

pop3_span pop3_sasl_span (const pop3_buf *b);
pop3_span pop3_sasl_text (const char *s);

/* Is it text: well-formed UTF-8 without NUL? */
int pop3_sasl_is_text (pop3_span s);

/* Append a constant; base64. */
int pop3_sasl_puts (pop3_buf *b, const char *s);
int pop3_sasl_put64 (pop3_buf *b, pop3_span in);

/* Read strict base64 at the end of 'b'. 0, POP3_ESASL or POP3_ENOMEM. */
int pop3_sasl_get64 (pop3_buf *b, pop3_span in);

/* Read a field up to the next 'end', which must exist. 0 or POP3_ESASL. */
int pop3_sasl_take (pop3_span *in, char end, pop3_span *field);

/*
** The next of the strings in 'b', which 'pop3_secret_add' put there. '*at'
** begins as 0. Returns 0 after the last.
*/
int pop3_sasl_kept (const pop3_buf *b, size_t *at, pop3_span *s);

/* Add a secret, for 'pop3_sasl_secret'. */
int pop3_sasl_hide (pop3_sasl *m, pop3_span s);

/* Make 'nonce', unless one was given. */
int pop3_sasl_nonce (pop3_sasl *m);

/*
** Check the options of a client: a user, a secret, and no other identity unless
** the mechanism can carry one. 'open' calls it first.
*/
#define POP3_SASL_NEEDS_USER 1
#define POP3_SASL_NEEDS_SECRET 2
#define POP3_SASL_HAS_AUTHZID 4
int pop3_sasl_need (pop3_sasl *m, int what);

/*
** Are the secret that a client presents and the one that is expected equal, as
** given or prepared? 1, 0 or an error.
*/
int pop3_sasl_match (pop3_sasl *m, pop3_span presented, pop3_span expected);

/* The octets of a binding of that type; 0: the connection has no such one. */
int pop3_sasl_bound (const pop3_sasl *m, pop3_span type, pop3_span *data);

/* ----------------------------------------------------- gs2.c (RFC 5801) */

/*
** Append a name: "," becomes "=2C" and "=" becomes "=3D". And read one:
** POP3_ESASL if it is not UTF-8, has other escapes, or is empty.
*/
int pop3_sasl_put_name (pop3_buf *b, pop3_span name);
int pop3_sasl_get_name (pop3_buf *b, pop3_span in);

/*
** The header that a client's first message begins with: "n", "y" or "p=TYPE",
** a comma, perhaps "a=" and a name, a comma. The name goes to 'authzid' of
** the machine. Returns 0; '*in' is then what follows the header.
*/
typedef struct pop3_sasl_gs2 {
  char flag;
  pop3_span type;     /* of "p" */
  pop3_span whole;    /* all of the header */
} pop3_sasl_gs2;

int pop3_sasl_get_gs2 (pop3_sasl *m, pop3_sasl_gs2 *h, pop3_span *in);

#endif
