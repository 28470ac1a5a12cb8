/*
** utf8.c - validation of UTF-8, and replacement of what is invalid.
*/
#include <string.h>

#include "utf8.h"

typedef unsigned char byte;

/* Windows-1252, 0x80 to 0x9F; its five holes are C1 controls (WHATWG). */
static const uint16_t w1252[32] = {
  0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
  0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178
};

/*
** Length of the well-formed sequence at 'p' (Unicode table 3-7), or 0. With
** 'part' not NULL: how many octets of it are the start of one, at least 1.
*/
static size_t sequence (const byte *p, size_t n, size_t *part) {
  byte lo = 0x80, hi = 0xBF;
  size_t want, i;
  if (p[0] < 0x80) return 1;
  if (part != NULL) *part = 1;
  if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
  want = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (p[0] == 0xE0) lo = 0xA0;         /* no overlong forms */
  else if (p[0] == 0xED) hi = 0x9F;    /* no surrogates */
  else if (p[0] == 0xF0) lo = 0x90;
  else if (p[0] == 0xF4) hi = 0x8F;    /* nothing above U+10FFFF */
  for (i = 1; i < want; i++) {
    if (i == n || p[i] < lo || p[i] > hi) return 0;
    lo = 0x80;
    hi = 0xBF;
    if (part != NULL) *part = i + 1;
  }
  return want;
}

#define HIGH UINT64_C(0x8080808080808080)

size_t pop3_utf8_ascii (const char *p, size_t n) {
  size_t i = 0;
  uint64_t w[4];
  for (; n - i >= sizeof w; i += sizeof w) {
    memcpy(w, p + i, sizeof w);
    if ((w[0] | w[1] | w[2] | w[3]) & HIGH) break;
  }
  for (; n - i >= 8; i += 8) {
    memcpy(w, p + i, 8);
    if (w[0] & HIGH) break;
  }
  while (i < n && !(p[i] & 0x80)) i++;
  return i;
}

size_t pop3_utf8_valid (const char *s, size_t n) {
  const byte *p = (const byte *)s;
  size_t i = 0;
  while (i < n) {
    size_t k;
    if (p[i] < 0x80) {
      i += pop3_utf8_ascii(s + i, n - i);
      if (i == n) break;
    }
    k = sequence(p + i, n - i, NULL);
    if (k == 0) break;
    i += k;
  }
  return i;
}

size_t pop3_utf8_bad (const char *p, size_t n) {
  size_t part = 1;
  sequence((const byte *)p, n, &part);
  return part;
}

size_t pop3_utf8_put (char *p, uint32_t c) {
  if (c < 0x80) {
    p[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    p[0] = (char)(0xC0 | c >> 6);
    p[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    p[0] = (char)(0xE0 | c >> 12);
    p[1] = (char)(0x80 | (c >> 6 & 0x3F));
    p[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  p[0] = (char)(0xF0 | c >> 18);
  p[1] = (char)(0x80 | (c >> 12 & 0x3F));
  p[2] = (char)(0x80 | (c >> 6 & 0x3F));
  p[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

int pop3_utf8_add (pop3_buf *out, uint32_t c) {
  if (pop3_buf_room(out, 4) != 0) return POP3_ENOMEM;
  out->n += pop3_utf8_put(out->p + out->n, c);
  return 0;
}

int pop3_utf8_fix (pop3_buf *out, pop3_span in) {
  while (in.n > 0) {
    size_t k = pop3_utf8_valid(in.p, in.n);
    if (pop3_buf_add(out, in.p, k) != 0) return POP3_ENOMEM;
    in.p += k;
    in.n -= k;
    if (in.n == 0) break;
    k = pop3_utf8_bad(in.p, in.n);
    if (pop3_utf8_add(out, 0xFFFD) != 0) return POP3_ENOMEM;
    in.p += k;
    in.n -= k;
  }
  return 0;
}

/* Append windows-1252; an octet is at most three of UTF-8. */
static int add_1252 (pop3_buf *out, pop3_span in) {
  const byte *p = (const byte *)in.p, *e = p + in.n;
  char *q;
  if (in.n > SIZE_MAX / 4 || pop3_buf_room(out, in.n * 3) != 0)
    return POP3_ENOMEM;
  q = out->p + out->n;
  while (p < e) {
    size_t n = pop3_utf8_ascii((const char *)p, (size_t)(e - p));
    memcpy(q, p, n);
    q += n;
    for (p += n; p < e && *p >= 0x80; p++)
      q += pop3_utf8_put(q, *p < 0xA0 ? w1252[*p - 0x80] : *p);
  }
  out->n = (size_t)(q - out->p);
  return 0;
}

int pop3_utf8_raw (pop3_buf *out, pop3_span in, int valid) {
  if (in.n == 0) return 0;
  return valid ? pop3_buf_add(out, in.p, in.n) : add_1252(out, in);
}

int pop3_utf8_guess (pop3_buf *out, pop3_span in) {
  return pop3_utf8_raw(out, in, pop3_utf8_valid(in.p, in.n) == in.n);
}
