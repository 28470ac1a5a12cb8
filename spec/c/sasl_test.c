/*
** sasl_test.c - tests of csrc/sasl: the vectors of the RFCs, every client
** against every server, each octet of each message changed, each allocation
** failing.
*/
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "check.h"
#include "crypto.h"
#include "failmem.h"
#include "sasl.h"

#include "../support/fake_gss.h"

static const pop3_sasl_mech *mech (const char *name) {
  return pop3_sasl_find(name, strlen(name));
}

/* One step must return and answer exactly this. */
static void says (pop3_sasl *m, const char *in, const char *want) {
  pop3_span s, out;
  if (in != NULL) s = check_span(in);
  if (CHECK(pop3_sasl_step(m, in != NULL ? &s : NULL, &out) == POP3_SASL_SAY))
    CHECK_SAME(out.p, out.n, want, strlen(want));
}

/* ----------------------------------------------------------------- vectors */

static pop3_sasl *client (pop3_mem mem, const char *name, const char *user,
                          const char *secret, const char *nonce) {
  pop3_sasl_opts o;
  memset(&o, 0, sizeof o);
  o.user = check_span(user);
  o.secret = check_span(secret);
  o.nonce = check_span(nonce);
  return pop3_sasl_new(mem, &pop3_openssl, mech(name), POP3_SASL_CLIENT, &o);
}

static pop3_sasl *server (pop3_mem mem, const char *name, const char *nonce) {
  pop3_sasl_opts o;
  memset(&o, 0, sizeof o);
  o.nonce = check_span(nonce);
  return pop3_sasl_new(mem, &pop3_openssl, mech(name), POP3_SASL_SERVER, &o);
}

/* RFC 5802 section 5, RFC 7677 section 3: all six messages. */
static void scram (const char *name, const char *cnonce, const char *snonce,
                   const char *salt64, const char *first, const char *reply,
                   const char *final, const char *signature) {
  failmem mem;
  pop3_mem f = failmem_mem(&mem, 0);
  pop3_sasl *c = client(f, name, "user", "pencil", cnonce);
  pop3_sasl *s = server(f, name, snonce);
  unsigned char stored[POP3_HASH_MAX], key[POP3_HASH_MAX];
  char salt[64];
  pop3_span in, out, octets;
  size_t n;
  check_about("%s", name);
  CHECK(pop3_base64_decode(salt, &n, check_span(salt64)) == 0);
  octets.p = salt;
  octets.n = n;
  says(c, NULL, first);
  in = check_span(first);
  CHECK(pop3_sasl_step(s, &in, &out) == POP3_SASL_SALT);
  out = pop3_sasl_user(s);
  CHECK_SAME(out.p, out.n, "user", 4);
  CHECK(pop3_sasl_step(s, &in, &out) == POP3_ESTATE);
  CHECK(pop3_sasl_salt(s, octets, 4096, &out) == POP3_SASL_SAY);
  CHECK_SAME(out.p, out.n, reply, strlen(reply));
  says(c, reply, final);
  CHECK(!pop3_sasl_done(c));
  in = check_span(final);
  CHECK(pop3_sasl_step(s, &in, &out) == POP3_SASL_PROOF);
  CHECK(pop3_sasl_accept(s, &out) == POP3_ESTATE);  /* no secret was checked */
  CHECK(pop3_sasl_check(s, check_span("pencil ")) == 0);
  CHECK(pop3_sasl_accept(s, &out) == POP3_ESTATE);
  CHECK(pop3_sasl_check(s, check_span("pencil")) == 1);
  CHECK(pop3_sasl_verifier(f, &pop3_openssl, mech(name)->hash,
                           check_span("pencil"), octets, 4096, stored,
                           key) == 0);
  octets.p = (const char *)stored;
  octets.n = pop3_hash_size(mech(name)->hash);
  in.p = (const char *)key;
  in.n = octets.n;
  CHECK(pop3_sasl_check_verifier(s, octets, in) == 1);
  stored[0] ^= 1;
  CHECK(pop3_sasl_check_verifier(s, octets, in) == 0);
  stored[0] ^= 1;
  CHECK(pop3_sasl_check_verifier(s, octets, in) == 1);
  CHECK(pop3_sasl_accept(s, &out) == POP3_SASL_SAY);
  CHECK_SAME(out.p, out.n, signature, strlen(signature));
  says(c, signature, "");
  CHECK(pop3_sasl_done(c));
  in = check_span("");
  CHECK(pop3_sasl_step(s, &in, &out) == POP3_SASL_DONE);
  CHECK(pop3_sasl_step(c, &in, &out) == POP3_ESASL);
  CHECK(!pop3_sasl_done(c));
  pop3_sasl_free(&c);
  pop3_sasl_free(&s);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

static void vectors (void) {
  failmem mem;
  pop3_mem f = failmem_mem(&mem, 0);
  pop3_sasl *m;
  scram("SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
    "QSXCR+Q6sek8bf92", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  scram("SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO",
    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  /* computed by hashlib and hmac of Python 3.11, which by the same program
     come to the vector of RFC 7677 above */
  scram("SCRAM-SHA-512", "rOprNGfwEbeRWgbNEkqO",
    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6"
    "dybEmDYXYTxwnYPJQ==",
    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxX"
    "nJq199RVG2rR7N7Zw==");
  check_about("CRAM-MD5, RFC 2195");
  m = client(f, "CRAM-MD5", "tim", "tanstaaftanstaaf", "");
  says(m, "<1896.697170952@postoffice.reston.mci.net>",
       "tim b913a602c7eda7a495b4e6e7334d3890");
  CHECK(pop3_sasl_done(m));
  pop3_sasl_free(&m);
  check_about("XOAUTH2, as its inventors have it");
  m = client(f, "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2", "");
  says(m, NULL, "user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2\1\1");
  CHECK(pop3_sasl_done(m));
  says(m, "{\"status\":\"401\"}", "");
  CHECK(!pop3_sasl_done(m));
  pop3_sasl_free(&m);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

/* RFC 4616 section 4, RFC 7628 section 4.1 */
static void initial_responses (void) {
  static const char plain[] = "Ursel\0Kurt\0xipj3plmq";
  static const char bearer[] =
    "n,a=user@example.com,\1host=server.example.com\1port=143\1"
    "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1";
  failmem mem;
  pop3_mem f = failmem_mem(&mem, 0);
  pop3_sasl_opts o;
  pop3_span out;
  pop3_sasl *m;
  memset(&o, 0, sizeof o);
  o.authzid = check_span("Ursel");
  o.user = check_span("Kurt");
  o.secret = check_span("xipj3plmq");
  m = pop3_sasl_new(f, &pop3_openssl, mech("plain"), POP3_SASL_CLIENT, &o);
  CHECK(pop3_sasl_step(m, NULL, &out) == POP3_SASL_SAY);
  CHECK_SAME(out.p, out.n, plain, sizeof plain - 1);
  pop3_sasl_free(&m);
  memset(&o, 0, sizeof o);
  o.user = check_span("user@example.com");
  o.secret = check_span("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  o.host = check_span("server.example.com");
  o.port = 143;
  m = pop3_sasl_new(f, &pop3_openssl, mech("OAUTHBEARER"), POP3_SASL_CLIENT,
                    &o);
  says(m, NULL, bearer);
  says(m, "{\"status\":\"invalid_token\"}", "\1");
  CHECK(!pop3_sasl_done(m));
  out = check_span("x");
  CHECK(pop3_sasl_step(m, &out, &out) == POP3_ESASL);
  pop3_sasl_free(&m);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

/* ------------------------------------------------------------ both at once */

/* How an exchange is changed: at octet 'at', counted over all its messages. */
typedef struct spoil {
  long at;       /* -1 for none */
  int cut;       /* the message ends before 'at'; else one bit is flipped */
  size_t said;   /* octets so far */
  int done;      /* the change was made */
} spoil;

#define MOST 4096

static pop3_span carry (spoil *s, char *to, pop3_span said) {
  size_t n = said.n < MOST ? said.n : MOST;
  pop3_span t;
  memcpy(to, said.p, n);
  if (s->at >= 0 && (size_t)s->at >= s->said && (size_t)s->at < s->said + n) {
    size_t i = (size_t)s->at - s->said;
    s->done = 1;
    if (s->cut) n = i;
    else to[i] ^= 1;
  }
  s->said += said.n;
  t.p = to;
  t.n = n;
  return t;
}

enum verdict { BROKEN, REFUSED, ACCEPTED };

/*
** Play an exchange to its end. ACCEPTED only if both sides accept; a failed
** allocation makes it BROKEN.
*/
static enum verdict exchange (pop3_sasl *c, pop3_sasl *s, const char *secret,
                              spoil *sp) {
  char octets[MOST];
  pop3_span in, out;
  int initial = (pop3_sasl_mechanism(c)->flags & POP3_SASL_INITIAL) != 0;
  int got, turns;
  if (initial) {
    if (pop3_sasl_step(c, NULL, &out) < 0) return BROKEN;
    in = carry(sp, octets, out);
    got = pop3_sasl_step(s, &in, &out);
  }
  else got = pop3_sasl_step(s, NULL, &out);
  for (turns = 0; turns < 8; turns++) {
    if (got == POP3_SASL_SALT)
      got = pop3_sasl_salt(s, check_span("some salt"), 4096, &out);
    if (got == POP3_SASL_PROOF) {
      got = pop3_sasl_check(s, check_span(secret));
      if (got < 0) return BROKEN;
      got = got == 1 ? pop3_sasl_accept(s, &out) : pop3_sasl_reject(s, &out);
    }
    if (got == POP3_SASL_DONE)
      return pop3_sasl_done(c) ? ACCEPTED : BROKEN;
    if (got == POP3_SASL_FAILED) return REFUSED;
    if (got < 0) return BROKEN;
    in = carry(sp, octets, out);
    if (pop3_sasl_step(c, &in, &out) < 0) return BROKEN;
    in = carry(sp, octets, out);
    got = pop3_sasl_step(s, &in, &out);
  }
  CHECK(!"an exchange without end");
  return BROKEN;
}

/* One iteration of SCRAM's hash, which is slow by design. */
static int quick_pbkdf2 (enum pop3_hash h, pop3_span password, pop3_span salt,
                         uint32_t iterations, unsigned char *out) {
  (void)salt;
  return iterations == 4096 ? pop3_openssl.hmac(h, password, password, out) : 0;
}

static int no_random (unsigned char *p, size_t n) {
  memset(p, 'r', n);
  return 1;
}

static enum verdict play (pop3_mem mem, const pop3_sasl_mech *cm,
                          const pop3_sasl_mech *sm, const char *secret,
                          spoil *sp, int *starved) {
  static const char type[] = "tls-exporter", data[] = "0123456789abcdef";
  pop3_crypto crypto = pop3_openssl;
  pop3_sasl_binding b;
  pop3_sasl_opts o;
  pop3_sasl *c, *s;
  enum verdict v = BROKEN;
  crypto.pbkdf2 = quick_pbkdf2;
  crypto.random = no_random;
  b.type = check_span(type);
  b.data = check_span(data);
  memset(&o, 0, sizeof o);
  o.bindings = &b;
  o.nbindings = 1;
  o.gss = &fake_gss;
  s = pop3_sasl_new(mem, &crypto, sm, POP3_SASL_SERVER, &o);
  o.user = check_span("mr,o=se");
  o.secret = check_span("secret");
  o.host = check_span("mail.example");
  c = pop3_sasl_new(mem, &crypto, cm, POP3_SASL_CLIENT, &o);
  if (starved != NULL) *starved = c == NULL || s == NULL;
  if (c != NULL && s != NULL) {
    v = exchange(c, s, secret, sp);
    if (starved != NULL) *starved = pop3_sasl_error(c) == POP3_ENOMEM ||
                                    pop3_sasl_error(s) == POP3_ENOMEM;
  }
  pop3_sasl_free(&c);
  pop3_sasl_free(&s);
  return v;
}

static int proves (const pop3_sasl_mech *m) {
  return !(m->flags & (POP3_SASL_ANONYMOUS | POP3_SASL_CERTIFICATE |
                       POP3_SASL_TICKET));
}

/* A bit of every octet flipped, and every message cut before every octet. */
static void spoilt (const pop3_sasl_mech *m) {
  failmem mem;
  spoil sp;
  long at;
  int cut;
  for (cut = 0; cut < 2; cut++)
    for (at = 0; at < MOST; at++) {
      enum verdict v;
      memset(&sp, 0, sizeof sp);
      sp.at = at;
      sp.cut = cut;
      check_about("%s, octet %ld %s", m->name, at, cut ? "missing" : "flipped");
      v = play(failmem_mem(&mem, 0), m, m, "secret", &sp, NULL);
      CHECK(mem.blocks == 0 && mem.wrong == 0);
      if (!sp.done) break;
      /* in other mechanisms a changed user name may still fit this secret */
      if (m->flags & (POP3_SASL_SALTED | POP3_SASL_TICKET))
        CHECK(v != ACCEPTED);
    }
  CHECK(at > 0);
}

static void starved (const pop3_sasl_mech *m) {
  long k;
  for (k = 1; k < 10000; k++) {
    failmem mem;
    spoil sp = { -1, 0, 0, 0 };
    int hungry = 0;
    enum verdict v;
    check_about("%s, allocation %ld fails", m->name, k);
    v = play(failmem_mem(&mem, k), m, m, "secret", &sp, &hungry);
    CHECK(mem.blocks == 0 && mem.wrong == 0);
    if (mem.calls < k) {
      CHECK(v == ACCEPTED);
      break;
    }
    CHECK(v == BROKEN && hungry);
  }
}

static void pairs (void) {
  const pop3_sasl_mech *cm, *sm;
  size_t i, k;
  for (i = 0; (cm = pop3_sasl_row(i)) != NULL; i++) {
    failmem mem;
    spoil sp = { -1, 0, 0, 0 };
    check_about("%s", cm->name);
    CHECK(play(failmem_mem(&mem, 0), cm, cm, "secret", &sp, NULL) == ACCEPTED);
    CHECK(play(failmem_mem(&mem, 0), cm, cm, "secreT", &sp, NULL) ==
          (proves(cm) ? REFUSED : ACCEPTED));
    for (k = 0; (sm = pop3_sasl_row(k)) != NULL; k++) {
      enum verdict v;
      check_about("%s to %s", cm->name, sm->name);
      v = play(failmem_mem(&mem, 0), cm, sm, "secret", &sp, NULL);
      CHECK(mem.blocks == 0 && mem.wrong == 0);
      if (cm != sm && (sm->flags & POP3_SASL_SALTED)) CHECK(v != ACCEPTED);
    }
    spoilt(cm);
    starved(cm);
  }
  CHECK(i >= 14);
  for (fake_gss_legs = 1; fake_gss_legs <= 3; fake_gss_legs++) {
    failmem mem;
    spoil sp = { -1, 0, 0, 0 };
    cm = mech("GSSAPI");
    check_about("GSSAPI with %d tokens", fake_gss_legs);
    CHECK(play(failmem_mem(&mem, 0), cm, cm, "secret", &sp, NULL) == ACCEPTED);
    spoilt(cm);
    starved(cm);
  }
  fake_gss_legs = 2;
}

/* ------------------------------------------------------------------ bounds */

/* Wrong answers of a server to SCRAM's first message. */
static void refuses (const char *reply, int err) {
  failmem mem;
  pop3_sasl *c = client(failmem_mem(&mem, 0), "SCRAM-SHA-256", "user", "pencil",
                        "abc");
  pop3_span in = check_span(reply), out;
  check_about("%s", reply);
  CHECK(pop3_sasl_step(c, NULL, &out) == POP3_SASL_SAY);
  CHECK(pop3_sasl_step(c, &in, &out) == err);
  CHECK(pop3_sasl_step(c, &in, &out) == err);  /* the error sticks */
  CHECK(pop3_sasl_error(c) == err && pop3_sasl_why(c)[0] != '\0');
  CHECK(!pop3_sasl_done(c));
  pop3_sasl_free(&c);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

/* Wrong messages of a client to a server of SCRAM. */
static void rejects (const char *first, int err) {
  failmem mem;
  pop3_sasl *s = server(failmem_mem(&mem, 0), "SCRAM-SHA-256", "xyz");
  pop3_span in = check_span(first), out;
  check_about("%s", first);
  CHECK(pop3_sasl_step(s, &in, &out) == err);
  pop3_sasl_free(&s);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

static void bounds (void) {
  failmem mem;
  pop3_sasl *c;
  pop3_span in, out;
  char *big = malloc(POP3_SASL_MAX + 1);
  memset(big, 'x', POP3_SASL_MAX + 1);
  refuses("r=abcd,s=AAAA,i=4294967296", POP3_EAUTH);
  refuses("r=abcd,s=AAAA,i=4000000000", POP3_EAUTH);
  refuses("r=abcd,s=AAAA,i=5000001", POP3_EAUTH);
  refuses("r=abcd,s=AAAA,i=4095", POP3_EAUTH);
  refuses("r=abcd,s=AAAA,i=0", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=04096", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=99999999999", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=-1", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=", POP3_ESASL);
  refuses("r=abcd,s=AAAA", POP3_ESASL);
  refuses("r=abcd,s=,i=4096", POP3_ESASL);
  refuses("r=abcd,s=AAA,i=4096", POP3_ESASL);
  refuses("r=abcd,i=4096,s=AAAA", POP3_ESASL);
  refuses("r=abc,s=AAAA,i=4096", POP3_EAUTH);
  refuses("r=abX,s=AAAA,i=4096", POP3_EAUTH);
  refuses("r=,s=AAAA,i=4096", POP3_ESASL);
  refuses("m=x,r=abcd,s=AAAA,i=4096", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=4096,m=x", POP3_ESASL);
  refuses("r=abcd,s=AAAA,i=4096,,", POP3_ESASL);
  refuses("e=other-error", POP3_EAUTH);
  refuses("e=server-does-support-channel-binding", POP3_EAUTH);
  refuses("e=", POP3_ESASL);
  refuses("", POP3_ESASL);
  rejects("n,,n=user,r=abc", POP3_SASL_SALT);
  rejects("y,,n=user,r=abc", POP3_SASL_SALT);
  rejects("n,a=bob,n=user,r=abc,x=y", POP3_SASL_SALT);
  rejects("p=tls-unique,,n=user,r=abc", POP3_ESASL);
  rejects("n,,m=x,n=user,r=abc", POP3_ESASL);
  rejects("n,,n=,r=abc", POP3_ESASL);
  rejects("n,,n=us=er,r=abc", POP3_ESASL);
  rejects("n,,n=us\xff" "er,r=abc", POP3_ESASL);
  rejects("n,,n=us\1er,r=abc", POP3_EPREP);
  rejects("n,,n=user,r=", POP3_ESASL);
  rejects("n,,n=user", POP3_ESASL);
  rejects("n,n=user,r=abc", POP3_ESASL);
  rejects("x,,n=user,r=abc", POP3_ESASL);
  rejects("", POP3_ESASL);
  check_about("a message that is too long");
  c = client(failmem_mem(&mem, 0), "CRAM-MD5", "tim", "x", "");
  in.p = big;
  in.n = POP3_SASL_MAX;
  CHECK(pop3_sasl_step(c, &in, &out) == POP3_SASL_SAY);
  pop3_sasl_free(&c);
  c = client(failmem_mem(&mem, 0), "CRAM-MD5", "tim", "x", "");
  in.n = POP3_SASL_MAX + 1;
  CHECK(pop3_sasl_step(c, &in, &out) == POP3_ELIMIT);
  pop3_sasl_free(&c);
  free(big);
}

/* -------------------------------------------------------------------- prep */

static int whole;  /* is it the whole of SASLprep (libidn), or the subset? */

/* 'want' is NULL for a text that is refused. */
static void prepares_as (enum pop3_prep_as as, const char *in,
                         const char *want) {
  failmem mem;
  const char *why = "";
  pop3_buf b;
  int err;
  long k;
  for (k = 0; ; k++) {
    pop3_buf_init(&b, failmem_mem(&mem, k));
    check_about("preparing \"%s\"%s, allocation %ld fails", in,
                as == POP3_STORED ? ", stored" : "", k);
    err = pop3_prep(&b, check_span(in), as, &why);
    if (err == POP3_ENOMEM && k > 0) CHECK(b.n == 0);
    else if (want == NULL)
      CHECK(err == POP3_EPREP && b.n == 0 && why != NULL && why[0] != '\0');
    else if (CHECK(err == 0)) CHECK_SAME(b.p, b.n, want, strlen(want));
    pop3_buf_free(&b);
    CHECK(mem.blocks == 0 && mem.wrong == 0);
    if (k > 0 && mem.calls < k) break;
  }
}

static void prepares (const char *in, const char *want) {
  prepares_as(POP3_QUERY, in, want);
  prepares_as(POP3_STORED, in, want);
}

/* The steps that need tables of Unicode; without them, 'in' does not change. */
static void normalises (const char *in, const char *want) {
  prepares(in, whole ? want : in);
}

/* The examples of RFC 4013 section 3 and RFC 3454 section 6, and more. */
static void prep (void) {
  failmem mem;
  pop3_buf b;
  char *big;
  pop3_span s;
  whole = strcmp(pop3_prep_by(), "libidn") == 0;
  if (!whole) CHECK(strcmp(pop3_prep_by(), "subset") == 0);
  prepares("I\xC2\xADX", "IX");
  prepares("user", "user");
  prepares("USER", "USER");
  normalises("\xC2\xAA", "a");                     /* U+00AA */
  normalises("\xE2\x85\xA8", "IX");                /* U+2168 */
  prepares("\x07", NULL);
  normalises("\xD8\xA7" "1", NULL);                /* U+0627 U+0031 */
  normalises("\xD8\xA7" "1" "\xD8\xA8", "\xD8\xA7" "1" "\xD8\xA8");
  normalises("\xD8\xA7" "a" "\xD8\xA8", NULL);    /* a letter of the other */
  normalises("1" "\xD8\xA7", NULL);
  normalises("a\xD7\x90", NULL);                   /* Hebrew */
  normalises("\xD7\x90\xD7\x91", "\xD7\x90\xD7\x91");
  normalises("e\xCC\x81", "\xC3\xA9");            /* an accent by itself */
  normalises("\xEF\xAC\x81", "fi");               /* a ligature */
  normalises("\xEF\xBC\xA1", "A");                /* fullwidth */
  normalises("\xE1\x84\x80\xE1\x85\xA1", "\xEA\xB0\x80");  /* Hangul */
  normalises("\xE2\x84\xAB", "\xC3\x85");        /* U+212B */
  prepares("I\xE2\x81\xA0X", "IX");               /* U+2060 */
  prepares("a\xC2\xA0" "b", "a b");
  prepares("a\xE3\x80\x80" "b\xE2\x80\x8B", "a b ");
  prepares("\xE2\x80\x8D\xEF\xBB\xBFx", "x");
  prepares("\xC2\xAD", "");
  prepares("caf\xC3\xA9", "caf\xC3\xA9");
  prepares("\xC3\x28", NULL);
  prepares("\x7f", NULL);
  prepares("\xC2\x85", NULL);
  prepares("\xE2\x80\xAE", NULL);
  prepares("\xEE\x80\x80", NULL);
  prepares("\xEF\xBF\xBD", NULL);
  prepares("\xEF\xBF\xBF", NULL);
  prepares("\xF0\x9F\xBF\xBE", NULL);
  prepares("\xF3\xB0\x80\x80", NULL);
  prepares("\xED\xA0\x80", NULL);
  /* not assigned by Unicode 3.2: U+0221, and an emoji */
  prepares_as(POP3_QUERY, "\xC8\xA1", "\xC8\xA1");
  prepares_as(POP3_STORED, "\xC8\xA1", whole ? NULL : "\xC8\xA1");
  prepares_as(POP3_QUERY, "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80");
  prepares_as(POP3_STORED, "\xF0\x9F\x98\x80",
              whole ? NULL : "\xF0\x9F\x98\x80");
  check_about("the most that a text grows by: U+FDFA");
  pop3_buf_init(&b, failmem_mem(&mem, 0));
  CHECK(pop3_prep(&b, check_span("\xEF\xB7\xBA"), POP3_STORED, NULL) == 0);
  CHECK(b.n == (whole ? 33 : 3));
  b.n = 0;
  check_about("a NUL");
  s.p = "a\0b";
  s.n = 3;
  CHECK(pop3_prep(&b, s, POP3_QUERY, NULL) == POP3_EPREP && b.n == 0);
  check_about("a long text");
  big = malloc(POP3_PREP_MAX + 2);
  memset(big, 'x', POP3_PREP_MAX + 2);
  s.p = big;
  s.n = POP3_PREP_MAX + 2;
  CHECK(pop3_prep(&b, s, POP3_STORED, NULL) == 0 && b.n == s.n);
  memcpy(big, "\xC3\xA9", 2);
  b.n = 0;
  CHECK(pop3_prep(&b, s, POP3_STORED, NULL) == POP3_EPREP && b.n == 0);
  s.n = POP3_PREP_MAX;
  CHECK(pop3_prep(&b, s, POP3_STORED, NULL) == 0 && b.n == s.n);
  free(big);
  pop3_buf_free(&b);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
}

/* A client and a server, whose users type the same password differently. */
static enum verdict meet (const char *name, const char *typed,
                          const char *kept) {
  failmem mem;
  pop3_crypto crypto = pop3_openssl;
  pop3_mem f = failmem_mem(&mem, 0);
  pop3_sasl_opts o;
  pop3_sasl *c, *s;
  spoil sp = { -1, 0, 0, 0 };
  enum verdict v;
  check_about("%s, \"%s\" for \"%s\"", name, typed, kept);
  crypto.pbkdf2 = quick_pbkdf2;
  memset(&o, 0, sizeof o);
  s = pop3_sasl_new(f, &crypto, mech(name), POP3_SASL_SERVER, &o);
  o.user = check_span("mrose");
  o.secret = check_span(typed);
  c = pop3_sasl_new(f, &crypto, mech(name), POP3_SASL_CLIENT, &o);
  v = exchange(c, s, kept, &sp);
  pop3_sasl_free(&c);
  pop3_sasl_free(&s);
  CHECK(mem.blocks == 0 && mem.wrong == 0);
  return v;
}

static void passwords (void) {
  static const char *const names[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN",
                                       "LOGIN" };
  enum verdict with = whole ? ACCEPTED : REFUSED;
  size_t i;
  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    int salted = (mech(names[i])->flags & POP3_SASL_SALTED) != 0;
    CHECK(meet(names[i], "I\xE2\x81\xA0X", "IX") == ACCEPTED);
    CHECK(meet(names[i], "IX", "I\xC2\xADX") == ACCEPTED);
    CHECK(meet(names[i], "\xC2\xAA", "a") == with);
    CHECK(meet(names[i], "a", "\xC2\xAA") == with);
    CHECK(meet(names[i], "\xE2\x85\xA8", "IX") == with);
    CHECK(meet(names[i], "e\xCC\x81", "\xC3\xA9") == with);
    CHECK(meet(names[i], "ix", "IX") == REFUSED);
    /* prohibited: SCRAM cannot carry it; the others compare octets */
    CHECK(meet(names[i], "\x07", "\x07") == (salted ? BROKEN : ACCEPTED));
    CHECK(meet(names[i], "\xD8\xA7" "1", "\xD8\xA7" "1") ==
          (salted && whole ? BROKEN : ACCEPTED));
    CHECK(meet(names[i], "\xC8\xA1", "\xC8\xA1") ==
          (salted && whole ? BROKEN : ACCEPTED));
  }
}

int main (void) {
  vectors();
  initial_responses();
  pairs();
  bounds();
  prep();
  passwords();
  return check_end();
}
