/*
** hash.h - the hash functions that mechanisms use. They are not implemented here:
** the caller gives them as a 'pop3_crypto' (csrc/tls/crypto.h has that of
** OpenSSL).
*/
#ifndef POP3_HASH_H
#define POP3_HASH_H

#include "../base/base.h"

/*
** The hash functions, one row each: the name is also that of OpenSSL and of
** 'core.sasl.verifier'; then octets.
*/
#define POP3_HASHES(X)                                                      \
  X (MD5, "md5", 16) X (SHA1, "sha1", 20) X (SHA256, "sha256", 32)          \
  X (SHA512, "sha512", 64)

enum pop3_hash {
  POP3_NO_HASH,
#define POP3_X(id, name, size) POP3_##id,
  POP3_HASHES (POP3_X)
#undef POP3_X
  POP3_HASH_LAST
};

#define POP3_HASH_MAX 64      /* octets of the longest */

/* Octets of a hash, and its name; 0 and NULL for NO_HASH. */
size_t      pop3_hash_size (enum pop3_hash h);
const char *pop3_hash_name (enum pop3_hash h);

/*
** Hash functions and random octets. Each of the first four returns 0 if it
** fails (a hash that is switched off, for example); the exchange then fails.
** 'out' has room for the hash. The time that 'equal' takes does not depend on
** the octets.
*/
typedef struct pop3_crypto {
  int (*digest) (enum pop3_hash h, pop3_span in, unsigned char *out);
  int (*hmac) (enum pop3_hash h, pop3_span key, pop3_span in,
               unsigned char *out);
  int (*pbkdf2) (enum pop3_hash h, pop3_span password, pop3_span salt,
                 uint32_t iterations, unsigned char *out);
  int (*random) (unsigned char *p, size_t n);
  int (*equal) (const void *a, const void *b, size_t n);
} pop3_crypto;

#endif
