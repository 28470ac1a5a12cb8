/*
** wide.c - UTF-16 and UTF-32 to UTF-8.
*/
#include "../base/utf8.h"
#include "label.h"
#include "wide.h"

#define BAD 0xFFFD

typedef unsigned char byte;

static uint32_t unit (const byte *p, int big) {
  return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

int pop3_utf16 (pop3_buf *out, pop3_span in, int big) {
  const byte *p = (const byte *)in.p, *e = p + in.n;
  int err = 0;
  while (err == 0 && e - p >= 2) {
    uint32_t u = unit(p, big);
    p += 2;
    if (u >= 0xD800 && u <= 0xDFFF) {
      uint32_t v = 0;
      if (u <= 0xDBFF && e - p >= 2) v = unit(p, big);
      if (v >= 0xDC00 && v <= 0xDFFF) {
        u = 0x10000 + ((u - 0xD800) << 10) + (v - 0xDC00);
        p += 2;
      }
      else u = BAD;
    }
    err = pop3_utf8_add(out, u);
  }
  if (err == 0 && p < e) err = pop3_utf8_add(out, BAD);
  return err;
}

int pop3_utf32 (pop3_buf *out, pop3_span in, int kind) {
  const byte *p = (const byte *)in.p;
  int big = kind != POP3_CS_UTF32LE, err = 0;
  if (in.n >= 4 && p[3] == 0 &&
      ((p[0] == 0xFF && p[1] == 0xFE && p[2] == 0) ||
       (kind == POP3_CS_UTF32 && p[0] != 0)))
    big = 0;
  for (; err == 0 && in.n >= 4; p += 4, in.n -= 4) {
    uint32_t u = big ? unit(p, 1) << 16 | unit(p + 2, 1)
                     : unit(p + 2, 0) << 16 | unit(p, 0);
    if (u == 0xFEFF && (const char *)p == in.p) continue;
    if (u > 0x10FFFF || (u >= 0xD800 && u <= 0xDFFF)) u = BAD;
    err = pop3_utf8_add(out, u);
  }
  if (err == 0 && in.n > 0) err = pop3_utf8_add(out, BAD);
  return err;
}
