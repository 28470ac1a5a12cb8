/*
** encode.c - base64 and quoted-printable (RFC 2045 6.7, 6.8), encoded-words
** (RFC 2047).
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "encode.h"

#define LINE 76

/* An encoded-word has at most 75 octets (RFC 2047 2), WORD of them of text. */
#define HEAD_B "=?UTF-8?B?"
#define HEAD_Q "=?UTF-8?Q?"      /* as long as the other */
#define TAIL "?="
#define FRAME (sizeof HEAD_B - 1 + sizeof TAIL - 1)
#define WORD (75 - FRAME)

typedef unsigned char byte;

/* Write an octet as "=XX"; one past it. */
static char *put_hex (char *q, byte c) {
  static const char hex[] = "0123456789ABCDEF";
  *q++ = '=';
  *q++ = hex[c >> 4];
  *q++ = hex[c & 15];
  return q;
}

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

/* The length of the line end at 'p', 0 if no line ends there; 1 at the end. */
static size_t line_end (const char *p, const char *e) {
  if (p == e || *p == '\n') return 1;
  return e - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

int pop3_encode_qp (pop3_buf *out, pop3_span in) {
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
    else q = put_hex(q, c);
    col += width;
    out->n = (size_t)(q - out->p);
  }
  return 0;
}

/* Can 'in' be in a field unchanged, and be read as the same text? */
static int is_plain (pop3_span in) {
  size_t i;
  if (in.n == 0) return 1;
  if (pop3_isblank(in.p[0]) || pop3_isblank(in.p[in.n - 1]))
    return 0;                           /* readers trim */
  for (i = 0; i < in.n; i++) {
    byte c = (byte)in.p[i];
    if ((c < 32 && c != '\t') || c > 126) return 0;
    if (c == '=' && i + 1 < in.n && in.p[i + 1] == '?') return 0;
  }
  return 1;
}

/*
** The number of octets of 'c' in Q encoding. Characters that a phrase may hold
** are not encoded (RFC 2047 5 (3)), nor is a space, which becomes "_".
*/
static size_t q_width (byte c) {
  return pop3_isdigit(c) || (unsigned)pop3_lower(c) - 'a' < 26 ||
         memchr(" !*+-/", c, 6) != NULL ? 1 : 3;
}

/*
** The number of octets of 'in' in the next word: whole characters (RFC 2047 5);
** '*len' is the length of the encoded text.
*/
static size_t cut_word (pop3_span in, int b, size_t *len) {
  size_t n = 0, q = 0;
  *len = 0;
  while (n < in.n) {
    size_t k = n, size;
    do q += q_width((byte)in.p[k++]);
    while (k < in.n && ((byte)in.p[k] & 0xC0) == 0x80);
    size = b ? (k + 2) / 3 * 4 : q;
    if (size > WORD) break;
    n = k;
    *len = size;
  }
  return n;
}

/* The length of all words and of the spaces between them. */
static size_t words_size (pop3_span in, int b) {
  size_t size = 0, len;
  while (in.n > 0) {
    size_t n = cut_word(in, b, &len);
    size += FRAME + len + 1;
    in.p += n;
    in.n -= n;
  }
  return size - 1;
}

static void add_q (pop3_buf *out, pop3_span in) {
  char *q = out->p + out->n;
  size_t i;
  for (i = 0; i < in.n; i++) {
    byte c = (byte)in.p[i];
    if (q_width(c) == 3) q = put_hex(q, c);
    else *q++ = c == ' ' ? '_' : (char)c;
  }
  out->n = (size_t)(q - out->p);
}

int pop3_encode_words (pop3_buf *out, pop3_span in) {
  int b;
  if (pop3_utf8_valid(in.p, in.n) != in.n) return POP3_ECHARSET;
  if (is_plain(in)) return pop3_buf_add(out, in.p, in.n);
  b = words_size(in, 1) < words_size(in, 0);
  for (;;) {
    size_t len, n = cut_word(in, b, &len);
    pop3_span text = pop3_span_of(in.p, n);
    if (pop3_buf_room(out, FRAME + len + 1) != 0) return POP3_ENOMEM;
    pop3_buf_add(out, b ? HEAD_B : HEAD_Q, sizeof HEAD_B - 1); /* has room */
    if (!b) add_q(out, text);
    else if (pop3_encode_base64(out, text) != 0) return POP3_ENOMEM;
    if (pop3_buf_add(out, TAIL, sizeof TAIL - 1) != 0) return POP3_ENOMEM;
    in.p += n;
    in.n -= n;
    if (in.n == 0) return 0;
    if (pop3_buf_addc(out, ' ') != 0) return POP3_ENOMEM;
  }
}
