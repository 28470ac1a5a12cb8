/*
** verify.h - is the peer who it should be? Names, pins, and why a certificate
** is refused.
*/
#ifndef POP3_TLS_VERIFY_H
#define POP3_TLS_VERIFY_H

#include <openssl/x509.h>

struct pop3_tls;

/* OpenSSL's verify callback: writes into the connection what is wrong. */
int pop3_tls_verify (int ok, X509_STORE_CTX *store);

/*
** The name of the server, for SNI and to be verified. Returns 0 or POP3_ENOMEM.
*/
int pop3_tls_name (struct pop3_tls *t, const char *name);

/* Does the peer have one of the pins? Returns 0, or POP3_ETLS with 'why'. */
int pop3_tls_check_pin (struct pop3_tls *t);

#endif
