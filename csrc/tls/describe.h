/*
** describe.h - the contents of a certificate, as text and as octets.
*/
#ifndef POP3_TLS_DESCRIBE_H
#define POP3_TLS_DESCRIBE_H

#include <openssl/x509.h>

#include "peer.h"

#define POP3_NAME_MAX 96  /* octets of a name that are shown */

/* A distinguished name in one line; a time as "2026-11-24T08:00:00Z". */
void pop3_tls_show_name (char out[POP3_NAME_MAX], const X509_NAME *name);
void pop3_tls_show_time (char out[32], const ASN1_TIME *when);

/* The DNS names and addresses, separated by commas, as far as they fit. */
void pop3_tls_show_names (char *out, size_t size, X509 *cert);

/* SHA-256 of the public key. Returns 0 if it cannot be computed. */
int pop3_tls_pin (const X509 *cert, unsigned char pin[POP3_PIN_SIZE]);

/* SHA-256 of the whole certificate (DER). Returns 0 if that fails. */
int pop3_tls_fingerprint (const X509 *cert, unsigned char out[POP3_PIN_SIZE]);

/* Fill in 'peer'. Returns 1 or POP3_ENOMEM. */
int pop3_tls_describe (const X509 *cert, pop3_tls_peer *peer);

#endif
