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

pop3_hash *pop3_hash_new (const char *name) {
  const EVP_MD *md = EVP_get_digestbyname(name);
  EVP_MD_CTX *h = md == NULL ? NULL : EVP_MD_CTX_new();
  if (h != NULL && EVP_DigestInit_ex(h, md, NULL) != 1) pop3_hash_free(&h);
  return h;
}

int pop3_hash_add (pop3_hash *h, const char *p, size_t n) {
  return EVP_DigestUpdate(h, p, n) == 1;
}

size_t pop3_hash_value (const pop3_hash *h,
                        unsigned char out[POP3_DIGEST_MAX]) {
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  unsigned len = 0;
  int ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, h) == 1 &&
           EVP_DigestFinal_ex(copy, out, &len) == 1;
  EVP_MD_CTX_free(copy);
  return ok ? len : 0;
}

void pop3_hash_free (pop3_hash **h) {
  EVP_MD_CTX_free(*h);
  *h = NULL;
}

int pop3_random (unsigned char *p, size_t n) {
  return RAND_bytes(p, (int)n) == 1;
}

int pop3_equal (const char *a, size_t an, const char *b, size_t bn) {
  return an == bn && CRYPTO_memcmp(a, b, an) == 0;
}
