/*
** internal.h - contexts and connections as the files of this folder see them,
** with OpenSSL's types.
*/
#ifndef POP3_TLS_INTERNAL_H
#define POP3_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "../base/buf.h"
#include "peer.h"
#include "why.h"

struct pop3_tls_context {
  pop3_mem mem;
  SSL_CTX *ssl;
  int server;
  int verify;             /* a client looks at chain and name ... */
  int ask;                /* ... and lets the caller decide */
  int crls;               /* certificates are looked up in lists */
  unsigned char (*pins)[POP3_PIN_SIZE];
  size_t npins;
  unsigned char (*prints)[POP3_PIN_SIZE];
  size_t nprints;
};

struct pop3_tls {
  pop3_mem mem;
  const struct pop3_tls_context *ctx;
  SSL *ssl;
  BIO_METHOD *method;     /* reads and writes the two buffers */
  pop3_buf in;            /* ciphertext that came */
  size_t r;               /* octets of it that OpenSSL has */
  pop3_buf out;           /* ciphertext to be sent */
  size_t gone;            /* octets of it that are sent */
  unsigned char eof;      /* the transport has ended */
  unsigned char ready;    /* the handshake and all checks are through */
  unsigned char asking;   /* the caller must decide about the certificate */
  unsigned char closed;   /* close_notify came */
  unsigned char closing;  /* and ours is on its way */
  int err;                /* sticks */
  char why[POP3_WHY_MAX];
};

#endif
