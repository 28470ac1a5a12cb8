/*
** seal.c - AES-256-GCM by OpenSSL.
*/
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "seal.h"

#define NONCE 12
#define TAG 16

/*
** Encrypt or decrypt (enc = 1 or 0) and authenticate. When it encrypts, the tag
** is written, otherwise it is compared.
*/
static int crypt (int enc, const char *key, const unsigned char *nonce,
                  pop3_span text, pop3_span data, unsigned char *out,
                  unsigned char tag[TAG]) {
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  int n = 0;
  int ok = c != NULL &&
    EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, (const unsigned char *)key,
                      nonce, enc) == 1 &&
    (enc || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1) &&
    EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)data.p,
                     (int)data.n) == 1 &&
    EVP_CipherUpdate(c, out, &n, (const unsigned char *)text.p,
                     (int)text.n) == 1 &&
    EVP_CipherFinal_ex(c, out + n, &n) == 1 &&
    (!enc || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, tag) == 1);
  EVP_CIPHER_CTX_free(c);
  return ok;
}

int pop3_seal (const char key[POP3_SEAL_KEY], pop3_span text, pop3_span data,
               unsigned char *out) {
  return text.n <= POP3_SEAL_MAX && data.n <= POP3_SEAL_MAX &&
         RAND_bytes(out, NONCE) == 1 &&
         crypt(1, key, out, text, data, out + NONCE, out + NONCE + text.n);
}

int pop3_unseal (const char key[POP3_SEAL_KEY], pop3_span sealed,
                 pop3_span data, unsigned char *out) {
  size_t n = sealed.n - POP3_SEAL_MORE;
  const unsigned char *nonce = (const unsigned char *)sealed.p;
  unsigned char tag[TAG];
  pop3_span text;
  size_t i;
  int ok;
  if (n > POP3_SEAL_MAX || data.n > POP3_SEAL_MAX) return 0;
  text.p = sealed.p + NONCE;
  text.n = n;
  for (i = 0; i < TAG; i++) tag[i] = nonce[NONCE + n + i];
  ok = crypt(0, key, nonce, text, data, out, tag);
  if (!ok) pop3_seal_wipe(out, n);
  return ok;
}

void pop3_seal_wipe (void *p, size_t n) {
  OPENSSL_cleanse(p, n);
}
