/*
** base64.c - base64 in one line.
*/
#include "base64.h"

static const char digits[] =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t pop3_base64_encode (char *out, pop3_span in) {
  const unsigned char *p = (const unsigned char *)in.p;
  size_t i, n = 0;
  for (i = 0; i < in.n; i += 3) {
    uint32_t v = (uint32_t)p[i] << 16;
    if (i + 1 < in.n) v |= (uint32_t)p[i + 1] << 8;
    if (i + 2 < in.n) v |= p[i + 2];
    out[n++] = digits[v >> 18];
    out[n++] = digits[v >> 12 & 63];
    out[n++] = i + 1 < in.n ? digits[v >> 6 & 63] : '=';
    out[n++] = i + 2 < in.n ? digits[v & 63] : '=';
  }
  return n;
}

/* The value of a digit, 64 for any other character. */
static uint32_t digit (char c) {
  if (c >= 'A' && c <= 'Z') return (uint32_t)(c - 'A');
  if (c >= 'a' && c <= 'z') return (uint32_t)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (uint32_t)(c - '0') + 52;
  return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int pop3_base64_decode (char *out, size_t *n, pop3_span in) {
  size_t i, k, got = 0;
  if (in.n % 4 != 0) return POP3_EBASE64;
  for (i = 0; i < in.n; i += 4) {
    size_t have = 4;
    uint32_t v = 0;
    if (i + 4 == in.n && in.p[i + 3] == '=') have = in.p[i + 2] == '=' ? 2 : 3;
    for (k = 0; k < 4; k++) {
      uint32_t d = k < have ? digit(in.p[i + k]) : 0;
      if (d > 63) return POP3_EBASE64;
      v = v << 6 | d;
    }
    if ((have == 2 && (v & 0xffff) != 0) || (have == 3 && (v & 0xff) != 0))
      return POP3_EBASE64;  /* bits left over */
    out[got++] = (char)(v >> 16);
    if (have > 2) out[got++] = (char)(v >> 8);
    if (have > 3) out[got++] = (char)v;
  }
  *n = got;
  return 0;
}
