/*
** certificate.h - keys and certificates made in memory, for tests: valid ones,
** and ones that a client must refuse. They are not for production.
*/
#ifndef POP3_CERT_H
#define POP3_CERT_H

#include "../base/buf.h"
#include "why.h"

/* A name in a certificate: 'd' DNS, 'i' IP address, 'e' e-mail address. */
typedef struct pop3_cert_name {
  char kind;
  pop3_span name;   /* the octets; of an IP address, its text */
} pop3_cert_name;

typedef struct pop3_cert_opts {
  const char *subject;    /* common name */
  const pop3_cert_name *names;
  size_t nnames;
  const char *ca_cert;    /* PEM of the CA, and of its key; NULL: self-signed */
  const char *ca_key;
  int is_ca;
  int client;             /* for a client, not a server */
  int email;              /* for S/MIME */
  long long from, to;     /* validity, in seconds from now */
  const char *key;        /* "ec" (P-256), "ed25519", "rsa:2048", ... */
} pop3_cert_opts;

/*
** PEM of certificate and key, appended to two empty buffers. 0, POP3_ENOMEM,
** or POP3_ETLS with 'why'.
*/
int pop3_cert_make (const pop3_cert_opts *o, pop3_buf *cert, pop3_buf *key,
                    char why[POP3_WHY_MAX]);

#endif
