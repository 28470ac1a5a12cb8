/*
** pem.c - certificates and keys from files, or from PEM in a string.
*/
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "pem.h"

/* No passphrase: a program may run without a terminal. */
static int no_passphrase (char *buf, int size, int rwflag, void *ud) {
  (void)buf;
  (void)size;
  (void)rwflag;
  *(int *)ud = 1;
  return -1;
}

static int is_pem (const char *s) {
  return strncmp(s, "-----BEGIN", 10) == 0;
}

/* Its name in an explanation. */
static const char *title (const char *s) {
  return is_pem(s) ? "PEM" : s;
}

static BIO *open_pem (const char *s, char *why) {
  BIO *b = is_pem(s) ? BIO_new_mem_buf(s, -1) : BIO_new_file(s, "r");
  if (b == NULL) pop3_tls_say(why, "%s: %s", title(s), pop3_tls_reason());
  return b;
}

int pop3_tls_use_chain (SSL_CTX *ssl, const char *cert,
                        char why[POP3_WHY_MAX]) {
  BIO *b = open_pem(cert, why);
  X509 *x;
  int ok;
  if (b == NULL) return 0;
  x = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
  ok = x != NULL && SSL_CTX_use_certificate(ssl, x) == 1;
  if (x == NULL) {
    ERR_clear_error();
    pop3_tls_say(why, "%s: it holds no certificate", title(cert));
  }
  else if (!ok)
    pop3_tls_say(why, "%s: %s", title(cert), pop3_tls_reason());
  X509_free(x);
  while (ok && (x = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
    if (SSL_CTX_add0_chain_cert(ssl, x) != 1) {
      X509_free(x);
      ok = 0;
    }
  ERR_clear_error();  /* the end of the file is one */
  BIO_free(b);
  return ok;
}

EVP_PKEY *pop3_tls_read_key (const char *key, char why[POP3_WHY_MAX]) {
  BIO *b = open_pem(key, why);
  EVP_PKEY *k;
  int encrypted = 0;
  if (b == NULL) return NULL;
  k = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, &encrypted);
  if (encrypted)
    pop3_tls_say(why, "%s: the key is encrypted", title(key));
  else if (k == NULL) pop3_tls_say(why, "%s: it holds no key", title(key));
  ERR_clear_error();
  BIO_free(b);
  return k;
}

X509 *pop3_tls_read_cert (const char *cert, char why[POP3_WHY_MAX]) {
  BIO *b = open_pem(cert, why);
  X509 *x;
  if (b == NULL) return NULL;
  x = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
  if (x == NULL)
    pop3_tls_say(why, "%s: it holds no certificate", title(cert));
  ERR_clear_error();
  BIO_free(b);
  return x;
}

int pop3_tls_use_key (SSL_CTX *ssl, const char *key, char why[POP3_WHY_MAX]) {
  EVP_PKEY *k = pop3_tls_read_key(key, why);
  int ok;
  if (k == NULL) return 0;
  ok = SSL_CTX_use_PrivateKey(ssl, k) == 1 &&
       SSL_CTX_check_private_key(ssl) == 1;
  if (!ok)
    pop3_tls_say(why, "%s: the key does not belong to the certificate",
                 title(key));
  ERR_clear_error();
  EVP_PKEY_free(k);
  return ok;
}
