/*
** oauth.c - bearer tokens: OAUTHBEARER (RFC 7628) and its older form XOAUTH2,
** of Google and Microsoft.
*/
#include <string.h>

#include "mechanism.h"

#define A '\1'  /* between fields */

static int oauth_open (pop3_sasl *m) {
  int err = pop3_sasl_need(m, POP3_SASL_NEEDS_USER | POP3_SASL_NEEDS_SECRET);
  size_t i;
  for (i = 0; i < m->secret.n && err == 0; i++)
    if ((unsigned char)m->secret.p[i] <= ' ' ||
        (unsigned char)m->secret.p[i] >= 0x7f)
      err = pop3_sasl_fail(m, POP3_EAUTH,
                           "a character that is not allowed in tokens");
  if (err == 0 && memchr(m->user.p, A, m->user.n) != NULL)
    err = pop3_sasl_fail(m, POP3_EPREP, pop3_errtext(POP3_EPREP));
  return err;
}

static int put_token (pop3_sasl *m) {
  int err = pop3_sasl_puts(&m->out, "auth=Bearer ");
  if (err == 0) err = pop3_buf_add(&m->out, m->secret.p, m->secret.n);
  return err == 0 ? pop3_sasl_puts(&m->out, "\1\1") : err;
}

static int put_host (pop3_sasl *m) {
  char port[16];
  size_t n = sizeof port;
  uint32_t u = m->port;
  int err = 0;
  if (m->host.n > 0) {
    err = pop3_sasl_puts(&m->out, "host=");
    if (err == 0) err = pop3_buf_add(&m->out, m->host.p, m->host.n);
    if (err == 0) err = pop3_buf_addc(&m->out, A);
  }
  if (err != 0 || u == 0) return err;
  do port[--n] = (char)('0' + u % 10); while ((u /= 10) > 0);
  err = pop3_sasl_puts(&m->out, "port=");
  if (err == 0) err = pop3_buf_add(&m->out, port + n, sizeof port - n);
  return err == 0 ? pop3_buf_addc(&m->out, A) : err;
}

/*
** A challenge after the first message is an error, in JSON, which is not read.
** The response to it is a formality, after which the server sends -ERR.
*/
static int bearer_client (pop3_sasl *m, pop3_span in) {
  int err;
  (void)in;
  if (m->turn > 1)
    return pop3_sasl_fail(m, POP3_ESASL, "an unexpected challenge");
  m->done = m->turn == 0;
  if (m->turn == 1) {
    m->harmless = 1;
    return pop3_buf_addc(&m->out, A);
  }
  err = pop3_sasl_puts(&m->out, "n,a=");
  if (err == 0) err = pop3_sasl_put_name(&m->out, pop3_sasl_span(&m->user));
  if (err == 0) err = pop3_sasl_puts(&m->out, ",\1");
  if (err == 0) err = put_host(m);
  return err == 0 ? put_token(m) : err;
}

static int xoauth_client (pop3_sasl *m, pop3_span in) {
  int err;
  (void)in;
  if (m->turn > 1)
    return pop3_sasl_fail(m, POP3_ESASL, "an unexpected challenge");
  m->done = m->turn == 0;
  if (m->turn == 1) return 0;
  err = pop3_sasl_puts(&m->out, "user=");
  if (err == 0) err = pop3_buf_add(&m->out, m->user.p, m->user.n);
  if (err == 0) err = pop3_buf_addc(&m->out, A);
  return err == 0 ? put_token(m) : err;
}

static int begins (pop3_span *s, const char *with) {
  size_t n = strlen(with);
  if (s->n < n || memcmp(s->p, with, n) != 0) return 0;
  s->p += n;
  s->n -= n;
  return 1;
}

/* Read the fields up to the empty one, which ends them: one is the token. */
static int take_fields (pop3_sasl *m, pop3_span s) {
  pop3_span f;
  int err;
  while ((err = pop3_sasl_take(&s, A, &f)) == 0 && f.n > 0)
    if (begins(&f, "auth=")) {
      if (m->secret.n > 0 || (!begins(&f, "Bearer ") &&
          !begins(&f, "bearer ")) || f.n == 0) return POP3_ESASL;
      err = pop3_buf_add(&m->secret, f.p, f.n);
      if (err != 0) return err;
    }
  if (err != 0 || s.n > 0 || m->secret.n == 0) return POP3_ESASL;
  return POP3_SASL_PROOF;
}

static int bearer_server (pop3_sasl *m, const pop3_span *in) {
  pop3_sasl_gs2 h;
  pop3_span s, none;
  int err;
  if (in == NULL) return POP3_ESASL;
  s = *in;
  err = pop3_sasl_get_gs2(m, &h, &s);
  if (err != 0) return err;
  if (h.flag == 'p' || pop3_sasl_take(&s, A, &none) != 0 || none.n > 0)
    return POP3_ESASL;
  err = pop3_buf_add(&m->user, m->authzid.p, m->authzid.n);
  m->authzid.n = 0;  /* the user of the token is not another user */
  if (err != 0) return err;
  return take_fields(m, s);  /* the token may be all there is */
}

static int xoauth_server (pop3_sasl *m, const pop3_span *in) {
  pop3_span s, user;
  int err;
  if (in == NULL) return POP3_ESASL;
  s = *in;
  if (pop3_sasl_take(&s, A, &user) != 0 || !begins(&user, "user=") ||
      user.n == 0)
    return POP3_ESASL;
  err = pop3_buf_add(&m->user, user.p, user.n);
  return err == 0 ? take_fields(m, s) : err;
}

static int oauth_check (pop3_sasl *m, pop3_span secret) {
  return m->secret.n == secret.n &&
         m->crypto->equal(m->secret.p, secret.p, secret.n);
}

/* The error in JSON, as the servers of Google and Microsoft send it. */
static int bearer_reject (pop3_sasl *m) {
  return pop3_sasl_puts(&m->out, "{\"status\":\"invalid_token\"}");
}

static int xoauth_reject (pop3_sasl *m) {
  return pop3_sasl_puts(&m->out,
    "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}");
}

const pop3_sasl_mech pop3_sasl_oauthbearer = {
  "OAUTHBEARER",
  POP3_SASL_CLEARTEXT | POP3_SASL_TOKEN | POP3_SASL_INITIAL, POP3_NO_HASH, 0,
  oauth_open, bearer_client, bearer_server, oauth_check, NULL, bearer_reject,
  NULL
};

const pop3_sasl_mech pop3_sasl_xoauth2 = {
  "XOAUTH2",
  POP3_SASL_CLEARTEXT | POP3_SASL_TOKEN | POP3_SASL_INITIAL | POP3_SASL_APART,
  POP3_NO_HASH, 0, oauth_open, xoauth_client, xoauth_server, oauth_check, NULL,
  xoauth_reject, NULL
};
