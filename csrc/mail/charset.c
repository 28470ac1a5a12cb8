/*
** charset.c - octets of a charset to UTF-8.
**
** iconv converts. This file reads octets that iconv refuses, and octets whose
** declared charset is unknown or cannot be true.
*/
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "charset.h"
#include "multibyte.h"
#include "sevenbit.h"
#include "utf7.h"
#include "wide.h"

typedef unsigned char byte;

#define BAD 0xFFFD
#define NOICONV ((iconv_t)-1)

void pop3_conv_init (pop3_conv *c, pop3_mem mem) {
  memset(c, 0, sizeof *c);
  pop3_buf_init(&c->tmp, mem);
  pop3_buf_init(&c->word, mem);
}

void pop3_conv_share (pop3_conv *c, pop3_iconvs *shared) {
  c->shared = shared;
}

static void close_iconv (pop3_iconv *s) {
  if (s->cd != NULL) iconv_close((iconv_t)s->cd);
  s->cd = NULL;
  s->cs = NULL;
}

void pop3_iconvs_free (pop3_iconvs *s) {
  int i;
  for (i = 0; i < POP3_ICONVS; i++) close_iconv(&s->slot[i]);
}

void pop3_conv_free (pop3_conv *c) {
  close_iconv(&c->own);
  c->at = NULL;
  pop3_buf_free(&c->tmp);
  pop3_buf_free(&c->word);
}

/* --------------------------------------------------- single octet charsets */

/* Where the tables of iconv differ from those of the Web (WHATWG 9). */
static const struct {
  const char *name;
  byte octet;
  uint16_t c;
} fixes[] = {
  {"MACINTOSH|", 0xC6, 0x2206}, {"MACINTOSH|", 0xF0, 0xF8FF},
  {"MAC-UK|", 0xFF, 0x20AC}, {"KOI8-U", 0xAE, 0x045E},
  {"KOI8-U", 0xBE, 0x040E}, {"CP858|", 0xD5, 0x20AC}, {"CP874|", 0x80, 0x20AC},
  {"CP874|", 0x85, 0x2026}, {"CP874|", 0x91, 0x2018}, {"CP874|", 0x92, 0x2019},
  {"CP874|", 0x93, 0x201C}, {"CP874|", 0x94, 0x201D}, {"CP874|", 0x95, 0x2022},
  {"CP874|", 0x96, 0x2013}, {"CP874|", 0x97, 0x2014}
};

/*
** Make the table of 0x80 to 0xFF, one octet at a time: iconv would combine
** some letters with the accents after them. An octet below 0xA0 without a
** meaning is a C1 control (WHATWG 9), one above it is invalid.
*/
static void make_table (pop3_iconv *c) {
  int i;
  for (i = 0; i < 128; i++) {
    char in = (char)(128 + i), out[8];
    char *ip = &in, *op = out;
    size_t nin = 1, nout = sizeof out;
    uint32_t u = i < 32 ? 128u + (uint32_t)i : BAD;
    iconv((iconv_t)c->cd, NULL, NULL, NULL, NULL);
    if (iconv((iconv_t)c->cd, &ip, &nin, &op, &nout) != (size_t)-1)
      iconv((iconv_t)c->cd, NULL, NULL, &op, &nout);
    switch (op - out) {
      case 2:
        u = (uint32_t)(out[0] & 0x1F) << 6 | (uint32_t)(out[1] & 0x3F);
        break;
      case 3:
        u = (uint32_t)(out[0] & 0x0F) << 12 | (uint32_t)(out[1] & 0x3F) << 6 |
            (uint32_t)(out[2] & 0x3F);
        break;
      default: break;
    }
    c->high[i] = (uint16_t)u;
  }
  for (i = 0; i < (int)(sizeof fixes / sizeof fixes[0]); i++)
    if (strncmp(c->cs->name, fixes[i].name, strlen(fixes[i].name)) == 0)
      c->high[fixes[i].octet - 128] = fixes[i].c;
}

static int single (pop3_conv *c, pop3_span in, pop3_buf *out) {
  const byte *p = (const byte *)in.p, *e = p + in.n;
  char *q;
  if (in.n > SIZE_MAX / 4 || pop3_buf_room(out, in.n * 3 + 1) != 0)
    return POP3_ENOMEM;
  q = out->p + out->n;
  for (; p < e; p++) {
    if (*p < 0x80) *q++ = (char)*p;
    else q += pop3_utf8_put(q, c->at->high[*p - 128]);
  }
  out->n = (size_t)(q - out->p);
  return 0;
}

/* Octets above 0x7F are characters of the private use area (WHATWG 14.5). */
static int user_defined (pop3_span in, pop3_buf *out) {
  size_t i;
  int err = 0;
  for (i = 0; i < in.n && err == 0; i++) {
    byte b = (byte)in.p[i];
    err = pop3_utf8_add(out, b < 0x80 ? b : 0xF780u + b - 0x80u);
  }
  return err;
}

/* --------------------------------------------------------------- multibyte */

/*
** How many octets at 's', which iconv refuses, one U+FFFD replaces: a lead
** octet and the next one unless that is ASCII (WHATWG 10 to 14). ASCII is
** never invalid itself: then iconv has already skipped the invalid octets.
*/
static size_t bad_length (int kind, const char *s, size_t n) {
  const byte *p = (const byte *)s;
  if (p[0] < 0x80 && kind != POP3_CS_2022 && kind != POP3_CS_EBCDIC) return 0;
  if (n < 2 || !pop3_multi_is_lead(kind, p[0]) || p[1] < 0x80) return 1;
  if (kind == POP3_CS_EUCJP && p[0] == 0x8F && n > 2 && p[2] >= 0x80)
    return 3;
  return 2;
}

/* The code point of a single octet that iconv refuses, or 0. */
static uint32_t lone (int kind, const char *p) {
  if (*(const byte *)p != 0x80) return 0;
  if (kind == POP3_CS_GB18030) return 0x20AC;     /* as in GBK */
  return kind == POP3_CS_SJIS ? 0x80 : 0;
}

/* Octets that iconv has refused, or must not get. */
typedef struct refused {
  uint32_t u;   /* what to append */
  size_t skip;  /* octets to leave out */
} refused;

static refused refuse (int kind, const char *s, size_t n) {
  refused r;
  r.skip = 4;
  r.u = pop3_multi_four(kind, s, n);
  if (r.u != 0) return r;
  r.skip = 1;
  r.u = lone(kind, s);
  if (r.u != 0) return r;
  r.u = BAD;
  r.skip = bad_length(kind, s, n);
  return r;
}

/*
** Append by iconv; one U+FFFD for each sequence that it refuses, and for one
** cut off at the end.
*/
static int by_iconv (pop3_conv *c, int kind, pop3_span in, pop3_buf *out) {
  union { const char *r; char *w; } ip;     /* iconv takes char **, reads */
  size_t n = in.n, stuck = 0;
  ip.r = in.p;
  iconv((iconv_t)c->at->cd, NULL, NULL, NULL, NULL);
  while (n > 0) {
    size_t safe = pop3_multi_safe(kind, ip.r, n), left = safe, room, r = 0;
    refused bad;
    char *op;
    int why = EILSEQ;
    if (pop3_buf_room(out, n + n / 2 + 16) != 0) return POP3_ENOMEM;
    op = out->p + out->n;
    room = out->cap - out->n;
    if (safe > 0) {
      r = iconv((iconv_t)c->at->cd, &ip.w, &left, &op, &room);
      why = errno;
      n -= safe - left;
      if (n == 0 || r != (size_t)-1 ||
          (why == E2BIG && (left < safe || op != out->p + out->n))) {
        out->n = (size_t)(op - out->p);
        continue;
      }
    }
    out->n = (size_t)(op - out->p);
    bad = refuse(kind, ip.r, n);
    if (why == EINVAL && left == n) bad.u = BAD, bad.skip = n;
    if (bad.skip == 0 && stuck == n) bad.skip = 1;
    stuck = n;
    if (pop3_utf8_add(out, bad.u) != 0) return POP3_ENOMEM;
    ip.r += bad.skip;
    n -= bad.skip;
  }
  if (pop3_buf_room(out, 16) == 0) {        /* output that iconv holds back */
    char *op = out->p + out->n;
    size_t room = out->cap - out->n;
    iconv((iconv_t)c->at->cd, NULL, NULL, &op, &room);
    out->n = (size_t)(op - out->p);
    return 0;
  }
  return POP3_ENOMEM;
}

/* ----------------------------------------------- charsets of seven bits */

/* Convert the content of c->tmp. */
static int tmp_by_iconv (pop3_conv *c, int kind, pop3_buf *out) {
  return by_iconv(c, kind, pop3_span_of(c->tmp.p, c->tmp.n), out);
}

static int iso2022jp (pop3_conv *c, pop3_span in, pop3_buf *out) {
  char set = POP3_SEVEN_ASCII;
  int err;
  do {
    uint32_t u;
    c->tmp.n = 0;
    err = pop3_seven_jp(&c->tmp, &in, &set, &u);
    if (err == 0) err = tmp_by_iconv(c, POP3_CS_EUCJP, out);
    if (err == 0 && u != 0) err = pop3_utf8_add(out, u);
  } while (err == 0 && in.n > 0);
  return err;
}

static int hz (pop3_conv *c, pop3_span in, pop3_buf *out) {
  int err;
  c->tmp.n = 0;
  err = pop3_seven_hz(&c->tmp, in);
  return err == 0 ? tmp_by_iconv(c, POP3_CS_GB18030, out) : err;
}

/* --------------------------------------------------- choosing a charset */

/* Open a conversion by the first of its names that iconv knows. */
static iconv_t open_iconv (const pop3_charset *cs) {
  const char *p = cs->name;
  for (;;) {
    size_t n = strcspn(p, "|");
    char name[32];
    if (n < sizeof name) {
      iconv_t cd;
      memcpy(name, p, n);
      name[n] = '\0';
      cd = iconv_open("UTF-8", name);
      if (cd != NOICONV) return cd;
    }
    if (p[n] == '\0') return NOICONV;
    p += n + 1;
  }
}

/* Make 'c' ready for 'cs'; 0 if iconv does not know it. */
static int prepare (pop3_conv *c, const pop3_charset *cs) {
  pop3_iconv *s = &c->own;
  iconv_t cd;
  int i;
  if (c->at != NULL && c->at->cs == cs) return 1;
  c->at = NULL;
  if (c->shared != NULL) {
    for (i = 0; i < POP3_ICONVS; i++)
      if (c->shared->slot[i].cs == cs) {
        c->at = &c->shared->slot[i];
        return 1;
      }
    s = &c->shared->slot[c->shared->next++ % POP3_ICONVS];
  }
  close_iconv(s);
  cd = open_iconv(cs);
  if (cd == NOICONV) return 0;
  s->cd = (void *)cd;
  s->cs = cs;
  if (cs->kind == POP3_CS_SINGLE) make_table(s);
  c->at = s;
  return 1;
}

/* Does this kind of charset need iconv? */
static int by_table (int kind) {
  switch (kind) {
    case POP3_CS_SINGLE: case POP3_CS_EBCDIC: case POP3_CS_SJIS:
    case POP3_CS_EUCJP: case POP3_CS_EUCKR: case POP3_CS_DOUBLE:
    case POP3_CS_GB18030: case POP3_CS_2022JP: case POP3_CS_HZ:
    case POP3_CS_2022: return 1;
    default: return 0;
  }
}

int pop3_conv_knows (pop3_conv *c, const pop3_charset *cs) {
  return !by_table(cs->kind) || prepare(c, cs);
}

/* Drop a byte order mark; it decides between the kinds of UTF-16. */
static pop3_span drop_mark (pop3_span in, int *kind) {
  const byte *p = (const byte *)in.p;
  int wide = *kind == POP3_CS_UTF16LE || *kind == POP3_CS_UTF16BE;
  size_t n = 0;
  if (*kind == POP3_CS_UTF8) {
    if (in.n >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) n = 3;
  }
  else if (wide && in.n >= 2) {
    if (p[0] == 0xFE && p[1] == 0xFF) *kind = POP3_CS_UTF16BE, n = 2;
    else if (p[0] == 0xFF && p[1] == 0xFE) *kind = POP3_CS_UTF16LE, n = 2;
  }
  return pop3_span_of(in.p + n, in.n - n);
}

/* Is ASCII in this kind of charset the same as in UTF-8? */
static int keeps_ascii (int kind) {
  switch (kind) {
    case POP3_CS_UTF16LE: case POP3_CS_UTF16BE: case POP3_CS_UTF7:
    case POP3_CS_UTF32: case POP3_CS_UTF32BE: case POP3_CS_UTF32LE:
    case POP3_CS_EBCDIC: case POP3_CS_2022JP: case POP3_CS_2022:
    case POP3_CS_HZ: return 0;
    default: return 1;
  }
}

int pop3_conv_is_utf8 (pop3_span in) {
  const char *p = in.p;
  size_t n = in.n, good = 0, bad = 0;
  while (n > 0) {
    size_t ok = pop3_utf8_valid(p, n), i;
    if (ok == n && bad == 0) return 1;
    for (i = 0; i < ok; i++) good += (byte)p[i] >= 0xC2;
    p += ok;
    n -= ok;
    if (n > 0) {
      ok = pop3_utf8_bad(p, n);
      bad++;
      p += ok;
      n -= ok;
    }
  }
  return good > bad || bad == 0;
}

int pop3_conv_is_2022jp (pop3_span s) {
  const char *p = s.p, *e = p + s.n;
  while (p < e &&
         (p = (const char *)memchr(p, 0x1B, (size_t)(e - p))) != NULL) {
    if (e - p >= 3 && ((p[1] == '$' && (p[2] == '@' || p[2] == 'B' ||
                                        p[2] == '(')) ||
                       (p[1] == '(' && (p[2] == 'I' || p[2] == 'J'))))
      return pop3_utf8_ascii(s.p, s.n) == s.n;
    p++;
  }
  return 0;
}

/* Append octets whose charset is unknown. */
static int guess (pop3_conv *c, pop3_span in, pop3_buf *out) {
  const pop3_charset *cs = c->fallback;
  int kind = POP3_CS_UTF8, err;
  if (pop3_conv_is_2022jp(in))
    return pop3_conv_text(c, pop3_charset_page(50220), in, out);
  if (pop3_conv_is_utf8(in)) return pop3_utf8_fix(out, drop_mark(in, &kind));
  if (cs == NULL || !keeps_ascii(cs->kind)) return pop3_utf8_raw(out, in, 0);
  c->fallback = NULL;
  err = pop3_conv_text(c, cs, in, out);
  c->fallback = cs;
  return err;
}

/*
** Can octets 'in' not be in a charset of this kind? Those of seven bits have
** no octets above 127; if escape sequences show that the charset is the
** declared one, the rest is read by it nevertheless.
*/
static int is_lie (int kind, pop3_span in) {
  switch (kind) {
    case POP3_CS_GUESS: return 1;
    case POP3_CS_ASCII:
      return pop3_utf8_ascii(in.p, in.n) < in.n || pop3_conv_is_2022jp(in);
    case POP3_CS_2022JP: case POP3_CS_2022:
      return pop3_utf8_ascii(in.p, in.n) < in.n &&
             memchr(in.p, 0x1B, in.n) == NULL;
    default: return 0;
  }
}

/* ------------------------------------------------------------- interface */

int pop3_conv_same (const pop3_charset *cs, pop3_span in) {
  int kind = cs != NULL ? cs->kind : POP3_CS_UTF8;
  int declared = cs != NULL && kind != POP3_CS_ASCII && kind != POP3_CS_GUESS;
  size_t n;
  if (!keeps_ascii(kind) || (!declared && pop3_conv_is_2022jp(in))) return 0;
  n = pop3_utf8_ascii(in.p, in.n);
  if (n < in.n && kind == POP3_CS_UTF8 &&
      (n > 0 || (byte)in.p[0] != 0xEF))      /* not a byte order mark */
    n += pop3_utf8_valid(in.p + n, in.n - n);
  return n == in.n;
}

int pop3_conv_text (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out) {
  int kind = cs != NULL ? cs->kind : POP3_CS_GUESS;
  if (in.n == 0) return 0;
  if (is_lie(kind, in)) return guess(c, in, out);
  in = drop_mark(in, &kind);
  switch (kind) {
    case POP3_CS_UTF8: return pop3_utf8_fix(out, in);
    case POP3_CS_ASCII: case POP3_CS_1252: return pop3_utf8_raw(out, in, 0);
    case POP3_CS_UTF16LE: return pop3_utf16(out, in, 0);
    case POP3_CS_UTF16BE: return pop3_utf16(out, in, 1);
    case POP3_CS_UTF32: case POP3_CS_UTF32BE: case POP3_CS_UTF32LE:
      return pop3_utf32(out, in, kind);
    case POP3_CS_UTF7: return pop3_utf7(out, in);
    case POP3_CS_USER: return user_defined(in, out);
    default: break;
  }
  if (!prepare(c, cs)) return guess(c, in, out);
  switch (kind) {
    case POP3_CS_SINGLE: return single(c, in, out);
    case POP3_CS_2022JP: return iso2022jp(c, in, out);
    case POP3_CS_HZ: return hz(c, in, out);
    default: return by_iconv(c, kind, in, out);
  }
}
