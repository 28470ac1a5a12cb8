/*
** pem.h - certificates and keys from files, or from PEM in a string: it is PEM
** when it begins with "-----BEGIN". An encrypted key is an error; no function asks
** for a passphrase. All return 0 or NULL with 'why' when they fail.
*/
#ifndef POP3_TLS_PEM_H
#define POP3_TLS_PEM_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "why.h"

/* The first certificate; the first key. */
X509     *pop3_tls_read_cert (const char *cert, char why[POP3_WHY_MAX]);
EVP_PKEY *pop3_tls_read_key (const char *key, char why[POP3_WHY_MAX]);

/* Use the first certificate, and those that follow it as its chain. */
int pop3_tls_use_chain (SSL_CTX *ssl, const char *cert,
                        char why[POP3_WHY_MAX]);

/* Use a key, which must be that of the certificate. */
int pop3_tls_use_key (SSL_CTX *ssl, const char *key, char why[POP3_WHY_MAX]);

#endif
