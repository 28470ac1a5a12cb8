/*
** cms.c - CMS by OpenSSL.
*/
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "cms.h"
#include "describe.h"
#include "pem.h"

struct pop3_smime {
  pop3_mem mem;
  CMS_ContentInfo *cms;
  STACK_OF(X509) *signers;  /* once they are verified */
};

static BIO *reader (pop3_span s) {
  return s.n <= INT_MAX ? BIO_new_mem_buf(s.n > 0 ? s.p : "", (int)s.n) : NULL;
}

pop3_smime *pop3_smime_new (pop3_mem mem, pop3_span der,
                            char why[POP3_WHY_MAX]) {
  pop3_smime *s = (pop3_smime *)pop3_alloc(mem, sizeof *s);
  BIO *b;
  why[0] = '\0';
  if (s == NULL) return NULL;
  memset(s, 0, sizeof *s);
  s->mem = mem;
  ERR_clear_error();
  b = reader(der);
  if (b != NULL) s->cms = d2i_CMS_bio(b, NULL);
  if (s->cms == NULL) {
    pop3_tls_say(why, "not CMS: %s", pop3_tls_reason());
    pop3_smime_free(&s);
  }
  BIO_free(b);
  ERR_clear_error();
  return s;
}

void pop3_smime_free (pop3_smime **sp) {
  pop3_smime *s = *sp;
  if (s == NULL) return;
  sk_X509_free(s->signers);
  CMS_ContentInfo_free(s->cms);
  pop3_free(s->mem, s, sizeof *s);
  *sp = NULL;
}

int pop3_smime_kind (const pop3_smime *s) {
  switch (OBJ_obj2nid(CMS_get0_type(s->cms))) {
    case NID_pkcs7_signed: {
      STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(s->cms);
      return sk_CMS_SignerInfo_num(infos) > 0 ? POP3_SMIME_SIGNED
                                              : POP3_SMIME_OTHER;
    }
    case NID_pkcs7_enveloped: case NID_id_smime_ct_authEnvelopedData:
      return POP3_SMIME_ENVELOPED;
    default: return POP3_SMIME_OTHER;
  }
}

/* ------------------------------------------------------------------- trust */

typedef struct explanation {
  char *why;
} explanation;

/* Say which certificate of the chain is not valid, and why. */
static int verify (int ok, X509_STORE_CTX *ctx) {
  X509_STORE *store = X509_STORE_CTX_get0_store(ctx);
  explanation *e = (explanation *)X509_STORE_get_ex_data(store, 0);
  X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
  char subject[96] = "";
  if (ok || e == NULL || e->why[0] != '\0') return ok;
  if (cert != NULL)
    X509_NAME_oneline(X509_get_subject_name(cert), subject, sizeof subject);
  pop3_tls_say(e->why, "the signer's certificate is not valid: %s; \"%s\"",
    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)), subject);
  return ok;
}

static X509_STORE *open_store (const pop3_smime_trust *t, explanation *e) {
  X509_STORE *store = X509_STORE_new();
  int ok = store != NULL;
  if (ok && t->verify) {
    if (t->cafile != NULL) ok = X509_STORE_load_file(store, t->cafile) == 1;
    if (ok && t->capath != NULL)
      ok = X509_STORE_load_path(store, t->capath) == 1;
    if (t->cafile == NULL && t->capath == NULL)
      ok = X509_STORE_set_default_paths(store) == 1;
    if (!ok)
      pop3_tls_say(e->why, "%s: CA certificates cannot be read: %s",
                   t->cafile != NULL ? t->cafile : "the store",
                   pop3_tls_reason());
    X509_STORE_set_ex_data(store, 0, e);
    X509_STORE_set_verify_cb(store, verify);
  }
  if (ok) return store;
  X509_STORE_free(store);
  return NULL;
}

/* Move what was written to 'out' and overwrite it in the BIO. */
static int take (BIO *b, pop3_buf *out) {
  char *p = NULL;
  long n = BIO_get_mem_data(b, &p);
  int err = n > 0 ? pop3_buf_add(out, p, (size_t)n) : 0;
  if (n > 0) OPENSSL_cleanse(p, (size_t)n);
  return err;
}

/*
** The algorithm that OpenSSL does not have, from the data of its errors; 0 if
** the failure has another reason.
*/
static int missing_algorithm (char *name, size_t size) {
  static const char mark[] = "Algorithm (";
  const char *data, *p;
  int flags;
  size_t n;
  unsigned long e;
  while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
    if (ERR_GET_REASON(e) != ERR_R_UNSUPPORTED || !(flags & ERR_TXT_STRING) ||
        (p = strstr(data, mark)) == NULL)
      continue;
    p += sizeof mark - 1;
    n = strcspn(p, " :)");
    if (n >= size) n = size - 1;
    memcpy(name, p, n);
    name[n] = '\0';
    return n > 0;
  }
  return 0;
}

/* An error of OpenSSL, unless there is a better explanation. */
static int failed (char *why, const char *what) {
  char reason[128], name[64];
  if (why[0] == '\0') {
    unsigned long last = ERR_peek_last_error();
    const char *text = last != 0 ? ERR_reason_error_string(last) : NULL;
    if (text == NULL) text = "unknown error";
    snprintf(reason, sizeof reason, "%s", text);
    if (missing_algorithm(name, sizeof name))
      pop3_tls_say(why, "%s: this OpenSSL has no %s (its legacy provider may "
                   "have it)", what, name);
    else pop3_tls_say(why, "%s: %s", what, reason);
  }
  ERR_clear_error();
  return POP3_EAUTH;
}

int pop3_smime_verify (pop3_smime *s, const pop3_smime_trust *trust,
                       pop3_span content, pop3_buf *out,
                       char why[POP3_WHY_MAX]) {
  explanation e;
  X509_STORE *store;
  BIO *in = NULL, *b = NULL;
  unsigned flags = CMS_BINARY;
  int err = POP3_EAUTH, ok;
  why[0] = '\0';
  e.why = why;
  ERR_clear_error();
  if (!trust->verify) flags |= CMS_NO_SIGNER_CERT_VERIFY;
  store = open_store(trust, &e);
  if (store == NULL) return failed(why, "there is no certificate store");
  if (content.p != NULL) in = reader(content);
  b = BIO_new(BIO_s_mem());
  sk_X509_free(s->signers);
  s->signers = NULL;
  ok = b != NULL && (content.p == NULL || in != NULL) &&
       CMS_verify(s->cms, NULL, store, in, content.p == NULL ? b : NULL,
                  flags) == 1;
  if (ok) s->signers = CMS_get0_signers(s->cms);
  if (ok && s->signers != NULL) err = take(b, out);
  else err = failed(why, "the signature is not valid");
  BIO_free(in);
  BIO_free(b);
  X509_STORE_free(store);
  return err;
}

int pop3_smime_content (const pop3_smime *s, pop3_buf *out) {
  ASN1_OCTET_STRING **content = CMS_get0_content(s->cms);
  ERR_clear_error();
  if (content == NULL || *content == NULL) return 0;
  if (pop3_buf_add(out, (const char *)ASN1_STRING_get0_data(*content),
                   (size_t)ASN1_STRING_length(*content)) != 0)
    return POP3_ENOMEM;
  return 1;
}

int pop3_smime_signer (const pop3_smime *s, int i, pop3_tls_peer *who) {
  if (s->signers == NULL || i >= sk_X509_num(s->signers)) return 0;
  return pop3_tls_describe(sk_X509_value(s->signers, i), who);
}

/* -------------------------------------------------------------- decryption */

int pop3_smime_decrypt (pop3_smime *s, const char *cert, const char *key,
                        pop3_buf *out, char why[POP3_WHY_MAX]) {
  X509 *x;
  EVP_PKEY *k = NULL;
  BIO *b = BIO_new(BIO_s_mem());
  int err = POP3_EAUTH;
  why[0] = '\0';
  ERR_clear_error();
  x = pop3_tls_read_cert(cert, why);
  if (x != NULL) k = pop3_tls_read_key(key != NULL ? key : cert, why);
  if (b != NULL && k != NULL &&
      CMS_decrypt(s->cms, k, x, NULL, b, CMS_BINARY) == 1) err = take(b, out);
  else failed(why, "decryption failed");
  EVP_PKEY_free(k);
  X509_free(x);
  BIO_free(b);
  ERR_clear_error();
  return err;
}
