/*
** encode.c - base64 and quoted-printable (RFC 2045 6.7, 6.8).
*/
#include <string.h>

#include "mail.h"

#define LINE 76

typedef unsigned char byte;

int pop3_encode_base64 (pop3_buf *out, pop3_span in) {
  static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const byte *p = (const byte *)in.p;
  size_t n = in.n, col = 0;
  char *q;
  if (n > SIZE_MAX / 4 || pop3_buf_room(out, n / 3 * 4 + 4 + n / 28) != 0)
    return POP3_ENOMEM;
  q = out->p + out->n;
  while (n > 0) {
    uint32_t v = (uint32_t)p[0] << 16;
    if (n > 1) v |= (uint32_t)p[1] << 8;
    if (n > 2) v |= p[2];
    if (col == LINE) {
      *q++ = '\r';
      *q++ = '\n';
      col = 0;
    }
    *q++ = digits[v >> 18];
    *q++ = digits[v >> 12 & 63];
    *q++ = n > 1 ? digits[v >> 6 & 63] : '=';
    *q++ = n > 2 ? digits[v & 63] : '=';
    col += 4;
    p += n > 3 ? 3 : n;
    n -= n > 3 ? 3 : n;
  }
  out->n = (size_t)(q - out->p);
  return 0;
}

/* Does a line end at 'p'? Its length, 0 if not; the end of all is one. */
static size_t line_end (const char *p, const char *e) {
  if (p == e || *p == '\n') return 1;
  return e - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

int pop3_encode_qp (pop3_buf *out, pop3_span in) {
  static const char hex[] = "0123456789ABCDEF";
  const char *p = in.p, *e = p + in.n;
  size_t col = 0;
  while (p < e) {
    byte c = (byte)*p;
    size_t nl = line_end(p, e), width;
    char *q;
    if (pop3_buf_room(out, 6) != 0) return POP3_ENOMEM;
    q = out->p + out->n;
    if (nl > 0) {
      memcpy(q, p, nl);
      out->n += nl;
      p += nl;
      col = 0;
      continue;
    }
    p++;
    width = c == '=' || c > 126 || (c < 32 && c != '\t') ||
            ((c == ' ' || c == '\t') && line_end(p, e) > 0) ? 3 : 1;
    if (col + width > (line_end(p, e) > 0 ? LINE : LINE - 1)) {
      memcpy(q, "=\r\n", 3);
      q += 3;
      col = 0;
    }
    if (width == 1) *q++ = (char)c;
    else {
      *q++ = '=';
      *q++ = hex[c >> 4];
      *q++ = hex[c & 15];
    }
    col += width;
    out->n = (size_t)(q - out->p);
  }
  return 0;
}
