/*
** gss.h - the functions that the mechanism GSSAPI needs of a GSS-API library (RFC
** 2743): one security context of Kerberos V5. The caller of 'pop3_sasl_new' gives
** them, like 'pop3_crypto'; 'pop3_krb5' has those of libgssapi_krb5.
**
** A context is 'size' octets, zero at first. Functions that can fail return 0,
** or POP3_EAUTH, after which 'why' is the library's text, or POP3_ENOMEM.
** 'close' must be called whatever the others returned.
**
**      client    open, step ... until 1, unwrap, wrap, names
**      server    open, step ... until 1, names, wrap, unwrap
*/
#ifndef POP3_GSS_H
#define POP3_GSS_H

#include "../base/buf.h"

typedef struct pop3_gss {
  size_t size;

  /* A client's context for the service "pop" at a host; a server's, with the
     keys of a file (empty: the default one). */
  int (*open_client) (void *context, pop3_span host);
  int (*open_server) (void *context, pop3_span keytab);

  /* Take a token of the peer (empty: the first step of a client) and append the
     token for it, if there is one. 1 when the context is complete: both sides
     are authenticated, and messages have integrity; 0 when the next token of
     the peer is needed. */
  int (*step) (void *context, pop3_span in, pop3_buf *out);

  /* Protect a message for the peer, without encryption; read one. */
  int (*wrap) (void *context, pop3_span in, pop3_buf *out);
  int (*unwrap) (void *context, pop3_span in, pop3_buf *out);

  /* Append the client's principal, and the server's realm. */
  int (*names) (void *context, pop3_buf *principal, pop3_buf *realm);

  const char *(*why) (const void *context);
  void (*close) (void *context);
} pop3_gss;

/*
** libgssapi_krb5, which is loaded when a context is opened; NULL in a build
** without it (POP3_KRB5 is not defined).
*/
const pop3_gss *pop3_krb5 (void);

#endif
