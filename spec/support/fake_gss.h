/*
** fake_gss.h - a GSS-API for the tests and fuzz targets of GSSAPI, in place of
** libgssapi_krb5. Each token and message ends with a sum over all its octets,
** its number, and its sender, so that a changed, cut, repeated or mirrored one
** is refused.
*/
#ifndef FAKE_GSS_H
#define FAKE_GSS_H

#include <stdio.h>
#include <string.h>

#include "gss.h"

/* How many tokens complete the contexts: 1 (of the client), 2 (Kerberos), 3. */
static int fake_gss_legs = 2;

/* The sum is not checked: for fuzzing. */
static int fake_gss_lax = 0;

typedef struct fake_gss_context {
  int is_client, complete;
  int seen;                /* tokens of both sides */
  unsigned sent, received; /* messages */
  char why[64];
} fake_gss_context;

static int fake_gss_refuse (fake_gss_context *c, const char *why) {
  snprintf(c->why, sizeof c->why, "%s", why);
  return POP3_EAUTH;
}

static int fake_gss_open_client (void *p, pop3_span host) {
  fake_gss_context *c = (fake_gss_context *)p;
  c->is_client = 1;
  return host.n > 0 ? 0 : fake_gss_refuse(c, "no host");
}

static int fake_gss_open_server (void *p, pop3_span keytab) {
  fake_gss_context *c = (fake_gss_context *)p;
  if (keytab.n > 0 && memcmp(keytab.p, "/none", keytab.n) == 0)
    return fake_gss_refuse(c, "no keytab");
  return 0;
}

static uint32_t fake_gss_sum (pop3_span s, uint32_t h) {
  size_t i;
  for (i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 16777619u;
  return h;
}

/* "K" and the text, and the sum. 'from' is the side that speaks. */
static int fake_gss_put (pop3_buf *out, char kind, pop3_span text, int from,
                         unsigned number) {
  uint32_t h = fake_gss_sum(text, 2166136261u + (unsigned char)kind +
                                  (from ? 1000u : 0) + number * 7u);
  int err = pop3_buf_addc(out, kind);
  if (err == 0 && text.n > 0) err = pop3_buf_add(out, text.p, text.n);
  if (err == 0) err = pop3_buf_add(out, (const char *)&h, sizeof h);
  return err;
}

static int fake_gss_get (pop3_span in, char kind, int from, unsigned number,
                         pop3_span *text) {
  uint32_t h;
  if (in.n < 1 + sizeof h || in.p[0] != kind) return 0;
  text->p = in.p + 1;
  text->n = in.n - 1 - sizeof h;
  memcpy(&h, text->p + text->n, sizeof h);
  return fake_gss_lax ||
         h == fake_gss_sum(*text, 2166136261u + (unsigned char)kind +
                                  (from ? 1000u : 0) + number * 7u);
}

static int fake_gss_step (void *p, pop3_span in, pop3_buf *out) {
  static const pop3_span hello = { "ticket", 6 };
  fake_gss_context *c = (fake_gss_context *)p;
  pop3_span text;
  int err;
  if (c->complete) return fake_gss_refuse(c, "a token too many");
  if (!(c->is_client && c->seen == 0)) {
    if (!fake_gss_get(in, 'T', !c->is_client, (unsigned)c->seen, &text))
      return fake_gss_refuse(c, "a defective token");
    c->seen++;
  }
  else if (in.n > 0) return fake_gss_refuse(c, "a token too early");
  if (c->seen < fake_gss_legs) {
    err = fake_gss_put(out, 'T', hello, c->is_client, (unsigned)c->seen);
    if (err != 0) return err;
    c->seen++;
  }
  c->complete = c->seen == fake_gss_legs;
  return c->complete;
}

static int fake_gss_wrap (void *p, pop3_span in, pop3_buf *out) {
  fake_gss_context *c = (fake_gss_context *)p;
  return fake_gss_put(out, 'W', in, c->is_client, c->sent++);
}

static int fake_gss_unwrap (void *p, pop3_span in, pop3_buf *out) {
  fake_gss_context *c = (fake_gss_context *)p;
  pop3_span text;
  if (!fake_gss_get(in, 'W', !c->is_client, c->received++, &text))
    return fake_gss_refuse(c, "a message without integrity");
  return text.n > 0 ? pop3_buf_add(out, text.p, text.n) : 0;
}

static int fake_gss_names (void *p, pop3_buf *principal, pop3_buf *realm) {
  int err = pop3_buf_add(principal, "mrose@EXAMPLE", 13);
  (void)p;
  return err == 0 ? pop3_buf_add(realm, "EXAMPLE", 7) : err;
}

static const char *fake_gss_why (const void *p) {
  return ((const fake_gss_context *)p)->why;
}

static void fake_gss_close (void *p) {
  (void)p;
}

static const pop3_gss fake_gss = {
  sizeof (fake_gss_context), fake_gss_open_client, fake_gss_open_server,
  fake_gss_step, fake_gss_wrap, fake_gss_unwrap, fake_gss_names, fake_gss_why,
  fake_gss_close
};

#endif
