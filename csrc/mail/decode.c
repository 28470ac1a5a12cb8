/*
** code.c - transfer encodings, back to octets: base64, quoted-printable
** (RFC 2045 6.7, 6.8) and uuencode. What is foreign is passed over.
*/
#include <string.h>

#include "../base/ascii.h"
#include "decode.h"

typedef unsigned char byte;

enum pop3_code pop3_code_find (pop3_span value) {
  static const struct {
    const char *name;
    enum pop3_code code;
  } codes[] = {
    {"", POP3_CODE_NONE}, {"7bit", POP3_CODE_NONE}, {"8bit", POP3_CODE_NONE},
    {"binary", POP3_CODE_NONE}, {"base64", POP3_CODE_BASE64},
    {"quoted-printable", POP3_CODE_QP}, {"x-uuencode", POP3_CODE_UU},
    {"uuencode", POP3_CODE_UU}, {"x-uue", POP3_CODE_UU},
    {"uue", POP3_CODE_UU}, {"x-yenc", POP3_CODE_YENC}
  };
  size_t i;
  for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (pop3_is(value, codes[i].name)) return codes[i].code;
  return POP3_CODE_UNKNOWN;
}

void pop3_decoder_init (pop3_decoder *d, enum pop3_code code) {
  d->code = code;
  d->state = d->nq = 0;
  pop3_yenc_init(&d->yenc);
  d->quad = 0;
  d->nheld = 0;
}

/* ---------------------------------------------------------------- base64 */

#define F 64     /* foreign */
#define P 65     /* padding */

static const byte digit64[256] = {
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, 62, F, F, F, 63,
  52, 53, 54, 55, 56, 57, 58, 59, 60, 61, F, F, F, P, F, F,
  F, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
  15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, F, F, F, F, F,
  F, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
  41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
  F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F
};

/* Write what a quantum cut short holds: digits of a whole octet only. */
static char *flush64 (pop3_decoder *d, char *q) {
  if (d->nq >= 2) *q++ = (char)(d->quad >> (d->nq == 2 ? 4 : 10));
  if (d->nq == 3) *q++ = (char)(d->quad >> 2);
  d->nq = 0;
  d->quad = 0;
  return q;
}

/*
** Four digits at a time as long as they are digits; the rest one by one.
** Padding ends a quantum, not the data.
*/
static char *base64 (pop3_decoder *d, pop3_span in, char *q) {
  const byte *p = (const byte *)in.p, *e = p + in.n;
  while (p < e) {
    byte v;
    if (d->nq == 0) {
      while (e - p >= 4) {
        uint32_t a = digit64[p[0]], b = digit64[p[1]];
        uint32_t c = digit64[p[2]], f = digit64[p[3]];
        if ((a | b | c | f) & 0xC0) break;
        a = a << 18 | b << 12 | c << 6 | f;
        q[0] = (char)(a >> 16);
        q[1] = (char)(a >> 8);
        q[2] = (char)a;
        q += 3;
        p += 4;
      }
      if (p == e) break;
    }
    v = digit64[*p++];
    if (v == P) q = flush64(d, q);
    else if (v != F) {
      d->quad = d->quad << 6 | v;
      if (++d->nq == 4) {
        *q++ = (char)(d->quad >> 16);
        *q++ = (char)(d->quad >> 8);
        *q++ = (char)d->quad;
        d->nq = 0;
        d->quad = 0;
      }
    }
  }
  return q;
}

#undef F
#undef P

/* ------------------------------------------------------ quoted-printable */

/*
** What is kept back is one of: nothing; blanks; "="; "=" and blanks; these
** with a CR; "=" and one digit. It is settled by the next octet.
*/

static int special (char c) {
  return c == '=' || c == ' ' || c == '\t' || c == '\r';
}

static char *put_held (pop3_decoder *d, char *q) {
  memcpy(q, d->held, d->nheld);
  q += d->nheld;
  d->nheld = 0;
  return q;
}

/* A line ends behind what is held. */
static char *end_line (pop3_decoder *d, char *q, const char *nl, size_t n) {
  size_t k = d->nheld;
  if (n > 0 && k > 0 && d->held[k - 1] == '\r') k--, nl = "\r\n", n = 2;
  while (k > 0 && pop3_isblank(d->held[k - 1])) k--;
  d->nheld = 0;
  if (k == 1 && d->held[0] == '=') return q;       /* a soft line break */
  memcpy(q, d->held, k);
  memcpy(q + k, nl, n);
  return q + k + n;
}

/*
** Can 'c' be kept back behind what is held? A digit behind "=", blanks and a
** CR behind anything but these two and a CR, "=" where nothing is.
*/
static int can_hold (const pop3_decoder *d, char c) {
  const char *h = d->held;
  size_t n = d->nheld;
  if (n == 0) return special(c);
  if (h[n - 1] == '\r' || pop3_hexdigit(h[n - 1]) >= 0) return 0;
  if (c == '\r' || pop3_isblank(c)) return 1;
  return n == 1 && h[0] == '=' && pop3_hexdigit(c) >= 0;
}

/*
** One octet 'c' that comes after something held, or is itself to be held.
** Returns 0 when 'c' was not taken: nothing is held then.
*/
static int qp_octet (pop3_decoder *d, char c, char **q) {
  char *h = d->held;
  int hi = d->nheld == 2 && h[0] == '=' ? pop3_hexdigit(h[1]) : -1;
  if (c == '\n') *q = end_line(d, *q, "\n", 1);
  else if (hi >= 0 && pop3_hexdigit(c) >= 0) {
    *(*q)++ = (char)(hi << 4 | pop3_hexdigit(c));
    d->nheld = 0;
  }
  else if (can_hold(d, c)) {
    if (d->nheld == POP3_CODE_HOLD) *q = put_held(d, *q);   /* no line end */
    h[d->nheld++] = c;
  }
  else {
    *q = put_held(d, *q);
    return 0;
  }
  return 1;
}

/* What stands in a line, [p, e), without what its end decides. */
static char *qp_text (const char *p, const char *e, char *q) {
  while (p < e) {
    const char *eq = (const char *)memchr(p, '=', (size_t)(e - p));
    size_t n = (size_t)((eq != NULL ? eq : e) - p);
    memcpy(q, p, n);
    q += n;
    if (eq == NULL) break;
    for (p = eq; p < e && *p == '='; ) {       /* escapes come in rows */
      int hi = e - p >= 3 ? pop3_hexdigit(p[1]) : -1;
      int lo = hi >= 0 ? pop3_hexdigit(p[2]) : -1;
      *q++ = lo >= 0 ? (char)(hi << 4 | lo) : '=';
      p += lo >= 0 ? 3 : 1;
    }
  }
  return q;
}

/* A whole line, with its line break at 'nl', and nothing held before it. */
static char *qp_line (const char *p, const char *nl, char *q) {
  const char *e = nl > p && nl[-1] == '\r' ? nl - 1 : nl, *end = e;
  while (end > p && pop3_isblank(end[-1])) end--;
  if (end > p && end[-1] == '=') return qp_text(p, end - 1, q);
  q = qp_text(p, end, q);
  if (e < nl) *q++ = '\r';
  *q++ = '\n';
  return q;
}

/*
** Whole lines need no holding, nor do most octets elsewhere: they are settled
** by what is in sight.
*/
static char *quoted (pop3_decoder *d, pop3_span in, char *q) {
  const char *p = in.p, *e = p + in.n;
  int lines = 1;                       /* there may be whole ones */
  while (p < e) {
    int hi, lo;
    if (d->nheld == 0 && lines) {
      const char *nl = (const char *)memchr(p, '\n', (size_t)(e - p));
      lines = nl != NULL;
      if (lines) {
        q = qp_line(p, nl, q);
        p = nl + 1;
        continue;
      }
    }
    if (d->nheld > 0) {
      p += qp_octet(d, *p, &q);
      continue;
    }
    while (p < e && !special(*p)) *q++ = *p++;
    if (p == e) break;
    if (e - p >= 3 && *p == '=' && (hi = pop3_hexdigit(p[1])) >= 0 &&
        (lo = pop3_hexdigit(p[2])) >= 0) {
      *q++ = (char)(hi << 4 | lo);
      p += 3;
    }
    else if (e - p >= 2 && pop3_isblank(*p) && !special(p[1]) &&
             p[1] != '\n')
      *q++ = *p++;
    else if (e - p >= 2 && p[0] == '\r' && p[1] == '\n') {
      *q++ = *p++;
      *q++ = *p++;
    }
    else p += qp_octet(d, *p, &q);
  }
  return q;
}

/* -------------------------------------------------------------- uuencode */

enum { BEFORE, WITHIN, AFTER };

/* One line, without its line break, is in 'held'. */
static char *uu_line (pop3_decoder *d, char *q) {
  const char *h = d->held;
  size_t n = d->nheld, want, i;
  while (n > 0 && h[n - 1] == '\r') n--;
  d->nheld = 0;
  if (d->state == BEFORE && n >= 6 && memcmp(h, "begin ", 6) == 0)
    d->state = WITHIN;
  else if (d->state == WITHIN && n == 3 && memcmp(h, "end", 3) == 0)
    d->state = AFTER;
  else if (d->state == WITHIN && n > 0) {
    want = ((byte)h[0] - 32u) & 63;
    for (i = 1; want > 0; i += 4) {
      uint32_t v = 0;
      size_t k;
      for (k = 0; k < 4; k++)       /* blanks cut off at the end count as 0 */
        v = v << 6 | (i + k < n ? ((byte)h[i + k] - 32u) & 63 : 0);
      for (k = 0; k < 3 && want > 0; k++, want--)
        *q++ = (char)(v >> (16 - 8 * k));
    }
  }
  return q;
}

static int uu (pop3_decoder *d, pop3_span in, int last, pop3_buf *out) {
  const char *p = in.p, *e = p + in.n;
  while (p < e || (last && d->nheld > 0)) {
    size_t n = (size_t)(e - p), room = POP3_CODE_HOLD - d->nheld;
    const char *nl = n > 0 ? (const char *)memchr(p, '\n', n) : NULL;
    if (nl != NULL) n = (size_t)(nl - p);
    if (room > n) room = n;
    if (room > 0) memcpy(d->held + d->nheld, p, room);
    d->nheld += room;
    p = nl != NULL ? nl + 1 : e;
    if (nl == NULL && !last) break;
    if (pop3_buf_room(out, 64) != 0) return POP3_ENOMEM;
    out->n = (size_t)(uu_line(d, out->p + out->n) - out->p);
  }
  return 0;
}

/* ------------------------------------------------------------- interface */

int pop3_decode (pop3_decoder *d, pop3_span in, int last, pop3_buf *out) {
  char *q;
  if (d->code == POP3_CODE_NONE || d->code == POP3_CODE_UNKNOWN)
    return pop3_buf_add(out, in.p, in.n);
  if (d->code == POP3_CODE_UU) return uu(d, in, last, out);
  if (in.n > SIZE_MAX / 2 || pop3_buf_room(out, in.n + d->nheld + 8) != 0)
    return POP3_ENOMEM;
  q = out->p + out->n;
  switch (d->code) {
    case POP3_CODE_BASE64:
      q = base64(d, in, q);
      if (last) q = flush64(d, q);
      break;
    case POP3_CODE_QP:
      q = quoted(d, in, q);
      if (last) q = end_line(d, q, "", 0);
      break;
    default:
      q = pop3_yenc_decode(&d->yenc, in, q);
      break;
  }
  out->n = (size_t)(q - out->p);
  return 0;
}
