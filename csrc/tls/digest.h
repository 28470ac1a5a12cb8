/*
** digest.h - hashes, random octets, and a comparison in constant time, by
** OpenSSL.
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

/*
** The same for octets that come in pieces: 'new' returns NULL when OpenSSL
** does not have the hash or memory is short; 'add' returns 0 on failure;
** 'value' is the hash of the octets so far, and more may be added after it.
*/
typedef struct evp_md_ctx_st pop3_hash;
pop3_hash *pop3_hash_new (const char *name);
int        pop3_hash_add (pop3_hash *h, const char *p, size_t n);
size_t     pop3_hash_value (const pop3_hash *h,
                            unsigned char out[POP3_DIGEST_MAX]);
void       pop3_hash_free (pop3_hash **h);

/* 'n' random octets; 0 if OpenSSL fails. */
int pop3_random (unsigned char *p, size_t n);

/* Are they equal? For equal lengths, the time does not depend on the octets. */
int pop3_equal (const char *a, size_t an, const char *b, size_t bn);

#endif
