/*
** utf7.c - UTF-7 (RFC 2152).
*/
#include "../base/ascii.h"
#include "../base/utf8.h"
#include "utf7.h"

static int digit (char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (pop3_isdigit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Append a UTF-16 code unit; '*high' keeps the first half of a pair. */
static int add_unit (pop3_buf *out, uint32_t u, uint32_t *high) {
  int err = 0;
  if (*high != 0 && u >= 0xDC00 && u <= 0xDFFF) {
    u = 0x10000 + ((*high - 0xD800) << 10) + (u - 0xDC00);
    *high = 0;
    return pop3_utf8_add(out, u);
  }
  if (*high != 0) err = pop3_utf8_add(out, 0xFFFD);
  *high = u >= 0xD800 && u <= 0xDBFF ? u : 0;
  if (err != 0 || *high != 0) return err;
  return pop3_utf8_add(out, u >= 0xDC00 && u <= 0xDFFF ? 0xFFFD : u);
}

/* Read the shifted run at '*p', after its "+". */
static int shifted (pop3_buf *out, const char **p, const char *e) {
  uint32_t bits = 0, high = 0;
  int nbits = 0, err = 0, d;
  if (*p < e && **p == '-') {
    (*p)++;
    return pop3_buf_addc(out, '+');
  }
  for (; *p < e && (d = digit(**p)) >= 0 && err == 0; (*p)++) {
    bits = bits << 6 | (uint32_t)d;
    nbits += 6;
    if (nbits >= 16) {
      nbits -= 16;
      err = add_unit(out, bits >> nbits & 0xFFFF, &high);
      bits &= (1u << nbits) - 1;
    }
  }
  if (err == 0 && (high != 0 || nbits >= 6 || bits != 0))
    err = pop3_utf8_add(out, 0xFFFD);
  if (*p < e && **p == '-') (*p)++;
  return err;
}

int pop3_utf7 (pop3_buf *out, pop3_span in) {
  const char *p = in.p, *e = p + in.n;
  int err = 0;
  while (p < e && err == 0) {
    char c = *p++;
    if (c == '+') err = shifted(out, &p, e);
    else if ((unsigned char)c >= 0x80) err = pop3_utf8_add(out, 0xFFFD);
    else err = pop3_buf_addc(out, c);
  }
  return err;
}
