/*
** digest.h - what the project takes from OpenSSL besides TLS: hashes, random
** octets, and a comparison that tells nothing by its time.
*/
#ifndef POP3_DIGEST_H
#define POP3_DIGEST_H

#include <stddef.h>

#define POP3_DIGEST_MAX 64

/*
** The hash called 'name' ("md5", "sha1", "sha256") of p[0 .. n) into 'out';
** returns its octets, 0 if OpenSSL does not have it.
*/
size_t pop3_digest (const char *name, const char *p, size_t n,
                    unsigned char out[POP3_DIGEST_MAX]);

/* 'n' random octets; 0 if there are none to be had. */
int pop3_random (unsigned char *p, size_t n);

/* Are they the same? Takes as long either way, for equal lengths. */
int pop3_equal (const char *a, size_t an, const char *b, size_t bn);

#endif
