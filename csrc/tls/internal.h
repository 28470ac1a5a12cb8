/*
** inside.h - what the files of TLS share: OpenSSL's types, which nobody else
** sees.
*/
#ifndef POP3_TLS_INSIDE_H
#define POP3_TLS_INSIDE_H

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "../base/buf.h"
#include "context.h"
#include "tls.h"

struct pop3_tls_context {
  pop3_mem mem;
  SSL_CTX *ssl;
  int server, verify;
  unsigned char (*pins)[POP3_PIN_SIZE];
  size_t npins;
};

struct pop3_tls {
  pop3_mem mem;
  const pop3_tls_context *ctx;
  SSL *ssl;
  BIO_METHOD *method;     /* reads and writes the two buffers */
  pop3_buf in;            /* ciphertext that came */
  size_t r;               /* octets of it that OpenSSL has */
  pop3_buf out;           /* ciphertext to be sent */
  size_t gone;            /* octets of it that are sent */
  unsigned char eof;      /* the transport has ended */
  unsigned char ready;    /* the handshake and all checks are through */
  unsigned char told;     /* and the caller knows */
  unsigned char closed;   /* close_notify came */
  unsigned char closing;  /* and ours is on its way */
  int err;                /* sticks */
  char why[POP3_WHY_MAX];
};

/* Text that may come from the peer: one line, bounded. */
void pop3_tls_say (char why[POP3_WHY_MAX], const char *fmt, ...)
#if defined(__GNUC__)
  __attribute__ ((format (printf, 2, 3)))
#endif
;

/* The last error of OpenSSL in words; the queue is empty then. */
const char *pop3_tls_reason (void);

/* OpenSSL's verify callback: keeps in the connection what was wrong. */
int pop3_tls_verify (int ok, X509_STORE_CTX *store);

/*
** The name that a client wants to talk to, for SNI and to be verified. 0, or
** POP3_ENOMEM.
*/
int pop3_tls_name (pop3_tls *t, const char *name);

/* SHA-256 of a certificate's public key; 0 if there is none to be had. */
int pop3_tls_pin (const X509 *cert, unsigned char pin[POP3_PIN_SIZE]);

/* All about a certificate: 1, or POP3_ENOMEM. */
int pop3_tls_describe (const X509 *cert, pop3_tls_peer *peer);

/*
** The first certificate, and the key, of a file or PEM. NULL with 'why'.
** Nobody is asked for a passphrase.
*/
X509     *pop3_tls_read_cert (const char *cert, char why[POP3_WHY_MAX]);
EVP_PKEY *pop3_tls_read_key (const char *key, char why[POP3_WHY_MAX]);

/* Does the peer have one of the pins? POP3_OK or POP3_ETLS with 'why'. */
int pop3_tls_check_pin (pop3_tls *t);

#endif
