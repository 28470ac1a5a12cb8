/*
** sasl_client_fuzz.c - a client's machine. The first octet chooses the
** mechanism; challenges follow, with 0xFF between them.
*/
#include "fuzz_sasl.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_sasl_binding b = { { "tls-unique", 10 }, { "data", 4 } };
  const pop3_sasl_mech *mech;
  pop3_sasl_opts o;
  pop3_sasl *m;
  pop3_span in, out;
  size_t at = 0;
  int turns, got = 0;
  if (n < 1) return 0;
  mech = pop3_sasl_row(data[0] % 16u);
  if (mech == NULL) return 0;
  memset(&o, 0, sizeof o);
  o.user.p = "mrose";
  o.user.n = 5;
  o.secret.p = "secret";
  o.secret.n = 6;
  o.nonce.p = "abc";
  o.nonce.n = 3;
  o.bindings = &b;
  o.nbindings = 1;
  o.plus = data[0] & 16;
  o.host.p = "mail.example";
  o.host.n = 12;
  o.gss = &fake_gss;
  fake_gss_lax = 1;
  fake_gss_legs = 1 + data[0] / 32 % 3;
  m = pop3_sasl_new(fuzz_mem(), &fuzz_crypto, mech, POP3_SASL_CLIENT, &o);
  if (m == NULL || pop3_sasl_error(m) != 0) abort();
  data++;
  n--;
  if (mech->flags & POP3_SASL_INITIAL) {
    if (pop3_sasl_step(m, NULL, &out) != POP3_SASL_SAY) abort();
    if ((mech->flags & POP3_SASL_SALTED) && pop3_sasl_done(m)) abort();
  }
  for (turns = 0; turns < 20 && (n > 0 || turns == 0); turns++) {
    in = fuzz_message(&data, &n);
    got = pop3_sasl_step(m, &in, &out);
    if (got < 0 && pop3_sasl_done(m)) abort();
    if (got < 0 && pop3_sasl_step(m, &in, &out) != got) abort();
  }
  if (turns > 4 && got >= 0) abort();  /* no exchange is that long */
  while (pop3_sasl_secret(m, &at, &out)) if (out.n == 0) abort();
  pop3_sasl_free(&m);
  return 0;
}
