/*
** gssapi.c - GSSAPI (RFC 4752), the login by a ticket of Kerberos V5, over the
** library of gss.h.
**
**      client                             server
**      token ...                  -->
**                                 <--     ... token       until both contexts
**                                                         are complete
**                                 <--     wrap(LAYERS SIZE)
**      wrap(LAYER SIZE AUTHZID)   -->
**
** The only layer that is offered and accepted is 1, no protection: TLS protects
** the connection. There is no channel binding: RFC 4752 section 3.1 does not have
** it (GS2-KRB5-PLUS of RFC 5801 does).
*/
#include <string.h>

#include "gss.h"
#include "mechanism.h"

#define NO_LAYER 1  /* the bit of no protection */

enum stage { TOKENS, OFFER, CHOICE, OVER };

typedef struct gssapi {
  enum stage stage;
  void *context;
} gssapi;

static const char no_layer[4] = { NO_LAYER, 0, 0, 0 };

static gssapi *own (pop3_sasl *m) {
  return (gssapi *)m->own;
}

/* The library's own text goes with its error. */
static int library_failed (pop3_sasl *m, int err) {
  if (err != POP3_EAUTH) return err;
  return pop3_sasl_failed_by(m, err, "Kerberos: ",
                             m->gss->why(own(m)->context));
}

static int open_context (pop3_sasl *m) {
  gssapi *g = own(m);
  int err;
  if (m->gss == NULL)
    return pop3_sasl_fail(m, POP3_EAUTH, "this build has no Kerberos library");
  g->context = pop3_alloc(m->mem, m->gss->size);
  if (g->context == NULL) return POP3_ENOMEM;
  memset(g->context, 0, m->gss->size);
  err = m->side == POP3_SASL_CLIENT
        ? m->gss->open_client(g->context, pop3_sasl_span(&m->host))
        : m->gss->open_server(g->context, pop3_sasl_span(&m->keytab));
  return library_failed(m, err);
}

static void gssapi_drop (pop3_sasl *m) {
  gssapi *g = own(m);
  if (g->context == NULL) return;
  m->gss->close(g->context);
  pop3_free(m->mem, g->context, m->gss->size);
}

/* A step of the context; the token goes to 'out'. 1 when it is complete. */
static int exchange_tokens (pop3_sasl *m, pop3_span in) {
  int got = m->gss->step(own(m)->context, in, &m->out);
  if (got < 0) return library_failed(m, got);
  if (got == 0 && m->out.n == 0)
    return pop3_sasl_fail(m, POP3_ESASL, "Kerberos has nothing to answer");
  return got;
}

/* Read a wrapped message: layers, size, and more. */
static int read_layers (pop3_sasl *m, pop3_span in, pop3_buf *text) {
  int err = m->gss->unwrap(own(m)->context, in, text);
  if (err != 0) return library_failed(m, err);
  if (text->n < sizeof no_layer)
    return pop3_sasl_fail(m, POP3_ESASL,
                          "the message about security layers is too short");
  return 0;
}

/* ------------------------------------------------------------------ client */

static const pop3_buf *act_as (const pop3_sasl *m) {
  return m->authzid.n > 0 ? &m->authzid : &m->user;
}

static int gssapi_open (pop3_sasl *m) {
  int err = pop3_sasl_need(m, POP3_SASL_HAS_AUTHZID);
  if (err == 0 && m->host.n == 0)
    err = pop3_sasl_fail(m, POP3_EAUTH, "the name of the host is needed");
  if (err == 0 && !pop3_sasl_is_text(pop3_sasl_span(act_as(m))))
    err = pop3_sasl_fail(m, POP3_EAUTH, "the user name is not UTF-8");
  return err == 0 ? open_context(m) : err;
}

/*
** The server's layers. Its size is ignored: it has no meaning without a layer, and
** Dovecot sends a size that RFC 4752 does not allow.
*/
static int choose (pop3_sasl *m, pop3_span in) {
  pop3_buf b;
  int err;
  pop3_buf_init(&b, m->mem);
  err = read_layers(m, in, &b);
  if (err == 0 && b.n > sizeof no_layer)
    err = pop3_sasl_fail(m, POP3_ESASL,
                         "the message about security layers is too long");
  if (err == 0 && !(b.p[0] & NO_LAYER))
    err = pop3_sasl_fail(m, POP3_EAUTH, "the server requires a security layer");
  b.n = 0;
  if (err == 0) err = pop3_buf_add(&b, no_layer, sizeof no_layer);
  if (err == 0 && act_as(m)->n > 0)
    err = pop3_buf_add(&b, act_as(m)->p, act_as(m)->n);
  if (err == 0)
    err = library_failed(m, m->gss->wrap(own(m)->context, pop3_sasl_span(&b),
                                         &m->out));
  pop3_buf_free(&b);
  if (err == 0 && m->user.n == 0)  /* for 'pop3_sasl_user' */
    err = library_failed(m, m->gss->names(own(m)->context, &m->user,
                                          &m->realm));
  if (err == 0) m->done = 1;
  return err;
}

static int gssapi_client (pop3_sasl *m, pop3_span in) {
  gssapi *g = own(m);
  int got;
  if (g->stage == CHOICE) return choose(m, in);
  got = exchange_tokens(m, in);
  if (got == 1) g->stage = CHOICE;
  return got < 0 ? got : 0;
}

/* ------------------------------------------------------------------ server */

static int offer (pop3_sasl *m) {
  pop3_span s = { no_layer, sizeof no_layer };
  void *context = own(m)->context;
  int err = m->gss->names(context, &m->user, &m->realm);
  if (err == 0) err = m->gss->wrap(context, s, &m->out);
  own(m)->stage = CHOICE;
  return err == 0 ? POP3_SASL_SAY : library_failed(m, err);
}

/*
** The client's choice: no layer, no size, and the user to act as. Old clients
** end the name with a NUL.
*/
static int take_choice (pop3_sasl *m, pop3_span in) {
  pop3_buf b;
  pop3_span name;
  int err;
  own(m)->stage = OVER;
  pop3_buf_init(&b, m->mem);
  err = read_layers(m, in, &b);
  if (err == 0 && b.p[0] != NO_LAYER)
    err = pop3_sasl_fail(m, POP3_EAUTH, "the client selects a security layer "
                         "that is not offered");
  if (err == 0 && memcmp(b.p, no_layer, sizeof no_layer) != 0)
    err = pop3_sasl_fail(m, POP3_EAUTH, "the client has a buffer size without "
                         "a security layer");
  if (err == 0 && b.n > sizeof no_layer) {
    name.p = b.p + sizeof no_layer;
    name.n = b.n - sizeof no_layer;
    if (name.p[name.n - 1] == '\0') name.n--;
    if (!pop3_sasl_is_text(name))
      err = pop3_sasl_fail(m, POP3_ESASL, "the user to act as is not UTF-8");
    else if (name.n > 0) err = pop3_buf_add(&m->authzid, name.p, name.n);
  }
  pop3_buf_free(&b);
  return err == 0 ? POP3_SASL_PROOF : err;
}

static int gssapi_server (pop3_sasl *m, const pop3_span *in) {
  gssapi *g = own(m);
  int got;
  if (in == NULL) return POP3_ESASL;
  switch (g->stage) {
    case TOKENS:
      if (g->context == NULL) {
        int err = open_context(m);
        if (err != 0) return err;
      }
      got = exchange_tokens(m, *in);
      if (got < 0) return got;
      if (got == 1) g->stage = OFFER;
      return m->out.n > 0 ? POP3_SASL_SAY : offer(m);
    case OFFER:  /* the client has taken the last token */
      if (in->n > 0)
        return pop3_sasl_fail(m, POP3_ESASL, "an unexpected response");
      return offer(m);
    case CHOICE: return take_choice(m, *in);
    default: return POP3_ESASL;
  }
}

const pop3_sasl_mech pop3_sasl_gssapi = {
  "GSSAPI", POP3_SASL_TICKET | POP3_SASL_INITIAL, POP3_NO_HASH, sizeof (gssapi),
  gssapi_open, gssapi_client, gssapi_server, NULL, NULL, NULL, gssapi_drop
};
