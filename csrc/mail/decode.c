/*
** decode.c - transfer encodings back to octets: base64, quoted-printable
** (RFC 2045 6.7, 6.8) and uuencode. Characters that an encoding does not have
** are skipped.
*/
#include <string.h>

#include "../base/ascii.h"
#include "decode.h"

typedef unsigned char byte;

/*
** Copy the letters and digits of 's' up to a ";" to 'key', in lower case,
** without comments. Their number; 0 if there are too many, or octets that no
** name has.
*/
static size_t squeeze (pop3_span s, char *key, size_t max) {
  const char *p = s.p, *e = p + s.n;
  size_t n = 0;
  int open = 0;                        /* there is a comment without an end */
  while (p < e && *p != ';' && *p != ',') {
    unsigned char c = (byte)*p;
    const char *after = c == '(' && !open ? pop3_skip_comment(p, e) : NULL;
    open |= c == '(' && after == NULL;
    p = after != NULL ? after : p + 1;
    if (c >= 0x80 || n == max) return 0;
    if (pop3_isdigit(c) || (unsigned)pop3_lower(c) - 'a' < 26)
      key[n++] = (char)pop3_lower(c);
  }
  return n;
}

enum pop3_encoding pop3_encoding_find (pop3_span value) {
  static const struct {
    const char *name;             /* without "-" and other punctuation */
    enum pop3_encoding code;
  } codes[] = {
    {"7bit", POP3_ENC_NONE}, {"8bit", POP3_ENC_NONE},
    {"binary", POP3_ENC_NONE}, {"base64", POP3_ENC_BASE64},
    {"quotedprintable", POP3_ENC_QP}, {"uuencode", POP3_ENC_UU},
    {"uue", POP3_ENC_UU}, {"xyenc", POP3_ENC_YENC}
  };
  char key[24], *k = key;
  size_t i, n;
  value = pop3_trim(value);
  switch (value.n) {                 /* the usual names, as RFC 2045 has them */
    case 0: return POP3_ENC_NONE;
    case 4:
      if (pop3_is(value, "7bit") || pop3_is(value, "8bit"))
        return POP3_ENC_NONE;
      break;
    case 6:
      if (pop3_is(value, "base64")) return POP3_ENC_BASE64;
      break;
    case 16:
      if (pop3_is(value, "quoted-printable")) return POP3_ENC_QP;
      break;
    default: break;
  }
  n = squeeze(value, key, sizeof key);
  for (;;) {
    for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
      if (strlen(codes[i].name) == n && memcmp(codes[i].name, k, n) == 0)
        return codes[i].code;
    if (n > 4 && k[n - 1] == 's') n--;         /* "8bits" */
    else if (n > 3 && k[0] == 'x') k++, n--;   /* "x-uuencode" */
    else return n == 0 && memchr(value.p, '(', value.n) != NULL
                ? POP3_ENC_NONE : POP3_ENC_UNKNOWN;
  }
}

void pop3_decoder_init (pop3_decoder *d, enum pop3_encoding code) {
  d->code = code;
  d->state = d->nq = 0;
  pop3_yenc_init(&d->yenc);
  d->quad = 0;
  d->nheld = 0;
}

/* ---------------------------------------------------------------- base64 */

#define F 64     /* foreign */
#define P 65     /* padding */

#define NONE64 \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F)

/* The value of each octet as a digit, with D applied to it. */
#define DIGITS64 \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(F), D(F), D(62), D(F), D(F), D(F), D(63), \
  D(52), D(53), D(54), D(55), D(56), D(57), D(58), D(59), \
  D(60), D(61), D(F), D(F), D(F), D(P), D(F), D(F), \
  D(F), D(0), D(1), D(2), D(3), D(4), D(5), D(6), \
  D(7), D(8), D(9), D(10), D(11), D(12), D(13), D(14), \
  D(15), D(16), D(17), D(18), D(19), D(20), D(21), D(22), \
  D(23), D(24), D(25), D(F), D(F), D(F), D(F), D(F), \
  D(F), D(26), D(27), D(28), D(29), D(30), D(31), D(32), \
  D(33), D(34), D(35), D(36), D(37), D(38), D(39), D(40), \
  D(41), D(42), D(43), D(44), D(45), D(46), D(47), D(48), \
  D(49), D(50), D(51), D(F), D(F), D(F), D(F), D(F), \
  NONE64, NONE64, NONE64, NONE64, NONE64, NONE64, NONE64, NONE64

#define D(v) v
static const byte digit64[256] = { DIGITS64 };
#undef D

/*
** The same for the digits of a quantum, each at its place in the upper 24 bits;
** BAD64: no digit.
*/
#define BAD64 1u
#define AT64(v, n) ((v) < F ? (uint32_t)(v) << (n) : BAD64)
#define D(v) AT64(v, 26)
static const uint32_t first64[256] = { DIGITS64 };
#undef D
#define D(v) AT64(v, 20)
static const uint32_t second64[256] = { DIGITS64 };
#undef D
#define D(v) AT64(v, 14)
static const uint32_t third64[256] = { DIGITS64 };
#undef D
#define D(v) AT64(v, 8)
static const uint32_t fourth64[256] = { DIGITS64 };
#undef D

/* Write the whole octets of an incomplete quantum. */
static char *flush64 (pop3_decoder *d, char *q) {
  if (d->nq >= 2) *q++ = (char)(d->quad >> (d->nq == 2 ? 4 : 10));
  if (d->nq == 3) *q++ = (char)(d->quad >> 2);
  d->nq = 0;
  d->quad = 0;
  return q;
}

/*
** After padding: the rest of its line, then whole lines. They are decoded if
** they are base64 from end to end; a footer in clear text is not.
*/
enum { DIGITS, REST_OF_LINE, LINES, SKIPPED };    /* a line that is not */

/*
** Decode as long as there is no padding that ends a quantum: four digits at a
** time, other input one character at a time. Returns one past the input used.
** Four octets are stored for four digits, since that is one store; the next
** ones replace the last. SLACK is room for it.
*/
static const byte *digits64 (pop3_decoder *d, const byte *p, const byte *e,
                             char **out) {
  char *q = *out;
  while (p < e) {
    byte v;
    if (d->nq == 0) {
      while (e - p >= 4) {
        uint32_t v4 = first64[p[0]] | second64[p[1]] | third64[p[2]] |
                      fourth64[p[3]];
        if (v4 & BAD64) break;
        q[0] = (char)(v4 >> 24);
        q[1] = (char)(v4 >> 16);
        q[2] = (char)(v4 >> 8);
        q[3] = (char)v4;
        q += 3;
        p += 4;
      }
      if (p == e) break;
    }
    v = digit64[*p++];
    if (v == P && d->nq > 0) {
      q = flush64(d, q);
      d->state = REST_OF_LINE;
      break;
    }
    if (v < F) {
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
  *out = q;
  return p;
}

/* Is 'held' base64 from end to end: whole quanta, or a rest of any length? */
static int is_base64 (const pop3_decoder *d, int last) {
  size_t i, n = d->nheld;
  while (n > 0 && pop3_isspace(d->held[n - 1])) n--;
  for (i = 0; i < n; i++)
    if (digit64[(byte)d->held[i]] == F) return 0;
  return n > 0 && (n % 4 == 0 || last || d->state == REST_OF_LINE);
}

/* A line after padding is complete in 'held', or as much of it as fits. */
static char *line64 (pop3_decoder *d, int last, char *q) {
  if (is_base64(d, last)) {
    const byte *p = (const byte *)d->held, *e = p + d->nheld;
    while (p < e) p = digits64(d, p, e, &q);
    if (d->nheld < POP3_ENC_HOLD) q = flush64(d, q);
  }
  d->nheld = 0;
  d->state = LINES;
  return q;
}

static char *base64 (pop3_decoder *d, pop3_span in, int last, char *q) {
  const byte *p = (const byte *)in.p, *e = p + in.n;
  for (;;) {
    if (d->state == DIGITS) p = digits64(d, p, e, &q);
    if (p == e) break;
    if (d->state == REST_OF_LINE && d->nheld == 0 && digit64[*p] == P) {
      p++;
      continue;
    }
    if (*p == '\n') q = line64(d, 0, q);
    else if (d->state != SKIPPED) {
      d->held[d->nheld++] = (char)*p;
      if (d->nheld == POP3_ENC_HOLD) {       /* too long to see it all */
        int good = is_base64(d, 1);
        q = line64(d, 1, q);
        d->state = good ? DIGITS : SKIPPED;
      }
    }
    p++;
  }
  if (last && d->state != DIGITS) q = line64(d, 1, q);
  return last ? flush64(d, q) : q;
}

#undef F
#undef P

/* ------------------------------------------------------ quoted-printable */

/*
** 'held' is one of: nothing; blanks; "="; "=" and blanks; these with a CR;
** "=" and one digit. The next octet decides its meaning.
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

/* A line ends after the held octets. */
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
** Can 'c' be held? A digit after "="; blanks and a CR unless the last held
** octet is a digit or a CR; "=" if nothing is held.
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
** Process an octet 'c' that follows held octets, or is to be held itself. 0 if
** 'c' was not used: then nothing is held.
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
    if (d->nheld == POP3_ENC_HOLD) *q = put_held(d, *q);   /* no line end */
    h[d->nheld++] = c;
  }
  else {
    *q = put_held(d, *q);
    return 0;
  }
  return 1;
}

/* Decode [p, e), a part of a line whose end does not matter. */
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

/* Decode a whole line, with its line break at 'nl'; nothing is held. */
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
** Whole lines, and most octets elsewhere, are decoded without holding them:
** the octets after them are there.
*/
static char *quoted (pop3_decoder *d, pop3_span in, char *q) {
  const char *p = in.p, *e = p + in.n;
  int lines = 1;                       /* 'in' may hold whole lines */
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

/* Decode a line, which is in 'held' without its line break. */
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
    size_t n = (size_t)(e - p), room = POP3_ENC_HOLD - d->nheld;
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

/* Room for what a decoder holds besides 'held', and one octet (digits64). */
#define SLACK 8

int pop3_decode (pop3_decoder *d, pop3_span in, int last, pop3_buf *out) {
  char *q;
  if (d->code == POP3_ENC_NONE || d->code == POP3_ENC_UNKNOWN)
    return pop3_buf_add(out, in.p, in.n);
  if (d->code == POP3_ENC_UU) return uu(d, in, last, out);
  if (in.n > SIZE_MAX / 2 ||
      pop3_buf_room(out, in.n + d->nheld + SLACK) != 0)
    return POP3_ENOMEM;
  q = out->p + out->n;
  switch (d->code) {
    case POP3_ENC_BASE64:
      q = base64(d, in, last, q);
      break;
    case POP3_ENC_QP:
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
