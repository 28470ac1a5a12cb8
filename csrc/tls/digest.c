/*
** digest.c - hashes, random octets and a constant-time comparison, by
** OpenSSL.
*/
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "digest.h"

size_t pop3_digest (const char *name, const char *p, size_t n,
                    unsigned char out[POP3_DIGEST_MAX]) {
  const EVP_MD *md = EVP_get_digestbyname(name);
  unsigned len = 0;
  if (md == NULL || EVP_Digest(p, n, out, &len, md, NULL) != 1) return 0;
  return len;
}

int pop3_random (unsigned char *p, size_t n) {
  return RAND_bytes(p, (int)n) == 1;
}

int pop3_equal (const char *a, size_t an, const char *b, size_t bn) {
  return an == bn && CRYPTO_memcmp(a, b, an) == 0;
}
