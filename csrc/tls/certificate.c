/*
** certificate.c - keys and certificates made in memory, by OpenSSL.
*/
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "why.h"

static EVP_PKEY *make_key (const char *kind) {
  if (strcmp(kind, "ec") == 0) return EVP_EC_gen("P-256");
  if (strcmp(kind, "ed25519") == 0)
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  if (strncmp(kind, "rsa:", 4) == 0) {
    unsigned long bits = strtoul(kind + 4, NULL, 10);
    if (bits >= 512 && bits <= 8192) return EVP_RSA_gen((unsigned)bits);
  }
  return NULL;
}

static int set_serial (X509 *x) {
  unsigned char octets[16];
  BIGNUM *n = NULL;
  int ok = RAND_bytes(octets, sizeof octets) == 1;
  octets[0] &= 0x7f;
  octets[0] |= 0x40;
  if (ok) n = BN_bin2bn(octets, sizeof octets, NULL);
  ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
  BN_free(n);
  return ok;
}

/* Days and seconds are separate, since a long may be too short for both. */
static int set_time (ASN1_TIME *t, long long seconds) {
  long long days = seconds / 86400;
  return ASN1_TIME_adj(t, time(NULL), (int)days,
                       (long)(seconds - days * 86400)) != NULL;
}

static int set_subject (X509 *x, const char *name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
           MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
}

static int add_text (X509 *x, X509V3_CTX *v3, int nid, const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, v3, nid, value);
  int ok = e != NULL && X509_add_ext(x, e, -1) == 1;
  X509_EXTENSION_free(e);
  return ok;
}

/* The octets go in unchanged, also if they are not a name. */
static GENERAL_NAME *make_name (const pop3_cert_name *n) {
  GENERAL_NAME *g = GENERAL_NAME_new();
  ASN1_STRING *s = NULL;
  if (g == NULL) return NULL;
  if (n->kind == 'i') {
    char text[64];
    if (n->name.n < sizeof text) {
      memcpy(text, n->name.p, n->name.n);
      text[n->name.n] = '\0';
      s = a2i_IPADDRESS(text);
    }
    if (s != NULL) GENERAL_NAME_set0_value(g, GEN_IPADD, s);
  }
  else {
    s = ASN1_IA5STRING_new();
    if (s != NULL && ASN1_STRING_set(s, n->name.p, (int)n->name.n) != 1) {
      ASN1_STRING_free(s);
      s = NULL;
    }
    if (s != NULL)
      GENERAL_NAME_set0_value(g, n->kind == 'e' ? GEN_EMAIL : GEN_DNS, s);
  }
  if (s == NULL) {
    GENERAL_NAME_free(g);
    return NULL;
  }
  return g;
}

static int add_names (X509 *x, const pop3_cert_opts *o) {
  GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
  int ok = all != NULL;
  size_t i;
  for (i = 0; i < o->nnames && ok; i++) {
    GENERAL_NAME *g = make_name(&o->names[i]);
    ok = g != NULL && sk_GENERAL_NAME_push(all, g) > 0;
    if (!ok) GENERAL_NAME_free(g);
  }
  if (ok && o->nnames > 0)
    ok = X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1;
  GENERAL_NAMES_free(all);
  return ok;
}

/* The extended key usage. */
static const char *purpose (const pop3_cert_opts *o) {
  return o->email ? "emailProtection" : o->client ? "clientAuth"
                                                  : "serverAuth";
}

static int add_extensions (X509 *x, X509 *issuer, const pop3_cert_opts *o) {
  X509V3_CTX v3;
  X509V3_set_ctx(&v3, issuer, x, NULL, NULL, 0);
  return add_text(x, &v3, NID_basic_constraints,
                  o->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
         add_text(x, &v3, NID_key_usage,
                  o->is_ca ? "critical,keyCertSign,cRLSign"
                  : o->email ? "critical,digitalSignature,keyEncipherment"
                             : "critical,digitalSignature") &&
         (o->is_ca || add_text(x, &v3, NID_ext_key_usage, purpose(o))) &&
         add_text(x, &v3, NID_subject_key_identifier, "hash") &&
         (issuer == x ||
          add_text(x, &v3, NID_authority_key_identifier, "keyid:always")) &&
         add_names(x, o);
}

static int sign (X509 *x, EVP_PKEY *key) {
  const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519
                     ? NULL : EVP_sha256();
  return X509_sign(x, key, md) > 0;
}

/* Move what was written to 'out' and overwrite it in the BIO. */
static int take (BIO *b, pop3_buf *out) {
  char *p = NULL;
  long n = BIO_get_mem_data(b, &p);
  int err = n > 0 ? pop3_buf_add(out, p, (size_t)n) : POP3_ETLS;
  if (n > 0) OPENSSL_cleanse(p, (size_t)n);
  return err;
}

static int write_pem (X509 *x, EVP_PKEY *key, pop3_buf *cert,
                      pop3_buf *keyout) {
  BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_mem());
  int err = POP3_ETLS;
  if (a != NULL && b != NULL && PEM_write_bio_X509(a, x) == 1 &&
      PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1) {
    err = take(a, cert);
    if (err == 0) err = take(b, keyout);
  }
  BIO_free(a);
  BIO_free(b);
  return err;
}

static X509 *read_cert (const char *pem) {
  BIO *b = BIO_new_mem_buf(pem, -1);
  X509 *x = b != NULL ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
  BIO_free(b);
  return x;
}

/* The passphrase "" keeps OpenSSL from asking for one. */
static EVP_PKEY *read_key (const char *pem) {
  static char none[] = "";
  BIO *b = BIO_new_mem_buf(pem, -1);
  EVP_PKEY *k = b != NULL ? PEM_read_bio_PrivateKey(b, NULL, NULL, none) : NULL;
  BIO_free(b);
  return k;
}

int pop3_cert_make (const pop3_cert_opts *o, pop3_buf *cert, pop3_buf *key,
                    char why[POP3_WHY_MAX]) {
  X509 *x = X509_new(), *ca = NULL;
  EVP_PKEY *k = make_key(o->key), *ca_key = NULL;
  int ok = x != NULL && k != NULL, err = POP3_ETLS;
  why[0] = '\0';
  if (ok && o->ca_cert != NULL) {
    ca = read_cert(o->ca_cert);
    ca_key = read_key(o->ca_key);
    ok = ca != NULL && ca_key != NULL;
    if (!ok) pop3_tls_say(why, "the CA is not a certificate and a key in PEM");
  }
  ok = ok && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
       set_time(X509_getm_notBefore(x), o->from) &&
       set_time(X509_getm_notAfter(x), o->to) && set_subject(x, o->subject) &&
       X509_set_issuer_name(x, X509_get_subject_name(ca != NULL ? ca : x))
         == 1 &&
       X509_set_pubkey(x, k) == 1 &&
       add_extensions(x, ca != NULL ? ca : x, o) &&
       sign(x, ca_key != NULL ? ca_key : k);
  if (ok) err = write_pem(x, k, cert, key);
  if (!ok && why[0] == '\0')
    pop3_tls_say(why, "the certificate cannot be made: %s",
                 k == NULL ? "unknown kind of key" : pop3_tls_reason());
  ERR_clear_error();
  X509_free(x);
  X509_free(ca);
  EVP_PKEY_free(k);
  EVP_PKEY_free(ca_key);
  return err;
}
