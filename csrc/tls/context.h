/*
** context.h - what many TLS connections have in common: whom to trust, what
** to show, which versions. One context serves any number of connections.
*/
#ifndef POP3_TLS_CONTEXT_H
#define POP3_TLS_CONTEXT_H

#include "../base/base.h"
#include "peer.h"
#include "why.h"

/*
** Strings end in NUL; NULL or 0 is the default. 'cert' and 'key' are paths,
** or PEM when they begin with "-----BEGIN"; the certificate may be a chain, and
** hold the key if 'key' is NULL. Versions are those of the wire: 0x0301 is
** TLS 1.0, 0x0304 is TLS 1.3.
*/
typedef struct pop3_tls_opts {
  int server;
  int verify;              /* client: chain and name of the server */
  const char *cafile;      /* whom to trust; of a server: for its clients */
  const char *capath;      /* client: neither of the two is the system's */
  const char *cert;
  const char *key;
  const unsigned char (*pins)[POP3_PIN_SIZE];  /* client, see tls.h */
  size_t npins;
  int min_version;         /* TLS 1.2 */
  int max_version;         /* none */
  int client_cert;         /* server: 1 asks for one, 2 requires it */
  int security_level;      /* OpenSSL's; below 0 is at least 2 */
} pop3_tls_opts;

typedef struct pop3_tls_context pop3_tls_context;

/*
** NULL when it cannot be made; 'why' then says which file was no good, and
** is empty when there was no memory. Nobody is ever asked for a passphrase.
*/
pop3_tls_context *pop3_tls_context_new (pop3_mem mem,
                                        const pop3_tls_opts *opts,
                                        char why[POP3_WHY_MAX]);
void pop3_tls_context_free (pop3_tls_context **c);

/* Is it a server's? Does a client of it verify? */
int pop3_tls_context_server (const pop3_tls_context *c);
int pop3_tls_context_verify (const pop3_tls_context *c);

#endif
