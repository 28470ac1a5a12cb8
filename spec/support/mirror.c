/*
** mirror.c - a SASL mechanism that no server has, X-MIRROR: the example of
** csrc/README.md for a new kind, and what spec/unit/mechanism_spec.lua adds to
** the table. The server sends a nonce; the client answers with its name, a
** space, and the base64 of the nonce's HMAC-SHA-256 under the password.
*/
#include <string.h>

#include "mechanism.h"

extern const pop3_sasl_mech pop3_sasl_mirror;

/* Append the proof for a nonce. */
static int put_proof (pop3_sasl *m, pop3_buf *to, pop3_span secret,
                      pop3_span nonce) {
  unsigned char mac[POP3_HASH_MAX];
  pop3_span s;
  if (!m->crypto->hmac(m->mech->hash, secret, nonce, mac))
    return pop3_sasl_fail(m, POP3_EAUTH, "OpenSSL has no SHA-256");
  s.p = (const char *)mac;
  s.n = pop3_hash_size(m->mech->hash);
  return pop3_sasl_put64(to, s);
}

static int mirror_open (pop3_sasl *m) {
  return pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET);
}

static int mirror_client (pop3_sasl *m, pop3_span in) {
  int err = pop3_buf_add(&m->out, m->user.p, m->user.n);
  if (err == 0) err = pop3_buf_addc(&m->out, ' ');
  if (err == 0)
    err = put_proof(m, &m->out, pop3_sasl_span(&m->secret), in);
  m->done = 1;
  return err;
}

/* Turn 0: the nonce. Turn 1: the user, and the proof into 'secret'. */
static int mirror_server (pop3_sasl *m, const pop3_span *in) {
  const char *space;
  int err;
  if (m->turn == 0) {
    pop3_buf_init((pop3_buf *)m->own, m->mem);
    err = pop3_sasl_nonce(m);
    if (err == 0) err = pop3_buf_add(&m->out, m->nonce.p, m->nonce.n);
    return err == 0 ? POP3_SASL_SAY : err;
  }
  if (in == NULL || in->n == 0) return POP3_ESASL;
  space = (const char *)memchr(in->p, ' ', in->n);
  if (space == NULL) return POP3_ESASL;
  err = pop3_buf_add(&m->user, in->p, (size_t)(space - in->p));
  if (err == 0)
    err = pop3_buf_add((pop3_buf *)m->own, space + 1,
                       in->n - (size_t)(space - in->p) - 1);
  return err == 0 ? POP3_SASL_PROOF : err;
}

static int mirror_check (pop3_sasl *m, pop3_span secret) {
  const pop3_buf *shown = (const pop3_buf *)m->own;
  pop3_buf want;
  int got;
  pop3_buf_init(&want, m->mem);
  got = put_proof(m, &want, secret, pop3_sasl_span(&m->nonce));
  if (got == 0)
    got = want.n == shown->n && m->crypto->equal(want.p, shown->p, want.n);
  pop3_buf_wipe(&want);
  return got;
}

static void mirror_drop (pop3_sasl *m) {
  pop3_buf *shown = (pop3_buf *)m->own;
  if (shown->p != NULL) pop3_buf_free(shown);
}

const pop3_sasl_mech pop3_sasl_mirror = {
  "X-MIRROR", 0, POP3_SHA256, sizeof (pop3_buf), mirror_open, mirror_client,
  mirror_server, mirror_check, NULL, NULL, mirror_drop
};
