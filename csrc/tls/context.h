/*
** context.h - the settings that TLS connections share: the trusted CAs, the
** certificate of this side, versions and ciphers. One context serves any number
** of connections.
*/
#ifndef POP3_TLS_CONTEXT_H
#define POP3_TLS_CONTEXT_H

#include "../base/base.h"
#include "peer.h"
#include "why.h"

/* How a client checks the chain and the name of the server. */
enum pop3_tls_verify {
  POP3_VERIFY_NONE,   /* it accepts any certificate */
  POP3_VERIFY_FULL,   /* it refuses the connection if they are not valid */
  POP3_VERIFY_ASK     /* it lets the caller decide, see 'pop3_tls_decide' */
};

/*
** Strings end in NUL; NULL or 0 is the default. 'cert' and 'key' are paths,
** or PEM when they begin with "-----BEGIN"; the certificate may be a chain, and
** hold the key if 'key' is NULL. Versions are those of the wire: 0x0301 is
** TLS 1.0, 0x0304 is TLS 1.3.
**
** Defaults of version and security level: those of OpenSSL's configuration, but at
** least TLS 1.2 and level 2 (112 bits: RSA of 2048). If the environment variable
** OPENSSL_CONF is set, those of that configuration, even if they are lower; TLS 1.2
** if it has no version. 'min_version' and 'security_level' replace both. A
** 'min_version' below TLS 1.2 without a level means level 0, the only level at which
** OpenSSL has the old versions.
*/
typedef struct pop3_tls_opts {
  int server;
  enum pop3_tls_verify verify;   /* client */
  const char *cafile;      /* the trusted CAs; of a server: for its clients */
  const char *capath;      /* client: if both are NULL, the system's store */
  const char *crlfile;     /* revoked certificates, PEM. The peer's own issuer
                              must have a list in it, other CAs may */
  const char *cert;
  const char *key;
  const unsigned char (*pins)[POP3_PIN_SIZE];    /* client: SHA-256 of the
                              public key, one of which the server must have */
  size_t npins;
  const unsigned char (*prints)[POP3_PIN_SIZE];  /* the same of the whole
                              certificate */
  size_t nprints;
  const char *ciphers;     /* OpenSSL's list; names that begin with "TLS_" are
                              for TLS 1.3, which keeps its own otherwise */
  int min_version;
  int max_version;         /* 0: none */
  int client_cert;         /* server: 1 asks for one, 2 requires it */
  int security_level;      /* OpenSSL's, 0 to 5; below 0 is the default */
} pop3_tls_opts;

typedef struct pop3_tls_context pop3_tls_context;

/*
** NULL when it cannot be made; 'why' then says which option is wrong, and is
** empty when there is no memory. It never asks for a passphrase.
*/
pop3_tls_context *pop3_tls_context_new (pop3_mem mem,
                                        const pop3_tls_opts *opts,
                                        char why[POP3_WHY_MAX]);
void pop3_tls_context_free (pop3_tls_context **c);

/*
** The system's store: a file, and directories with colons between them. They need
** not exist. The strings are static or those of the environment.
*/
void pop3_tls_system_store (const char **file, const char **dirs);

/* Is it a server's? Does a client of it need the name of the server? */
int pop3_tls_context_server (const pop3_tls_context *c);
int pop3_tls_context_verify (const pop3_tls_context *c);

#endif
