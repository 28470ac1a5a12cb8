/*
** mechanism.c - functions that several mechanisms use.
*/
#include <stdio.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/secret.h"
#include "mechanism.h"

int pop3_sasl_fail (pop3_sasl *m, int err, const char *why) {
  if (m->err == 0) {
    m->err = err;
    m->why = why;
  }
  return m->err;
}

int pop3_sasl_failed_by (pop3_sasl *m, int err, const char *what,
                         const char *why) {
  if (m->err != 0) return m->err;
  snprintf(m->text, sizeof m->text, "%s%s", what, why);
  return pop3_sasl_fail(m, err, m->text);
}

pop3_span pop3_sasl_span (const pop3_buf *b) {
  pop3_span s;
  s.p = b->n > 0 ? b->p : "";
  s.n = b->n;
  return s;
}

pop3_span pop3_sasl_text (const char *s) {
  pop3_span t;
  t.p = s;
  t.n = strlen(s);
  return t;
}

int pop3_sasl_puts (pop3_buf *b, const char *s) {
  return pop3_buf_add(b, s, strlen(s));
}

int pop3_sasl_put64 (pop3_buf *b, pop3_span in) {
  if (pop3_buf_room(b, POP3_BASE64_SIZE(in.n)) != 0) return POP3_ENOMEM;
  if (in.n > 0) b->n += pop3_base64_encode(b->p + b->n, in);
  return 0;
}

int pop3_sasl_get64 (pop3_buf *b, pop3_span in) {
  size_t n;
  int err;
  if (in.n == 0) return 0;
  if (pop3_buf_room(b, in.n / 4 * 3 + 3) != 0) return POP3_ENOMEM;
  err = pop3_base64_decode(b->p + b->n, &n, in);
  if (err == 0) b->n += n;
  return err == 0 ? 0 : POP3_ESASL;
}

int pop3_sasl_take (pop3_span *in, char end, pop3_span *field) {
  const char *at =
      in->n > 0 ? (const char *)memchr(in->p, end, in->n) : NULL;
  if (at == NULL) return POP3_ESASL;
  field->p = in->p;
  field->n = (size_t)(at - in->p);
  in->n -= field->n + 1;
  in->p = at + 1;
  return 0;
}

int pop3_sasl_hide (pop3_sasl *m, pop3_span s) {
  return pop3_secret_add(&m->hidden, s.p, s.n);
}

int pop3_sasl_nonce (pop3_sasl *m) {
  unsigned char octets[18];
  pop3_span s;
  int err;
  if (m->nonce.n > 0) return 0;
  if (!m->crypto->random(octets, sizeof octets))
    return pop3_sasl_fail(m, POP3_EAUTH, "OpenSSL has no random octets");
  s.p = (const char *)octets;
  s.n = sizeof octets;
  err = pop3_sasl_put64(&m->nonce, s);
  pop3_wipe(octets, sizeof octets);
  return err;
}

int pop3_sasl_need (pop3_sasl *m, int what) {
  if ((what & POP3_SASL_NEEDS_USER) && m->user.n == 0)
    return pop3_sasl_fail(m, POP3_EAUTH, "a user is needed");
  if ((what & POP3_SASL_NEEDS_SECRET) && m->secret.n == 0)
    return pop3_sasl_fail(m, POP3_EAUTH, "a secret is needed");
  if (!(what & POP3_SASL_HAS_AUTHZID) && m->authzid.n > 0)
    return pop3_sasl_fail(m, POP3_EAUTH,
                          "this mechanism cannot act for another user");
  return 0;
}

static int equal (const pop3_sasl *m, pop3_span a, pop3_span b) {
  return a.n == b.n && m->crypto->equal(a.p, b.p, a.n);
}

/* RFC 4616 section 2: the presented secret is a query, the other one is stored. */
int pop3_sasl_match (pop3_sasl *m, pop3_span a, pop3_span b) {
  pop3_buf pa, pb;
  int got = equal(m, a, b), err;
  if (got) return 1;
  pop3_buf_init(&pa, m->mem);
  pop3_buf_init(&pb, m->mem);
  err = pop3_prep(&pa, a, POP3_QUERY, NULL);
  if (err == 0) err = pop3_prep(&pb, b, POP3_STORED, NULL);
  if (err == 0) got = equal(m, pop3_sasl_span(&pa), pop3_sasl_span(&pb));
  pop3_buf_wipe(&pa);
  pop3_buf_wipe(&pb);
  return err == POP3_ENOMEM ? err : got;
}

int pop3_sasl_kept (const pop3_buf *b, size_t *at, pop3_span *s) {
  if (*at >= b->n) return 0;
  memcpy(&s->n, b->p + *at, sizeof s->n);
  s->p = b->p + *at + sizeof s->n;
  *at += sizeof s->n + s->n;
  return 1;
}

int pop3_sasl_bound (const pop3_sasl *m, pop3_span type, pop3_span *data) {
  size_t at = 0;
  pop3_span t;
  while (pop3_sasl_kept(&m->bindings, &at, &t) &&
         pop3_sasl_kept(&m->bindings, &at, data))
    if (t.n == type.n && memcmp(t.p, type.p, t.n) == 0) return 1;
  return 0;
}
