/*
** verify.h - verifies the peer: names, pins, and the reason why a certificate is
** refused.
*/
#ifndef POP3_TLS_VERIFY_H
#define POP3_TLS_VERIFY_H

#include <openssl/x509.h>

struct pop3_tls;

/* OpenSSL's verify callback: writes the problem into the connection. */
int pop3_tls_verify (int ok, X509_STORE_CTX *store);

/*
** The name of the server, for SNI and to be verified. Returns 0 or POP3_ENOMEM.
*/
int pop3_tls_name (struct pop3_tls *t, const char *name);

/*
** After a handshake that resumed a session, in which no certificate was verified:
** write the problem of the first handshake into the connection.
*/
void pop3_tls_recall (struct pop3_tls *t);

/*
** After the handshake: is the certificate one of those that are pinned, by
** its key or as a whole? Returns 0, or POP3_ETLS with 'why'.
*/
int pop3_tls_check_pins (struct pop3_tls *t);

#endif
