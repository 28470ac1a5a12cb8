/*
** signature.c - signatures by a public key without a certificate, by OpenSSL.
*/
#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "digest.h"
#include "signature.h"

#define LEAST_BITS 1024          /* RFC 8301 3.2 */

static const unsigned char *octets (pop3_span s) {
  return (const unsigned char *)s.p;
}

/* 'text' is hashed by 'md', NULL for an algorithm that has its own hash. */
static enum pop3_signature check (EVP_PKEY *key, const EVP_MD *md,
                                  pop3_span text, pop3_span signature) {
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  int ok = c != NULL && EVP_DigestVerifyInit(c, NULL, md, NULL, key) == 1 &&
           EVP_DigestVerify(c, octets(signature), signature.n, octets(text),
                            text.n) == 1;
  EVP_MD_CTX_free(c);
  ERR_clear_error();
  return ok ? POP3_SIGNATURE_RIGHT : POP3_SIGNATURE_WRONG;
}

static EVP_PKEY *read_rsa (pop3_span key) {
  const unsigned char *p = octets(key);
  EVP_PKEY *k;
  if (key.n > LONG_MAX) return NULL;
  k = d2i_PUBKEY(NULL, &p, (long)key.n);
  if (k != NULL && EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA) return k;
  EVP_PKEY_free(k);
  p = octets(key);
  return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)key.n);
}

enum pop3_signature pop3_signature_rsa (pop3_span key, pop3_span text,
                                        pop3_span signature) {
  EVP_PKEY *k;
  enum pop3_signature result;
  ERR_clear_error();
  k = read_rsa(key);
  if (k == NULL) result = POP3_SIGNATURE_BAD_KEY;
  else if (EVP_PKEY_get_bits(k) < LEAST_BITS) result = POP3_SIGNATURE_WEAK;
  else result = check(k, EVP_sha256(), text, signature);
  EVP_PKEY_free(k);
  ERR_clear_error();
  return result;
}

enum pop3_signature pop3_signature_ed25519 (pop3_span key, pop3_span text,
                                            pop3_span signature) {
  unsigned char hash[POP3_DIGEST_MAX];
  EVP_PKEY *k;
  enum pop3_signature result = POP3_SIGNATURE_BAD_KEY;
  size_t n = pop3_digest("sha256", text.p, text.n, hash);
  ERR_clear_error();
  k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets(key), key.n);
  text.p = (const char *)hash;
  text.n = n;
  if (k != NULL && n > 0) result = check(k, NULL, text, signature);
  EVP_PKEY_free(k);
  ERR_clear_error();
  return result;
}
