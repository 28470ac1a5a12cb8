/*
** verify.c - verifies the peer: names, pins, and the reason why a certificate is
** refused.
*/
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "../base/ascii.h"
#include "describe.h"
#include "internal.h"
#include "verify.h"

/* Write the problem with 'cert' into 'why'. */
static void explain (struct pop3_tls *t, X509 *cert, int error, int depth) {
  char subject[POP3_NAME_MAX], issuer[POP3_NAME_MAX], detail[2 * POP3_NAME_MAX];
  const char *before = "", *after = "";
  detail[0] = '\0';
  if (cert == NULL) {
    pop3_tls_say(t->why, "certificate refused: %s",
                 X509_verify_cert_error_string(error));
    return;
  }
  pop3_tls_show_name(subject, X509_get_subject_name(cert));
  pop3_tls_show_name(issuer, X509_get_issuer_name(cert));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      before = " (on ";
      pop3_tls_show_time(detail, X509_get0_notAfter(cert));
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      before = " (before ";
      pop3_tls_show_time(detail, X509_get0_notBefore(cert));
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH: case X509_V_ERR_IP_ADDRESS_MISMATCH:
      before = " (it is for ";
      pop3_tls_show_names(detail, sizeof detail, cert);
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
  struct pop3_tls *t = (struct pop3_tls *)SSL_get_app_data(ssl);
  int error = X509_STORE_CTX_get_error(store);
  int depth = X509_STORE_CTX_get_error_depth(store);
  if (ok) return 1;
  if (t->ctx->crls && error == X509_V_ERR_UNABLE_TO_GET_CRL && depth > 0) {
    X509_STORE_CTX_set_error(store, X509_V_OK);  /* a list that may be absent */
    return 1;
  }
  if (t->why[0] == '\0')
    explain(t, X509_STORE_CTX_get_current_cert(store), error, depth);
  return t->ctx->ask;
}

void pop3_tls_recall (struct pop3_tls *t) {
  long result = SSL_get_verify_result(t->ssl);
  if (result != X509_V_OK && SSL_session_reused(t->ssl) && t->why[0] == '\0')
    explain(t, SSL_get0_peer_certificate(t->ssl), (int)result, 0);
}

/* ------------------------------------------------------------------- names */

/*
** Copy an IP address without its brackets and zone; 0 if it is not one.
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

/*
** Is it a list of labels with dots between them? OpenSSL accepts more: a name that
** begins with a dot matches all names that end in it, "*" matches itself.
*/
static int is_dns (const char *p, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) {
    char c = pop3_upper(p[i]);
    if (c == '.' ? i == 0 || p[i - 1] == '.'
                 : !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_')) return 0;
  }
  return n > 0;
}

int pop3_tls_name (struct pop3_tls *t, const char *name) {
  X509_VERIFY_PARAM *p = SSL_get0_param(t->ssl);
  char ip[64], dns[256];
  size_t n = strlen(name);
  if (address(name, ip))
    return X509_VERIFY_PARAM_set1_ip_asc(p, ip) == 1 ? 0 : POP3_ENOMEM;
  if (n > 0 && name[n - 1] == '.') n--;
  if (!is_dns(name, n) || n >= sizeof dns) {  /* no certificate is for it */
    n = 1;
    name = ".";
  }
  memcpy(dns, name, n);
  dns[n] = '\0';
  X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_host(p, dns, n) != 1) return POP3_ENOMEM;
  SSL_set_tlsext_host_name(t->ssl, dns);  /* fails if it is not a DNS name */
  ERR_clear_error();
  return 0;
}

/* -------------------------------------------------------------------- pins */

static int is_one_of (const unsigned char hash[POP3_PIN_SIZE],
                      unsigned char (*set)[POP3_PIN_SIZE], size_t n) {
  size_t i;
  for (i = 0; i < n; i++)
    if (memcmp(hash, set[i], POP3_PIN_SIZE) == 0) return 1;
  return 0;
}

static int check_pin (struct pop3_tls *t, X509 *cert) {
  const struct pop3_tls_context *c = t->ctx;
  unsigned char pin[POP3_PIN_SIZE], text[POP3_PIN_SIZE * 2];
  if (c->npins == 0) return 1;
  if (cert == NULL || !pop3_tls_pin(cert, pin)) {
    pop3_tls_say(t->why, "there is no public key to compare with the pin");
    return 0;
  }
  if (is_one_of(pin, c->pins, c->npins)) return 1;
  EVP_EncodeBlock(text, pin, POP3_PIN_SIZE);
  pop3_tls_say(t->why, "the public key does not match the pin; its pin is %s",
               (const char *)text);
  return 0;
}

static int check_print (struct pop3_tls *t, X509 *cert) {
  const struct pop3_tls_context *c = t->ctx;
  unsigned char print[POP3_PIN_SIZE];
  char text[POP3_PIN_SIZE * 2 + 1];
  size_t i;
  if (c->nprints == 0) return 1;
  if (cert == NULL || !pop3_tls_fingerprint(cert, print)) {
    pop3_tls_say(t->why, "there is no certificate to compare with the "
                         "fingerprint");
    return 0;
  }
  if (is_one_of(print, c->prints, c->nprints)) return 1;
  for (i = 0; i < POP3_PIN_SIZE; i++)
    snprintf(text + 2 * i, 3, "%02x", print[i]);
  pop3_tls_say(t->why, "the certificate does not match the fingerprint; its "
                       "fingerprint is %s", text);
  return 0;
}

int pop3_tls_check_pins (struct pop3_tls *t) {
  X509 *cert = SSL_get0_peer_certificate(t->ssl);
  if (t->why[0] != '\0') return POP3_ETLS;  /* the chain or the name: ASK */
  return check_pin(t, cert) && check_print(t, cert) ? 0 : POP3_ETLS;
}
