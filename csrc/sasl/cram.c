/*
** cram.c - CRAM-MD5 (RFC 2195).
*/
#include <string.h>

#include "mechanism.h"

#define HEX 32  /* digits of an MD5 */

/* The digest of the challenge under a secret, in hexadecimal. */
static int digest (pop3_sasl *m, pop3_span secret, pop3_span challenge,
                   char out[HEX]) {
  static const char hex[] = "0123456789abcdef";
  unsigned char d[POP3_HASH_MAX];
  int i;
  if (!m->crypto->hmac(POP3_MD5, secret, challenge, d))
    return pop3_sasl_fail(m, POP3_EAUTH, "OpenSSL has no MD5");
  for (i = 0; i < HEX / 2; i++) {
    out[2 * i] = hex[d[i] >> 4];
    out[2 * i + 1] = hex[d[i] & 15];
  }
  pop3_wipe(d, sizeof d);
  return 0;
}

static int cram_open (pop3_sasl *m) {
  return pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET);
}

static int cram_client (pop3_sasl *m, pop3_span in) {
  char hex[HEX];
  pop3_span s;
  int err;
  if (in.n == 0)
    return pop3_sasl_fail(m, POP3_ESASL, "the challenge is empty");
  err = digest(m, pop3_sasl_span(&m->secret), in, hex);
  s.p = hex;
  s.n = HEX;
  if (err == 0) err = pop3_sasl_hide(m, s);
  if (err == 0) err = pop3_buf_add(&m->out, m->user.p, m->user.n);
  if (err == 0) err = pop3_buf_addc(&m->out, ' ');
  if (err == 0) err = pop3_buf_add(&m->out, hex, HEX);
  m->done = 1;
  return err;
}

/* "<nonce@host>" */
static int challenge (pop3_sasl *m) {
  int err = pop3_sasl_nonce(m);
  if (err == 0) err = pop3_buf_addc(&m->out, '<');
  if (err == 0) err = pop3_buf_add(&m->out, m->nonce.p, m->nonce.n);
  if (err == 0) err = pop3_buf_addc(&m->out, '@');
  if (err == 0 && m->host.n == 0) err = pop3_sasl_puts(&m->out, "localhost");
  if (err == 0) err = pop3_buf_add(&m->out, m->host.p, m->host.n);
  if (err == 0) err = pop3_buf_addc(&m->out, '>');
  m->nonce.n = 0;  /* from here on the whole challenge is in it */
  pop3_buf_init((pop3_buf *)m->own, m->mem);
  if (err == 0) err = pop3_buf_add(&m->nonce, m->out.p, m->out.n);
  return err == 0 ? POP3_SASL_SAY : err;
}

/* The user may have spaces, the digest has none. */
static int cram_server (pop3_sasl *m, const pop3_span *in) {
  size_t n;
  int err;
  if (m->turn == 0) return in == NULL ? challenge(m) : POP3_ESASL;
  if (in == NULL || in->n < HEX + 2) return POP3_ESASL;
  n = in->n - HEX - 1;
  if (in->p[n] != ' ') return POP3_ESASL;
  err = pop3_buf_add(&m->user, in->p, n);
  if (err == 0) err = pop3_buf_add((pop3_buf *)m->own, in->p + n + 1, HEX);
  return err == 0 ? POP3_SASL_PROOF : err;
}

static int cram_check (pop3_sasl *m, pop3_span secret) {
  const pop3_buf *proof = (const pop3_buf *)m->own;
  char hex[HEX];
  int err = digest(m, secret, pop3_sasl_span(&m->nonce), hex);
  return err != 0 ? err : m->crypto->equal(hex, proof->p, HEX);
}

static void cram_drop (pop3_sasl *m) {
  pop3_buf *proof = (pop3_buf *)m->own;
  if (proof->p != NULL) pop3_buf_free(proof);
}

const pop3_sasl_mech pop3_sasl_cram_md5 = {
  "CRAM-MD5", 0, POP3_MD5, sizeof (pop3_buf), cram_open, cram_client,
  cram_server, cram_check, NULL, NULL, cram_drop
};
