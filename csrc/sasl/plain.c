/*
** plain.c - mechanisms that send names and secrets unchanged: PLAIN (RFC 4616),
** LOGIN (never specified), EXTERNAL (RFC 4422 appendix A), ANONYMOUS (RFC
** 4505).
*/
#include <string.h>

#include "mechanism.h"

static int has_nul (const pop3_buf *b) {
  return b->n > 0 && memchr(b->p, '\0', b->n) != NULL;
}

/* ------------------------------------------------------------------- PLAIN */

static int plain_open (pop3_sasl *m) {
  int err = pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET |
                              POP3_SASL_HAS_AUTHZID);
  if (err == 0 && (has_nul(&m->user) || has_nul(&m->secret) ||
                   has_nul(&m->authzid)))
    err = pop3_sasl_fail(m, POP3_EAUTH, "a NUL in a name or password");
  return err;
}

static int plain_client (pop3_sasl *m, pop3_span in) {
  int err;
  (void)in;
  err = pop3_buf_add(&m->out, m->authzid.p, m->authzid.n);
  if (err == 0) err = pop3_buf_addc(&m->out, '\0');
  if (err == 0) err = pop3_buf_add(&m->out, m->user.p, m->user.n);
  if (err == 0) err = pop3_buf_addc(&m->out, '\0');
  if (err == 0) err = pop3_buf_add(&m->out, m->secret.p, m->secret.n);
  m->done = 1;
  return err;
}

/* Read up to the next NUL, or to the end if it is the last field. */
static int field (pop3_buf *b, pop3_span *in, int last) {
  const char *nul = in->n > 0 ? (const char *)memchr(in->p, '\0', in->n) : NULL;
  size_t n = nul != NULL ? (size_t)(nul - in->p) : in->n;
  int err;
  if ((nul == NULL) != (last != 0)) return POP3_ESASL;
  err = pop3_buf_add(b, in->p, n);
  in->p += nul != NULL ? n + 1 : n;
  in->n -= nul != NULL ? n + 1 : n;
  return err;
}

static int plain_server (pop3_sasl *m, const pop3_span *in) {
  pop3_span s;
  int err;
  if (in == NULL) return POP3_ESASL;
  s = *in;
  err = field(&m->authzid, &s, 0);
  if (err == 0) err = field(&m->user, &s, 0);
  if (err == 0) err = field(&m->secret, &s, 1);
  if (err == 0 && (m->user.n == 0 || m->secret.n == 0)) err = POP3_ESASL;
  return err == 0 ? POP3_SASL_PROOF : err;
}

static int same_secret (pop3_sasl *m, pop3_span secret) {
  return pop3_sasl_match(m, pop3_sasl_span(&m->secret), secret);
}

const pop3_sasl_mech pop3_sasl_plain = {
  "PLAIN", POP3_SASL_CLEARTEXT | POP3_SASL_INITIAL, POP3_NO_HASH, 0, plain_open,
  plain_client, plain_server, same_secret, NULL, NULL, NULL
};

/* ------------------------------------------------------------------- LOGIN */

static int login_open (pop3_sasl *m) {
  return pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET);
}

/* The order of the questions is known; their texts differ. */
static int login_client (pop3_sasl *m, pop3_span in) {
  const pop3_buf *say = m->turn == 0 ? &m->user : &m->secret;
  (void)in;
  m->harmless = m->turn == 0;
  m->done = m->turn == 1;
  return pop3_buf_add(&m->out, say->p, say->n);
}

static int login_server (pop3_sasl *m, const pop3_span *in) {
  pop3_buf *to;
  int err;
  if (m->turn == 0 && in == NULL) {
    err = pop3_sasl_puts(&m->out, "Username:");
    return err == 0 ? POP3_SASL_SAY : err;
  }
  if (in == NULL || in->n == 0) return POP3_ESASL;
  to = m->user.n == 0 ? &m->user : &m->secret;  /* it may come at once */
  err = pop3_buf_add(to, in->p, in->n);
  if (err == 0 && to == &m->secret) return POP3_SASL_PROOF;
  if (err == 0) err = pop3_sasl_puts(&m->out, "Password:");
  return err == 0 ? POP3_SASL_SAY : err;
}

const pop3_sasl_mech pop3_sasl_login = {
  "LOGIN", POP3_SASL_CLEARTEXT, POP3_NO_HASH, 0, login_open, login_client,
  login_server, same_secret, NULL, NULL, NULL
};

/* ---------------------------------------------------------------- EXTERNAL */

/* The certificate names the user; 'user' is the user to act as. */
static int external_client (pop3_sasl *m, pop3_span in) {
  const pop3_buf *as = m->authzid.n > 0 ? &m->authzid : &m->user;
  (void)in;
  m->harmless = m->done = 1;
  return pop3_buf_add(&m->out, as->p, as->n);
}

static int external_server (pop3_sasl *m, const pop3_span *in) {
  int err;
  if (in == NULL) return POP3_ESASL;
  if (in->n > 0 && memchr(in->p, '\0', in->n) != NULL) return POP3_ESASL;
  err = pop3_buf_add(&m->user, in->p, in->n);
  return err == 0 ? POP3_SASL_PROOF : err;
}

const pop3_sasl_mech pop3_sasl_external = {
  "EXTERNAL", POP3_SASL_CERTIFICATE | POP3_SASL_INITIAL, POP3_NO_HASH, 0, NULL,
  external_client, external_server, NULL, NULL, NULL, NULL
};

/* --------------------------------------------------------------- ANONYMOUS */

static int anonymous_client (pop3_sasl *m, pop3_span in) {
  (void)in;
  m->harmless = m->done = 1;
  return pop3_buf_add(&m->out, m->user.p, m->user.n);
}

static int anonymous_server (pop3_sasl *m, const pop3_span *in) {
  int err;
  if (in == NULL || in->n > 255 * 4) return POP3_ESASL;
  err = pop3_sasl_puts(&m->user, "anonymous");
  if (err == 0) err = pop3_buf_add(&m->authzid, in->p, in->n);
  return err == 0 ? POP3_SASL_PROOF : err;
}

const pop3_sasl_mech pop3_sasl_anonymous = {
  "ANONYMOUS", POP3_SASL_ANONYMOUS | POP3_SASL_INITIAL, POP3_NO_HASH, 0, NULL,
  anonymous_client, anonymous_server, NULL, NULL, NULL, NULL
};
