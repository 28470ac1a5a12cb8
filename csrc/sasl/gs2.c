/*
** gs2.c - the header of GS2 (RFC 5801 section 4), with which SCRAM and
** OAUTHBEARER begin, and its names.
*/
#include <string.h>

#include "../base/utf8.h"
#include "mechanism.h"

int pop3_sasl_is_text (pop3_span s) {
  return s.n == 0 || (memchr(s.p, '\0', s.n) == NULL &&
                      pop3_utf8_valid(s.p, s.n) == s.n);
}

int pop3_sasl_put_name (pop3_buf *b, pop3_span name) {
  size_t i;
  int err = 0;
  for (i = 0; i < name.n && err == 0; i++)
    if (name.p[i] == ',') err = pop3_sasl_puts(b, "=2C");
    else if (name.p[i] == '=') err = pop3_sasl_puts(b, "=3D");
    else err = pop3_buf_addc(b, name.p[i]);
  return err;
}

int pop3_sasl_get_name (pop3_buf *b, pop3_span in) {
  size_t i;
  int err = 0;
  if (in.n == 0 || !pop3_sasl_is_text(in)) return POP3_ESASL;
  for (i = 0; i < in.n && err == 0; i++) {
    char c = in.p[i];
    if (c == ',') return POP3_ESASL;
    if (c == '=') {
      if (in.n - i < 3) return POP3_ESASL;
      if (memcmp(in.p + i, "=2C", 3) == 0) c = ',';
      else if (memcmp(in.p + i, "=3D", 3) != 0) return POP3_ESASL;
      i += 2;
    }
    err = pop3_buf_addc(b, c);
  }
  return err;
}

int pop3_sasl_get_gs2 (pop3_sasl *m, pop3_sasl_gs2 *h, pop3_span *in) {
  pop3_span flag, name;
  memset(h, 0, sizeof *h);
  h->whole.p = in->p;
  if (pop3_sasl_take(in, ',', &flag) != 0 || flag.n == 0 ||
      pop3_sasl_take(in, ',', &name) != 0)
    return POP3_ESASL;
  h->whole.n = (size_t)(in->p - h->whole.p);
  h->flag = flag.p[0];
  if (h->flag == 'p') {
    if (flag.n < 3 || flag.p[1] != '=') return POP3_ESASL;
    h->type.p = flag.p + 2;
    h->type.n = flag.n - 2;
  }
  else if (flag.n != 1 || (h->flag != 'n' && h->flag != 'y'))
    return POP3_ESASL;
  if (name.n == 0) return 0;
  if (name.n < 3 || memcmp(name.p, "a=", 2) != 0) return POP3_ESASL;
  name.p += 2;
  name.n -= 2;
  return pop3_sasl_get_name(&m->authzid, name);
}
