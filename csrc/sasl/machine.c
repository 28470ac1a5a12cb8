/*
** machine.c - SASL machines: how one is made, its steps, and its end.
*/
#include <string.h>

#include "../base/secret.h"
#include "mechanism.h"

/* ------------------------------------------------------------------ memory */

/* The machine's allocator overwrites all memory that it frees or moves. */
static void *wiping (void *ud, void *p, size_t osize, size_t nsize) {
  const pop3_sasl *m = (const pop3_sasl *)ud;
  void *q = NULL;
  if (nsize > 0) {
    q = m->under.f(m->under.ud, NULL, 0, nsize);
    if (q == NULL) return NULL;
    if (p != NULL) memcpy(q, p, osize < nsize ? osize : nsize);
  }
  if (p != NULL) {
    pop3_wipe(p, osize);
    m->under.f(m->under.ud, p, osize, 0);
  }
  return q;
}

static int keep (pop3_buf *b, pop3_span s) {
  return s.n > 0 ? pop3_buf_add(b, s.p, s.n) : 0;
}

/* A server gets user and secret from the client. */
static int keep_all (pop3_sasl *m, const pop3_sasl_opts *o) {
  size_t i;
  int err = 0;
  if (m->side == POP3_SASL_CLIENT) {
    err = keep(&m->user, o->user);
    if (err == 0) err = keep(&m->secret, o->secret);
    if (err == 0) err = keep(&m->authzid, o->authzid);
  }
  if (err == 0) err = keep(&m->host, o->host);
  if (err == 0) err = keep(&m->keytab, o->keytab);
  if (err == 0) err = keep(&m->nonce, o->nonce);
  for (i = 0; i < o->nbindings && err == 0; i++) {
    err = pop3_secret_add(&m->bindings, o->bindings[i].type.p,
                          o->bindings[i].type.n);
    if (err == 0)
      err = pop3_secret_add(&m->bindings, o->bindings[i].data.p,
                            o->bindings[i].data.n);
  }
  return err;
}

pop3_sasl *pop3_sasl_new (pop3_mem mem, const pop3_crypto *crypto,
                          const pop3_sasl_mech *mech,
                          enum pop3_sasl_side side,
                          const pop3_sasl_opts *opts) {
  pop3_sasl *m = (pop3_sasl *)pop3_alloc(mem, sizeof *m);
  int err;
  if (m == NULL) return NULL;
  memset(m, 0, sizeof *m);
  m->under = mem;
  m->mem.f = wiping;
  m->mem.ud = m;
  m->crypto = crypto;
  m->mech = mech;
  m->side = side;
  m->port = opts->port;
  m->min = opts->min_iterations > 0 ? opts->min_iterations : 4096;
  m->max = opts->max_iterations > 0 ? opts->max_iterations : 5000000;
  m->plus = opts->plus;
  m->gss = opts->gss;
  pop3_buf_init(&m->user, m->mem);
  pop3_buf_init(&m->authzid, m->mem);
  pop3_buf_init(&m->secret, m->mem);
  pop3_buf_init(&m->host, m->mem);
  pop3_buf_init(&m->keytab, m->mem);
  pop3_buf_init(&m->realm, m->mem);
  pop3_buf_init(&m->nonce, m->mem);
  pop3_buf_init(&m->bindings, m->mem);
  pop3_buf_init(&m->out, m->mem);
  pop3_buf_init(&m->hidden, m->mem);
  err = keep_all(m, opts);
  if (err == 0 && mech->size > 0) {
    m->own = pop3_alloc(m->mem, mech->size);
    if (m->own == NULL) err = POP3_ENOMEM;
    else memset(m->own, 0, mech->size);
  }
  if (err == 0 && side == POP3_SASL_CLIENT) {
    err = pop3_sasl_hide(m, pop3_sasl_span(&m->secret));
    if (err == 0 && mech->open != NULL) err = mech->open(m);
    if (err != 0 && err != POP3_ENOMEM) {
      pop3_sasl_fail(m, err, pop3_errtext(err));
      err = 0;
    }
  }
  if (err != 0) pop3_sasl_free(&m);
  return m;
}

void pop3_sasl_free (pop3_sasl **mp) {
  pop3_sasl *m = *mp;
  pop3_mem under;
  if (m == NULL) return;
  if (m->own != NULL) {
    if (m->mech->drop != NULL) m->mech->drop(m);
    pop3_free(m->mem, m->own, m->mech->size);
  }
  pop3_buf_free(&m->user);
  pop3_buf_free(&m->authzid);
  pop3_buf_free(&m->secret);
  pop3_buf_free(&m->host);
  pop3_buf_free(&m->keytab);
  pop3_buf_free(&m->realm);
  pop3_buf_free(&m->nonce);
  pop3_buf_free(&m->bindings);
  pop3_buf_free(&m->out);
  pop3_buf_free(&m->hidden);
  under = m->under;
  pop3_wipe(m, sizeof *m);
  pop3_free(under, m, sizeof *m);
  *mp = NULL;
}

int pop3_sasl_error (const pop3_sasl *m) {
  return m->err;
}

const char *pop3_sasl_why (const pop3_sasl *m) {
  return m->why != NULL ? m->why : pop3_errtext(m->err);
}

const pop3_sasl_mech *pop3_sasl_mechanism (const pop3_sasl *m) {
  return m->mech;
}

/* ------------------------------------------------------------------- steps */

/* Mask a response, both as octets and in base64. */
static int hide_out (pop3_sasl *m) {
  pop3_buf b;
  int err = 0;
  if (m->out.n == 0) return 0;
  if (!m->harmless) err = pop3_sasl_hide(m, pop3_sasl_span(&m->out));
  pop3_buf_init(&b, m->mem);
  if (err == 0) err = pop3_sasl_put64(&b, pop3_sasl_span(&m->out));
  if (err == 0) err = pop3_sasl_hide(m, pop3_sasl_span(&b));
  pop3_buf_free(&b);
  return err;
}

static int client_step (pop3_sasl *m, const pop3_span *in) {
  pop3_span none = { "", 0 };
  int initial = m->turn == 0 && (m->mech->flags & POP3_SASL_INITIAL), err;
  if (m->done && !(m->mech->flags & POP3_SASL_TOKEN))
    return pop3_sasl_fail(m, POP3_ESASL, "an unexpected challenge");
  if (in == NULL && !initial)
    return pop3_sasl_fail(m, POP3_ESASL, "the challenge is missing");
  m->harmless = 0;
  err = m->mech->client(m, initial || in == NULL ? none : *in);
  m->turn++;
  if (err == 0) err = hide_out(m);
  return err != 0 ? pop3_sasl_fail(m, err, pop3_errtext(err)) : POP3_SASL_SAY;
}

static int server_step (pop3_sasl *m, const pop3_span *in) {
  int got;
  switch (m->state) {
    case POP3_SASL_SALTING: case POP3_SASL_DECIDING: return POP3_ESTATE;
    case POP3_SASL_ACCEPTED: case POP3_SASL_REJECTED:
      got = m->state == POP3_SASL_ACCEPTED ? POP3_SASL_DONE : POP3_SASL_FAILED;
      m->state = POP3_SASL_OVER;
      if (got == POP3_SASL_DONE && in != NULL && in->n > 0)
        return pop3_sasl_fail(m, POP3_ESASL, "an unexpected response");
      return got;
    case POP3_SASL_OVER:
      return pop3_sasl_fail(m, POP3_ESASL, "the exchange is over");
    case POP3_SASL_TALKING: break;
  }
  if (in == NULL && m->turn == 0 && (m->mech->flags & POP3_SASL_INITIAL)) {
    if (m->asked)
      return pop3_sasl_fail(m, POP3_ESASL, "the response is missing");
    m->asked = 1;  /* an empty challenge asks for the initial response */
    return POP3_SASL_SAY;
  }
  got = m->mech->server(m, in);
  m->turn++;
  if (got < 0) return pop3_sasl_fail(m, got, pop3_errtext(got));
  if (got == POP3_SASL_SALT) m->state = POP3_SASL_SALTING;
  else if (got == POP3_SASL_PROOF) m->state = POP3_SASL_DECIDING;
  return got;
}

int pop3_sasl_step (pop3_sasl *m, const pop3_span *in, pop3_span *out) {
  int got;
  if (m->err != 0) return m->err;
  if (in != NULL && in->n > POP3_SASL_MAX)
    return pop3_sasl_fail(m, POP3_ELIMIT, "the SASL message is too long");
  if (m->out.n > 0) pop3_wipe(m->out.p, m->out.n);
  m->out.n = 0;
  got = m->side == POP3_SASL_CLIENT ? client_step(m, in) : server_step(m, in);
  if (got > 0 && m->out.n > POP3_SASL_MAX)
    return pop3_sasl_fail(m, POP3_ELIMIT, "the SASL message is too long");
  *out = pop3_sasl_span(&m->out);
  return got;
}

int pop3_sasl_done (const pop3_sasl *m) {
  return m->err == 0 && m->done;
}

int pop3_sasl_secret (const pop3_sasl *m, size_t *at, pop3_span *secret) {
  return pop3_sasl_kept(&m->hidden, at, secret);
}

/* ------------------------------------------------------------------ server */

pop3_span pop3_sasl_user (const pop3_sasl *m) {
  return pop3_sasl_span(&m->user);
}

pop3_span pop3_sasl_authzid (const pop3_sasl *m) {
  return pop3_sasl_span(&m->authzid);
}

pop3_span pop3_sasl_realm (const pop3_sasl *m) {
  return pop3_sasl_span(&m->realm);
}

pop3_span pop3_sasl_shown (const pop3_sasl *m) {
  return pop3_sasl_span(&m->secret);
}

int pop3_sasl_check (pop3_sasl *m, pop3_span secret) {
  int got;
  if (m->err != 0) return m->err;
  if (m->state != POP3_SASL_DECIDING) return POP3_ESTATE;
  got = m->mech->check == NULL ? 1 : m->mech->check(m, secret);
  if (got < 0) return pop3_sasl_fail(m, got, pop3_errtext(got));
  m->proof = got ? POP3_SASL_TRUE : POP3_SASL_FALSE;
  return got;
}

int pop3_sasl_accept (pop3_sasl *m, pop3_span *out) {
  int err;
  if (m->err != 0) return m->err;
  if (m->state != POP3_SASL_DECIDING || m->proof == POP3_SASL_FALSE ||
      (m->proof == POP3_SASL_UNKNOWN && (m->mech->flags & POP3_SASL_SALTED)))
    return POP3_ESTATE;
  m->out.n = 0;
  m->state = POP3_SASL_OVER;
  if (m->mech->accept == NULL) return POP3_SASL_DONE;
  err = m->mech->accept(m);
  if (err != 0) return pop3_sasl_fail(m, err, pop3_errtext(err));
  m->state = POP3_SASL_ACCEPTED;
  *out = pop3_sasl_span(&m->out);
  return POP3_SASL_SAY;
}

int pop3_sasl_reject (pop3_sasl *m, pop3_span *out) {
  int err;
  if (m->err != 0) return m->err;
  if (m->state != POP3_SASL_DECIDING) return POP3_ESTATE;
  m->out.n = 0;
  m->state = POP3_SASL_OVER;
  if (m->mech->reject == NULL) return POP3_SASL_FAILED;
  err = m->mech->reject(m);
  if (err != 0) return pop3_sasl_fail(m, err, pop3_errtext(err));
  m->state = POP3_SASL_REJECTED;
  *out = pop3_sasl_span(&m->out);
  return POP3_SASL_SAY;
}
