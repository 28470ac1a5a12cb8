/*
** describe.c - the contents of a certificate, as text and as octets.
*/
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "describe.h"

void pop3_tls_show_name (char out[POP3_NAME_MAX], const X509_NAME *name) {
  BIO *b = BIO_new(BIO_s_mem());
  int n;
  out[0] = '\0';
  if (b == NULL) return;
  if (X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0) {
    n = BIO_read(b, out, POP3_NAME_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
  }
  BIO_free(b);
}

void pop3_tls_show_time (char out[32], const ASN1_TIME *when) {
  struct tm tm;
  if (ASN1_TIME_to_tm(when, &tm) != 1) memset(&tm, 0, sizeof tm);
  snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ",
           (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
           tm.tm_min, tm.tm_sec);
}

void pop3_tls_show_names (char *out, size_t size, X509 *cert) {
  GENERAL_NAMES *all = (GENERAL_NAMES *)X509_get_ext_d2i(
    cert, NID_subject_alt_name, NULL, NULL);
  int i;
  size_t n = 0;
  out[0] = '\0';
  for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
    GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
    char shown[POP3_NAME_MAX];
    if (g->type == GEN_DNS)
      snprintf(shown, sizeof shown, "%.*s", g->d.dNSName->length,
               (const char *)g->d.dNSName->data);
    else if (g->type == GEN_IPADD && g->d.iPAddress->length == 4) {
      const unsigned char *a = g->d.iPAddress->data;
      snprintf(shown, sizeof shown, "%d.%d.%d.%d", a[0], a[1], a[2], a[3]);
    }
    else continue;
    if (n + strlen(shown) + 3 > size) break;
    n += (size_t)snprintf(out + n, size - n, n > 0 ? ", %s" : "%s", shown);
  }
  GENERAL_NAMES_free(all);
}

int pop3_tls_pin (const X509 *cert, unsigned char pin[POP3_PIN_SIZE]) {
  X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
  unsigned char *der = NULL;
  unsigned len = 0;
  int n = i2d_X509_PUBKEY(key, &der), ok;
  ok = n > 0 && EVP_Digest(der, (size_t)n, pin, &len, EVP_sha256(), NULL) == 1;
  OPENSSL_free(der);
  return ok && len == POP3_PIN_SIZE;
}

int pop3_tls_fingerprint (const X509 *cert, unsigned char out[POP3_PIN_SIZE]) {
  unsigned len = 0;
  return X509_digest(cert, EVP_sha256(), out, &len) == 1 &&
         len == POP3_PIN_SIZE;
}

/* One name: kind, length, octets. */
static int add_name (pop3_buf *b, char kind, const ASN1_STRING *s) {
  size_t n = (size_t)ASN1_STRING_length(s);
  char head[5];
  int i, err;
  head[0] = kind;
  for (i = 0; i < 4; i++) head[4 - i] = (char)(n >> (8 * i));
  err = pop3_buf_add(b, head, sizeof head);
  if (err != 0) return err;
  return pop3_buf_add(b, (const char *)ASN1_STRING_get0_data(s), n);
}

static int add_names (pop3_buf *b, const X509 *cert) {
  GENERAL_NAMES *all = (GENERAL_NAMES *)X509_get_ext_d2i(
    cert, NID_subject_alt_name, NULL, NULL);
  int i, err = 0;
  for (i = 0; i < sk_GENERAL_NAME_num(all) && err == 0; i++) {
    const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
    if (g->type == GEN_DNS) err = add_name(b, 'd', g->d.dNSName);
    else if (g->type == GEN_IPADD) err = add_name(b, 'i', g->d.iPAddress);
    else if (g->type == GEN_EMAIL) err = add_name(b, 'e', g->d.rfc822Name);
  }
  GENERAL_NAMES_free(all);
  return err;
}

static int add_text (pop3_buf *b, const X509_NAME *name) {
  char text[POP3_NAME_MAX];
  pop3_tls_show_name(text, name);
  return pop3_buf_add(b, text, strlen(text));
}

static int add_common_name (pop3_buf *b, const X509_NAME *name) {
  int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1), n, err;
  unsigned char *utf8 = NULL;
  if (at < 0) return 0;
  n = ASN1_STRING_to_UTF8(&utf8,
    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  err = n > 0 ? pop3_buf_add(b, (const char *)utf8, (size_t)n) : 0;
  OPENSSL_free(utf8);
  return err;
}

int pop3_tls_describe (const X509 *cert, pop3_tls_peer *peer) {
  int err = add_text(&peer->subject, X509_get_subject_name(cert));
  if (err == 0) err = add_text(&peer->issuer, X509_get_issuer_name(cert));
  if (err == 0)
    err = add_common_name(&peer->common_name, X509_get_subject_name(cert));
  if (err == 0) err = add_names(&peer->names, cert);
  pop3_tls_show_time(peer->not_before, X509_get0_notBefore(cert));
  pop3_tls_show_time(peer->not_after, X509_get0_notAfter(cert));
  if (!pop3_tls_pin(cert, peer->pin)) memset(peer->pin, 0, POP3_PIN_SIZE);
  if (!pop3_tls_fingerprint(cert, peer->fingerprint))
    memset(peer->fingerprint, 0, POP3_PIN_SIZE);
  ERR_clear_error();
  return err == 0 ? 1 : err;
}
