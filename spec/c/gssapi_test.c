/*
** gssapi_test.c - tests of csrc/sasl/gssapi.c with a context that stands in for
** Kerberos: what each side says of the layers, and what the other makes of it.
*/
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crypto.h"
#include "failmem.h"
#include "sasl.h"

#include "../support/fake_gss.h"

/* A machine and the library's context of its peer, both after the tokens. */
typedef struct pair {
  failmem mem;
  pop3_sasl *m;
  fake_gss_context peer;
  pop3_buf b;
} pair;

static void begin (pair *g, enum pop3_sasl_side side, const char *user,
                   const char *authzid) {
  pop3_mem f = failmem_mem(&g->mem, 0);
  pop3_sasl_opts o;
  pop3_span none = { "", 0 }, out;
  memset(&o, 0, sizeof o);
  o.gss = &fake_gss;
  o.host = check_span("mail.example");
  o.user = check_span(user);
  o.authzid = check_span(authzid);
  g->m = pop3_sasl_new(f, &pop3_openssl, pop3_sasl_find("gssapi", 6), side, &o);
  CHECK(pop3_sasl_error(g->m) == 0);
  memset(&g->peer, 0, sizeof g->peer);
  pop3_buf_init(&g->b, f);
  if (side == POP3_SASL_CLIENT) {
    CHECK(pop3_sasl_step(g->m, NULL, &out) == POP3_SASL_SAY);
    CHECK(fake_gss_step(&g->peer, out, &g->b) == 1);
    out = check_span("");
    out.p = g->b.p;
    out.n = g->b.n;
    CHECK(pop3_sasl_step(g->m, &out, &out) == POP3_SASL_SAY && out.n == 0);
    CHECK(!pop3_sasl_done(g->m));
  }
  else {
    g->peer.is_client = 1;
    CHECK(fake_gss_step(&g->peer, none, &g->b) == 0);
    out.p = g->b.p;
    out.n = g->b.n;
    CHECK(pop3_sasl_step(g->m, &out, &out) == POP3_SASL_SAY && out.n > 0);
    g->b.n = 0;
    CHECK(fake_gss_step(&g->peer, out, &g->b) == 1);
    CHECK(pop3_sasl_step(g->m, &none, &out) == POP3_SASL_SAY);
    g->b.n = 0;
    CHECK(fake_gss_unwrap(&g->peer, out, &g->b) == 0);
    CHECK_SAME(g->b.p, g->b.n, "\1\0\0", 4);  /* no layer, no size */
  }
  g->b.n = 0;
}

/* The peer sends a message, protected; what the machine answers is in 'b'. */
static int say (pair *g, const char *p, size_t n) {
  pop3_span s, out;
  int got;
  s.p = p;
  s.n = n;
  g->b.n = 0;
  CHECK(fake_gss_wrap(&g->peer, s, &g->b) == 0);
  s.p = g->b.p;
  s.n = g->b.n;
  got = pop3_sasl_step(g->m, &s, &out);
  g->b.n = 0;
  if (got == POP3_SASL_SAY)
    CHECK(fake_gss_unwrap(&g->peer, out, &g->b) == 0);
  return got;
}

static void end (pair *g) {
  pop3_buf_free(&g->b);
  pop3_sasl_free(&g->m);
  CHECK(g->mem.blocks == 0 && g->mem.wrong == 0);
}

/* What a server says about its layers, and what a client makes of it. */
static void client (const char *layers, size_t n, int want) {
  pair g;
  int got;
  check_about("GSSAPI's client, layers of %u octets", (unsigned)n);
  begin(&g, POP3_SASL_CLIENT, "mr,o=se", "");
  got = say(&g, layers, n);
  if (!CHECK(got == want)) printf("%d: %s\n", got, pop3_sasl_why(g.m));
  CHECK(pop3_sasl_done(g.m) == (want == POP3_SASL_SAY));
  if (want == POP3_SASL_SAY)
    CHECK_SAME(g.b.p, g.b.n, "\1\0\0\0mr,o=se", 11);
  end(&g);
}

static void server (const char *choice, size_t n, int want,
                    const char *authzid) {
  pair g;
  pop3_span s;
  int got;
  check_about("GSSAPI's server, a choice of %u octets", (unsigned)n);
  begin(&g, POP3_SASL_SERVER, "", "");
  got = say(&g, choice, n);
  if (!CHECK(got == want)) printf("%d: %s\n", got, pop3_sasl_why(g.m));
  s = pop3_sasl_user(g.m);
  CHECK_SAME(s.p, s.n, "mrose@EXAMPLE", 13);
  s = pop3_sasl_realm(g.m);
  CHECK_SAME(s.p, s.n, "EXAMPLE", 7);
  s = pop3_sasl_authzid(g.m);
  CHECK_SAME(s.p, s.n, authzid, strlen(authzid));
  if (want == POP3_SASL_PROOF) {
    CHECK(pop3_sasl_check(g.m, check_span("anything")) == 1);
    CHECK(pop3_sasl_accept(g.m, &s) == POP3_SASL_DONE);
  }
  end(&g);
}

/* Why a machine of GSSAPI fails before its first message. */
static void fails (pop3_sasl_opts *o, const char *want) {
  failmem mem;
  pop3_sasl *m = pop3_sasl_new(failmem_mem(&mem, 0), &pop3_openssl,
                               pop3_sasl_find("GSSAPI", 6),
                               POP3_SASL_CLIENT, o);
  const char *why = pop3_sasl_why(m);
  CHECK(pop3_sasl_error(m) == POP3_EAUTH);
  CHECK_SAME(why, strlen(why), want, strlen(want));
  pop3_sasl_free(&m);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

int main (void) {
  pop3_sasl_opts o;
  pair g;
  pop3_span s, out;
  const char *why;
  client("\1\0\0\0", 4, POP3_SASL_SAY);
  client("\7\0\20\0", 4, POP3_SASL_SAY);
  client("\1\377\377\377", 4, POP3_SASL_SAY);  /* as Dovecot sends it */
  client("\6\0\20\0", 4, POP3_EAUTH);
  client("\0\0\0\0", 4, POP3_EAUTH);
  client("\1\0\0", 3, POP3_ESASL);
  client("\1\0\0\0\0", 5, POP3_ESASL);
  client("", 0, POP3_ESASL);
  server("\1\0\0\0", 4, POP3_SASL_PROOF, "");
  server("\1\0\0\0mrose", 9, POP3_SASL_PROOF, "mrose");
  server("\1\0\0\0mrose\0", 10, POP3_SASL_PROOF, "mrose");
  server("\1\0\0\0\0", 5, POP3_SASL_PROOF, "");
  server("\1\0\0\0mr\0se", 9, POP3_ESASL, "");
  server("\1\0\0\0mr\377e", 8, POP3_ESASL, "");
  server("\1\0\20\0mrose", 9, POP3_EAUTH, "");
  server("\2\0\20\0mrose", 9, POP3_EAUTH, "");
  server("\4\0\20\0mrose", 9, POP3_EAUTH, "");
  server("\3\0\0\0mrose", 9, POP3_EAUTH, "");
  server("\0\0\0\0mrose", 9, POP3_EAUTH, "");
  server("\1\0\0", 3, POP3_ESASL, "");
  server("", 0, POP3_ESASL, "");
  check_about("GSSAPI's user to act as");
  begin(&g, POP3_SASL_CLIENT, "", "");
  CHECK(say(&g, "\1\0\0\0", 4) == POP3_SASL_SAY);
  CHECK_SAME(g.b.p, g.b.n, "\1\0\0\0", 4);
  s = pop3_sasl_user(g.m);
  CHECK_SAME(s.p, s.n, "mrose@EXAMPLE", 13);
  s = check_span("more");
  CHECK(pop3_sasl_step(g.m, &s, &out) == POP3_ESASL && !pop3_sasl_done(g.m));
  end(&g);
  begin(&g, POP3_SASL_CLIENT, "mrose", "ann");
  CHECK(say(&g, "\1\0\0\0", 4) == POP3_SASL_SAY);
  CHECK_SAME(g.b.p, g.b.n, "\1\0\0\0ann", 7);
  end(&g);
  check_about("GSSAPI: messages that are not protected");
  begin(&g, POP3_SASL_SERVER, "", "");
  s = check_span("\1mrose");
  CHECK(pop3_sasl_step(g.m, &s, &out) == POP3_EAUTH);
  why = pop3_sasl_why(g.m);
  CHECK(strcmp(why, "Kerberos: a message without integrity") == 0);
  end(&g);
  check_about("GSSAPI: what a client needs");
  memset(&o, 0, sizeof o);
  o.host = check_span("mail.example");
  fails(&o, "this build has no Kerberos library");
  o.gss = &fake_gss;
  o.user = check_span("\377");
  fails(&o, "the user name is not UTF-8");
  o.user = o.host = check_span("");
  fails(&o, "the name of the host is needed");
  check_about("GSSAPI: a server without its keytab");
  o.keytab = check_span("/none");
  g.m = pop3_sasl_new(failmem_mem(&g.mem, 0), &pop3_openssl,
                      pop3_sasl_find("GSSAPI", 6), POP3_SASL_SERVER, &o);
  s = check_span("x");
  CHECK(pop3_sasl_step(g.m, &s, &out) == POP3_EAUTH);
  CHECK(strcmp(pop3_sasl_why(g.m), "Kerberos: no keytab") == 0);
  pop3_sasl_free(&g.m);
  CHECK(g.mem.blocks == 0 && g.mem.wrong == 0);
  return check_end();
}
