/*
** sasl.h - SASL (RFC 4422) as step machines, both sides, without any input
** or output.
**
** A machine is one authentication exchange. 'step' takes the message of the
** peer and gives the message to send. The caller encodes and sends them (RFC
** 5034: base64 in lines, challenges after "+ "). The caller also decides
** whether a mechanism that shows its secret may be used on a connection.
**
**      client    new, step ... until the server says +OK, then ask 'done'
**      server    new, step ... PROOF, check ..., accept or reject
**
** Mechanisms
** ----------
** One row of 'pop3_sasl_mech' each, in the file of its family:
**
**      plain.c   PLAIN (RFC 4616), LOGIN, EXTERNAL (RFC 4422 app. A),
**                ANONYMOUS (RFC 4505)
**      cram.c    CRAM-MD5 (RFC 2195)
**      scram.c   SCRAM-SHA-1, -256, -512 (RFC 5802, 7677), and their -PLUS,
**                bound to the TLS channel (RFC 5929, 9266)
**      oauth.c   OAUTHBEARER (RFC 7628), XOAUTH2
**      gssapi.c  GSSAPI (RFC 4752): Kerberos V5, by a library that the caller
**                hands in, see gss.h
**
** To add one, write its row, and its functions if it is of a new kind, and add
** its name to POP3_SASL_ROWS in mechanism.h. Nothing else changes: client,
** server and tools read the table. csrc/README.md has an example.
**
** SASLprep
** --------
** For SCRAM, user names and passwords go through 'pop3_prep' on both sides.
** PLAIN, LOGIN and CRAM-MD5 send the octets unchanged, since servers in use
** compare them so; 'check' accepts a password that is equal as given, or when
** both are prepared. 'pop3_prep' does this in each build:
**
**   - ASCII does not change; control characters are refused
**   - all other octets must be well-formed UTF-8, at most POP3_PREP_MAX
**   - spaces other than ASCII's (RFC 3454 C.1.2) become U+0020, characters
**     that stand for nothing (B.1) are dropped; U+200B, which is in both
**     tables, becomes a space
**   - the characters of C.2.1, C.2.2 and C.3 to C.9 are refused
**
** And this with libidn (POP3_IDN):
**
**   - the text is normalised by NFKC of Unicode 3.2; then prohibited characters
**     are searched for
**   - text of both directions is refused (RFC 3454 section 6)
**   - code points that Unicode 3.2 does not assign are refused in stored
**     strings (RFC 3454 section 7). Stored strings are the password of SCRAM,
**     on both sides (RFC 5802 section 2.2), and the password that a server
**     expects. Names, and the strings that a client presents, are queries.
**
** Without libidn these three steps are left out: a password with a ligature or
** a combining accent is taken as typed.
**
** libidn normalises text that is not ASCII in its own memory, which is not
** overwritten.
**
** Safety
** ------
** A message of more than POP3_SASL_MAX octets is refused in both directions. No
** number of the peer determines an allocation; iteration counts are checked
** before the first hash is computed. All memory of a machine is overwritten
** before it is freed, also when a buffer grows. Failures stick: every later
** call returns the same.
*/
#ifndef POP3_SASL_H
#define POP3_SASL_H

#include "../base/buf.h"
#include "hash.h"

#define POP3_SASL_MAX 65536   /* octets of one message */

/* ------------------------------------------------------------ mechanisms */

typedef struct pop3_sasl pop3_sasl;

enum pop3_sasl_flags {
  POP3_SASL_CLEARTEXT = 1,     /* the secret can be read on the connection */
  POP3_SASL_TOKEN = 2,         /* the secret is an OAuth bearer token */
  POP3_SASL_CERTIFICATE = 4,   /* the proof is TLS's client certificate */
  POP3_SASL_ANONYMOUS = 8,     /* nothing is proved */
  POP3_SASL_BINDING = 16,      /* bound to the TLS channel (-PLUS) */
  POP3_SASL_INITIAL = 32,      /* the client speaks first */
  POP3_SASL_SALTED = 64,       /* takes 'salt' and 'check_verifier' */
  POP3_SASL_APART = 128,       /* servers in use take the initial response
                                  only on a line of its own, after a "+" */
  POP3_SASL_TICKET = 256       /* the proof is a ticket of Kerberos */
};

/*
** A mechanism; mechanism.h says what its functions must do.
*/
typedef struct pop3_sasl_mech {
  const char *name;
  unsigned flags;
  enum pop3_hash hash;                         /* if it uses one */
  size_t size;                                 /* of its own memory, or 0 */
  int  (*open) (pop3_sasl *m);                 /* a client: look at what was
                                                  given */
  int  (*client) (pop3_sasl *m, pop3_span in);
  int  (*server) (pop3_sasl *m, const pop3_span *in);
  int  (*check) (pop3_sasl *m, pop3_span secret);  /* NULL: always true */
  int  (*accept) (pop3_sasl *m);               /* NULL: nothing to say */
  int  (*reject) (pop3_sasl *m);               /* NULL: nothing to say */
  void (*drop) (pop3_sasl *m);                 /* NULL: nothing to free */
} pop3_sasl_mech;

/* The row 'i', from 0, in the order of preference; NULL after the last. */
const pop3_sasl_mech *pop3_sasl_row (size_t i);

/* The row of a mechanism, in any case of letters; NULL if it is not known. */
const pop3_sasl_mech *pop3_sasl_find (const char *name, size_t n);

/* -------------------------------------------------------------- machines */

/* A channel binding: its type, such as "tls-exporter", and its octets. */
typedef struct pop3_sasl_binding {
  pop3_span type;
  pop3_span data;
} pop3_sasl_binding;

/*
** The options of an exchange. Everything is copied. 0 is the default of a
** number; all zero is a server without channel bindings.
*/
typedef struct pop3_sasl_opts {
  pop3_span user;           /* client; of ANONYMOUS the trace; of EXTERNAL and
                               GSSAPI the user to act as, or empty */
  pop3_span secret;         /* client: password or token */
  pop3_span authzid;        /* client: the user to act as, if it is another */
  pop3_span host;           /* client of OAUTHBEARER and GSSAPI: the server's
                               name;
                               CRAM-MD5's server: the name in its challenge,
                               "localhost" if not given */
  uint32_t port;            /* OAUTHBEARER's client: the server's port */
  const pop3_sasl_binding *bindings;  /* client: the one to use with -PLUS;
                               server: all that this link has */
  size_t nbindings;
  int plus;                 /* client: it could bind, but no -PLUS is offered
                               (gs2 flag "y"); server: the -PLUS is offered on
                               this link, so a client's "y" is the sign of a
                               downgrade */
  pop3_span nonce;          /* for tests; else 18 random octets in base64 */
  uint32_t min_iterations;  /* client: 4096 (RFC 7677), fewer are refused */
  uint32_t max_iterations;  /* client: 5000000, some seconds of work */
  const struct pop3_gss *gss;  /* GSSAPI: the library, or NULL, see gss.h */
  pop3_span keytab;         /* GSSAPI's server: a file; empty: the default */
} pop3_sasl_opts;

enum pop3_sasl_side { POP3_SASL_CLIENT, POP3_SASL_SERVER };

/*
** NULL when there is no memory. Any other error (a password that cannot be
** prepared, an identity that the mechanism cannot carry, a -PLUS without a
** binding) sticks, and 'pop3_sasl_error' returns it at once.
*/
pop3_sasl *pop3_sasl_new (pop3_mem mem, const pop3_crypto *crypto,
                          const pop3_sasl_mech *mech,
                          enum pop3_sasl_side side,
                          const pop3_sasl_opts *opts);
void pop3_sasl_free (pop3_sasl **m);

/* The error that sticks, or 0, and its text. */
int         pop3_sasl_error (const pop3_sasl *m);
const char *pop3_sasl_why (const pop3_sasl *m);

const pop3_sasl_mech *pop3_sasl_mechanism (const pop3_sasl *m);

/* The result of a step. */
enum pop3_sasl_said {
  POP3_SASL_SAY = 1,   /* send '*out', which may be empty */
  POP3_SASL_SALT,      /* server: the user is known, see 'pop3_sasl_salt' */
  POP3_SASL_PROOF,     /* server: the proof is complete, 'check' it */
  POP3_SASL_DONE,      /* server: the client answered the last challenge */
  POP3_SASL_FAILED     /* server: the same, after 'reject' */
};

/*
** One step: 'in' is the challenge (client) or response (server), decoded from
** base64; NULL if no message came: before a client's initial response, or where
** a client sent no response. Returns one of the above or an error:
** POP3_ESASL malformed or too many, POP3_ELIMIT too long, POP3_EAUTH a check
** of the mechanism that failed, POP3_ENOMEM. '*out' is good until the next
** call. POP3_ESTATE, which does not stick: first answer what was asked.
*/
int pop3_sasl_step (pop3_sasl *m, const pop3_span *in, pop3_span *out);

/*
** Client: is a +OK valid now? Only after the last message of the exchange, and
** after every proof of the server that the mechanism has.
*/
int pop3_sasl_done (const pop3_sasl *m);

/*
** Client: the secrets to mask, one after another: '*at' begins as 0. Returns 0
** after the last. They are the secret as given and as prepared, digests
** and proofs, and each response with its base64 form, except that a response
** which only names a user is listed in base64 alone.
*/
int pop3_sasl_secret (const pop3_sasl *m, size_t *at, pop3_span *secret);

/* ---------------------------------------------------------------- server */

/*
** The user, from SALT or PROOF on, and the user to act as (from PROOF on;
** empty: the same). The user of EXTERNAL is empty: the certificate names it.
** The user of GSSAPI is the principal, "name@REALM"; also that of a client which
** was given no user, once it is done.
*/
pop3_span pop3_sasl_user (const pop3_sasl *m);
pop3_span pop3_sasl_authzid (const pop3_sasl *m);

/* GSSAPI, from PROOF on: the realm that the server itself belongs to. */
pop3_span pop3_sasl_realm (const pop3_sasl *m);

/* The password or token that the client sent; empty if it sent none. */
pop3_span pop3_sasl_shown (const pop3_sasl *m);

/* The answer to SALT; 'salt' is not empty, 'iterations' is 1 or more. SAY. */
int pop3_sasl_salt (pop3_sasl *m, pop3_span salt, uint32_t iterations,
                    pop3_span *out);

/*
** At PROOF: did the client prove that it knows this secret? 1 or 0, or an
** error, which sticks. Any number of secrets may be tried. The second is for
** SALTED mechanisms: 'stored' and 'server' hold 'pop3_hash_size' octets each,
** POP3_ESTATE if they do not.
*/
int pop3_sasl_check (pop3_sasl *m, pop3_span secret);
int pop3_sasl_check_verifier (pop3_sasl *m, pop3_span stored,
                              pop3_span server);

/*
** End it: SAY when there is something to send first (the client's response
** is then one more step), else DONE or FAILED. POP3_ESTATE, which does not
** stick, when nothing is to be decided, and for 'accept' when the last check
** was false, or when no check was made and the mechanism needs it to prove the
** server's own knowledge (SALTED).
*/
int pop3_sasl_accept (pop3_sasl *m, pop3_span *out);
int pop3_sasl_reject (pop3_sasl *m, pop3_span *out);

/* ---------------------------------------------------------------- besides */

/*
** The keys that a server may store in place of a password (RFC 5802 3), each as
** long as the hash. 0, POP3_EPREP, POP3_EAUTH (no such hash), POP3_ENOMEM.
*/
int pop3_sasl_verifier (pop3_mem mem, const pop3_crypto *crypto,
                        enum pop3_hash h, pop3_span password, pop3_span salt,
                        uint32_t iterations, unsigned char *stored,
                        unsigned char *server);

/* Whether code points that Unicode 3.2 does not assign are taken. */
enum pop3_prep_as { POP3_QUERY, POP3_STORED };

#define POP3_PREP_MAX 8192  /* octets of a text that is not ASCII: the time that
                               NFKC takes may grow with the square of them */

/*
** SASLprep, as above: append 'in', prepared. 0, POP3_EPREP when it is refused,
** POP3_ENOMEM; 'out' does not change then. 'why' may be NULL; with POP3_EPREP,
** '*why' becomes the reason: "a character that ...".
*/
int pop3_prep (pop3_buf *out, pop3_span in, enum pop3_prep_as as,
               const char **why);

/* The kind of SASLprep: "libidn" or "subset". */
const char *pop3_prep_by (void);

#endif
