/*
** verify.c - who the peer is: names, pins, and why a certificate was refused.
*/
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "internal.h"

#define NAME 96  /* octets of a name that are shown */

/* ------------------------------------------------------------ explanations */

static void show_name (char out[NAME], const X509_NAME *name) {
  BIO *b = BIO_new(BIO_s_mem());
  int n;
  out[0] = '\0';
  if (b == NULL) return;
  if (X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0) {
    n = BIO_read(b, out, NAME - 1);
    out[n > 0 ? n : 0] = '\0';
  }
  BIO_free(b);
}

/* "2026-11-24T08:00:00Z" */
static void show_time (char out[32], const ASN1_TIME *when) {
  struct tm tm;
  if (ASN1_TIME_to_tm(when, &tm) != 1) memset(&tm, 0, sizeof tm);
  snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ",
           (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
           tm.tm_min, tm.tm_sec);
}

/* The DNS names and addresses, with commas between, as far as they fit. */
static void show_names (char *out, size_t size, X509 *cert) {
  GENERAL_NAMES *all = (GENERAL_NAMES *)X509_get_ext_d2i(
    cert, NID_subject_alt_name, NULL, NULL);
  int i;
  size_t n = 0;
  out[0] = '\0';
  for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
    GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
    char shown[NAME];
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

/* What is wrong with 'cert', in words. */
static void explain (pop3_tls *t, X509 *cert, int error, int depth) {
  char subject[NAME], issuer[NAME], detail[2 * NAME];
  const char *before = "", *after = "";
  detail[0] = '\0';
  if (cert == NULL) {
    pop3_tls_say(t->why, "certificate refused: %s",
                 X509_verify_cert_error_string(error));
    return;
  }
  show_name(subject, X509_get_subject_name(cert));
  show_name(issuer, X509_get_issuer_name(cert));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      before = " (on ";
      show_time(detail, X509_get0_notAfter(cert));
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      before = " (before ";
      show_time(detail, X509_get0_notBefore(cert));
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH: case X509_V_ERR_IP_ADDRESS_MISMATCH:
      before = " (it is for ";
      show_names(detail, sizeof detail, cert);
      if (detail[0] == '\0') before = " (it is for no name";
      break;
    default: break;
  }
  if (before[0] != '\0') after = ")";
  pop3_tls_say(t->why,
               "certificate refused: %s%s%s%s; %s \"%s\", issuer \"%s\"",
               X509_verify_cert_error_string(error), before, detail, after,
               depth == 0 ? "subject" : "CA", subject, issuer);
}

int pop3_tls_verify (int ok, X509_STORE_CTX *store) {
  SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(
    store, SSL_get_ex_data_X509_STORE_CTX_idx());
  pop3_tls *t = (pop3_tls *)SSL_get_app_data(ssl);
  if (!ok && t->why[0] == '\0')
    explain(t, X509_STORE_CTX_get_current_cert(store),
            X509_STORE_CTX_get_error(store),
            X509_STORE_CTX_get_error_depth(store));
  return ok;
}

/* ------------------------------------------------------------------- names */

/*
** An IP address without its brackets and zone into 'out'; 0 if it is none.
*/
static int address (const char *name, char out[64]) {
  size_t n = strlen(name);
  ASN1_OCTET_STRING *ip;
  if (n > 2 && name[0] == '[' && name[n - 1] == ']') {
    name++;
    n -= 2;
  }
  if (memchr(name, '%', n) != NULL)
    n = (size_t)((const char *)memchr(name, '%', n) - name);
  if (n == 0 || n >= 64) return 0;
  memcpy(out, name, n);
  out[n] = '\0';
  ip = a2i_IPADDRESS(out);
  ERR_clear_error();
  if (ip == NULL) return 0;
  ASN1_OCTET_STRING_free(ip);
  return 1;
}

int pop3_tls_name (pop3_tls *t, const char *name) {
  X509_VERIFY_PARAM *p = SSL_get0_param(t->ssl);
  char ip[64], dns[256];
  size_t n = strlen(name);
  if (address(name, ip))
    return X509_VERIFY_PARAM_set1_ip_asc(p, ip) == 1 ? 0 : POP3_ENOMEM;
  if (n > 0 && name[n - 1] == '.') n--;
  if (n == 0 || n >= sizeof dns) {  /* no certificate can be for it */
    n = 1;
    name = ".";
  }
  memcpy(dns, name, n);
  dns[n] = '\0';
  X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_host(p, dns, n) != 1) return POP3_ENOMEM;
  SSL_set_tlsext_host_name(t->ssl, dns);  /* one that is no DNS name: none */
  ERR_clear_error();
  return 0;
}

/* -------------------------------------------------------------------- pins */

int pop3_tls_pin (const X509 *cert, unsigned char pin[POP3_PIN_SIZE]) {
  X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
  unsigned char *der = NULL;
  unsigned len = 0;
  int n = i2d_X509_PUBKEY(key, &der), ok;
  ok = n > 0 && EVP_Digest(der, (size_t)n, pin, &len, EVP_sha256(), NULL) == 1;
  OPENSSL_free(der);
  return ok && len == POP3_PIN_SIZE;
}

int pop3_tls_check_pin (pop3_tls *t) {
  const pop3_tls_context *c = t->ctx;
  X509 *cert;
  unsigned char pin[POP3_PIN_SIZE], text[POP3_PIN_SIZE * 2];
  size_t i;
  if (c->npins == 0) return 0;
  cert = SSL_get0_peer_certificate(t->ssl);
  if (cert == NULL || !pop3_tls_pin(cert, pin)) {
    pop3_tls_say(t->why, "no public key to compare with the pin");
    return POP3_ETLS;
  }
  for (i = 0; i < c->npins; i++)
    if (memcmp(pin, c->pins[i], POP3_PIN_SIZE) == 0) return 0;
  EVP_EncodeBlock(text, pin, POP3_PIN_SIZE);
  pop3_tls_say(t->why, "the public key does not fit the pin; its own is %s",
               (const char *)text);
  return POP3_ETLS;
}

/* --------------------------------------------------------------- the peer */

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
  char text[NAME];
  show_name(text, name);
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

int pop3_tls_get_peer (const pop3_tls *t, pop3_tls_peer *peer) {
  const X509 *cert = t->ready ? SSL_get0_peer_certificate(t->ssl) : NULL;
  return cert != NULL ? pop3_tls_describe(cert, peer) : 0;
}

int pop3_tls_describe (const X509 *cert, pop3_tls_peer *peer) {
  int err = add_text(&peer->subject, X509_get_subject_name(cert));
  if (err == 0) err = add_text(&peer->issuer, X509_get_issuer_name(cert));
  if (err == 0)
    err = add_common_name(&peer->common_name, X509_get_subject_name(cert));
  if (err == 0) err = add_names(&peer->names, cert);
  show_time(peer->not_before, X509_get0_notBefore(cert));
  show_time(peer->not_after, X509_get0_notAfter(cert));
  if (!pop3_tls_pin(cert, peer->pin)) memset(peer->pin, 0, POP3_PIN_SIZE);
  ERR_clear_error();
  return err == 0 ? 1 : err;
}
