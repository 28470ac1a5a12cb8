/*
** crypto.c - OpenSSL's hash functions in the form that SASL needs.
*/
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto.h"
#include "digest.h"

/* NULL where OpenSSL was built without the hash. */
static const EVP_MD *md (enum pop3_hash h) {
  return EVP_get_digestbyname(pop3_hash_name(h));
}

/* A hash that a policy forbids leaves errors in OpenSSL's queue. */
static int done (int ok) {
  if (!ok) ERR_clear_error();
  return ok;
}

static int digest (enum pop3_hash h, pop3_span in, unsigned char *out) {
  return md(h) != NULL &&
         done(EVP_Digest(in.p, in.n, out, NULL, md(h), NULL) == 1);
}

/* For OpenSSL, a key of NULL means the key of the call before. */
static int hmac (enum pop3_hash h, pop3_span key, pop3_span in,
                 unsigned char *out) {
  unsigned n = 0;
  if (md(h) == NULL) return 0;
  return done(HMAC(md(h), key.n > 0 ? key.p : "", (int)key.n,
                   (const unsigned char *)in.p, in.n, out, &n) != NULL);
}

static int pbkdf2 (enum pop3_hash h, pop3_span password, pop3_span salt,
                   uint32_t iterations, unsigned char *out) {
  if (iterations > INT32_MAX || md(h) == NULL) return 0;
  return done(PKCS5_PBKDF2_HMAC(password.n > 0 ? password.p : "",
    (int)password.n, (const unsigned char *)salt.p, (int)salt.n,
    (int)iterations, md(h), (int)pop3_hash_size(h), out) == 1);
}

static int equal (const void *a, const void *b, size_t n) {
  return CRYPTO_memcmp(a, b, n) == 0;
}

const pop3_crypto pop3_openssl = { digest, hmac, pbkdf2, pop3_random, equal };
