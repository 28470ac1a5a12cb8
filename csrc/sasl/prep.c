/*
** prep.c - SASLprep (RFC 4013), as far as it needs no tables of Unicode; see
** sasl.h for what that leaves out. The tables are those of RFC 3454.
*/
#include "../base/utf8.h"
#include "sasl.h"

typedef unsigned char byte;

typedef struct range {
  uint32_t from, to;
} range;

/* C.1.2: spaces, and U+200B with them. */
static const range spaces[] = {
  {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200B}, {0x202F, 0x202F},
  {0x205F, 0x205F}, {0x3000, 0x3000}
};

/* B.1: commonly mapped to nothing. */
static const range nothing[] = {
  {0xAD, 0xAD}, {0x034F, 0x034F}, {0x1806, 0x1806}, {0x180B, 0x180D},
  {0x200C, 0x200D}, {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}
};

/* C.2.1, C.2.2, C.3 to C.9. The last two of each plane are tested in code. */
static const range refused[] = {
  {0x00, 0x1F}, {0x7F, 0x9F}, {0x0340, 0x0341}, {0x06DD, 0x06DD},
  {0x070F, 0x070F}, {0x180E, 0x180E}, {0x200E, 0x200F}, {0x2028, 0x202E},
  {0x2061, 0x2063}, {0x206A, 0x206F}, {0x2FF0, 0x2FFB}, {0xE000, 0xF8FF},
  {0xFDD0, 0xFDEF}, {0xFFF9, 0xFFFD}, {0x1D173, 0x1D17A},
  {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF}
};

static int in (const range *r, size_t n, uint32_t c) {
  size_t i;
  for (i = 0; i < n && c >= r[i].from; i++)
    if (c <= r[i].to) return 1;
  return 0;
}

#define IN(table, c) in((table), sizeof (table) / sizeof (table)[0], (c))

/* Read the character at '*p', which is well-formed, and move '*p' after it. */
static uint32_t take (const byte **p) {
  uint32_t c = *(*p)++;
  int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
  if (more > 0) c &= 0x3Fu >> more;
  while (more-- > 0) c = c << 6 | (*(*p)++ & 0x3F);
  return c;
}

int pop3_prep (pop3_buf *out, pop3_span s) {
  const byte *p, *e;
  size_t before = out->n;
  int err = 0;
  if (s.n == 0) return 0;
  p = (const byte *)s.p;
  e = p + s.n;
  if (pop3_utf8_valid(s.p, s.n) != s.n) return POP3_EPREP;
  while (p < e && err == 0) {
    uint32_t c = take(&p);
    if (IN(spaces, c)) err = pop3_buf_addc(out, ' ');
    else if (IN(refused, c) || (c & 0xFFFE) == 0xFFFE) err = POP3_EPREP;
    else if (!IN(nothing, c)) err = pop3_utf8_add(out, c);
  }
  if (err != 0) {
    pop3_wipe(out->p == NULL ? NULL : out->p + before, out->n - before);
    out->n = before;
  }
  return err;
}
