/*
** sasl_server_fuzz.c - a server's machine. The first octet chooses the
** mechanism, the second what is done at the proof; responses follow, with 0xFF
** between them. Nobody may get in without the secret.
*/
#include "fuzz_sasl.h"

static pop3_span span (const char *s) {
  pop3_span t;
  t.p = s;
  t.n = strlen(s);
  return t;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_sasl_binding b = { { "tls-unique", 10 }, { "data", 4 } };
  const pop3_sasl_mech *mech;
  pop3_sasl_opts o;
  pop3_sasl *m;
  pop3_span in, out;
  int turns, got = 0, what;
  if (n < 2) return 0;
  mech = pop3_sasl_row(data[0] % 16u);
  if (mech == NULL) return 0;
  what = data[1];
  memset(&o, 0, sizeof o);
  o.nonce = span("xyz");
  o.bindings = &b;
  o.nbindings = 1;
  o.plus = data[0] & 16;
  o.gss = &fake_gss;
  fake_gss_lax = 1;
  fake_gss_legs = 1 + data[0] / 32 % 3;
  m = pop3_sasl_new(fuzz_mem(), &fuzz_crypto, mech, POP3_SASL_SERVER, &o);
  if (m == NULL || pop3_sasl_error(m) != 0) abort();
  data += 2;
  n -= 2;
  if (!(mech->flags & POP3_SASL_INITIAL)) got = pop3_sasl_step(m, NULL, &out);
  for (turns = 0; turns < 20 && got >= 0 && n > 0; turns++) {
    in = fuzz_message(&data, &n);
    got = pop3_sasl_step(m, &in, &out);
    if (got == POP3_SASL_SALT)
      got = pop3_sasl_salt(m, span("salt"), 4096, &out);
    if (got == POP3_SASL_PROOF) {
      int right;
      if (pop3_sasl_step(m, &in, &out) != POP3_ESTATE) abort();
      right = what & 1 ? pop3_sasl_check(m, span("secret"))
                       : pop3_sasl_check(m, span("another"));
      got = pop3_sasl_accept(m, &out);
      if ((got >= 0) != (right == 1)) abort();
      if (right == 0) got = pop3_sasl_reject(m, &out);
    }
    if (got == POP3_SASL_DONE || got == POP3_SASL_FAILED) break;
  }
  if (turns > 5 && got >= 0) abort();
  pop3_sasl_free(&m);
  return 0;
}
